/* SPDX-License-Identifier: BSD-3-Clause */
/* Problems whose modes lie on no grid, or have no modes worth the name: what a mixture is for. */
#ifndef ROVI_BENCH_LAYOUTS_H
#define ROVI_BENCH_LAYOUTS_H

#include "bench/problem.h"

/* Unit normals on a circle, by equal weight. */
void make_circle(struct problem *p, size_t count, double radius);

/* Five normals of random means, shapes and weights. */
void make_five(struct problem *p, uint64_t seed);

/* 40 unit normals of equal weight, means uniform in [-40, 40]^2. */
void make_forty(struct problem *p, uint64_t seed);

/* The posterior of a mixture of three normals, given 90 observations: of the means (d = 3), or of these and the logs of
 * the standard deviations (d = 6). Six cells, the orders of the means, each with a sixth of the mass. */
void make_labels(struct problem *p, uint64_t seed);

#endif
