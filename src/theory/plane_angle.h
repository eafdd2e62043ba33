/* SPDX-License-Identifier: BSD-3-Clause */
/* The best product density at one angle, and what one thread needs to find it. */
#ifndef ROVI_THEORY_PLANE_ANGLE_H
#define ROVI_THEORY_PLANE_ANGLE_H

#include "theory/product.h"

struct rovi_plane {
    struct view view;
    size_t threads;
    size_t starts;
    double *mix; /* starts x pieces: weights of the pieces in a start; a row of zeros for the target's marginals */
    struct arena memory;
};

struct angle { /* what one thread needs */
    struct grid grid;
    struct product now, best;
    size_t best_start;
    double *work, *scratch;
};

void angle_make(const struct rovi_plane *plane, enum fineness fineness, struct arena *memory, struct angle *at);

/* The best of all starts, or of one, is left in at->best, its grid in at->grid. < 0 when the target failed. */
int angle_solve(const struct rovi_plane *plane, struct angle *at, double degrees, enum fineness fineness, size_t start);

/* The same optimum on every other point of the grid; uses up grid and at->now. */
double angle_solve_halved(struct angle *at);

#define DEGREE (3.14159265358979323846 / 180) /* in radians */

#endif
