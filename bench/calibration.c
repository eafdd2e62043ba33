/* SPDX-License-Identifier: BSD-3-Clause */
/* Do the errors that are shown cover the truth as often as they say? z-scores over repeated fits and diagnoses. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/problem.h"
#include "bench/runs.h"
#include "bench/table.h"

#define SEEDS      40
#define FULL_SEEDS 200
#define DIM_MOST   20
#define REFERENCE  200000 /* draws that tell a fit's own ELBO, fifty times those that the diagnosis has */
#define BLOCK      1000
#define ROUNDING   1e-8 /* nats: what an error below is worth */
#define APART      8.0  /* standard deviations between two normals */

enum kind { TWO, STUDENT, FUNNEL, BANANA };

struct line {
    const char *name;
    enum kind kind;
    size_t d;
    double parameter; /* weight of the lesser of two normals; degrees of freedom */
    const char *settings;
};

static const struct line lines[] = {
    {"two normals, .3", TWO, 2, 0.3, "method=rovi"},
    {"two normals, .3", TWO, 2, 0.3, "method=mixture"},
    {"two normals, .3", TWO, 2, 0.3, "method=mfvi restarts=1"},
    {"two normals, .05", TWO, 10, 0.05, "method=rovi"},
    {"two normals, .05", TWO, 10, 0.05, "method=mfvi restarts=1"},
    {"Student t, df 3", STUDENT, 5, 3, "method=rovi"},
    {"Student t, df 3", STUDENT, 20, 3, "method=rovi"},
    {"Student t, df 30", STUDENT, 5, 30, "method=rovi"},
    {"funnel", FUNNEL, 5, 0, "method=rovi"},
    {"funnel", FUNNEL, 10, 0, "method=rovi"},
    {"funnel", FUNNEL, 10, 0, "method=mfvi"},
    {"banana", BANANA, 2, 0, "method=auto"},
};

static const struct column columns[] = {{"target", -18}, {"d", 3},       {"settings", -24}, {"quantity", -12},
                                        {"values", 6},   {"mean z", 7},  {"sd of z", 7},    {"within 1", 8},
                                        {"within 2", 8}, {"too high", 8}};

enum quantity { FIT_ELBO, ELBO, LOG_Z, BOUND, MODE, MISSED, QUANTITIES }; /* log Z: where it has an error; its bound */

static const char *const quantity_names[QUANTITIES] = {"ELBO (fit)", "ELBO (check)", "log Z",
                                                       "bound",      "mode",         "missed mode"};

struct tally {
    double count, sum, squares, within[2];
    double high; /* count of those more than two errors above what they bound, or estimate */
};

/* most: what the truth is no higher than, which a statement of this kind is to stay below */
static void add(struct tally *tally, double value, double truth, double most, double error)
{
    const double z = (value - truth) / hypot(error, ROUNDING);
    if (isnan(z)) {
        return;
    }
    tally->count++;
    tally->sum += z;
    tally->squares += z * z;
    tally->within[0] += fabs(z) < 1;
    tally->within[1] += fabs(z) < 2;
    tally->high += value - most > 2 * hypot(error, ROUNDING);
}

/* The lesser of two normals is at +half of every coordinate, the other one opposite. */
static rovi_target *make_target(const struct line *line)
{
    const double weights[] = {line->parameter, 1 - line->parameter}, one = 1, half = APART / 2 / sqrt((double)line->d);
    double means[2 * DIM_MOST] = {0};
    rovi_target *target = NULL;
    rovi_error error;
    rovi_status status = ROVI_OK;
    for (size_t j = 0; j < line->d && line->kind == TWO; j++) {
        means[j] = half;
        means[line->d + j] = -half;
    }
    switch (line->kind) {
    case TWO:
        status = rovi_target_new_gaussian_mixture(line->d, 2, weights, means, 0, NULL, &target, &error);
        break;
    case STUDENT:
        status = rovi_target_new_student_t_mixture(line->d, 1, line->parameter, &one, means, 0, NULL, &target, &error);
        break;
    case FUNNEL:
        status = rovi_target_new_funnel(line->d, &target, &error);
        break;
    case BANANA:
        status = rovi_target_new_banana(&target, &error);
        break;
    }
    bench_require(status, &error);
    return target;
}

/* The fit's own ELBO, on many draws. */
static rovi_estimate reference(const rovi_target *target, const rovi_approximation *q)
{
    static double x[BLOCK * DIM_MOST];
    double mean = 0, squares = 0, log_q[BLOCK], log_p[BLOCK];
    rovi_error error;
    for (size_t first = 0; first < REFERENCE; first += BLOCK) {
        bench_require(rovi_approximation_draw(q, 12345, first, BLOCK, x, log_q, &error), &error);
        bench_require(rovi_target_evaluate(target, BLOCK, x, log_p, NULL, &error), &error);
        for (size_t i = 0; i < BLOCK; i++) {
            const double ratio = log_p[i] - log_q[i], step = ratio - mean;
            mean += step / (double)(first + i + 1);
            squares += step * (ratio - mean);
        }
    }
    return (rovi_estimate){mean, sqrt(squares / REFERENCE / (REFERENCE - 1.0))};
}

static void score_masses(const struct line *line, const rovi_diagnosis_parts *parts, struct tally *tally)
{
    for (size_t k = 0; k < parts->mode_count && parts->mode_count > 1; k++) {
        const double truth = parts->modes[k].mean[0] > 0 ? line->parameter : 1 - line->parameter;
        add(&tally[MODE], parts->modes[k].mass.value, truth, truth, parts->modes[k].mass.mcse);
    }
    for (size_t k = 0; k < parts->region_count; k++) {
        const double truth = parts->regions[k].mean[0] > 0 ? line->parameter : 1 - line->parameter;
        add(&tally[MISSED], parts->regions[k].mass.value, truth, truth, parts->regions[k].mass.mcse);
    }
}

static void run_seed(const struct line *line, const rovi_target *target, uint64_t seed, struct tally *tally)
{
    rovi_fit *fit = bench_fit(target, seed, line->settings);
    const rovi_fit_parts *fitted = rovi_fit_parts_of(fit);
    const rovi_estimate truth = reference(target, rovi_fit_approximation(fit));
    rovi_diagnosis *diagnosis;
    rovi_error error;
    bench_require(
        rovi_diagnosis_run(target, fit, &(rovi_diagnosis_options){.seed = seed}, NULL, NULL, &diagnosis, &error),
        &error);
    const rovi_diagnosis_parts *parts = rovi_diagnosis_parts_of(diagnosis);
    double covered = 1; /* by the fit: importance sampling is blind to the rest */
    for (size_t k = 0; k < parts->region_count; k++) {
        covered = parts->regions[k].missed && parts->regions[k].mean[0] > 0 ? 1 - line->parameter
                  : parts->regions[k].missed                                ? line->parameter
                                                                            : covered;
    }
    add(&tally[FIT_ELBO], fitted->elbo.value, truth.value, 0, hypot(fitted->elbo.mcse, truth.mcse));
    add(&tally[ELBO], parts->elbo.value, truth.value, 0, hypot(parts->elbo.mcse, truth.mcse));
    add(&tally[LOG_Z], parts->log_z.value, log(covered), log(covered), parts->log_z.mcse);
    add(&tally[BOUND], parts->log_z_bound.value, 0, 0, parts->log_z_bound.mcse);
    if (line->kind == TWO) {
        score_masses(line, parts, tally);
    }
    rovi_diagnosis_free(diagnosis);
    rovi_fit_free(fit);
}

static void run_line(const struct plan *plan, struct table *table, const struct line *line)
{
    struct tally tally[QUANTITIES] = {0};
    const size_t seeds = plan->seeds > 0 ? plan->seeds : plan->full ? FULL_SEEDS : SEEDS;
    rovi_target *target = make_target(line);
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        run_seed(line, target, seed, tally);
    }
    rovi_target_free(target);
    for (int i = 0; i < QUANTITIES; i++) {
        const double n = tally[i].count, mean = tally[i].sum / n;
        if (n < 2) {
            continue;
        }
        table_text(table, line->name);
        table_count(table, line->d);
        table_text(table, line->settings);
        table_text(table, quantity_names[i]);
        table_count(table, (size_t)n);
        table_number(table, mean, 2);
        table_number(table, sqrt((tally[i].squares - n * mean * mean) / (n - 1)), 2);
        table_number(table, tally[i].within[0] / n, 2);
        table_number(table, tally[i].within[1] / n, 2);
        table_number(table, tally[i].high / n, 2);
    }
}

void bench_calibration(const struct plan *plan)
{
    struct table table;
    table_open(&table, plan->json, "calibration", "do the errors that are shown cover the truth as often as they say?",
               sizeof columns / sizeof columns[0], columns);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (plan->only == NULL || strstr(lines[i].name, plan->only) != NULL) {
            run_line(plan, &table, &lines[i]);
        }
    }
    table_close(&table);
}
