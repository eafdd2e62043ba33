/* SPDX-License-Identifier: BSD-3-Clause */
#include "coordinate/frame.h"

#include <math.h>
#include <string.h>

#include "base/team_linalg.h"

void frame_init(struct frame *frame, struct arena *arena, const struct explorer *explorer, enum whitening whitening)
{
    const size_t d = explorer->dim, n = explorer->count;
    *frame = (struct frame){.dim = d, .count = n, .weight = explorer->weight, .team = explorer->work.team};
    frame->center = arena_doubles(arena, d);
    frame->L = whitening == WHITENING_NONE ? NULL : arena_doubles(arena, d * d);
    frame->mean = arena_doubles(arena, n * d);
    frame->covariance = arena_doubles(arena, n * d * d);
    frame->work = arena_doubles(arena, 2 * d * d);
}

/* L <- factor of the weighted mean of the covariances, or of its diagonal. */
static void whiten(struct frame *frame, enum whitening whitening)
{
    const size_t d = frame->dim;
    memset(frame->L, 0, d * d * sizeof *frame->L);
    for (size_t k = 0; k < frame->count; k++) {
        for (size_t i = 0; i < d * d; i++) {
            frame->L[i] += frame->weight[k] * frame->covariance[k * d * d + i];
        }
    }
    for (size_t i = 0; i < d && whitening == WHITENING_DIAGONAL; i++) {
        for (size_t j = 0; j < d; j++) {
            frame->L[i * d + j] = i == j ? sqrt(frame->L[i * d + i]) : 0;
        }
    }
    if (whitening == WHITENING_TRIANGULAR && !linalg_cholesky(d, frame->L, frame->L)) {
        linalg_identity(d, frame->L); /* covariances beyond the range of doubles */
    }
}

/* C <- L^-1 C L^-T */
static void whiten_covariance(struct frame *frame, double *C)
{
    const size_t d = frame->dim;
    team_solve_lower(frame->team, d, d, frame->L, C); /* C L^-T */
    linalg_transpose(d, d, C, frame->work);
    team_solve_lower(frame->team, d, d, frame->L, frame->work);
    memcpy(C, frame->work, d * d * sizeof *C);
}

void frame_make(struct frame *frame, const struct explorer *explorer, enum whitening whitening)
{
    const size_t d = frame->dim;
    for (size_t k = 0; k < frame->count; k++) {
        const struct local *local = &explorer->locals[k];
        team_multiply_nt(frame->team, d, d, d, local->L, local->L, frame->covariance + k * d * d);
        for (size_t i = 0; i < d; i++) { /* without whitening q is the rotation and the maps alone */
            frame->center[i] += whitening == WHITENING_NONE ? 0 : frame->weight[k] * local->mean[i];
        }
    }
    if (frame->L != NULL) {
        whiten(frame, whitening);
    }
    for (size_t k = 0; k < frame->count; k++) {
        double *mean = frame->mean + k * d;
        for (size_t i = 0; i < d; i++) {
            mean[i] = explorer->locals[k].mean[i] - frame->center[i];
        }
        if (frame->L != NULL) {
            linalg_solve_lower(1, d, frame->L, mean);
            whiten_covariance(frame, frame->covariance + k * d * d);
        }
    }
}

void frame_hessian(struct frame *frame, double *H)
{
    const size_t d = frame->dim;
    if (frame->L != NULL) {
        team_multiply(frame->team, d, d, d, H, frame->L, frame->work);
        memset(H, 0, d * d * sizeof *H);
        team_add_multiply_tn(frame->team, &(struct linalg_tn){d, d, d, 1, frame->L, frame->work, H});
    }
}

bool frame_precision(struct frame *frame, size_t k, double *P)
{
    const size_t d = frame->dim;
    linalg_identity(d, P);
    if (!linalg_cholesky(d, frame->covariance + k * d * d, frame->work)) {
        return false;
    }
    team_solve_lower(frame->team, d, d, frame->work, P);
    team_solve_lower_transposed(frame->team, d, d, frame->work, P);
    return true;
}

/* The nearest product of normals has the variances 1 / P_ii. */
double frame_coupling(struct frame *frame, size_t k, double *P)
{
    const size_t d = frame->dim;
    double sum = 0;
    if (!frame_precision(frame, k, P)) {
        return INFINITY;
    }
    for (size_t i = 0; i < d * d; i += d + 1) {
        sum += 0.5 * log(P[i]) + log(frame->work[i]); /* there is the factor of the covariance */
    }
    return sum;
}
