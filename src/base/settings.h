/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every setting of a fit, written once: the table in settings.c drives defaults, validation, the command line's flags
 * and help, the echo in a fit file and the manual.
 */
#ifndef ROVI_BASE_SETTINGS_H
#define ROVI_BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rovi.h"

enum method { METHOD_AUTO, METHOD_MFVI, METHOD_ROVI, METHOD_MIXTURE };
enum solver { SOLVER_COORDINATE, SOLVER_GRADIENT };
enum precondition { PRECONDITION_AUTO, PRECONDITION_NONE };

struct rovi_settings {
    int64_t method;       /* enum method */
    int64_t solver;       /* enum solver */
    int64_t precondition; /* enum precondition */
    int64_t directions;   /* see settings_directions */
    int64_t preset;       /* the preset set last; the settings below are what counts */
    int64_t seed, restarts;
    int64_t independent; /* of restarts */
    int64_t threads;
    double max_time;
    int64_t max_evaluations, iterations;
    double tolerance;
    double mesh, range, alpha, smoothness;
    int64_t refinements;
    int64_t batch;
    double step_map, step_rotation, step_decay;
    int64_t backtrack;
    double start_slope, start_spread;
    int64_t trace, draws;
};

/* How many directions a rotation of d dimensions may lead anywhere: all d, or fewer, and the rest stay near the axes.
 */
size_t settings_directions(const rovi_settings *settings, size_t d);

/* Whether rotations are of low rank: they turn a few directions only. */
bool settings_low_rank(const rovi_settings *settings, size_t d);

#endif
