/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the target's mass is: climbs from dispersed starts, and a local normal approximation of the mode that each ends
 * in. They give the frame in which maps are fitted, rotations to try, and maps to start from.
 */
#ifndef ROVI_EXPLORE_EXPLORE_H
#define ROVI_EXPLORE_EXPLORE_H

#include "explore/explorer.h"

/* Finds modes, until many starts in a row have found nothing new. There may be none, when the target rejects all starts
 * or their surroundings. */
void explore_run(struct explorer *e, const rovi_settings *settings, uint64_t seed);

/* Keeps a local normal of the mode whose maximum is at x as the newest of the locals; false when it is known or
 * hopeless, or the target gives too few values around it. */
bool explore_at(struct explorer *e, const double *x, struct rng_stream stream);

#endif
