/* SPDX-License-Identifier: BSD-3-Clause */
/* The components of a target that is a Gaussian mixture, or a rotated view of one: for what is known about those. */
#ifndef ROVI_TARGET_GAUSSIANS_H
#define ROVI_TARGET_GAUSSIANS_H

#include "target/target.h"

struct gaussians {
    size_t d, K;
    double *weight;     /* K, sum 1 */
    double *mean;       /* K x d */
    double *covariance; /* K x d x d */
};

/* Whether gaussians_of will find components */
bool gaussians_present(const struct rovi_target *target);

/* The components in coordinates of the target, into `memory`. ROVI_BAD_INPUT says what the target is instead. */
rovi_status gaussians_of(const struct rovi_target *target, struct arena *memory, struct gaussians *out,
                         rovi_error *error);

#endif
