/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Q^-1 g and the projection onto lambda >= 0 in the norm of Q, in nodal values u (equation 13): lambda_k = u_{k+1} -
 * u_k, |lambda|_Q^2 = min over constants c of (u + c)^T B (u + c), B tridiagonal. The projection is isotonic regression
 * in the norm of B. Holding lambda_k at zero merges the nodes k and k + 1, which leaves B tridiagonal: a round of the
 * active set method costs O(J).
 *
 * The active set changes as in block principal pivoting (Portugal, Judice, Vicente 1994): exchange every index that
 * violates its sign; when that has not lowered the number of violations for a few rounds, exchange only the last one
 * (Murty's rule), which cannot cycle. It ends at the one solution of the optimality conditions.
 */
#include "family/cone.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define ROUNDING    1e-15 /* of a multiplier, relative to the sum of what it is made of */
#define MOST_ROUNDS 200   /* a few suffice; where rounding blurs the last signs, what is left is feasible, and near */

/* Solve the positive definite tridiagonal system (diagonal, off) x = r of size n in place of r; `diagonal` is lost. */
static void solve_tridiagonal(size_t n, double *diagonal, const double *off, double *r)
{
    for (size_t j = 1; j < n; j++) {
        const double m = off[j - 1] / diagonal[j - 1];
        diagonal[j] -= m * off[j - 1];
        r[j] -= m * r[j - 1];
    }
    r[n - 1] /= diagonal[n - 1];
    for (size_t j = n - 1; j-- > 0;) {
        r[j] = (r[j] - off[j] * r[j + 1]) / diagonal[j];
    }
}

void cone_gram_solve(const struct dictionary *D, const double *g, double *x, double *work)
{
    const size_t J = D->cells;
    double *diagonal = work, *r = work + J + 1, before = 0;
    memcpy(diagonal, D->diagonal, (J + 1) * sizeof *diagonal);
    for (size_t j = 0; j < J; j++) {
        r[j] = before - g[j];
        before = g[j];
    }
    r[J] = before;
    solve_tridiagonal(J + 1, diagonal, D->off, r);
    for (size_t k = 0; k < J; k++) {
        x[k] = r[k + 1] - r[k];
    }
}

struct projection {
    const struct dictionary *D;
    double *target;    /* B z, z the nodal values of the point to project: J + 1 */
    double *u;         /* nodal values of the present solution: J + 1 */
    double *diagonal;  /* of the merged system: J + 1 */
    double *off;       /* J + 1 */
    double *r;         /* its right-hand side, then solution: J + 1 */
    double *violation; /* of cell k, where positive: J */
    bool *held;        /* lambda_k held at zero: J */
};

size_t cone_project_work(size_t cells)
{
    return 7 * (cells + 1);
}

static struct projection projection_start(const struct dictionary *D, const double *lambda, double *work)
{
    const size_t n = D->cells + 1;
    struct projection p = {.D = D,
                           .target = work,
                           .u = work + n,
                           .diagonal = work + 2 * n,
                           .off = work + 3 * n,
                           .r = work + 4 * n,
                           .violation = work + 5 * n,
                           .held = (bool *)(work + 6 * n)};
    double *z = p.u;
    z[0] = 0; /* centred: u is then no larger than it must be */
    for (size_t k = 0; k + 1 < n; k++) {
        z[0] -= 0.5 * lambda[k];
    }
    for (size_t k = 0; k + 1 < n; k++) {
        z[k + 1] = z[k] + lambda[k];
        p.held[k] = lambda[k] < 0;
    }
    for (size_t j = 0; j < n; j++) {
        p.target[j] =
            D->diagonal[j] * z[j] + (j > 0 ? D->off[j - 1] * z[j - 1] : 0) + (j + 1 < n ? D->off[j] * z[j + 1] : 0);
    }
    return p;
}

/* u <- the minimiser with lambda_k = 0 on the held cells: nodes joined by held cells are one unknown. */
static void solve_merged(struct projection *p)
{
    const struct dictionary *D = p->D;
    size_t m = 0;
    p->diagonal[0] = D->diagonal[0];
    p->r[0] = p->target[0];
    for (size_t j = 1; j <= D->cells; j++) {
        if (p->held[j - 1]) {
            p->diagonal[m] += D->diagonal[j] + 2 * D->off[j - 1];
            p->r[m] += p->target[j];
        } else {
            p->off[m++] = D->off[j - 1];
            p->diagonal[m] = D->diagonal[j];
            p->r[m] = p->target[j];
        }
    }
    solve_tridiagonal(m + 1, p->diagonal, p->off, p->r);
    for (size_t j = 0, block = 0; j <= D->cells; j++) {
        block += j > 0 && !p->held[j - 1];
        p->u[j] = p->r[block];
    }
}

/* (B u - target)_j */
static double residual(const struct projection *p, size_t j)
{
    const struct dictionary *D = p->D;
    const double left = j > 0 ? D->off[j - 1] * p->u[j - 1] : 0, right = j < D->cells ? D->off[j] * p->u[j + 1] : 0;
    return D->diagonal[j] * p->u[j] + left + right - p->target[j];
}

/* Signs that are wrong: a free lambda_k below zero, or a held one whose multiplier sum_{j>k} (B u - target)_j is, by
 * more than its rounding error. All residuals add to nothing, so each half sums from its own end, where the terms are
 * small. */
static size_t find_violations(struct projection *p)
{
    const size_t J = p->D->cells, half = J / 2;
    double *multiplier = p->r, sum = 0, noise = 0; /* r is free by now */
    size_t count = 0;
    for (size_t k = 0; k < half; k++) {
        sum -= residual(p, k);
        multiplier[k] = sum;
    }
    sum = 0;
    for (size_t k = J; k-- > half;) {
        sum += residual(p, k + 1);
        multiplier[k] = sum;
    }
    for (size_t j = 0; j <= J; j++) {
        noise += fabs(p->target[j]);
    }
    for (size_t k = 0; k < J; k++) {
        p->violation[k] = p->held[k] ? -multiplier[k] - ROUNDING * noise : p->u[k] - p->u[k + 1];
        count += p->violation[k] > 0;
    }
    return count;
}

static void exchange(struct projection *p, bool only_last)
{
    for (size_t k = p->D->cells; k-- > 0;) {
        if (p->violation[k] > 0) {
            p->held[k] = !p->held[k];
            if (only_last) {
                return;
            }
        }
    }
}

size_t cone_project(const struct dictionary *D, double *lambda, double *work)
{
    const size_t J = D->cells, patience = 3;
    size_t rounds = 0, least = J + 1, tries = patience;
    bool inside = true;
    for (size_t k = 0; k < J; k++) {
        inside = inside && lambda[k] >= 0;
    }
    if (inside) {
        return 0;
    }
    struct projection p = projection_start(D, lambda, work);
    for (; rounds < MOST_ROUNDS; rounds++) {
        solve_merged(&p);
        const size_t violations = find_violations(&p);
        if (violations == 0) {
            break;
        }
        tries = violations < least ? patience : tries - (tries > 0);
        least = violations < least ? violations : least;
        exchange(&p, tries == 0);
    }
    for (size_t k = 0; k < J; k++) {
        lambda[k] = p.held[k] ? 0 : fmax(0, p.u[k + 1] - p.u[k]);
    }
    return rounds + 1;
}
