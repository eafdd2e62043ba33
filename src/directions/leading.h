/* SPDX-License-Identifier: BSD-3-Clause */
/* The directions in which the target is least like the product that mean-field VI takes it for, equation (43). */
#ifndef ROVI_DIRECTIONS_LEADING_H
#define ROVI_DIRECTIONS_LEADING_H

#include "directions/average.h"

struct leading {
    size_t dim, room;  /* steps at most */
    size_t count;      /* directions found */
    double *U;         /* count x d: orthonormal rows, in units of the maps' widths, the most gainful first */
    double *curvature; /* count: of the mean potential along each */
    double *Q;         /* room x d: Lanczos vectors */
    double *diagonal, *beside, *ritz, *T, *E, *theta, *residual, *base;
};

/* Takes its memory from the arena, which may fail: O(room d). */
void leading_init(struct leading *l, struct arena *arena, size_t dim, size_t room);

/* At most `most` directions that are worth `least` nats or more, by room + 1 evaluations of the average at its q, of
 * which the maps are linear. There may be none. */
void leading_find(struct leading *l, struct average *a, struct rng_stream stream, size_t most, double least);

#endif
