/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Equation (36): log r_k = log(w_k q_k) - log sum_j w_j q_j, and its gradient from that of each log q_j: with x =
 * center + L O y, y = T(z), the gradient of log q_j is L^-T O u, u_i = -z_i/T_i'(z_i), where the map has a slope.
 */
#include "solve/share.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "base/normal.h"
#include "family/draw.h"

struct share {
    struct meter *meter;
    const rovi_approximation *mixture;
    size_t k;
};

/* log(w_j q_j) at n points into log_q, its gradient into grad unless NULL. work: 2 n d. */
static void component_term(const rovi_approximation *mixture, size_t j, size_t n, const double *x, double *log_q,
                           double *grad, double *work)
{
    const rovi_approximation *q = mixture->component[j];
    const size_t d = q->dim;
    double *w = work, *y = w + n * d;
    approximation_unplace(q, n, x, w, y);
    for (size_t p = 0; p < n; p++) {
        double sum = mixture->log_weight[j] - q->log_det;
        for (size_t i = 0; i < d; i++) {
            size_t s = 0;
            const double z = map_inverse(&q->maps[i], y[p * d + i], &s);
            sum += normal_log_density(z) - q->maps[i].log_slope[s];
            y[p * d + i] = -z / q->maps[i].slope[s];
        }
        log_q[p] = sum;
    }
    if (grad != NULL) {
        linalg_multiply_nt(n, d, d, y, q->rotation, grad); /* rows: (O u)^T = u^T O^T */
        if (q->whitening != NULL) {
            linalg_solve_lower_transposed(n, d, q->whitening, grad);
        }
    }
}

/* logp += log r_k at n points, grad += its gradient. */
static void add_share(const struct share *self, size_t n, const double *x, double *logp, double *grad, double *scratch)
{
    const size_t d = self->mixture->dim, K = self->mixture->count;
    double *term = scratch, *each = term + K * n, *mean = each + n * d, *work = mean + n * d;
    double total[TARGET_BLOCK] = {0};
    for (size_t j = 0; j < K; j++) {
        component_term(self->mixture, j, n, x, term + j * n, NULL, work);
        for (size_t p = 0; p < n; p++) {
            total[p] = j == 0 ? term[p] : draw_log_add(total[p], term[j * n + p]);
        }
    }
    for (size_t p = 0; p < n; p++) {
        logp[p] += term[self->k * n + p] - total[p];
    }
    if (grad == NULL) {
        return;
    }
    memset(mean, 0, n * d * sizeof *mean);
    for (size_t j = 0; j < K; j++) {
        component_term(self->mixture, j, n, x, term + j * n, each, work);
        for (size_t p = 0; p < n * d; p++) {
            const double r = exp(term[j * n + p / d] - total[p / d]);
            mean[p] += ((j == self->k) - r) * each[p];
        }
    }
    for (size_t p = 0; p < n * d; p++) {
        grad[p] += mean[p];
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
    const size_t d = mixture->dim, own = TARGET_BLOCK * (mixture->count + 4 * d);
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
    made->scratch = meter->target->scratch > own ? meter->target->scratch : own;
    made->self = self;
    return made;
}
