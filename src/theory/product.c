/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * With q_2 fixed, the best q_1 is exp(E_{q_2}[log p]) up to a constant, equation (23) of docs/math.md; and after the
 * update of q_2, with b_j = E_{q_1}[log p] at point j,
 *
 *   F = E[log q - log p] = E[log q_1] - log sum_j exp(b_j) h_2 .
 *
 * No dictionary, no samples: the two densities are whatever they like. Each update is a matrix times a vector.
 */
#include "theory/product.h"

#include <math.h>

#include "base/linalg.h"
#include "base/normal.h"

/* a (n): log densities up to a constant become a density of sum 1/h; returns log of the constant, log sum exp(a) h */
static double normalise(size_t n, double h, double *a)
{
    double top = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++) {
        top = fmax(top, a[i]);
    }
    for (size_t i = 0; i < n; i++) {
        a[i] = exp(a[i] - top);
        sum += a[i];
    }
    for (size_t i = 0; i < n; i++) {
        a[i] /= sum * h;
    }
    return top + log(sum * h);
}

static double mean_log(size_t n, double h, const double *q)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += q[i] > 0 ? q[i] * log(q[i]) : 0;
    }
    return sum * h;
}

/* out (n) = h * v */
static void scaled(size_t n, double h, const double *v, double *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = h * v[i];
    }
}

static double sweep(const struct grid *grid, struct product *q, double *work)
{
    const size_t n = grid->n[0], m = grid->n[1];
    scaled(m, grid->step[1], q->q[1], work);
    linalg_multiply(n, m, 1, grid->log_p, work, q->q[0]);
    normalise(n, grid->step[0], q->q[0]);
    scaled(n, grid->step[0], q->q[0], work);
    linalg_multiply(1, n, m, work, grid->log_p, q->q[1]);
    const double log_c = normalise(m, grid->step[1], q->q[1]);
    return mean_log(n, grid->step[0], q->q[0]) - log_c;
}

void product_ascend(const struct grid *grid, size_t sweeps, double tolerance, struct product *q, double *work)
{
    double before = INFINITY;
    for (size_t i = 0; i < sweeps; i++) {
        q->F = sweep(grid, q, work);
        if (before - q->F < tolerance) {
            return;
        }
        before = q->F;
    }
}

void product_start(const struct view *view, const struct grid *grid, const double *weight, struct product *q)
{
    double *q2 = q->q[1];
    for (size_t j = 0; j < grid->n[1]; j++) {
        q2[j] = 0;
    }
    for (size_t k = 0; k < view->pieces.K; k++) {
        const double m = grid_piece_mean(view, grid, k, 1), s = sqrt(grid_piece_variance(view, grid, k, 1));
        for (size_t j = 0; j < grid->n[1] && weight[k] > 0; j++) {
            q2[j] += weight[k] / s * normal_density((grid->lo[1] + grid->step[1] * (double)j - m) / s);
        }
    }
    double sum = 0;
    for (size_t j = 0; j < grid->n[1]; j++) {
        sum += q2[j] * grid->step[1];
    }
    for (size_t j = 0; j < grid->n[1]; j++) { /* a piece that falls between the points: anything is a start */
        q2[j] = sum > 0 ? q2[j] / sum : 1 / (grid->step[1] * (double)grid->n[1]);
    }
}

void product_start_wide(const struct grid *grid, struct product *q)
{
    const double log_sum = grid_log_sum(grid);
    for (size_t j = 0; j < grid->n[1]; j++) {
        double sum = 0;
        for (size_t i = 0; i < grid->n[0]; i++) {
            sum += exp(grid->log_p[i * grid->n[1] + j] - log_sum);
        }
        q->q[1][j] = sum * grid->step[0];
    }
}
