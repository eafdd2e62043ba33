/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an exploration begins with. The first few starts climb until one ends where the mass is. Where the first does
 * not, other steps may lead there; when none does, natural-gradient steps from the first start, or from the end of a
 * climb that came to no maximum, find the mass of a posterior whose density has no mode worth the name (a scale
 * parameter that may go to zero).
 */
#ifndef ROVI_EXPLORE_FIRST_H
#define ROVI_EXPLORE_FIRST_H

#include "explore/explorer.h"

/* The first local; false when there is none. */
bool first_find(struct explorer *e, const rovi_settings *settings, uint64_t seed, struct rng_stream stream);

/* In the neck of a funnel a normal is at an optimum, or steps are slow: what is too wide for the neck slides out of it.
 * So what steps from a wider one lead to takes the place of the first, if it is better. */
void first_widen(struct explorer *e, uint64_t seed);

/* Begins with a normal like q, which is not compact, as one that is known: as it is, or the local normal that steps
 * from there lead to, or from one some times as wide. False when the target gives too few values in it. */
enum first_begin { FIRST_AS_IT_IS, FIRST_FROM_IT, FIRST_FROM_WIDER };
bool first_of_approximation(struct explorer *e, const rovi_approximation *q, enum first_begin how, uint64_t seed);

/* Begins with such a normal, of which this is known, when nothing more may be asked. */
bool first_take(struct explorer *e, const rovi_approximation *q, double elbo, double off);

#endif
