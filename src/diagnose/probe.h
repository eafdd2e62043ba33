/* SPDX-License-Identifier: BSD-3-Clause */
/* A search for modes of the target that a fit may not know: climbs from where the fit's own starts need not have been.
 */
#ifndef ROVI_DIAGNOSE_PROBE_H
#define ROVI_DIAGNOSE_PROBE_H

#include "climb/valley.h"
#include "diagnose/draws.h"

#define PROBE_ROUND 8   /* climbs side by side, which know of each other only afterwards */
#define PROBE_NEAR  4   /* known maxima that a path is looked for to */
#define PROBE_ROOM  512 /* maxima remembered */

/* A maximum of the target. All that no valley parts have one owner: a place in the list, the first of them. */
struct peak {
    double *x; /* d */
    double logp;
    size_t owner;
    double depth; /* of an owner: by how much the density falls towards those before it, at least; INFINITY: unknown */
    bool is_of_fit; /* an owner that a mode of the fit led to */
};

/* What a climb came to: a start that the target rejects, where the mass of the fit is, the most steps before it came to
 * anything (so that a path from there tells nothing), or a maximum. */
enum climb_end { CLIMB_FAILED, CLIMB_AT_HOME, CLIMB_CUT, CLIMB_AT_PEAK };

struct probe_climb {
    struct ascent ascent;
    struct valley valley;
    double *x;                   /* d */
    size_t near[PROBE_NEAR + 1]; /* peaks, nearest first, and their distances; one more to insert */
    double far[PROBE_NEAR + 1];
    double logp, depth;
    enum climb_end end;
    size_t owner; /* with CLIMB_AT_PEAK: of a peak known before the round that a path joins, or PROBE_ROOM: none */
    const struct probe *probe;
    double *work; /* for log q at a point */
};

struct probe {
    const struct progress *progress;
    struct team *team;
    const struct draws *draws; /* of the fit */
    struct metric metric;      /* the spread of a mode of the fit, in whose coordinates climbs go */
    struct rng_stream stream;  /* of starts about the origin */
    double spread;
    size_t dim;
    double *mean, *sd; /* d: of the draws */
    const rovi_approximation *q;
    double elbo, least; /* of the draws; log q that most of them have, or infinity where the fit is not faithful */
    size_t given;       /* starts to begin with, given x d */
    const double *given_x;
    size_t climbs; /* that came to an end */
    size_t count;
    struct peak *peaks;
    struct probe_climb *climb; /* PROBE_ROUND */
};

/* Takes memory from the arena, which may fail. q and its draws are borrowed. */
void probe_init(struct probe *p, struct arena *arena, const struct progress *progress, struct team *team,
                const rovi_approximation *q, const struct draws *draws);

/* Climbs from n points (n x d), modes of the fit by falling weight, into owner (n): the peaks that own where they end,
 * PROBE_ROOM where a climb fails. */
void probe_modes(struct probe *p, size_t n, const double *x, size_t *owner);

/* Climbs from the given starts, then from dispersed ones, at most `starts` in all. */
void probe_search(struct probe *p, size_t starts, rovi_stop *stop);

#endif
