/* SPDX-License-Identifier: BSD-3-Clause */
/* Draws of an approximation that are kept, with the densities of the target and of the approximation there. */
#ifndef ROVI_DIAGNOSE_DRAWS_H
#define ROVI_DIAGNOSE_DRAWS_H

#include "base/parallel.h"
#include "base/rng.h"
#include "family/approximation.h"
#include "target/meter.h"

/* What can be drawn from, and tells its density. */
struct law {
    const void *of;
    size_t dim, work; /* work: doubles, for a block */
    void (*points)(const void *of, struct rng_stream stream, uint64_t first, size_t n, double *x, double *log_density,
                   double *work); /* as draw_points */
    void (*log_density)(const void *of, size_t n, const double *x, double *log_density, double *work);
};

struct law law_of(const rovi_approximation *q);

struct draws {
    size_t dim, n;
    double *x;            /* n x d */
    double *logp, *log_q; /* n; logp is -infinity outside the support, log_q the density that they were drawn from */
};

/* n draws of a law, asked of the target. False when out of memory; what was taken is the arena's. */
bool draws_take(struct draws *draws, struct arena *arena, struct law law, size_t n, struct meter *meter,
                struct rng_stream stream, struct team *team);

/* log density of another law at the draws, into log_r (n). False when out of memory. */
bool draws_density(const struct draws *draws, struct law law, struct team *team, double *log_r);

#endif
