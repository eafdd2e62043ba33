/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A local normal approximation N(mean, L L^T) of the target: Gaussian variational inference by natural-gradient steps,
 * which go where the mass is even when the density has no mode there, and stay in the mode they begin in when modes are
 * parted.
 */
#ifndef ROVI_EXPLORE_LOCAL_H
#define ROVI_EXPLORE_LOCAL_H

#include "base/parallel.h"
#include "base/rng.h"
#include "family/approximation.h"
#include "supervise/supervisor.h"

struct local {
    double *mean; /* d */
    double *L;    /* d x d, lower triangular */
    double *peak; /* d: where climbs to it end; the first is infinite when none did */
    bool known;   /* from an earlier restart */
    double elbo;  /* on the draws of the last step */
    double error; /* its standard error */
    double off;   /* half of the variance of the log ratio on those draws: its KL to the target, where that is small */
};

struct local_work {
    const struct progress *progress;
    struct team *team; /* or NULL */
    size_t dim, draws;
    double enough; /* a fit ends when the local is off by less; 0 at first */
    double slight; /* nats: and when a step is expected to gain less; 0 at first */
    double part;   /* and, where that is not 0, when it is expected to gain less than so much of what it is off by */
    double begun;  /* ELBO where the last fit began */
    bool idle;     /* the last fit ended since no step was worth its draws */
    double *z;     /* draws/2 x d: standard normal, of antithetic pairs */
    double *odd, *even; /* draws/2 x d: difference and sum of their gradients, times L */
    double *logp;       /* draws */
    double *A, *B, *C;  /* d x d */
    struct local last;  /* where the last step began */
    double *vector, *step;
    double *work; /* of each worker: a block of points and gradients, the target's scratch */
    size_t work_size;
};

/* Take memory from the arena, which may fail. */
void local_init(struct local *local, struct arena *arena, size_t d);
void local_work_init(struct local_work *w, struct arena *arena, const struct progress *progress, struct team *team);

/* From Laplace's approximation at x with Hessian H of -log p; false unless H is positive definite. */
bool local_laplace(struct local *local, struct local_work *w, const double *x, const double *H);

/* Of unit width at x (d). */
void local_at(struct local *local, size_t d, const double *x);

/* About the mean and covariance of q, which is not compact; false when that is not positive definite. */
bool local_of_approximation(struct local *local, struct local_work *w, const rovi_approximation *q);

/* At most `steps` natural-gradient steps, of rate `rate` in (0, 1] or of the best that noise allows, if that is more;
 * false when the target gives too few values where it begins. */
bool local_fit(struct local *local, struct local_work *w, struct rng_stream stream, int steps, double rate);

/* What is measured on draws, without a step. */
bool local_measure(struct local *local, struct local_work *w, struct rng_stream stream);

/* Distance of x from `from`, in standard deviations of the local. */
double local_distance(const struct local *local, struct local_work *w, const double *from, const double *x);

/* log of the local's density at that distance from its mean. */
double local_log_density(const struct local *local, size_t d, double distance);

/* All of it, into memory of the copy's own. */
void local_copy(size_t d, const struct local *from, struct local *to);

/* The local normal, of dimension d, as a rotated product; NULL when out of memory. */
rovi_approximation *local_approximation(size_t d, const struct local *local);

#endif
