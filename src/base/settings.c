/* SPDX-License-Identifier: BSD-3-Clause */
/* The settings of a fit, and presets as rows of the same names. To add a setting: a field in settings.h, a row here. */
#include "base/settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"

#define FIELD(name) offsetof(struct rovi_settings, name)
#define inf         INFINITY

/* clang-format off */
static const struct table_row rows[] = {
    TABLE_CHOICE(method, "auto|mfvi|rovi|mixture", "auto", "family: product measure (mfvi), rotated product measure (rovi), or a mixture of such; auto: rovi, or mixture where that is better"),
    TABLE_CHOICE(preset, "default|paper|thorough", "default", "set of values for the settings below; those given beside it win"),
    TABLE_INTEGER(seed, 0, 9007199254740991, 1, "seed of all random numbers"),
    TABLE_CHOICE(solver, "coordinate|gradient", "coordinate", "exact coordinate updates, or the paper's gradient steps"),
    TABLE_CHOICE(precondition, "auto|none", "auto", "whiten first (rovi: by a triangular factor, mfvi: by a diagonal), or not; solver coordinate"),
    TABLE_INTEGER(directions, 0, 1000000, 0, "rotate only so many leading directions and leave the others near the axes; 0: all up to 150 dimensions, 32 above; the dimension or more: all. Methods auto, rovi and mfvi with solver coordinate and precondition auto"),
    TABLE_INTEGER(restarts, 1, 10000, 4, "independent starts; the greatest ELBO wins"),
    TABLE_CHOICE(independent, "off|on", "off", "on: fit every restart to the end; off: once one has converged close to the target, the others search for modes, and are fitted when they find new ones; solver coordinate"),
    TABLE_INTEGER(threads, 0, 1024, 0, "threads; 0: one per processor. The result does not depend on it"),
    TABLE_REAL(max_time, 0, inf, inf, "stop after this many seconds, keeping the best so far"),
    TABLE_INTEGER(max_evaluations, 0, 9007199254740991, 0, "stop the steps after this many target evaluations in all; 0: no limit"),
    TABLE_INTEGER(iterations, 1, 1000000000, 4000, "most iterations of a restart: gradient steps, or sweeps over the coordinates"),
    TABLE_REAL(tolerance, 0, 1e6, 0.005, "nats of ELBO that do not matter: what a fit may miss when it is called converged, and about the error of what it decides by"),
    TABLE_REAL(mesh, 0.005, 10, 0.2, "gradient: cell width of the map dictionary"),
    TABLE_REAL(range, 0.1, 8, 3.3, "gradient: the dictionary's knots lie in [-range, range]"),
    TABLE_REAL(alpha, 1e-6, 1e6, 0.1, "gradient: least slope of a map, and its slope outside the knots"),
    TABLE_REAL(smoothness, 0, 1e12, 0, "gradient: bound on the Hessian of the potential: sets alpha to its -1/2 power and caps the map step; 0: unknown"),
    TABLE_INTEGER(refinements, 0, 20, 3, "gradient: times the knots are moved to where the maps rise, at even intervals of the iterations"),
    TABLE_INTEGER(batch, 1, 10000000, 500, "gradient: fresh reference points of each step"),
    TABLE_REAL(step_map, 0, 1e3, 0.002, "gradient: step size of the maps (the paper's eta_MF)"),
    TABLE_REAL(step_rotation, 0, 1e3, 0.03, "gradient: step size of the rotation (the paper's eta_O)"),
    TABLE_REAL(step_decay, 0, 1, 0.02, "gradient: both steps shrink to this fraction of themselves over the last half of the iterations"),
    TABLE_CHOICE(backtrack, "off|on", "on", "gradient: when a step has thrown the ELBO far back: return to the best trace point and halve the steps"),
    TABLE_REAL(start_slope, 0, 1e6, 2, "gradient: slope of the widest starting maps, where alpha is less"),
    TABLE_REAL(start_spread, 0, 1e6, 1.5, "how far starts scatter: the points climbed from (coordinate), the means of the starting maps (gradient)"),
    TABLE_INTEGER(trace, 1, 100000, 50, "gradient: ELBO estimates along a restart"),
    TABLE_INTEGER(draws, 100, 100000000, 10000, "draws for the ELBO that is shown; a fifth for those that choose among restarts, and of the trace"),
};

/* Rows that a preset changes. */
static const struct { const char *preset, *name, *value; } presets[] = {
    {"paper", "solver", "gradient"},
    {"paper", "precondition", "none"},
    {"paper", "restarts", "8"},
    {"paper", "range", "2.9"},
    {"paper", "refinements", "0"},
    {"paper", "iterations", "3000"},
    {"paper", "batch", "2000"},
    {"paper", "step_map", "0.001"},
    {"paper", "step_rotation", "0.01"},
    {"paper", "step_decay", "1"},
    {"paper", "backtrack", "off"},
    {"paper", "start_slope", "0"},
    {"paper", "start_spread", "1"},
    {"thorough", "restarts", "32"},
    {"thorough", "independent", "on"},
    {"thorough", "iterations", "12000"},
    {"thorough", "draws", "100000"},
};
/* clang-format on */
#undef inf

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct table table = {rows, COUNT(rows), sizeof(struct rovi_settings)};

#define FULL_UPTO 150 /* dimensions that are rotated in full unless told otherwise */
#define LEADING   32

size_t settings_directions(const rovi_settings *settings, size_t d)
{
    const size_t asked = (size_t)settings->directions, automatic = d <= FULL_UPTO ? d : LEADING;
    const size_t most = settings->directions == 0 ? automatic : asked;
    const bool full = settings->solver == SOLVER_GRADIENT || settings->method == METHOD_MIXTURE ||
                      settings->precondition == PRECONDITION_NONE;
    return full || most > d ? d : most;
}

bool settings_low_rank(const rovi_settings *settings, size_t d)
{
    return settings_directions(settings, d) < d;
}

size_t rovi_settings_count(void)
{
    return table.count;
}

const rovi_setting *rovi_settings_at(size_t index)
{
    return table_at(&table, index);
}

static void reset(rovi_settings *settings, const char *name)
{
    const struct table_row *row = table_find(&table, name, NULL);
    table_store(row, settings, row->shown.default_value);
}

static void apply_preset(rovi_settings *settings, const char *preset)
{
    for (size_t i = 0; i < COUNT(presets); i++) { /* what another preset may have set */
        reset(settings, presets[i].name);
    }
    for (size_t i = 0; i < COUNT(presets); i++) {
        if (strcmp(presets[i].preset, preset) == 0) {
            table_store(table_find(&table, presets[i].name, NULL), settings, presets[i].value);
        }
    }
}

rovi_settings *rovi_settings_new(void)
{
    return table_new(&table);
}

void rovi_settings_free(rovi_settings *settings)
{
    free(settings);
}

rovi_status rovi_settings_set(rovi_settings *settings, const char *name, const char *value, rovi_error *error)
{
    const rovi_status status = table_set(&table, settings, name, value, error);
    if (status == ROVI_OK && table_find(&table, name, NULL)->offset == FIELD(preset)) {
        apply_preset(settings, value);
    }
    return status;
}

rovi_status rovi_settings_get(const rovi_settings *settings, const char *name, char *value, size_t size,
                              rovi_error *error)
{
    return table_get(&table, settings, name, (struct table_text){value, size}, error);
}
