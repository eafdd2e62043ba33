/* SPDX-License-Identifier: BSD-3-Clause */
/* Reference points: x ~ N(0, I_d), point i of a stream the same whoever asks for it and in how large a block. */
#ifndef ROVI_FAMILY_REFERENCE_H
#define ROVI_FAMILY_REFERENCE_H

#include "base/rng.h"

/* Points first, ..., first + n - 1 into x (n x d). */
void reference_points(struct rng_stream stream, uint64_t first, size_t n, size_t d, double *x);

/* n points (even, at most REFERENCE_BALANCED) that lie as evenly as can be along every coordinate: its |x| are those of
 * n/2 strata of equal mass, scaled to mean square 1, in an order of its own and with random signs; rows 2p and 2p + 1
 * are antithetic. So what is a sum of functions of one coordinate each has hardly any noise in its mean. */
#define REFERENCE_BALANCED 1024
void reference_balanced(struct rng_stream stream, size_t n, size_t d, double *x);

#endif
