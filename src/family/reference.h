/* SPDX-License-Identifier: BSD-3-Clause */
/* Reference points: x ~ N(0, I_d), point i of a stream the same whoever asks for it and in how large a block. */
#ifndef ROVI_FAMILY_REFERENCE_H
#define ROVI_FAMILY_REFERENCE_H

#include "base/rng.h"

/* Points first, ..., first + n - 1 into x (n x d). */
void reference_points(struct rng_stream stream, uint64_t first, size_t n, size_t d, double *x);

#endif
