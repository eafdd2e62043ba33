/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking outwards from a fit along rays, for places that a mode of its own would explain. */
#ifndef ROVI_DIAGNOSE_RAYS_H
#define ROVI_DIAGNOSE_RAYS_H

#include "diagnose/draws.h"
#include "supervise/supervisor.h"

#define RAY_POINTS 12 /* on a ray: the distance of a draw from its mode, times 2^(k/2), k = 0..11 */

struct rays {
    const rovi_approximation *q;
    const struct draws *draws; /* of q: each gives two opposite rays */
    size_t center_count;
    const double *center;            /* center_count x d: modes of q, where rays begin */
    const double *sd;                /* d: by which the nearest mode of a draw is found */
    const struct progress *progress; /* its meter counts */
    struct team *team;
};

/* Looks along `count` rays, at most two for each draw, unless the supervisor ends that; the places that stand out most,
 * at most `room`, into x (room x d). Returns how many, or SIZE_MAX when out of memory. */
size_t rays_look(const struct rays *rays, size_t count, size_t room, double *x);

#endif
