/* SPDX-License-Identifier: BSD-3-Clause */
/* The mean of several estimates of one coordinate's log density, on the grid of the first. */
#ifndef ROVI_COORDINATE_DENSITY_MEAN_H
#define ROVI_COORDINATE_DENSITY_MEAN_H

#include "family/quantile.h"

struct density_mean {
    double weight; /* 0: none yet */
    struct log_density density;
};

/* Adds an estimate of this weight, on the grid that the mean has, if it has one. */
void density_mean_add(struct density_mean *mean, const struct log_density *density, double weight);

#endif
