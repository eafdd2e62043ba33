/* SPDX-License-Identifier: BSD-3-Clause */
/* The solver for many dimensions. */
#ifndef ROVI_DIRECTIONS_LARGE_H
#define ROVI_DIRECTIONS_LARGE_H

#include "restart/restart.h"

/* Where it begins: near scattered starts, until one leads somewhere; at the highest of the ends of several climbs; at a
 * maximum of the target that is known. */
enum directions_begin { DIRECTIONS_SCATTERED, DIRECTIONS_HIGHEST, DIRECTIONS_AT };

/* Quasi-Newton steps and leading directions, for many dimensions: no d x d matrix. peak (d): of DIRECTIONS_AT. */
void restart_by_directions(const struct problem *problem, struct restart *restart, enum directions_begin begin,
                           const double *peak);

#endif
