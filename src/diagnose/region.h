/* SPDX-License-Identifier: BSD-3-Clause */
/* What a region of the target, known by an approximation of it, weighs next to a fit. */
#ifndef ROVI_DIAGNOSE_REGION_H
#define ROVI_DIAGNOSE_REGION_H

#include "diagnose/draws.h"

struct region {
    double *mean, *sd; /* d: of the target in the region */
    rovi_estimate mass, held, gain;
    double unmet; /* the part of the error of mass that is due to weights of r that were not met; not in mass.mcse */
    bool heavy;   /* k-hat of these weights is above its threshold: there may be far more than was met */
    bool missed;  /* by the fit; for the caller to say */
    bool group;   /* the fit moved, which other regions may be a part of; for the caller to say */
    double distance, depth;
};

struct region_draws {
    const struct draws *of_fit;    /* draws of q */
    const struct draws *of_region; /* draws of r; log_q there is log r */
    const double *r_at_fit;        /* log r at the draws of q */
    const double *q_at_region;     /* log q at the draws of r */
};

/* The mass of several regions together. That of each is of the fit and it alone: odds to the fit add up. */
struct region_sum {
    double odds, variance;
};
void region_add(struct region_sum *sum, rovi_estimate mass);
rovi_estimate region_total(const struct region_sum *sum);

/* Fills mean, sd, mass, held and gain; mean and sd have their memory. False when out of memory. */
bool region_weigh(struct region *region, const struct region_draws *draws);

#endif
