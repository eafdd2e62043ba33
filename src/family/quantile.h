/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The map of a density: T = F^-1 o Phi, F the distribution function of a density given by its logarithm on a grid. This
 * is how knots come to lie where T bends and jumps, whatever the density's modes.
 */
#ifndef ROVI_FAMILY_QUANTILE_H
#define ROVI_FAMILY_QUANTILE_H

#include "family/map.h"

#define QUANTILE_GRID      64  /* most points of the grid */
#define QUANTILE_KNOTS     256 /* most knots of the map */
#define QUANTILE_WIDENINGS 30  /* of a grid until it reaches far enough */

struct log_density {
    size_t n;                    /* 2 <= n <= QUANTILE_GRID */
    double t[QUANTILE_GRID];     /* increasing */
    double log_q[QUANTILE_GRID]; /* up to a constant; -infinity where there is no mass */
};

/* T becomes the map of the density, log-linear between the grid's points; T has room for QUANTILE_KNOTS. False, with T
 * as it was, when there is no mass. */
bool quantile_map(const struct log_density *q, struct map *T);

/* The density of a mixture of `count` normals, laid on a grid that resolves the heaviest of them. */
void quantile_mixture(size_t count, const double *weight, const double *mean, const double *sd, struct log_density *q);

/* Sorts the grid's points and parts those that coincide. */
void quantile_sort(struct log_density *q);

/* A grid for the density that takes the place of a map's. It follows the map: most of its points are at the map's
 * quantiles and knots, which cluster where the density bends and where a mode ends, the others lie evenly over
 * low..high. It begins with the span of the map, and widens until the new density has fallen far enough at both ends:
 * false from quantile_reaches moves low and high apart. */
void quantile_span(const struct map *T, double *low, double *high);
void quantile_grid(const struct map *T, double low, double high, struct log_density *q);
bool quantile_reaches(const struct log_density *q, double *low, double *high);

#endif
