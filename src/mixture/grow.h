/* SPDX-License-Identifier: BSD-3-Clause */
/* New components for a mixture, where it has too little mass. */
#ifndef ROVI_MIXTURE_GROW_H
#define ROVI_MIXTURE_GROW_H

#include "mixture/blend.h"

/* Adds at most `most` components to the blend, whose weights and ELBO are given, each at the probe where the target has
 * most mass that the mixture lacks. Sets *added; it may be none. False when out of memory. */
bool grow_blend(struct blend *b, size_t most, double elbo, struct meter *meter, struct team *team,
                struct rng_stream stream, size_t *added);

#endif
