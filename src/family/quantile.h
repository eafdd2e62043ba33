/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The map of a density: T = F^-1 o Phi, F the distribution function of a density given by its logarithm on a grid. This
 * is how knots come to lie where T bends and jumps, whatever the density's modes.
 */
#ifndef ROVI_FAMILY_QUANTILE_H
#define ROVI_FAMILY_QUANTILE_H

#include "family/map.h"

#define QUANTILE_GRID  64  /* most points of the grid */
#define QUANTILE_KNOTS 256 /* most knots of the map */

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

#endif
