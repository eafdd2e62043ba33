/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small posteriors of the kinds that people bring: what a Stan program would declare with constraints is here, too, a
 * density of unconstrained coordinates with the Jacobian in it, and its parameters are read off them.
 */
#ifndef ROVI_BENCH_POSTERIOR_H
#define ROVI_BENCH_POSTERIOR_H

#include "bench/tape.h"
#include "rovi.h"

#define POSTERIOR_MOST 12 /* coordinates, parameters */

struct moments {
    double mean, sd;
};

struct posterior {
    const char *name;
    size_t d, count;                /* coordinates, parameters */
    real (*density)(const real *x); /* log, up to a constant; posterior_data must have been called */
    void (*parameters)(const double *x, double *value);
    void (*twin)(const double *x, double *other); /* the point of the same density that labels exchanged lead to, or
                                                     NULL: there is none */
    const char *const *names;
    const struct moments *reference;
};

extern const struct posterior posteriors[];
extern const size_t posterior_count;

/* Makes the data. */
void posterior_data(void);

/* The log density at x (d), and its gradient (d) unless NULL. */
double posterior_logp(const struct posterior *p, const double *x, double *grad);

/* To be freed by rovi_target_free. */
rovi_target *posterior_target(const struct posterior *p);

#endif
