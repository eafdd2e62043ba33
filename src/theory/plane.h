/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files about the exact optimum in the plane share. */
#ifndef ROVI_THEORY_PLANE_H
#define ROVI_THEORY_PLANE_H

#include "theory/plane_angle.h"

/* The result as the caller gets it; uses up the angle. NULL when out of memory. */
rovi_plane_product *plane_product_keep(const struct rovi_plane *plane, struct angle *at, double degrees);

/* Checked rovi_plane_at */
rovi_status plane_solve(const struct rovi_plane *plane, double degrees, size_t start, rovi_plane_product **product,
                        rovi_error *error);

rovi_status plane_target_failed(int code, rovi_error *error);

/* Whether the grid can resolve the narrowest component at this angle */
rovi_status plane_check_resolution(const struct rovi_plane *plane, double degrees, rovi_error *error);

#endif
