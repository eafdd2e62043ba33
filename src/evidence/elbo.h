/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ELBO by Monte Carlo, equation (15): log ratios log p(z) - log q(z) at draws of q that no step of a fit has seen.
 */
#ifndef ROVI_EVIDENCE_ELBO_H
#define ROVI_EVIDENCE_ELBO_H

#include "base/parallel.h"
#include "base/rng.h"
#include "family/approximation.h"
#include "target/meter.h"

/* Nats: what is off by less is as the target about everywhere that its mass is, and agrees there with it to so much. */
#define ELBO_FAITHFUL 0.25
#define ELBO_AGREED   1.0

struct elbo {
    rovi_estimate estimate; /* of q restricted to the support; NaN when no draw lies inside */
    rovi_estimate outside;  /* share of the draws outside the support */
    double divergence;      /* half the variance of the log ratios: about KL to the target, where that is small */
    double gap; /* log of the mean ratio less the mean of the logs: the same, and what is far below counts little */
};

/* log ratios of draws first..n-1 of the stream into those places of ratio (n); -infinity outside the support. False
 * when out of memory. */
bool elbo_log_ratios(const rovi_approximation *q, struct meter *meter, struct rng_stream stream, struct team *team,
                     size_t first, size_t n, double *ratio);

struct elbo elbo_of_ratios(size_t n, const double *ratio);

/* Of a target that has rejected points: where none of n draws lies outside the support, that there is no mass outside
 * is known to 1/n alone. */
void elbo_admit_outside(struct elbo *elbo, size_t n);

/* What the same ratios say of log Z from below: the ELBO of m = floor(sqrt(n)) draws at a time, equation (38b). mean: m
 * or more doubles of work. NaN when n < 4, or none of the draws lies inside. */
rovi_estimate elbo_of_several(size_t n, const double *ratio, double *mean);

/* Mean of after - before over the draws that are inside in both, and its standard error: the gain of one fit over
 * another on the same reference points. NaN when there are fewer than two. */
rovi_estimate elbo_gain(size_t n, const double *before, const double *after);

/* Nats that do not matter: the tolerance or, where the log ratios at n draws vary much, so large a part of their
 * variance, up to twenty times the tolerance. To be near the best of a family that is itself far from the target is
 * worth less. */
double elbo_resolution(double tolerance, rovi_estimate elbo, size_t n, double part);

#endif
