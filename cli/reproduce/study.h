/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An experiment, and the state of its run: numbers in rows, checks, a figure, and everything that is to be freed.
 *
 * The first failure stays in `status` and `error`; from then on every helper does nothing and answers NULL or NaN, so
 * that an experiment reads from top to bottom without asking. Interruption is such a failure. Nothing is written before
 * the experiment has come to its end, and then all of its files at once.
 */
#ifndef ROVI_CLI_REPRODUCE_STUDY_H
#define ROVI_CLI_REPRODUCE_STUDY_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/common/progress.h"
#include "cli/picture/canvas.h"
#include "io/memory.h"
#include "rovi.h"

#define CHECKS_MOST 24

enum relation { ABOUT, AT_MOST, AT_LEAST };

/* Measured against predicted. It holds when the relation does within `slack` (which the claim is too coarse for) and
 * three standard errors. */
struct check {
    const char *claim; /* of this one number; in the study's pool, or a literal */
    enum relation relation;
    double predicted, slack;
    double measured, error; /* error: standard error, 0 when there is none */
    bool holds;
};

struct study;

struct experiment {
    const char *name, *title, *claim;
    void (*run)(struct study *study);
};

struct study {
    const struct experiment *experiment;
    rovi_status status;
    rovi_error error;
    struct pool pool;
    struct owned *owned; /* handles to be freed */

    const char *outcome; /* one sentence: what came out */
    size_t check_count;
    struct check check[CHECKS_MOST];

    FILE *csv; /* into memory */
    char *csv_text;
    size_t csv_size;
    bool row_begun;
    bool quick; /* every fit, run and grid in small */

    struct canvas canvas; /* its stream goes into memory: the script without the terminal */
    char *script_text;
    size_t script_size;

    struct pace pace;
    size_t steps, steps_done; /* for the progress */
    double began;             /* seconds_now() */
};

/* `quick`: for a look at what an experiment makes. Fits and runs are cut short and the exact solver's grid is coarse,
 * so that its checks say nothing. ROVI_NO_MEMORY is the only failure. To be cleared in any case. */
rovi_status study_begin(struct study *study, const struct experiment *experiment, bool quick, bool quiet);
void study_clear(struct study *study);

/* Close the streams: texts and sizes are then final. */
void study_finish(struct study *study);

bool study_fail(struct study *study, rovi_status status); /* true when status is a failure; study->error has the text */
bool study_stopped(struct study *study);                  /* failed, or interrupted just now */

/* Progress: how many steps there will be, a step being a fit or another call below that takes its time. */
void study_plan(struct study *study, size_t steps);

/* How many of a series of `count` are run: the first few in a quick run, else all. */
size_t study_few(const struct study *study, size_t count);

/* ---- numbers ---- */

void study_columns(struct study *study, const char *names); /* "a,b,c": once, first */
void study_text(struct study *study, const char *cell);
void study_number(struct study *study, double cell); /* NaN: an empty cell */
void study_row_end(struct study *study);

void study_check(struct study *study, struct check check); /* whether it holds is found here */
bool study_holds(const struct study *study);               /* all checks */
size_t study_held(const struct study *study);
const char *check_relation(const struct check *check); /* "about", "at most", "at least" */

/* Text in the study's pool; "" when out of memory. */
const char *study_format(struct study *study, const char *format, ...) __attribute__((format(printf, 2, 3)));
double *study_doubles(struct study *study, size_t count); /* NULL when out of memory */

/* ---- handles, which the study frees ---- */

const rovi_target *study_keep_target(struct study *study, rovi_target *target);
const rovi_approximation *study_keep_approximation(struct study *study, rovi_approximation *q);

/* Fit by the settings "name=value name=value" (printf's format), method rovi by default, from `start` unless NULL. */
const rovi_fit *study_fit(struct study *study, const rovi_target *target, const rovi_approximation *start,
                          const char *settings, ...) __attribute__((format(printf, 4, 5)));

/* Langevin Monte Carlo by its settings; every particle begins at the point `start` (d) unless NULL. */
const rovi_langevin_parts *study_langevin(struct study *study, const rovi_target *target, const double *start,
                                          const char *settings, ...) __attribute__((format(printf, 4, 5)));

const rovi_separation *study_separation(struct study *study, const rovi_target *target);

/* The exact optimum in the plane at one angle, or over all of them with EVERY_ANGLE. */
#define EVERY_ANGLE (-1.0)
const rovi_plane_product *study_product(struct study *study, const rovi_target *target, double degrees, size_t start);

#endif
