/* SPDX-License-Identifier: BSD-3-Clause */
/* Densities for pictures: smoothed from draws, and exact on a grid. */
#ifndef ROVI_CLI_PICTURE_DENSITY_H
#define ROVI_CLI_PICTURE_DENSITY_H

#include "cli/picture/picture.h"

/* The share of draws below which `p` of them lie, and the like above: the range that a picture has to show. */
rovi_status density_range(struct pool *pool, size_t n, const double *draws, size_t stride, double *lo, double *hi,
                          rovi_error *error);

/* Kernel estimate of the density of draws[0], draws[stride], ... over [lo, hi]. */
rovi_status density_smooth(struct pool *pool, size_t n, const double *draws, size_t stride, double lo, double hi,
                           struct curve *curve, rovi_error *error);

/* Widen the scene's box (d <= 2) until it holds nearly all of the target's mass, wherever that is. */
rovi_status density_find_target(struct pool *pool, struct scene *scene, rovi_error *error);

/* The landscape over the scene's box. */
rovi_status density_landscape(struct pool *pool, struct scene *scene, rovi_error *error);

#endif
