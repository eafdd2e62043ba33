/* SPDX-License-Identifier: BSD-3-Clause */
/* The solver for many dimensions. */
#ifndef ROVI_DIRECTIONS_LARGE_H
#define ROVI_DIRECTIONS_LARGE_H

#include "restart/restart.h"

/* Quasi-Newton steps and leading directions, for many dimensions: no d x d matrix. */
void restart_by_directions(const struct problem *problem, struct restart *restart);

#endif
