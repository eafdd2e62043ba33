/* SPDX-License-Identifier: BSD-3-Clause */
/* Local search on the target: quasi-Newton ascent, and the curvature by differences of gradients. */
#ifndef ROVI_SOLVE_ASCENT_H
#define ROVI_SOLVE_ASCENT_H

#include "base/arena.h"
#include "base/parallel.h"
#include "solve/supervisor.h"

struct ascent {
    const struct progress *progress;
    struct team *team; /* or NULL */
    size_t dim;
    double *S, *Y;                                 /* the last steps and gradient changes: ASCENT_MEMORY x d */
    double *grad, *direction, *trial, *trial_grad; /* d */
    double *work;                                  /* of each worker: points, gradients, the target's scratch */
    size_t work_size;
};

#define ASCENT_MEMORY 8

/* Takes its memory from the arena, which may fail. */
void ascent_init(struct ascent *a, struct arena *arena, const struct progress *progress, struct team *team);

/* L-BFGS ascent of log p from x, in place, *logp its value there. False when the target rejects the start. */
bool ascent_climb(struct ascent *a, double *x, double *logp);

/* H <- Hessian of -log p at x (d x d, symmetric) by central differences with steps along the coordinates a small part
 * of scale (d): 2 d gradients. False when the target rejects a point. */
bool ascent_hessian(struct ascent *a, const double *x, const double *scale, double *H);

#endif
