/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The target as one component of a mixture sees it: p(x) r_k(x), r_k = w_k q_k/sum_j w_j q_j being the component's
 * share of the mixture at x. With the shares fixed, F of the mixture is a sum over components, each of which fits its
 * own target, equation (36).
 */
#ifndef ROVI_MIXTURE_SHARE_H
#define ROVI_MIXTURE_SHARE_H

#include "family/approximation.h"
#include "target/meter.h"

/* The target behind `meter`, seen by component k of the mixture (both borrowed; the meter counts what is asked). NULL
 * when out of memory; freed by rovi_target_free. */
struct rovi_target *share_new(struct meter *meter, const rovi_approximation *mixture, size_t k);

#endif
