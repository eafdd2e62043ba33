/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rounds of exact coordinate updates and significant turns of the rotation, until neither gains. Coordinates of one
 * piece are updated together by gradients, those of several one by one along lines. The numbers of draws and of lines
 * grow until what they decide is resolved above its own error.
 */
#ifndef ROVI_COORDINATE_POLISH_H
#define ROVI_COORDINATE_POLISH_H

#include "coordinate/candidate.h"
#include "coordinate/line.h"
#include "coordinate/score.h"
#include "coordinate/turn.h"
#include "restart/restart.h"

#define POLISH_LINES 8 /* of a coordinate update, at least; the first takes so many */

struct polish {
    const struct problem *problem;
    struct restart *restart;
    struct lines lines;
    struct scores scores;
    struct turn turn;
    struct batch batch;
    struct arena *memory, batch_memory; /* the latter of the batch alone, which grows */
    size_t batch_room;                  /* points */
    size_t trace_draws, points_least;   /* of a measurement; of a first round */
    bool many; /* modes are known: the first round is by lines, which alone show another mode along a coordinate */
    double *ratio, *before;   /* trace_draws */
    double *best_ratio;       /* trace_draws: log ratios of the best on the draws of the trace */
    rovi_approximation *best; /* so far */
    double best_elbo;
    double tolerance;                  /* nats that do not matter, as far as known */
    double noise;                      /* nats that the last round left in q */
    double stale;                      /* nats that its turn left in the maps, as they were told of other axes */
    bool *by_lines;                    /* d: coordinates that are updated along lines */
    double *edges, *pieces_work;       /* of the pieces of a map */
    struct density_mean *means;        /* d */
    const rovi_approximation *told_of; /* whose they are */
    uint64_t streams;                  /* used up so far */
};

/* Takes its memory from the arena, which may fail. */
void polish_init(struct polish *polish, struct arena *arena, const struct problem *problem, struct restart *restart);
/* Fewer draws tell the ELBO of the candidates, and fewer points their first rounds, one of so many each: before the
 * first is measured. */
void polish_spare(struct polish *p, size_t draws_part, size_t points_part);

void polish_free(struct polish *polish);

/* Whether the restart is to end, restart->stop saying why. */
bool polish_ended(struct polish *polish);

/* The ELBO of the candidate on the draws of the trace, which shows the best one so far; kept as polish->best when it is
 * that. -infinity when there is none. */
void polish_take_stock(struct polish *polish, struct candidate *c);

/* Whether next to nothing is left to gain: one piece along every coordinate, log ratios that hardly vary, and no edge
 * of the support beyond which they would not be seen. */
bool polish_is_nearly_done(struct polish *polish, const struct candidate *c);

/* A quick round or two, by which candidates are told apart, and stock. */
void polish_screen(struct polish *polish, struct candidate *c);

/* Rounds until two in a row gain less than half of the tolerance, and no plane can hide more; or until the ELBO to beat
 * is out of reach. True when it converged, with every coordinate. */
bool polish_run(struct polish *polish, struct candidate *c, double to_beat);

#endif
