/* SPDX-License-Identifier: BSD-3-Clause */
/* The default solver. */
#ifndef ROVI_COORDINATE_COORDINATE_H
#define ROVI_COORDINATE_COORDINATE_H

#include "restart/restart.h"

/* Exact coordinate updates and significant turns of the rotation, from what the target's modes and curvature show. */
void restart_by_coordinates(const struct problem *problem, struct restart *restart);

#endif
