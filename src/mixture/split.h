/* SPDX-License-Identifier: BSD-3-Clause */
/* New components for a mixture, where the width of one depends on where in it one is, as in a funnel. */
#ifndef ROVI_MIXTURE_SPLIT_H
#define ROVI_MIXTURE_SPLIT_H

#include "mixture/blend.h"
#include "supervise/supervisor.h"

/* Adds to the blend, whose weights are given, two halves of each component that promises more than `least` nats when it
 * is split, of those that promise most. Sets *added; it may be none. False when out of memory. */
bool split_blend(struct blend *b, double least, const struct progress *progress, struct team *team,
                 struct rng_stream stream, size_t *added);

#endif
