/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of an exploration: what it has found, what it works with, and where its starts lie. */
#ifndef ROVI_EXPLORE_EXPLORER_H
#define ROVI_EXPLORE_EXPLORER_H

#include "base/settings.h"
#include "climb/valley.h"
#include "explore/local.h"
#include "supervise/supervisor.h"

#define EXPLORER_MODES 12 /* room, where one rotated product is to hold them */

struct explorer {
    const struct progress *progress;
    size_t dim;

    /* What is known. */
    size_t room, count;
    struct local *locals; /* those found come first, by falling ELBO; one more to try in */
    double *weight;       /* room: softmax of the ELBOs */
    bool warm, again;     /* it began with what is near the target and was found by others; by another restart */

    /* How long to search, and for what. */
    size_t starts, idle_each; /* starts at most; idle starts for each mode known, after which it is enough */
    bool brief;               /* few starts in a row without news are enough, since each is dear */
    bool narrow;              /* keep Laplace's approximation of each mode beside the local normal, if it is another */
    const double *home;       /* d: steps of a local fit end when they lead away from it; or NULL */
    bool (*warm_start)(void *data, struct explorer *e); /* asked to begin with what other steps lead to, where those
                                                     from the end of the first climb have not come near the target, or
                                                     are still far from it after a few; or NULL */
    void *warm_start_data;

    /* What the last start has shown, and the starts so far. */
    bool reached;  /* steps ended since a path joins where they were to what is known */
    bool low;      /* the climb ended so low that it tells nothing of where mass is, or is not */
    bool rich;     /* it ended where there is more mass than anywhere known, as it seems */
    size_t looks;  /* that have shown that there is not */
    size_t wasted; /* steps that led from where no climb had ended to what is known */

    /* What it works with. */
    double *x, *scale, *H; /* d, d, d x d */
    struct local good;     /* the last state of a local fit whose ELBO is known */
    struct local bent;     /* at the highest end of the first climbs without a maximum; its elbo is log p there */
    struct ascent ascent;
    struct local_work work;
    struct valley valley;
};

/* Takes memory for `room` modes from the arena, which may fail. */
void explorer_init(struct explorer *e, struct arena *arena, const struct progress *progress, size_t room,
                   struct team *team);

/* Start number s, into e->x: a quarter of the starts are scattered about the origin, the others about modes found
 * before, at four distances and two of three in opposite pairs, so that a mode is found that is far from the origin but
 * near another one. A given start itself is the first point of all, and that of the first climb. */
void explorer_scatter(struct explorer *e, const rovi_settings *settings, uint64_t seed, size_t s);

#endif
