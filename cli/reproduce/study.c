/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of an experiment's run. */
#define _XOPEN_SOURCE 700
#include "cli/reproduce/study.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/cli.h"
#include "cli/common/interrupt.h"
#include "io/report.h"

#define STANDARD_ERRORS 3 /* that a check allows */
#define FEW             3 /* of a series, in a quick run */

enum kind { TARGET, APPROXIMATION, FIT, LANGEVIN, SEPARATION, PRODUCT };

struct owned {
    struct owned *next;
    enum kind kind;
    union {
        rovi_target *target;
        rovi_approximation *approximation;
        rovi_fit *fit;
        rovi_langevin *langevin;
        rovi_separation *separation;
        rovi_plane_product *product;
    } handle;
};

/* ---- begin and end ---- */

rovi_status study_begin(struct study *study, const struct experiment *experiment, bool quick, bool quiet)
{
    *study = (struct study){
        .experiment = experiment, .quick = quick, .outcome = "", .pace = pace_begin(quiet), .began = seconds_now()};
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
    pace_end(&study->pace);
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
    case LANGEVIN:
        rovi_langevin_free(owned->handle.langevin);
        break;
    case SEPARATION:
        rovi_separation_free(owned->handle.separation);
        break;
    case PRODUCT:
        rovi_plane_product_free(owned->handle.product);
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
    double seconds = seconds_now() - study->began;
    if (study->steps > 0 && pace_due(&study->pace, seconds))
        pace_say(&study->pace, share, seconds, study->experiment->name);
}

void study_plan(struct study *study, size_t steps)
{
    study->steps = steps;
}

static void end_step(struct study *study)
{
    study->steps_done++;
    speak(study, (double)study->steps_done / (double)study->steps);
}

static int watch_fit(const rovi_progress *progress, void *data)
{
    struct study *study = data;
    double part = (double)progress->finished / (double)progress->restarts;
    speak(study, ((double)study->steps_done + part) / (double)study->steps);
    return interrupt_seen();
}

size_t study_few(const struct study *study, size_t count)
{
    return study->quick && count > FEW ? FEW : count;
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

/* ---- what the library computes ---- */

/* The settings of fits or of Langevin runs */
struct table {
    rovi_status (*set)(void *settings, const char *name, const char *value, rovi_error *error);
    rovi_status (*get)(const void *settings, const char *name, char *value, size_t size, rovi_error *error);
    struct cap { /* most of it in a quick run */
        const char *name;
        long most;
    } caps[6]; /* ended by one without a name */
};

static rovi_status set_for_fit(void *settings, const char *name, const char *value, rovi_error *error)
{
    return rovi_settings_set(settings, name, value, error);
}

static rovi_status get_for_fit(const void *settings, const char *name, char *value, size_t size, rovi_error *error)
{
    return rovi_settings_get(settings, name, value, size, error);
}

static rovi_status set_for_langevin(void *settings, const char *name, const char *value, rovi_error *error)
{
    return rovi_langevin_settings_set(settings, name, value, error);
}

static rovi_status get_for_langevin(const void *settings, const char *name, char *value, size_t size, rovi_error *error)
{
    return rovi_langevin_settings_get(settings, name, value, size, error);
}

static const struct table fit_table = {
    set_for_fit,
    get_for_fit,
    {{"restarts", 2}, {"iterations", 40}, {"batch", 50}, {"draws", 500}, {"max_evaluations", 20000}}};
static const struct table langevin_table = {set_for_langevin, get_for_langevin, {{"steps", 20}}};

static void cut_short(struct study *study, void *settings, const struct table *table)
{
    char value[32];
    for (const struct cap *cap = table->caps; study->quick && cap->name; cap++) {
        if (study_fail(study, table->get(settings, cap->name, value, sizeof value, &study->error)))
            return;
        long asked = strtol(value, NULL, 10);
        if (asked > 0 && asked <= cap->most) /* 0: no limit */
            continue;
        snprintf(value, sizeof value, "%ld", cap->most);
        study_fail(study, table->set(settings, cap->name, value, &study->error));
    }
}

/* "name=value name=value", which is cut up; settings NULL: out of memory. */
static bool apply_settings(struct study *study, void *settings, const struct table *table, char *text)
{
    char *rest = NULL;
    if (!settings)
        study_fail(study, report_no_memory(&study->error));
    for (char *name = strtok_r(text, " ", &rest); name && !study->status; name = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(name, '=');
        *value++ = '\0';
        study_fail(study, table->set(settings, name, value, &study->error));
    }
    if (!study->status)
        cut_short(study, settings, table);
    return !study->status;
}

static const rovi_fit *fit_with(struct study *study, const rovi_target *target, const rovi_approximation *start,
                                char *text)
{
    rovi_fit *fit = NULL;
    char one[] = "method=rovi"; /* the paper's: what is not said otherwise is no mixture */
    rovi_settings *settings = rovi_settings_new();
    if (apply_settings(study, settings, &fit_table, one) && apply_settings(study, settings, &fit_table, text))
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
    end_step(study);
    return fit;
}

static const rovi_langevin_parts *langevin_with(struct study *study, const rovi_target *target, const double *start,
                                                char *text)
{
    rovi_langevin *run = NULL;
    rovi_langevin_settings *settings = rovi_langevin_settings_new();
    const rovi_langevin_input input = {.start_count = start != NULL, .start = start};
    if (apply_settings(study, settings, &langevin_table, text))
        study_fail(study, rovi_langevin_run(target, settings, &input, watch_fit, study, &run, &study->error));
    rovi_langevin_settings_free(settings);
    bool kept = run && keep(study, (struct owned){.kind = LANGEVIN, .handle.langevin = run});
    return kept && !study_stopped(study) ? rovi_langevin_parts_of(run) : NULL;
}

const rovi_langevin_parts *study_langevin(struct study *study, const rovi_target *target, const double *start,
                                          const char *settings, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, settings);
    vsnprintf(text, sizeof text, settings, arguments);
    va_end(arguments);
    if (study_stopped(study) || !target)
        return NULL;
    const rovi_langevin_parts *run = langevin_with(study, target, start, text);
    end_step(study);
    return run;
}

const rovi_separation *study_separation(struct study *study, const rovi_target *target)
{
    rovi_separation *separation = NULL;
    if (study_stopped(study) || !target)
        return NULL;
    study_fail(study, rovi_separation_run(target, NULL, &separation, &study->error));
    end_step(study);
    return separation && keep(study, (struct owned){.kind = SEPARATION, .handle.separation = separation}) ? separation
                                                                                                          : NULL;
}

const rovi_plane_product *study_product(struct study *study, const rovi_target *target, double degrees, size_t start)
{
    rovi_plane *plane = NULL;
    rovi_plane_product *product = NULL;
    const rovi_plane_options options = {.points = study->quick ? 256 : 0};
    if (study_stopped(study) || !target || study_fail(study, rovi_plane_new(target, &options, &plane, &study->error)))
        return NULL;
    if (degrees < 0 && !study->quick)
        study_fail(study, rovi_plane_best(plane, &product, &study->error));
    else
        study_fail(study, rovi_plane_at(plane, fmax(degrees, 0), start, &product, &study->error));
    rovi_plane_free(plane);
    end_step(study);
    return product && keep(study, (struct owned){.kind = PRODUCT, .handle.product = product}) ? product : NULL;
}
