/* SPDX-License-Identifier: BSD-3-Clause */
/* A target in the plane on a grid whose axes are turned by an angle. */
#ifndef ROVI_THEORY_GRID_H
#define ROVI_THEORY_GRID_H

#include "target/gaussians.h"

/* What a plane is looked at with. The pieces are the components of a Gaussian mixture, or peaks of another target. */
struct view {
    const struct rovi_target *target;
    struct gaussians pieces;
    bool exact;    /* the pieces are the target */
    double box[4]; /* lo_1, lo_2, hi_1, hi_2 of what is looked at, unless exact */
    double log_z;  /* that KL refers to */
    size_t most;   /* points per axis, at most */
};

/* q lives on points lo + i*step, i < n, of either axis of the turned plane: z = O y, O = [c -s; s c]. */
struct grid {
    double c, s;
    size_t n[2];
    double lo[2], step[2];
    double *log_p; /* n[0] x n[1] */
};

enum fineness { GRID_COARSE, GRID_FINE };

/* The grid's frame, without values: wide enough for all pieces, and with steps that resolve the narrowest of them, or
 * with view->most points where that is too few. */
void grid_place(const struct view *view, double radians, enum fineness fineness, struct grid *grid);

/* The most points per axis that a grid of this fineness may get, and how many a fine one needs at this angle */
size_t grid_most(const struct view *view, enum fineness fineness);
double grid_needed(const struct view *view, double radians);

/* Values into grid->log_p, which has room for them; scratch: GRID_SCRATCH doubles. What is outside the support gets a
 * log density far below all others. < 0 when the target failed. */
#define GRID_SCRATCH(target) ((target)->scratch + 2 * TARGET_BLOCK)
int grid_fill(const struct view *view, struct grid *grid, double *scratch);

/* Mean and variance of a piece along axis i of the grid */
double grid_piece_mean(const struct view *view, const struct grid *grid, size_t piece, size_t i);
double grid_piece_variance(const struct view *view, const struct grid *grid, size_t piece, size_t i);

/* log of the sum of exp(log_p) over the grid, times the area of a cell: log Z */
double grid_log_sum(const struct grid *grid);

#endif
