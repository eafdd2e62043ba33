/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of an experiment's run. */
#define _XOPEN_SOURCE 700
#include "cli/reproduce/study.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/interrupt.h"
#include "io/report.h"

#define STANDARD_ERRORS 3 /* that a check allows */

enum kind { TARGET, APPROXIMATION, FIT };

struct owned {
    struct owned *next;
    enum kind kind;
    union {
        rovi_target *target;
        rovi_approximation *approximation;
        rovi_fit *fit;
    } handle;
};

/* ---- begin and end ---- */

rovi_status study_begin(struct study *study, const struct experiment *experiment, bool quiet)
{
    *study = (struct study){.experiment = experiment,
                            .outcome = "",
                            .quiet = quiet,
                            .terminal = isatty(STDERR_FILENO),
                            .began = seconds_now()};
    study->next = study->began + (study->terminal ? 0.1 : 5);
    study->csv = open_memstream(&study->csv_text, &study->csv_size);
    study->canvas.stream = open_memstream(&study->script_text, &study->script_size);
    if (!study->csv || !study->canvas.stream)
        study_fail(study, report_no_memory(&study->error));
    return study->status;
}

static void close_stream(struct study *study, FILE **stream)
{
    if (*stream && fclose(*stream) != 0)
        study_fail(study, report_no_memory(&study->error));
    *stream = NULL;
}

void study_finish(struct study *study)
{
    close_stream(study, &study->csv);
    close_stream(study, &study->canvas.stream);
    if (study->terminal && !study->quiet)
        fputs("\r\033[K", stderr);
}

static void release(const struct owned *owned)
{
    switch (owned->kind) {
    case TARGET:
        rovi_target_free(owned->handle.target);
        break;
    case APPROXIMATION:
        rovi_approximation_free(owned->handle.approximation);
        break;
    case FIT:
        rovi_fit_free(owned->handle.fit);
        break;
    }
}

void study_clear(struct study *study)
{
    for (; study->owned; study->owned = study->owned->next)
        release(study->owned);
    close_stream(study, &study->csv);
    close_stream(study, &study->canvas.stream);
    free(study->csv_text);
    free(study->script_text);
    pool_free(&study->pool);
}

bool study_fail(struct study *study, rovi_status status)
{
    if (status && !study->status)
        study->status = status;
    return status != ROVI_OK;
}

bool study_stopped(struct study *study)
{
    if (!study->status && interrupt_seen())
        study_fail(study, report(&study->error, ROVI_TARGET_FAILED, "interrupted"));
    return study->status != ROVI_OK;
}

/* ---- progress ---- */

static void speak(struct study *study, double share)
{
    enum { WIDTH = 24 };
    double now = seconds_now();
    if (study->quiet || now < study->next)
        return;
    study->next = now + (study->terminal ? 0.1 : 5);
    if (study->terminal) {
        fputs("\r\033[K[", stderr);
        for (int i = 0; i < WIDTH; i++)
            fputc(i < (int)(share * WIDTH) ? '#' : '.', stderr);
        fputs("] ", stderr);
    }
    fprintf(stderr, "%s: %3.0f %%, %.0f s", study->experiment->name, 100 * share, now - study->began);
    if (!study->terminal)
        fputc('\n', stderr);
    fflush(stderr);
}

void study_plan(struct study *study, size_t steps)
{
    study->steps = steps;
}

void study_step(struct study *study)
{
    study->steps_done++;
    if (study->steps > 0)
        speak(study, (double)study->steps_done / (double)study->steps);
}

static int watch_fit(const rovi_progress *progress, void *data)
{
    struct study *study = data;
    double part = (double)progress->finished / (double)progress->restarts;
    if (study->steps > 0)
        speak(study, ((double)study->steps_done + part) / (double)study->steps);
    return interrupt_seen();
}

/* ---- numbers ---- */

void study_columns(struct study *study, const char *names)
{
    if (study->csv)
        fprintf(study->csv, "%s\n", names);
}

static void begin_cell(struct study *study)
{
    if (study->row_begun)
        fputc(',', study->csv);
    study->row_begun = true;
}

/* Quoted where CSV needs it. */
void study_text(struct study *study, const char *cell)
{
    begin_cell(study);
    if (!strpbrk(cell, ",\"\n")) {
        fputs(cell, study->csv);
        return;
    }
    fputc('"', study->csv);
    for (; *cell; cell++)
        fprintf(study->csv, *cell == '"' ? "\"%c" : "%c", *cell);
    fputc('"', study->csv);
}

void study_number(struct study *study, double cell)
{
    begin_cell(study);
    if (!isnan(cell))
        fprintf(study->csv, "%.9g", cell);
}

void study_row_end(struct study *study)
{
    fputc('\n', study->csv);
    study->row_begun = false;
}

void study_check(struct study *study, struct check check)
{
    double margin = check.slack + STANDARD_ERRORS * (isfinite(check.error) ? check.error : 0);
    double excess = check.measured - check.predicted;
    check.holds = isfinite(excess) && (check.relation == AT_LEAST || excess <= margin) &&
                  (check.relation == AT_MOST || excess >= -margin);
    if (study->check_count < CHECKS_MOST)
        study->check[study->check_count++] = check;
}

size_t study_held(const struct study *study)
{
    size_t held = 0;
    for (size_t i = 0; i < study->check_count; i++)
        held += study->check[i].holds;
    return held;
}

bool study_holds(const struct study *study)
{
    return study_held(study) == study->check_count;
}

const char *check_relation(const struct check *check)
{
    return check->relation == ABOUT ? "about" : check->relation == AT_MOST ? "at most" : "at least";
}

const char *study_format(struct study *study, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *copy = pool_text(&study->pool, text);
    if (!copy)
        study_fail(study, report_no_memory(&study->error));
    return copy ? copy : "";
}

double *study_doubles(struct study *study, size_t count)
{
    double *values = pool_take(&study->pool, count, sizeof *values);
    if (!values)
        study_fail(study, report_no_memory(&study->error));
    return values;
}

/* ---- handles ---- */

/* The handle is freed at once when it cannot be remembered. */
static bool keep(struct study *study, struct owned owned)
{
    struct owned *entry = pool_take(&study->pool, 1, sizeof *entry);
    if (!entry) {
        release(&owned);
        study_fail(study, report_no_memory(&study->error));
        return false;
    }
    *entry = owned;
    entry->next = study->owned;
    study->owned = entry;
    return true;
}

const rovi_target *study_keep_target(struct study *study, rovi_target *target)
{
    struct owned owned = {.kind = TARGET, .handle.target = target};
    return target && keep(study, owned) ? target : NULL;
}

const rovi_approximation *study_keep_approximation(struct study *study, rovi_approximation *q)
{
    struct owned owned = {.kind = APPROXIMATION, .handle.approximation = q};
    return q && keep(study, owned) ? q : NULL;
}

/* "name=value name=value", which is cut up. */
static rovi_status apply_settings(rovi_settings *settings, char *text, rovi_error *error)
{
    char *rest = NULL;
    rovi_status status = ROVI_OK;
    for (char *name = strtok_r(text, " ", &rest); name && !status; name = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(name, '=');
        *value++ = '\0';
        status = rovi_settings_set(settings, name, value, error);
    }
    return status;
}

static const rovi_fit *fit_with(struct study *study, const rovi_target *target, const rovi_approximation *start,
                                char *text)
{
    rovi_fit *fit = NULL;
    rovi_settings *settings = rovi_settings_new();
    if (!settings)
        study_fail(study, report_no_memory(&study->error));
    if (!study->status)
        study_fail(study, apply_settings(settings, text, &study->error));
    if (!study->status)
        study_fail(study, rovi_fit_continue(target, settings, start, watch_fit, study, &fit, &study->error));
    rovi_settings_free(settings);
    return fit && keep(study, (struct owned){.kind = FIT, .handle.fit = fit}) && !study_stopped(study) ? fit : NULL;
}

const rovi_fit *study_fit(struct study *study, const rovi_target *target, const rovi_approximation *start,
                          const char *settings, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, settings);
    vsnprintf(text, sizeof text, settings, arguments);
    va_end(arguments);
    if (study_stopped(study) || !target)
        return NULL;
    const rovi_fit *fit = fit_with(study, target, start, text);
    study_step(study);
    return fit;
}
