/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the target's mass is: climbs from dispersed starts, and a local normal approximation of the mode that each ends
 * in. They give the frame in which maps are fitted, rotations to try, and maps to start from.
 */
#ifndef ROVI_EXPLORE_EXPLORE_H
#define ROVI_EXPLORE_EXPLORE_H

#include "base/settings.h"
#include "climb/valley.h"
#include "explore/local.h"
#include "supervise/supervisor.h"

#define EXPLORE_MODES 12 /* room, where one rotated product is to hold them */

struct explorer {
    const struct progress *progress;
    size_t dim, room, count;
    bool led, again;          /* what it begins with is near the target and was found by others; by another restart */
    bool brief;               /* few starts in a row without news are enough, since each is dear */
    bool narrow;              /* keep Laplace's approximation of each mode beside the local normal, if it is another */
    size_t starts, idle_each; /* starts at most; idle starts for each mode known, after which it is enough */
    struct local *locals;     /* those found come first, by falling ELBO; one more to try in */
    double *weight;           /* room: softmax of the ELBOs */
    double *x, *scale, *H;    /* d, d, d x d */
    bool reached;             /* steps ended since a path joins where they were to what is known */
    bool low;                 /* the last climb ended so low that it tells nothing of where mass is, or is not */
    bool rich;                /* it ended where there is more mass than anywhere known, as it seems */
    size_t looks;             /* that have shown that there is not */
    size_t wasted;            /* steps that led from where no climb had ended to what is known */
    const double *home;       /* d: steps of a local fit end when they lead away from it; or NULL */
    bool (*lead)(void *data, struct explorer *e); /* asked to begin with what other steps lead to, where those from the
                                                     end of the first climb have not come near the target, or are still
                                                     far from it after a few; or NULL */
    void *lead_data;
    struct local good; /* the last state of a local fit whose ELBO is known */
    struct local bent; /* at the highest end of the first climbs without a maximum; its elbo is log p there */
    struct ascent ascent;
    struct local_work work;
    struct valley valley;
};

/* Takes memory for `room` modes from the arena, which may fail. */
void explore_init(struct explorer *e, struct arena *arena, const struct progress *progress, size_t room,
                  struct team *team);

/* Begins with a normal like q, which is not compact, as one that is known: as it is, or the local normal that steps
 * from there lead to, or from one some times as wide. False when the target gives too few values in it. */
enum explore_begin { EXPLORE_AS_IT_IS, EXPLORE_FROM_IT, EXPLORE_FROM_WIDER };
bool explore_begin_with(struct explorer *e, const rovi_approximation *q, enum explore_begin how, uint64_t seed);

/* Begins with such a normal, of which this is known, when nothing more may be asked. */
bool explore_take(struct explorer *e, const rovi_approximation *q, double elbo, double off);

/* Finds modes, until many starts in a row have found nothing new. There may be none, when the target rejects all starts
 * or their surroundings. */
void explore_run(struct explorer *e, const rovi_settings *settings, uint64_t seed);

/* Keeps a local normal of the mode whose maximum is at x as the newest of the locals; false when it is known or
 * hopeless, or the target gives too few values around it. */
bool explore_at(struct explorer *e, const double *x, struct rng_stream stream);

#endif
