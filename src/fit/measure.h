/* SPDX-License-Identifier: BSD-3-Clause */
/* The ELBO of what a restart has found, by as many draws as the question and what it has cost are worth. */
#ifndef ROVI_FIT_MEASURE_H
#define ROVI_FIT_MEASURE_H

#include "restart/restart.h"

/* A few draws alone; a few first, and more until the error is near the tolerance; or at first all that were asked for.
 */
enum measure_extent { MEASURE_FEW, MEASURE_ENOUGH, MEASURE_ALL };

struct question {
    const struct problem *problem;
    const struct supervisor *supervisor;
    struct meter *meter; /* that evaluations count on */
    struct team *team;
    enum rng_purpose purpose; /* of the draws: RNG_SELECT to choose among restarts, RNG_EVIDENCE to show */
    enum measure_extent extent;
    double promise; /* by local normals, which the ELBO is to be told from, whatever the extent; or -infinity */
};

/* How many draws are asked for: choosing needs fewer than showing; a run that was told to end spends less on both. In
 * many dimensions, where evaluations are dear, they are also a part of what was asked so far. */
size_t measure_draws(const struct question *question);

/* Whether it begins with fewer than that, and may stay with them. */
bool measure_begins_with_few(const struct question *question);

/* More draws, until the error is near the tolerance, are at most all that were asked for, and beyond those while they
 * are few next to what the fit has asked. False when out of memory. */
bool measure(const struct question *question, const rovi_approximation *q, struct elbo *elbo);

/* Whether local normals promise more than an ELBO has, beyond its noise. */
bool measure_is_less(const rovi_settings *settings, rovi_estimate elbo, double promise);

#endif
