/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ELBO over fixed reference points as a function of where each map lies and how wide it is, equation (42): a target
 * of 2 d coordinates, so that what climbs a log density climbs it.
 */
#ifndef ROVI_DIRECTIONS_AVERAGE_H
#define ROVI_DIRECTIONS_AVERAGE_H

#include "base/rng.h"
#include "family/approximation.h"
#include "supervise/supervisor.h"

struct average {
    const struct progress *progress;
    const rovi_approximation *q; /* borrowed */
    size_t n, room, dim;
    double *x;          /* n x d: reference points */
    double *t;          /* n x d: T_i(x_i) - v_i of q */
    double *unit;       /* d: root mean square of t, what v is moved in units of */
    double *v, *factor; /* d: of the last evaluation */
    double *y;          /* n x d: of the last evaluation, as are z, grad, u, w and logp */
    double *z, *grad, *u;
    double *w;    /* n x d: gradient of log p with respect to y */
    double *logp; /* n */
    double *scratch;
    struct rovi_target *target; /* of theta = (shifts of v in units: d; log factors of T - v: d) */
    struct meter meter;         /* of that target */
};

/* Takes its memory for at most `room` points from the arena, which may fail. The progress is the restart's, and counts
 * what the target is asked. */
void average_init(struct average *a, struct arena *arena, size_t room, const struct progress *progress);
void average_free(struct average *a);

/* From now on over n <= room balanced points of the stream, about q. */
void average_set(struct average *a, const rovi_approximation *q, size_t n, struct rng_stream stream);

/* The value at theta (2 d), up to a constant, and its gradient; false when the target rejects one of the points, or the
 * supervisor ended it. */
bool average_evaluate(struct average *a, const double *theta, double *value, double *gradient);

/* The maps of q as theta says. */
void average_apply(const struct average *a, const double *theta, rovi_approximation *q);

#endif
