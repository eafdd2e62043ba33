/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where q has its points, equation (9): maps, then L O, and back. L O is a matrix; or a diagonal one, by which points
 * are placed coordinate by coordinate; or, in many dimensions, a scale and a few reflections.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "base/normal.h"
#include "base/status.h"
#include "family/approximation.h"

static double log_det(const rovi_approximation *q)
{
    double sum = 0;
    for (size_t i = 0; i < q->dim && (q->whitening != NULL || q->compact); i++) {
        sum += log(q->compact ? q->scale[i] : q->whitening[i * q->dim + i]);
    }
    return sum;
}

void approximation_prepare_rotation(rovi_approximation *q)
{
    q->log_det = log_det(q);
    if (q->whitening != NULL) {
        linalg_multiply(q->dim, q->dim, q->dim, q->whitening, q->rotation, q->transform);
    }
    if (q->compact) {
        const bool is_whole = reflections_prepare(&q->reflections);
        assert(is_whole);
        (void)is_whole;
    }
    q->diagonal = !q->compact && linalg_is_diagonal(q->dim, q->transform, 0);
}

void approximation_maps(const rovi_approximation *q, size_t n, const double *x, double *y)
{
    const size_t d = q->dim;
    for (size_t i = 0; i < d; i++) {
        const struct map *T = &q->maps[i];
        for (size_t p = i; p < n * d; p += d) {
            y[p] = map_at(T, x[p]);
        }
    }
}

void approximation_maps_density(const rovi_approximation *q, size_t n, const double *x, double *y, double *log_q)
{
    const size_t d = q->dim;
    for (size_t p = 0; p < n; p++) {
        log_q[p] = -q->log_det;
    }
    for (size_t i = 0; i < d; i++) { /* one map after another: all of them together are more than a cache holds */
        const struct map *T = &q->maps[i];
        for (size_t p = 0; p < n; p++) {
            const double xi = x[p * d + i];
            const size_t s = map_segment(T, xi);
            y[p * d + i] = map_value(T, s, xi);
            log_q[p] += normal_log_density(xi) - T->log_slope[s];
        }
    }
}

/* out_i = L in_i for diagonal L (n x d each, may be the same) */
static void scale_rows(const rovi_approximation *q, size_t n, const double *in, double *out)
{
    const size_t d = q->dim;
    for (size_t p = 0; p < n; p++) {
        for (size_t i = 0; i < d; i++) {
            out[p * d + i] = q->scale[i] * in[p * d + i];
        }
    }
}

void approximation_place(const rovi_approximation *q, size_t n, const double *y, double *z)
{
    const size_t d = q->dim;
    if (q->diagonal) {
        for (size_t p = 0; p < n * d; p++) {
            z[p] = q->center[p % d] + q->transform[p % d * (d + 1)] * y[p];
        }
        return;
    }
    if (q->compact) {
        memcpy(z, y, n * d * sizeof *z);
        reflections_apply(&q->reflections, n, z);
        scale_rows(q, n, z, z);
    } else {
        linalg_multiply_nt(n, d, d, y, q->transform, z);
    }
    for (size_t p = 0; p < n; p++) {
        for (size_t i = 0; i < d; i++) {
            z[p * d + i] += q->center[i];
        }
    }
}

void approximation_axis(const rovi_approximation *q, size_t i, double *axis)
{
    const size_t d = q->dim;
    if (q->compact) {
        reflections_column(&q->reflections, i, axis);
        scale_rows(q, 1, axis, axis);
        return;
    }
    for (size_t r = 0; r < d; r++) {
        axis[r] = q->transform[r * d + i];
    }
}

void approximation_pull(const rovi_approximation *q, size_t n, const double *grad, double *u, double *w)
{
    const size_t d = q->dim;
    if (q->compact) {
        scale_rows(q, n, grad, u);
        memcpy(w, u, n * d * sizeof *w);
        reflections_apply_transposed(&q->reflections, n, w);
        return;
    }
    if (q->whitening != NULL) {
        linalg_multiply(n, d, d, grad, q->whitening, u); /* rows: u^T = grad^T L */
    } else {
        memcpy(u, grad, n * d * sizeof *u);
    }
    linalg_multiply(n, d, d, u, q->rotation, w); /* rows: w^T = u^T O */
}

size_t approximation_moments_work(const rovi_approximation *q)
{
    const size_t r = q->reflections.count;
    return r * (r + q->dim);
}

void approximation_moments(const rovi_approximation *q, const double *mean_y, const double *variance_y, double *mean,
                           double *sd, double *work)
{
    const size_t d = q->dim;
    approximation_place(q, 1, mean_y, mean);
    memset(sd, 0, d * sizeof *sd);
    if (q->compact) {
        reflections_add_squares(&q->reflections, variance_y, sd, work);
    }
    for (size_t j = 0; j < d; j++) {
        for (size_t i = 0; i < d && !q->compact; i++) {
            sd[j] += q->transform[j * d + i] * q->transform[j * d + i] * variance_y[i];
        }
        sd[j] = (q->compact ? q->scale[j] : 1) * sqrt(fmax(0, sd[j]));
    }
}

/* Adds weight E[z]; E[y] = v, equation (2). work: 2 d. */
static void add_mean(const rovi_approximation *q, double weight, double *mean, double *work)
{
    double *v = work, *z = work + q->dim;
    for (size_t i = 0; i < q->dim; i++) {
        v[i] = q->maps[i].v;
    }
    approximation_place(q, 1, v, z);
    for (size_t j = 0; j < q->dim; j++) {
        mean[j] += weight * z[j];
    }
}

rovi_status rovi_approximation_mean(const rovi_approximation *q, double *mean, rovi_error *error)
{
    struct arena memory = {0};
    double *sum = arena_doubles(&memory, q->dim), *work = arena_doubles(&memory, 2 * q->dim);
    const bool ok = !memory.failed;
    if (ok) {
        linalg_hold_threads();
        for (size_t k = 0; k < q->count; k++) {
            add_mean(q->component[k], q->weight[k], sum, work);
        }
        if (q->count == 0) {
            add_mean(q, 1, sum, work);
        }
        linalg_release_threads();
        memcpy(mean, sum, q->dim * sizeof *mean);
    }
    arena_free(&memory);
    return ok ? ROVI_OK : error_no_memory(error);
}

void approximation_unplace(const rovi_approximation *q, size_t n, const double *z, double *w, double *y)
{
    const size_t d = q->dim;
    if (q->diagonal) {
        for (size_t p = 0; p < n * d; p++) {
            y[p] = (z[p] - q->center[p % d]) / q->transform[p % d * (d + 1)];
        }
        return;
    }
    for (size_t p = 0; p < n; p++) {
        for (size_t i = 0; i < d; i++) {
            w[p * d + i] = z[p * d + i] - q->center[i];
        }
    }
    if (q->compact) {
        for (size_t p = 0; p < n * d; p++) {
            y[p] = w[p] / q->scale[p % d];
        }
        reflections_apply_transposed(&q->reflections, n, y);
        return;
    }
    if (q->whitening != NULL) {
        linalg_solve_lower(n, d, q->whitening, w);
    }
    linalg_multiply(n, d, d, w, q->rotation, y); /* rows: y^T = w^T O */
}
