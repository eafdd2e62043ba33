/* SPDX-License-Identifier: BSD-3-Clause */
/* The settings of a Langevin run, by a table as those of a fit. */
#ifndef ROVI_LANGEVIN_SETTINGS_H
#define ROVI_LANGEVIN_SETTINGS_H

#include <stdint.h>

#include "rovi.h"

enum langevin_start { LANGEVIN_DISPERSED, LANGEVIN_ORIGIN };

struct rovi_langevin_settings {
    int64_t draws, particles, steps;
    double step, smoothness;
    double burn_in;
    int64_t thinning;
    int64_t start; /* enum langevin_start */
    double start_spread;
    int64_t seed, threads;
    double max_time;
    int64_t trace;
};

#endif
