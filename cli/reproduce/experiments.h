/* SPDX-License-Identifier: BSD-3-Clause */
/* The experiments, in the order in which they are listed and run. */
#ifndef ROVI_CLI_REPRODUCE_EXPERIMENTS_H
#define ROVI_CLI_REPRODUCE_EXPERIMENTS_H

#include "cli/reproduce/study.h"

extern const struct experiment bound_experiment, figure1_experiment, figure3_experiment, langevin_experiment,
    rotation_experiment, starts_experiment, stress_experiment, tradeoffs_experiment, transition_experiment;

const struct experiment *experiment_at(size_t index); /* NULL past the end */

#endif
