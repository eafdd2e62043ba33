/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions that a search has found beyond a fit: what each weighs, and whether the fit misses it. */
#ifndef ROVI_DIAGNOSE_COLLAPSE_H
#define ROVI_DIAGNOSE_COLLAPSE_H

#include "diagnose/probe.h"
#include "diagnose/region.h"
#include "explore/explorer.h"

#define COLLAPSE_REGIONS 16 /* weighed at most */

struct collapse {
    const rovi_approximation *q;
    const struct draws *draws; /* of q */
    struct probe *probe;       /* after its search */
    struct progress *progress; /* its budget holds for what is weighed */
    struct team *team;
    struct rng_stream stream;
    const rovi_modes *modes;
    size_t left; /* maxima yet to be weighed */
    size_t count;
    struct region *regions; /* COLLAPSE_REGIONS, by falling mass */
    size_t found;           /* owners of peaks that no mode of the fit led to, and about which there is mass */
    size_t vague;           /* of these, those whose mass could be anything */
    struct explorer explorer;
    struct arena *arena;
};

/* Weighs what was found, as far as the budget goes. False when out of memory. */
bool collapse_weigh(struct collapse *c);

/* A missed region by its mass and what the fit holds of it. */
bool collapse_is_missed(rovi_estimate mass, double held);

#endif
