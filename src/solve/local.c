/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * With x = m + L z and gamma = L^T grad log p(x), the normal of least KL satisfies E[gamma] = 0 and
 * -E[d gamma/dz] = I (Opper and Archambeau 2009), equation (25). The mean Jacobian A = -E[d gamma/dz] is estimated by
 * regressing gamma on z, which is exact for a normal target whatever the draws. A step of rate r takes the precision,
 * in whitened coordinates, from I to (1 - r) I + r A, and the mean by r times the Newton step.
 */
#include "solve/local.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "base/normal.h"
#include "family/reference.h"

#define LONGEST 2.0 /* a step of the mean, in standard deviations */

void local_init(struct local *local, struct arena *arena, size_t d)
{
    *local = (struct local){.mean = arena_doubles(arena, d), .L = arena_doubles(arena, d * d), .elbo = -INFINITY};
}

void local_work_init(struct local_work *w, struct arena *arena, const struct progress *progress)
{
    const size_t d = progress->meter->target->dim, draws = 64 + 4 * d;
    *w = (struct local_work){.progress = progress, .dim = d, .draws = draws};
    w->z = arena_doubles(arena, draws * d);
    w->x = arena_doubles(arena, draws * d);
    w->g = arena_doubles(arena, draws * d);
    w->logp = arena_doubles(arena, draws);
    w->scratch = arena_doubles(arena, progress->meter->target->scratch);
    w->A = arena_doubles(arena, d * d);
    w->B = arena_doubles(arena, d * d);
    w->C = arena_doubles(arena, d * d);
    w->vector = arena_doubles(arena, d);
}

/* L <- a Cholesky factor of (P)^-1 given P = precision, positive definite; P and W (d x d) are used up. */
static bool factor_of_inverse(size_t d, double *P, double *W, double *L)
{
    if (!linalg_cholesky(d, P, P)) {
        return false;
    }
    linalg_identity(d, W);
    linalg_solve_lower(d, d, P, W);
    linalg_solve_lower_transposed(d, d, P, W);
    return linalg_cholesky(d, W, L);
}

bool local_laplace(struct local *local, struct local_work *w, const double *x, const double *H)
{
    memcpy(w->A, H, w->dim * w->dim * sizeof *H);
    memcpy(local->mean, x, w->dim * sizeof *x);
    return factor_of_inverse(w->dim, w->A, w->B, local->L);
}

/* Antithetic draws, their log densities, and gamma. Returns how many the target accepted; the others' rows are zero. */
static size_t draw(const struct local *local, struct local_work *w, struct rng_stream stream)
{
    const size_t d = w->dim, n = w->draws;
    size_t accepted = n;
    reference_points(stream, 0, n / 2, d, w->z);
    for (size_t p = 0; p < n / 2 * d; p++) {
        w->z[n / 2 * d + p] = -w->z[p];
    }
    linalg_multiply_nt(n, d, d, w->z, local->L, w->x);
    for (size_t p = 0; p < n * d; p++) {
        w->x[p] += local->mean[p % d];
    }
    for (size_t first = 0; first < n; first += TARGET_BLOCK) {
        const size_t m = n - first < TARGET_BLOCK ? n - first : TARGET_BLOCK;
        rovi_stop stop = ROVI_STOP_INTERRUPTED;
        if (supervisor_ends_all(w->progress, &stop)) {
            return 0;
        }
        accepted -=
            meter_evaluate(w->progress->meter, m, w->x + first * d, w->logp + first, w->g + first * d, w->scratch);
    }
    linalg_multiply(n, d, d, w->g, local->L, w->x); /* rows: gamma^T = grad^T L */
    memcpy(w->g, w->x, n * d * sizeof *w->g);
    return accepted;
}

static void measure(struct local *local, const struct local_work *w, size_t accepted)
{
    double sum = 0, squares = 0, log_det = 0;
    for (size_t i = 0; i < w->dim; i++) {
        log_det += log(local->L[i * w->dim + i]);
    }
    for (size_t p = 0; p < w->draws; p++) {
        if (isfinite(w->logp[p])) {
            const double *z = w->z + p * w->dim;
            const double ratio = w->logp[p] + 0.5 * linalg_dot(w->dim, z, z);
            sum += ratio;
            squares += ratio * ratio;
        }
    }
    const double n = (double)accepted, mean = sum / n;
    local->elbo = mean + (double)w->dim * NORMAL_LOG_SQRT_2PI + log_det + log(n / (double)w->draws);
    local->error = sqrt(fmax(0, squares / n - mean * mean) / n);
}

/* w->A <- the regression of -gamma on z, symmetrised; w->vector <- mean gamma. False when the draws are degenerate. */
static bool regress(struct local_work *w, size_t accepted)
{
    const size_t d = w->dim, n = w->draws;
    memset(w->vector, 0, d * sizeof *w->vector);
    for (size_t p = 0; p < n; p++) {
        if (!isfinite(w->logp[p])) {
            memset(w->z + p * d, 0, d * sizeof *w->z);
        }
        for (size_t j = 0; j < d; j++) {
            w->vector[j] += w->g[p * d + j] / (double)accepted;
        }
    }
    memset(w->B, 0, d * d * sizeof *w->B);
    memset(w->C, 0, d * d * sizeof *w->C);
    linalg_add_multiply_tn(d, n, d, 1, w->z, w->z, w->B);
    linalg_add_multiply_tn(d, n, d, -1, w->g, w->z, w->C);
    if (!linalg_cholesky(d, w->B, w->B)) {
        return false;
    }
    linalg_solve_lower(d, d, w->B, w->C); /* C (z z^T)^-1 */
    linalg_solve_lower_transposed(d, d, w->B, w->C);
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < d; j++) {
            w->A[i * d + j] = 0.5 * (w->C[i * d + j] + w->C[j * d + i]);
        }
    }
    return true;
}

/* Precision (1 - rate) I + rate A, with as much of the rate as keeps it well inside the positive definite ones. */
static bool move(struct local *local, struct local_work *w, double rate)
{
    const size_t d = w->dim;
    double *factor = w->x; /* at least d x d, free by now */
    for (int attempt = 0; attempt < 20; attempt++, rate *= 0.5) {
        for (size_t i = 0; i < d * d; i++) {
            w->B[i] = rate * w->A[i];
        }
        for (size_t i = 0; i < d; i++) {
            w->B[i * d + i] += 1 - rate - 0.1; /* positive even less a tenth */
        }
        if (!linalg_cholesky(d, w->B, w->C)) {
            continue;
        }
        for (size_t i = 0; i < d; i++) {
            w->B[i * d + i] += 0.1;
        }
        if (!factor_of_inverse(d, w->B, w->C, factor)) {
            return false;
        }
        /* whitened step of the mean: rate P^-1 E[gamma], P^-1 = factor factor^T, which is in C's place as W */
        double *step = w->g;
        linalg_multiply(1, d, d, w->vector, factor, step);    /* factor^T E[gamma] */
        linalg_multiply_nt(1, d, d, step, factor, w->vector); /* factor of that */
        const double size = sqrt(linalg_dot(d, w->vector, w->vector));
        const double scale = rate * size > LONGEST ? LONGEST / size : rate;
        linalg_multiply_nt(1, d, d, w->vector, local->L, step);
        for (size_t j = 0; j < d; j++) {
            local->mean[j] += scale * step[j];
        }
        linalg_multiply(d, d, d, local->L, factor, w->C);
        memcpy(local->L, w->C, d * d * sizeof *w->C);
        return true;
    }
    return false;
}

bool local_fit(struct local *local, struct local_work *w, struct rng_stream stream, int steps, double rate)
{
    for (int t = 0; t <= steps; t++) {
        stream.substream++;
        const size_t accepted = draw(local, w, stream);
        if (accepted < w->draws / 2) {
            return false;
        }
        measure(local, w, accepted);
        if (t < steps && (!regress(w, accepted) || !move(local, w, rate))) {
            break;
        }
    }
    return true;
}
