/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Closed forms of docs/math.md. All that they need of a covariance S comes from its Cholesky factor: log det S, and
 * u^T S^-1 u = |L^-1 u|^2. Covariances of a target have been factored before, and inverses of theirs are as definite.
 */
#include "theory/bounds.h"

#include <math.h>
#include <string.h>

#include "base/diagonalize.h"
#include "base/linalg.h"

#define CERTAIN 2 /* standard errors added to b */

rovi_collapse_bound bounds_collapse(double epsilon, rovi_estimate b)
{
    const double worst = b.value + CERTAIN * b.mcse;
    rovi_collapse_bound out = {.epsilon = epsilon, .applies = epsilon <= exp(-2 * worst), .bound = NAN, .sharper = NAN};
    if (out.applies) {
        const double delta = epsilon > 0 ? worst / -log(epsilon) : 0, g = delta / (1 + sqrt(fmax(0, 1 - 2 * delta)));
        out.bound = sqrt(delta / 2) - delta / 2;
        out.sharper = g * g; /* (1 - sqrt(1 - 2 delta))/2, without cancellation */
    }
    return out;
}

double bounds_critical_weight(const double h[2])
{
    return 1 / (1 + exp(h[1] - h[0]));
}

double bounds_printed_weight(const double h[2])
{
    return h[0] / (h[0] + h[1]);
}

size_t bounds_work(size_t d)
{
    return 4 * d * d + d;
}

static double log_det(size_t d, const double *L)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        sum += 2 * log(L[i * d + i]);
    }
    return sum;
}

/* inverse = S^-1 (rows of L^-1 I, then L^-T); L is left with the factor of S */
static void invert(size_t d, const double *S, double *L, double *inverse)
{
    linalg_cholesky(d, S, L);
    linalg_identity(d, inverse);
    linalg_solve_lower(d, d, L, inverse);
    linalg_solve_lower_transposed(d, d, L, inverse);
}

static double quadratic(size_t d, const double *A, const double *u)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        sum += u[i] * linalg_dot(d, A + i * d, u);
    }
    return sum;
}

double bounds_product_gap(size_t d, const double *S, double *work)
{
    double *L = work, *inverse = work + d * d, sum = 0;
    invert(d, S, L, inverse);
    for (size_t i = 0; i < d; i++) {
        sum += log(inverse[i * d + i]);
    }
    return fmax(0, 0.5 * (sum + log_det(d, L)));
}

struct two { /* components of the pair */
    size_t d;
    double w[2];
    const double *S[2];
    const double *u; /* unit vector between the means */
    double distance;
};

/* (31): with M = sum w_k S_k^-1,  1/2 sum w_k [log u^T S_k^-1 u + log det S_k] + 1/2 log(det M  u^T M^-1 u) */
static double along_line(const struct two *two, double *work)
{
    const size_t d = two->d, dd = d * d;
    double *L = work, *inverse = L + dd, *M = inverse + dd, sum = 0;
    memset(M, 0, dd * sizeof *M);
    for (int k = 0; k < 2; k++) {
        invert(d, two->S[k], L, inverse);
        sum += 0.5 * two->w[k] * (log(quadratic(d, inverse, two->u)) + log_det(d, L));
        for (size_t i = 0; i < dd; i++) {
            M[i] += two->w[k] * inverse[i];
        }
    }
    invert(d, M, L, inverse);
    return fmax(0, sum + 0.5 * (log_det(d, L) + log(quadratic(d, inverse, two->u))));
}

/* (7) */
static double shared_line(const struct two *two, double *work)
{
    const size_t d = two->d;
    double *L = work, *inverse = work + d * d;
    invert(d, two->S[0], L, inverse);
    return fmax(0, 0.5 * log(quadratic(d, two->S[0], two->u) * quadratic(d, inverse, two->u)));
}

#define SAME 1e-9 /* relative difference of eigenvalues, and of covariances, that counts as none */

/* (8). Within the space of equal eigenvalues a basis may be chosen that has all of the distance on one axis: there the
 * squares add up. */
static double shared_axes(const struct two *two, double *work)
{
    const size_t d = two->d, dd = d * d;
    double *C = work, *O = C + dd, total = 0, most = 0;
    memcpy(C, two->S[0], dd * sizeof *C);
    linalg_identity(d, O);
    diagonalize_jointly(d, 1, C, O);
    double *along = O + dd; /* squared distance along every eigenvector */
    for (size_t j = 0; j < d; j++) {
        double sum = 0;
        for (size_t i = 0; i < d; i++) {
            sum += O[i * d + j] * two->u[i];
        }
        along[j] = two->distance * two->distance * sum * sum;
        total += along[j] / C[j * d + j];
    }
    for (size_t k = 0; k < d; k++) {
        double sum = 0;
        for (size_t j = 0; j < d; j++) {
            sum += fabs(C[j * d + j] - C[k * d + k]) <= SAME * C[k * d + k] ? along[j] : 0;
        }
        most = fmax(most, sum / C[k * d + k]);
    }
    return fmax(0, 0.5 * two->w[0] * two->w[1] * (total - most));
}

static bool same_covariance(const struct two *two)
{
    const size_t d = two->d;
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < d; j++) {
            const double scale = sqrt(two->S[0][i * d + i] * two->S[0][j * d + j]);
            if (fabs(two->S[0][i * d + j] - two->S[1][i * d + j]) > SAME * scale) {
                return false;
            }
        }
    }
    return true;
}

/* Components at one place have no line between them; any direction will do. */
static double unit_between(size_t d, const double *a, const double *b, double *u)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        u[i] = b[i] - a[i];
        sum += u[i] * u[i];
    }
    const double length = sqrt(sum);
    for (size_t i = 0; i < d; i++) {
        u[i] = length > 0 ? u[i] / length : i == 0;
    }
    return length;
}

struct rotation_bounds bounds_rotation(const struct gaussians *all, size_t a, size_t b, double *work)
{
    const size_t d = all->d, dd = d * d;
    const double both = all->weight[a] + all->weight[b];
    double *u = work, *rest = work + d;
    struct two two = {.d = d,
                      .w = {all->weight[a] / both, all->weight[b] / both},
                      .S = {all->covariance + a * dd, all->covariance + b * dd},
                      .u = u};
    two.distance = unit_between(d, all->mean + a * d, all->mean + b * d, u);
    const bool same = same_covariance(&two);
    return (struct rotation_bounds){.along_line = along_line(&two, rest),
                                    .shared_line = same ? shared_line(&two, rest) : NAN,
                                    .shared_axes = same ? shared_axes(&two, rest) : NAN};
}
