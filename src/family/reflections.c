/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The compact WY form (Schreiber and Van Loan 1989): O = I - V^T S V with S upper triangular, so that a block of points
 * takes three matrix products.
 */
#include "family/reflections.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"

#define CHUNK 16 /* points at once: their inner products with V are on the stack */

void reflections_init(struct reflections *O, struct arena *arena, size_t dim, size_t count)
{
    *O = (struct reflections){.dim = dim, .count = count};
    O->V = arena_doubles(arena, count * dim);
    O->S = arena_doubles(arena, count * count);
    O->R = arena_doubles(arena, count * count);
}

/* S and R from the rows before k on, for one more: column k of S is tau (e_k - S V v_k). */
static bool extend(struct reflections *O, size_t k)
{
    const size_t d = O->dim, r = O->count;
    const double *v = O->V + k * d;
    const double tau = 2 / linalg_dot(d, v, v);
    double inner[REFLECTIONS_MOST];
    if (!(tau > 0) || !isfinite(tau)) {
        return false;
    }
    for (size_t i = 0; i < k; i++) {
        inner[i] = linalg_dot(d, O->V + i * d, v);
    }
    for (size_t i = 0; i < k; i++) {
        double sum = 0;
        for (size_t j = i; j < k; j++) {
            sum += O->S[i * r + j] * inner[j];
        }
        O->S[i * r + k] = O->R[k * r + i] = -tau * sum;
    }
    O->S[k * r + k] = O->R[k * r + k] = tau;
    return true;
}

bool reflections_prepare(struct reflections *O)
{
    for (size_t k = 0; k < O->count; k++) {
        if (!extend(O, k)) {
            return false;
        }
    }
    return true;
}

/* y <- y - V^T M V y for the first `count` reflections, M being S or R */
static void apply(const struct reflections *O, const double *M, size_t n, double *Y)
{
    const size_t d = O->dim, r = O->count;
    double inner[REFLECTIONS_MOST * CHUNK], mixed[REFLECTIONS_MOST * CHUNK];
    for (size_t p = 0; p < n && r > 0; p += CHUNK) {
        const size_t m = n - p < CHUNK ? n - p : CHUNK;
        linalg_multiply_nt(r, d, m, O->V, Y + p * d, inner);
        linalg_multiply(r, r, m, M, inner, mixed);
        linalg_add_multiply_tn(m, r, d, -1, mixed, O->V, Y + p * d);
    }
}

void reflections_apply(const struct reflections *O, size_t n, double *Y)
{
    apply(O, O->S, n, Y);
}

void reflections_apply_transposed(const struct reflections *O, size_t n, double *Y)
{
    apply(O, O->R, n, Y);
}

static size_t largest(size_t d, const double *u)
{
    size_t best = 0;
    for (size_t j = 1; j < d; j++) {
        best = fabs(u[j]) > fabs(u[best]) ? j : best;
    }
    return best;
}

/* What H_1 .. H_{k-1} leave of direction k has no part in the places of the directions before it: v_k has none either,
 * and H_k leaves them where they are. */
void reflections_lead(struct reflections *O, double *U, size_t *place)
{
    const size_t d = O->dim;
    memset(O->V, 0, O->count * d * sizeof *O->V);
    memset(O->S, 0, O->count * O->count * sizeof *O->S);
    memset(O->R, 0, O->count * O->count * sizeof *O->R);
    for (size_t k = 0; k < O->count; k++) {
        double *u = U + k * d, *v = O->V + k * d;
        reflections_apply_transposed(O, 1, u); /* rows that are not there yet are zero */
        for (size_t j = 0; j < k; j++) {
            u[place[j]] = 0;
        }
        const size_t p = place[k] = largest(d, u);
        memcpy(v, u, d * sizeof *v);
        v[p] += copysign(sqrt(linalg_dot(d, u, u)), u[p]);
        extend(O, k);
    }
}

void reflections_column(const struct reflections *O, size_t i, double *column)
{
    memset(column, 0, O->dim * sizeof *column);
    column[i] = 1;
    reflections_apply(O, 1, column);
}

/* With M = V^T S V = V^T B: O_ji^2 = [i = j] (1 - 2 M_jj) + M_ji^2, and sum_i M_ji^2 w_i = v^T (B diag(w) B^T) v for
 * column j of V. */
void reflections_add_squares(const struct reflections *O, const double *weight, double *out, double *work)
{
    const size_t d = O->dim, r = O->count;
    double *B = work, *G = B + r * d, v[REFLECTIONS_MOST];
    if (r > 0) {
        linalg_multiply(r, r, d, O->S, O->V, B);
    }
    for (size_t a = 0; a < r; a++) {
        for (size_t b = 0; b <= a; b++) {
            double sum = 0;
            for (size_t i = 0; i < d; i++) {
                sum += B[a * d + i] * B[b * d + i] * weight[i];
            }
            G[a * r + b] = G[b * r + a] = sum;
        }
    }
    for (size_t j = 0; j < d; j++) {
        double own = 0, others = 0;
        for (size_t a = 0; a < r; a++) {
            v[a] = O->V[a * d + j];
            own += v[a] * B[a * d + j];
        }
        for (size_t a = 0; a < r; a++) {
            others += v[a] * linalg_dot(r, G + a * r, v);
        }
        out[j] += (1 - 2 * own) * weight[j] + others;
    }
}
