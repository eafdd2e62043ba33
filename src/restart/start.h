/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a restart begins, and the knots of its maps along the way. */
#ifndef ROVI_RESTART_START_H
#define ROVI_RESTART_START_H

#include "base/settings.h"
#include "family/approximation.h"

/* alpha by the settings: the smoothness constant decides when it is known (equation 14). */
double start_alpha(const rovi_settings *settings);

/* The start of the restart with this seed, d dimensions: uniform knots, a Haar rotation when `rotate`, else the
 * identity, centre `center` (d; NULL: the origin). Half of the starts (u = 0) are centred, the others (u uniform on
 * (0,1)) on the way from there to narrow and scattered: the maps have slope start_slope^(1-u) (alpha, where that is
 * more) and means scattered by u start_spread. Wide, centred starts see all modes but may be held between them by
 * symmetry, narrow ones fall into a mode, and no one width serves all targets. NULL when out of memory. */
rovi_approximation *start_make(const rovi_settings *settings, size_t d, uint64_t seed, bool rotate,
                               const double *center);

/* Whether q is a mixture in the compact form: restarts that were put together, and are continued one by one. And
 * whether it is a normal without correlations in that form, which says where to begin rather than with what. */
bool start_is_gathered(const rovi_approximation *q);
bool start_is_place(const rovi_approximation *q);

/* Most cells that start_refine gives a map. */
size_t start_most_cells(const rovi_settings *settings);

/* q with the same maps on new knots: no cell wider than `mesh`, none over which T rises more than `mesh` times its
 * median slope (up to start_most_cells). A jump of T, which parts two modes, is so resolved in value, not in x. NULL
 * when out of memory. */
rovi_approximation *start_refine(const rovi_settings *settings, const rovi_approximation *q);

#endif
