/* SPDX-License-Identifier: BSD-3-Clause */
/* Draws of an approximation that are kept, with the densities of the target and of the approximation there. */
#ifndef ROVI_DIAGNOSE_DRAWS_H
#define ROVI_DIAGNOSE_DRAWS_H

#include "base/parallel.h"
#include "base/rng.h"
#include "family/approximation.h"
#include "target/meter.h"

struct draws {
    size_t dim, n;
    double *x;            /* n x d */
    double *logp, *log_q; /* n; logp is -infinity outside the support */
};

/* n draws of q, asked of the target. False when out of memory; what was taken is the arena's. */
bool draws_take(struct draws *draws, struct arena *arena, const rovi_approximation *q, size_t n, struct meter *meter,
                struct rng_stream stream, struct team *team);

/* log density of another approximation at the draws, into log_r (n). False when out of memory. */
bool draws_density(const struct draws *draws, const rovi_approximation *r, struct team *team, double *log_r);

#endif
