/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of experiments. To add one: a file in this folder, a line in experiments.h, a line here. */
#include "cli/reproduce/experiments.h"

static const struct experiment *const experiments[] = {
    &figure1_experiment, &bound_experiment,  &transition_experiment, &figure3_experiment,  &rotation_experiment,
    &starts_experiment,  &stress_experiment, &tradeoffs_experiment,  &langevin_experiment,
};

const struct experiment *experiment_at(size_t index)
{
    return index < sizeof experiments / sizeof *experiments ? experiments[index] : NULL;
}
