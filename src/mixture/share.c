/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Equation (36): log r_k = log(w_k q_k) - log sum_j w_j q_j, and its gradient from that of each log q_j: with x =
 * center + L O y, y = T(z), the gradient of log q_j is L^-T O u, u_i = -z_i/T_i'(z_i), where the map has a slope.
 */
#include "mixture/share.h"

#include <math.h>

#include "base/linalg.h"
#include "family/draw.h"

#define ABSENT 1e-16 /* share of a component that does not count */

struct share {
    struct meter *meter;
    const rovi_approximation *mixture;
    size_t k;
};

/* The gradient of log q_j at n points. work: 2 n d. */
static void component_gradient(const rovi_approximation *q, size_t n, const double *x, double *grad, double *work)
{
    const size_t d = q->dim;
    double *w = work, *y = w + n * d;
    approximation_unplace(q, n, x, w, y);
    for (size_t p = 0; p < n * d; p++) {
        const struct map *T = &q->maps[p % d];
        size_t s = 0;
        const double z = map_inverse(T, y[p], &s);
        y[p] = -z / T->slope[s];
    }
    linalg_multiply_nt(n, d, d, y, q->rotation, grad); /* rows: (O u)^T = u^T O^T */
    if (q->whitening != NULL) {
        linalg_solve_lower_transposed(n, d, q->whitening, grad);
    }
}

/* grad += (1 if j is the component seen, else 0 - share of j) times the gradient of log q_j, unless that is nothing at
 * all n points. */
static void add_gradient(const struct share *self, size_t j, size_t n, const double *x, const double *share,
                         double *grad, double *work)
{
    const size_t d = self->mixture->dim;
    double *each = work, most = j == self->k;
    for (size_t p = 0; p < n; p++) {
        most = share[p] > most ? share[p] : most;
    }
    if (!(most > ABSENT)) {
        return;
    }
    component_gradient(self->mixture->component[j], n, x, each, work + n * d);
    for (size_t p = 0; p < n * d; p++) {
        grad[p] += ((j == self->k) - share[p / d]) * each[p];
    }
}

/* logp += log r_k at n points, grad += its gradient. */
static void add_share(const struct share *self, size_t n, const double *x, double *logp, double *grad, double *scratch)
{
    const size_t K = self->mixture->count;
    double *term = scratch, *work = term + K * n;
    double total[TARGET_BLOCK];
    draw_terms(self->mixture, n, x, term, work);
    draw_mix(K, n, term, total);
    for (size_t p = 0; p < n; p++) {
        logp[p] += term[self->k * n + p] - total[p];
    }
    for (size_t j = 0; grad != NULL && j < K; j++) {
        for (size_t p = 0; p < n; p++) {
            const double below = term[j * n + p] - total[p];
            term[j * n + p] = below > log(ABSENT) ? exp(below) : 0;
        }
        add_gradient(self, j, n, x, term + j * n, grad, work);
    }
}

static int evaluate(const struct rovi_target *target, size_t n, const double *x, double *logp, double *grad,
                    double *scratch)
{
    const struct share *self = target->self;
    meter_evaluate(self->meter, n, x, logp, grad, scratch);
    if (atomic_load(&self->meter->failed)) {
        return -1;
    }
    add_share(self, n, x, logp, grad, scratch);
    return 0;
}

struct rovi_target *share_new(struct meter *meter, const rovi_approximation *mixture, size_t k)
{
    const size_t d = mixture->dim, own = TARGET_BLOCK * (mixture->count + 3 * d);
    struct rovi_target *made = target_make(d);
    struct share *self = made == NULL ? NULL : arena_take(&made->memory, 1, sizeof *self);
    if (self == NULL) {
        rovi_target_free(made);
        return NULL;
    }
    *self = (struct share){.meter = meter, .mixture = mixture, .k = k};
    made->concurrent = meter->target->concurrent;
    made->start = meter->target->start; /* in that one's memory */
    made->evaluate = evaluate;
    made->through = meter;
    made->scratch = meter->target->scratch > own ? meter->target->scratch : own;
    made->self = self;
    return made;
}
