/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of L-BFGS (Liu and Nocedal 1989), for whatever climbs: the last steps, and how the gradient fell over
 * them. */
#ifndef ROVI_CLIMB_LBFGS_H
#define ROVI_CLIMB_LBFGS_H

#include <stddef.h>

#include "base/arena.h"

#define LBFGS_MEMORY 8

struct lbfgs {
    size_t dim, pairs, newest;
    double *S, *Y; /* LBFGS_MEMORY x dim */
};

/* Takes its memory from the arena, which may fail. */
void lbfgs_init(struct lbfgs *l, struct arena *arena, size_t dim);

void lbfgs_forget(struct lbfgs *l);

/* direction <- (inverse Hessian estimate) grad, by the two-loop recursion; grad itself while there is no pair. */
void lbfgs_direction(const struct lbfgs *l, const double *grad, double *direction);

/* A step and the gradients of what is climbed at its ends (dim each). One along which the curvature is not of a maximum
 * makes it forget all. */
struct lbfgs_step {
    const double *from, *to, *grad_from, *grad_to;
};
void lbfgs_keep(struct lbfgs *l, const struct lbfgs_step *step);

#endif
