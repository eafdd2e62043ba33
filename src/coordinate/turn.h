/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A step on the rotation that turns only the planes whose gradient is told apart from its own noise, each by its own
 * Newton angle.
 */
#ifndef ROVI_COORDINATE_TURN_H
#define ROVI_COORDINATE_TURN_H

#include "restart/batch.h"

struct turn {
    size_t dim;
    struct team *team;               /* or NULL */
    double *cross, *squares, *mixed; /* d x d: E[w_i y_j], E[w_i^2 y_j^2], E[w_i y_i w_j y_j]; y about its mean */
    double *angles;                  /* Theta: d x d, skew */
    double *spread, *fisher;         /* d: E[y_i^2], E[w_i^2] */
    double *promised;                /* d: nats that the significant planes of each coordinate promise */
    double *mean;                    /* d: v before the turn */
    double *before;                  /* O before the turn: d x d */
    double *work;
};

struct turn_outlook {
    double gain;       /* nats that the significant planes promise */
    double unresolved; /* nats that the others may hide together, as far as this number of points tells */
};

/* Takes its memory from the arena, which may fail. */
void turn_init(struct turn *turn, struct arena *arena, size_t d, struct team *team);

/* The angles from a batch of q, which is used up. */
struct turn_outlook turn_plan(struct turn *turn, const rovi_approximation *q, struct batch *batch);

/* The maps have changed since the plan: turns are now about the mean that they have. */
void turn_follow(struct turn *turn, const rovi_approximation *q);

/* O <- qf(O (I + share Theta)) from the O of the plan, about the mean of q, which stays. */
void turn_apply(struct turn *turn, rovi_approximation *q, double share);

#endif
