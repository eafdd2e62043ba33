/* SPDX-License-Identifier: BSD-3-Clause */
/* The greatest curvature of the potential at given points: what bounds the step of a Langevin run, equation (28). */
#ifndef ROVI_LANGEVIN_CURVATURE_H
#define ROVI_LANGEVIN_CURVATURE_H

#include "supervise/supervisor.h"
#include "target/target.h"

struct curvature {
    const struct progress *progress;
    uint64_t seed;
    double *v, *w;               /* directions and their images: TARGET_BLOCK x d each */
    double *y, *grad;            /* points beside x and gradients there, likewise */
    double *logp, *value, *step; /* TARGET_BLOCK each; value: along v, NaN where the target has none */
    double *scratch;
};

/* Takes its memory from the arena, which may fail. */
void curvature_init(struct curvature *c, struct arena *arena, const struct progress *progress, uint64_t seed);

/* Greatest eigenvalue of the Hessian of -log p over the n <= TARGET_BLOCK points, a little too low; it may be negative.
 * NaN when it is known at none of them, or when the supervisor ended it (*stop says why). */
double curvature_at(struct curvature *c, size_t n, const double *x, rovi_stop *stop);

#endif
