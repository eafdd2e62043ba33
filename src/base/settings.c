/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of settings, and presets as rows of the same names. To add a setting: a field in settings.h, a row here. */
#include "base/settings.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

struct row {
    rovi_setting shown;
    size_t offset;
    double least, most; /* of a number */
};

#define FIELD(name) offsetof(struct rovi_settings, name)
#define CHOICE(name, allowed, value, help)                                                                             \
    {                                                                                                                  \
        {#name, ROVI_SETTING_CHOICE, allowed, value, help}, FIELD(name), 0, 0                                          \
    }
#define INTEGER(name, least, most, value, help)                                                                        \
    {                                                                                                                  \
        {#name, ROVI_SETTING_INTEGER, #least ".." #most, #value, help}, FIELD(name), least, most                       \
    }
#define inf INFINITY
#define REAL(name, least, most, value, help)                                                                           \
    {                                                                                                                  \
        {#name, ROVI_SETTING_REAL, #least ".." #most, #value, help}, FIELD(name), least, most                          \
    }

/* clang-format off */
static const struct row table[] = {
    CHOICE(method, "auto|mfvi|rovi", "auto", "family: product measure (mfvi) or rotated product measure (rovi); auto: rovi"),
    CHOICE(preset, "default|paper|thorough", "default", "set of values for the settings below; those given beside it win"),
    INTEGER(seed, 0, 9007199254740991, 1, "seed of all random numbers"),
    CHOICE(solver, "coordinate|gradient", "coordinate", "exact coordinate updates, or the paper's gradient steps"),
    CHOICE(precondition, "auto|none", "auto", "whiten first (rovi: by a triangular factor, mfvi: by a diagonal), or not; solver coordinate"),
    INTEGER(restarts, 1, 10000, 4, "independent starts; the greatest ELBO wins"),
    INTEGER(threads, 0, 1024, 0, "threads; 0: one per processor. The result does not depend on it"),
    REAL(max_time, 0, inf, inf, "stop after this many seconds, keeping the best so far"),
    INTEGER(max_evaluations, 0, 9007199254740991, 0, "stop the steps after this many target evaluations in all; 0: no limit"),
    INTEGER(iterations, 1, 1000000000, 4000, "most iterations of a restart: gradient steps, or sweeps over the coordinates"),
    REAL(tolerance, 0, 1e6, 0.005, "nats of ELBO that do not matter: what a fit may miss when it is called converged, and about the error of what it decides by"),
    REAL(mesh, 0.005, 10, 0.2, "gradient: cell width of the map dictionary"),
    REAL(range, 0.1, 8, 3.3, "gradient: the dictionary's knots lie in [-range, range]"),
    REAL(alpha, 1e-6, 1e6, 0.1, "gradient: least slope of a map, and its slope outside the knots"),
    REAL(smoothness, 0, 1e12, 0, "gradient: bound on the Hessian of the potential: sets alpha to its -1/2 power and caps the map step; 0: unknown"),
    INTEGER(refinements, 0, 20, 3, "gradient: times the knots are moved to where the maps rise, at even intervals of the iterations"),
    INTEGER(batch, 1, 10000000, 500, "gradient: fresh reference points of each step"),
    REAL(step_map, 0, 1e3, 0.002, "gradient: step size of the maps (the paper's eta_MF)"),
    REAL(step_rotation, 0, 1e3, 0.03, "gradient: step size of the rotation (the paper's eta_O)"),
    REAL(step_decay, 0, 1, 0.02, "gradient: both steps shrink to this fraction of themselves over the last half of the iterations"),
    CHOICE(backtrack, "off|on", "on", "gradient: when a step has thrown the ELBO far back: return to the best trace point and halve the steps"),
    REAL(start_slope, 0, 1e6, 2, "gradient: slope of the widest starting maps, where alpha is less"),
    REAL(start_spread, 0, 1e6, 1.5, "how far starts scatter: the points climbed from (coordinate), the means of the starting maps (gradient)"),
    INTEGER(trace, 1, 100000, 50, "gradient: ELBO estimates along a restart"),
    INTEGER(draws, 100, 100000000, 10000, "draws for the ELBO that is shown; a fifth for those that choose among restarts, and of the trace"),
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
    {"thorough", "iterations", "12000"},
    {"thorough", "draws", "100000"},
};
/* clang-format on */
#undef inf

#define COUNT(array) (sizeof(array) / sizeof *(array))

size_t rovi_settings_count(void)
{
    return COUNT(table);
}

const rovi_setting *rovi_settings_at(size_t index)
{
    return index < COUNT(table) ? &table[index].shown : NULL;
}

/* Equal but for '-' where the table has '_'. */
static bool same_name(const char *name, const char *given)
{
    for (; *name != '\0' && (*name == *given || (*name == '_' && *given == '-')); name++, given++) {
    }
    return *name == *given;
}

static const struct row *find_row(const char *name, rovi_error *error)
{
    for (size_t i = 0; name != NULL && i < COUNT(table); i++) {
        if (same_name(table[i].shown.name, name)) {
            return &table[i];
        }
    }
    error_set(error, ROVI_BAD_INPUT, "there is no setting \"%s\"", name == NULL ? "" : name);
    return NULL;
}

/* Index of value in "a|b|c", or -1. */
static int64_t find_choice(const char *allowed, const char *value)
{
    const size_t length = strlen(value);
    for (int64_t index = 0;; index++) {
        const size_t span = strcspn(allowed, "|");
        if (span == length && strncmp(allowed, value, length) == 0) {
            return index;
        }
        if (allowed[span] == '\0') {
            return -1;
        }
        allowed += span + 1;
    }
}

static bool parse_integer(const char *text, int64_t *value)
{
    char *end = NULL;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return end != text && *end == '\0' && errno == 0 && !isspace((unsigned char)*text);
}

/* strtod reads, and printf writes, the decimal point of the host program's locale: ours is a dot. `from` becomes `to`.
 */
static void change_point(char *text, char from, char to)
{
    char *point = strchr(text, from);
    if (point != NULL) {
        *point = to;
    }
}

static bool parse_real(const char *given, double *value)
{
    const char point = *localeconv()->decimal_point;
    char text[64], *end = NULL;
    if (strlen(given) >= sizeof text || (point != '.' && strchr(given, point) != NULL)) {
        return false;
    }
    strcpy(text, given);
    change_point(text, '.', point);
    *value = strtod(text, &end);
    return end != text && *end == '\0' && !isspace((unsigned char)*text);
}

static bool store(rovi_settings *settings, const struct row *row, const char *text)
{
    char *field = (char *)settings + row->offset;
    int64_t integer = 0;
    double real = 0;
    switch (row->shown.type) {
    case ROVI_SETTING_CHOICE:
        integer = find_choice(row->shown.allowed, text);
        if (integer < 0) {
            return false;
        }
        memcpy(field, &integer, sizeof integer);
        return true;
    case ROVI_SETTING_INTEGER:
        if (!parse_integer(text, &integer) || (double)integer < row->least || (double)integer > row->most) {
            return false;
        }
        memcpy(field, &integer, sizeof integer);
        return true;
    case ROVI_SETTING_REAL:
        if (!parse_real(text, &real) || !(real >= row->least && real <= row->most)) {
            return false;
        }
        memcpy(field, &real, sizeof real);
        return true;
    }
    return false;
}

static void reset(rovi_settings *settings, const char *name)
{
    const struct row *row = find_row(name, NULL);
    store(settings, row, row->shown.default_value);
}

static void apply_preset(rovi_settings *settings, const char *preset)
{
    for (size_t i = 0; i < COUNT(presets); i++) { /* what another preset may have set */
        reset(settings, presets[i].name);
    }
    for (size_t i = 0; i < COUNT(presets); i++) {
        if (strcmp(presets[i].preset, preset) == 0) {
            store(settings, find_row(presets[i].name, NULL), presets[i].value);
        }
    }
}

rovi_settings *rovi_settings_new(void)
{
    rovi_settings *settings = calloc(1, sizeof *settings);
    for (size_t i = 0; settings != NULL && i < COUNT(table); i++) {
        store(settings, &table[i], table[i].shown.default_value);
    }
    return settings;
}

void rovi_settings_free(rovi_settings *settings)
{
    free(settings);
}

rovi_status rovi_settings_set(rovi_settings *settings, const char *name, const char *value, rovi_error *error)
{
    const struct row *row = find_row(name, error);
    if (row == NULL) {
        return ROVI_BAD_INPUT;
    }
    if (value == NULL || !store(settings, row, value)) {
        return error_set(error, ROVI_BAD_INPUT, "%s is \"%s\"; allowed: %s", row->shown.name,
                         value == NULL ? "" : value, row->shown.allowed);
    }
    if (row->offset == FIELD(preset)) {
        apply_preset(settings, value);
    }
    return ROVI_OK;
}

/* The shortest decimal that reads back to the same double. */
static void print_real(char *text, size_t size, double value)
{
    for (int digits = 1; digits <= DBL_DECIMAL_DIG; digits++) {
        snprintf(text, size, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    change_point(text, *localeconv()->decimal_point, '.');
}

static void print_choice(char *text, size_t size, const char *allowed, int64_t index)
{
    for (; index > 0; index--) {
        allowed += strcspn(allowed, "|") + 1;
    }
    snprintf(text, size, "%.*s", (int)strcspn(allowed, "|"), allowed);
}

rovi_status rovi_settings_get(const rovi_settings *settings, const char *name, char *value, size_t size,
                              rovi_error *error)
{
    const struct row *row = find_row(name, error);
    if (row == NULL) {
        return ROVI_BAD_INPUT;
    }
    const char *field = (const char *)settings + row->offset;
    char text[32];
    int64_t integer = 0;
    double real = 0;
    if (row->shown.type == ROVI_SETTING_REAL) {
        memcpy(&real, field, sizeof real);
        print_real(text, sizeof text, real);
    } else {
        memcpy(&integer, field, sizeof integer);
        if (row->shown.type == ROVI_SETTING_CHOICE) {
            print_choice(text, sizeof text, row->shown.allowed, integer);
        } else {
            snprintf(text, sizeof text, "%lld", (long long)integer);
        }
    }
    if (strlen(text) >= size) {
        return error_set(error, ROVI_BAD_INPUT, "room for %zu characters is too little for the value of %s", size,
                         row->shown.name);
    }
    strcpy(value, text);
    return ROVI_OK;
}
