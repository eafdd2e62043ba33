/* SPDX-License-Identifier: BSD-3-Clause */
/* The best product density at one angle, and what one thread needs to find it. */
#ifndef ROVI_THEORY_BENCH_H
#define ROVI_THEORY_BENCH_H

#include "theory/product.h"

struct rovi_plane {
    struct view view;
    size_t threads;
    size_t starts;
    double *mix; /* starts x pieces: weights of the pieces in a start; a row of zeros for the target's marginals */
    struct arena memory;
};

struct bench { /* what one thread needs */
    struct grid grid;
    struct product now, best;
    size_t best_start;
    double *work, *scratch;
};

void bench_make(const struct rovi_plane *plane, enum fineness fineness, struct arena *memory, struct bench *bench);

/* The best of all starts, or of one, is left in bench->best, its grid in bench->grid. < 0 when the target failed. */
int bench_solve(const struct rovi_plane *plane, struct bench *bench, double degrees, enum fineness fineness,
                size_t start);

/* The same optimum on every other point of the grid; uses up grid and bench->now. */
double bench_solve_halved(struct bench *bench);

#define DEGREE (3.14159265358979323846 / 180) /* in radians */

#endif
