/* SPDX-License-Identifier: BSD-3-Clause */
/* What each mode that a fit knows has of the target's mass. */
#ifndef ROVI_DIAGNOSE_MASSES_H
#define ROVI_DIAGNOSE_MASSES_H

#include "diagnose/draws.h"

struct masses {
    const rovi_approximation *q;
    const rovi_modes *modes;   /* of q */
    const struct draws *draws; /* of q */
    const double *log_ratio;   /* draws->n: log p / q there, smoothed */
    double log_z;              /* by these */
};

/* Weight, mean, sd and mass of each mode into `out` (modes->listed), in memory of the arena; each is its own part. */
rovi_status masses_weigh(const struct masses *masses, struct arena *arena, rovi_diagnosed_mode *out, rovi_error *error);

/* Modes whose peaks no valley parts are one, named by the heaviest. owner (n): of the peak that each of the n modes, by
 * falling weight, leads to; PROBE_ROOM: not known. */
void masses_join(size_t n, const size_t *owner, rovi_diagnosed_mode *modes);

/* Whether the fit misses a mode that it knows, by giving next to nothing to all its parts together: after masses_join.
 */
void masses_find_missed(size_t n, rovi_diagnosed_mode *modes);

/* What lies beyond the fit is no part of the mass that its modes share. */
void masses_share(size_t n, rovi_diagnosed_mode *modes, rovi_estimate beyond);

#endif
