/* SPDX-License-Identifier: BSD-3-Clause */
/* Modes that a mixture does not hold, far from all of its components. */
#ifndef ROVI_MIXTURE_SEEK_H
#define ROVI_MIXTURE_SEEK_H

#include "base/settings.h"
#include "mixture/blend.h"
#include "supervise/supervisor.h"

/* Adds to the blend, whose weights and ELBO are given, a local normal for each mode found; sets *added. False when out
 * of memory. */
bool seek_blend(struct blend *b, double elbo, const rovi_settings *settings, const struct progress *progress,
                struct team *team, struct rng_stream stream, size_t *added);

#endif
