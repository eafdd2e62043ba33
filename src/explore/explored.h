/* SPDX-License-Identifier: BSD-3-Clause */
/* What an exploration has found: locals kept, weighed, and handed on. */
#ifndef ROVI_EXPLORE_EXPLORED_H
#define ROVI_EXPLORE_EXPLORED_H

#include "explore/explorer.h"

/* Which of the locals a normal is, or e->count. */
size_t explored_find(struct explorer *e, const struct local *fresh);

/* The local of the greatest ELBO, or NULL. */
const struct local *explored_best(const struct explorer *e);

/* log p where the mass of the first local is: -infinity where none is known. */
double explored_level(const struct explorer *e);

/* Whether earlier climbs have ended at e->x, or a local lies there. */
bool explored_has_peak(struct explorer *e);

/* Whether x lies where the mass of a local is, and the target, log p(x) = logp, is there as the local has it: a climb
 * from there would end at its peak, as far as that tells. */
bool explored_is_home(struct explorer *e, const double *x, double logp);

/* Whether x, log p(x) = logp, away from where the mass is, or the mean of a local made elsewhere, lies in the basin of
 * a local that is kept: a path joins them. */
bool explored_reaches(struct explorer *e, const double *x, double logp);
bool explored_joins(struct explorer *e, const struct local *local);

/* Whether a normal whose log evidence or ELBO is `worth` is so far below another that it need not be looked at. */
bool explored_is_hopeless(const struct explorer *e, double worth);

/* Keeps the local that was made last, at the end of a climb to e->x, unless it is known or hopeless; false then. The
 * latest climb to a mode tells best where its maximum is: the first has the least to go by. */
bool explored_keep(struct explorer *e);

/* Sorts the locals by falling ELBO, and weighs them; those that others supersede, or that do not count, are dropped. */
void explored_weigh(struct explorer *e);

/* What a restart leaves to those after it. */
struct known_modes {
    size_t count;
    struct local *locals; /* count */
};

/* Leaves copies of the locals in the arena, which may fail; and begins with those that another restart left. */
void explored_leave(const struct explorer *e, struct known_modes *modes, struct arena *arena);
void explored_adopt(struct explorer *e, const struct known_modes *modes);

/* After explore_run: whether there are modes worth the name beyond those that it began with. */
bool explored_has_news(const struct explorer *e);

/* After explore_run: log of the sum of exp(ELBO) over the locals, what their mixture reaches if they are apart. */
double explored_promise(const struct explorer *e);

/* Whether a normal has its mean where one of these has, by the measure of both. */
bool explored_knows(struct explorer *e, const struct local *fresh);

/* Whether x lies where draws of a local do. */
bool explored_covers(struct explorer *e, const double *x);

#endif
