/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A local normal approximation N(mean, L L^T) of the target: Gaussian variational inference by natural-gradient steps,
 * which go where the mass is even when the density has no mode there, and stay in the mode they begin in when modes are
 * parted.
 */
#ifndef ROVI_SOLVE_LOCAL_H
#define ROVI_SOLVE_LOCAL_H

#include "base/rng.h"
#include "solve/ascent.h"

struct local {
    double *mean; /* d */
    double *L;    /* d x d, lower triangular */
    double elbo;  /* on the draws of the last step */
    double error; /* its standard error */
};

struct local_work {
    const struct progress *progress;
    size_t dim, draws;
    double *z, *x, *g; /* draws x d: standard normal, placed, gradient times L */
    double *logp, *scratch;
    double *A, *B, *C; /* d x d */
    double *vector;    /* d */
};

/* Take memory from the arena, which may fail. */
void local_init(struct local *local, struct arena *arena, size_t d);
void local_work_init(struct local_work *w, struct arena *arena, const struct progress *progress);

/* From Laplace's approximation at x with Hessian H of -log p; false unless H is positive definite. */
bool local_laplace(struct local *local, struct local_work *w, const double *x, const double *H);

/* `steps` natural-gradient steps of length `rate` in (0, 1]; false when the target gives too few values here. */
bool local_fit(struct local *local, struct local_work *w, struct rng_stream stream, int steps, double rate);

#endif
