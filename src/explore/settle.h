/* SPDX-License-Identifier: BSD-3-Clause */
/* From a point to a local normal: the end of a climb, Laplace's approximation there, steps from there. */
#ifndef ROVI_EXPLORE_SETTLE_H
#define ROVI_EXPLORE_SETTLE_H

#include "explore/explorer.h"

#define SETTLE_IN_DOUBT 0.4  /* nats: a local that may be in a funnel's neck, out of which steps lead */
#define SETTLE_WILD     10.0 /* nats: a local that is off by more tells nothing of where the mass is */

/* Climbs from e->x, or from nearer to where searching begins, to e->x. */
bool settle_climb(struct explorer *e, double *logp);

/* The curvature at e->x, into e->H, and widths by it, into e->scale; and Laplace's approximation by it: false where the
 * density has no maximum. */
bool settle_curvature(struct explorer *e);
bool settle_laplace(struct explorer *e, struct local *local);

/* Natural-gradient steps while they gain more than their noise. Where too few draws lie inside the support, the local
 * is shrunk until enough do: beside an edge where the density is highest that is as good as a normal gets. */
bool settle(struct explorer *e, struct local *local, struct rng_stream stream);

/* The same from a normal of unit width at x. */
bool settle_from(struct explorer *e, struct local *local, const double *x, struct rng_stream stream);

/* Whether the steps have led out of the mode that they are asked for. */
bool settle_has_left(struct explorer *e, const struct local *local);

/* Whether climbs that a path joins to what is known need not be followed: where they end away from the mass, each is
 * the begin of a long walk back, as one of them has shown, or another search has found the mass. */
bool settle_may_skip(const struct explorer *e);

#endif
