/* SPDX-License-Identifier: BSD-3-Clause */
/* How long does a fit take, what does it reach when, and how much of the time is the target's own? */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/problem.h"
#include "bench/runs.h"
#include "bench/table.h"

#define FIGURE1_M3 2 /* index among the planar targets */
#define MOST_RUNS  101

/* ---------------------------------------------------------------------------------------------------------------------
 * Speed
 */

struct measured {
    double seconds, fastest, slowest, cpu_s, kl, evaluations; /* medians, but for the extremes */
};

static struct measured measure(const struct problem *problem, size_t runs, const char *settings)
{
    double seconds[MOST_RUNS], cpu_s[MOST_RUNS], kl[MOST_RUNS], evaluations[MOST_RUNS];
    for (size_t i = 0; i < runs; i++) {
        const double begin = bench_cpu_seconds();
        rovi_fit *fit = bench_fit(problem->target, i + 1, settings);
        const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
        cpu_s[i] = bench_cpu_seconds() - begin;
        seconds[i] = parts->wall_s;
        evaluations[i] = (double)parts->evaluations.density;
        kl[i] = problem_measure(problem, rovi_fit_approximation(fit)).kl;
        rovi_fit_free(fit);
    }
    struct measured m = {.seconds = median(runs, seconds),
                         .cpu_s = median(runs, cpu_s),
                         .kl = median(runs, kl),
                         .evaluations = median(runs, evaluations)};
    m.fastest = seconds[0]; /* sorted by now */
    m.slowest = seconds[runs - 1];
    return m;
}

static const struct column speed_columns[] = {{"target", -18}, {"d", 3},        {"settings", -28}, {"threads", 7},
                                              {"runs", 4},     {"median s", 9}, {"least s", 9},    {"most s", 9},
                                              {"CPU s", 7},    {"KL", 8},       {"densities", 10}, {"CPU, times", 10}};

static double speed_row(struct table *table, const char *name, const struct problem *problem, const char *settings,
                        size_t threads, size_t runs, double reference)
{
    char all[256];
    snprintf(all, sizeof all, "%s threads=%zu", settings, threads);
    const struct measured m = measure(problem, runs, all);
    table_text(table, name);
    table_count(table, problem->d);
    table_text(table, settings);
    table_count(table, threads);
    table_count(table, runs);
    table_number(table, m.seconds, 4);
    table_number(table, m.fastest, 4);
    table_number(table, m.slowest, 4);
    table_number(table, m.cpu_s, 4);
    table_number(table, m.kl, 4);
    table_number(table, m.evaluations, 0);
    table_number(table, m.cpu_s / reference, 1);
    return m.cpu_s;
}

void bench_speed(const struct plan *plan)
{
    const size_t runs = plan->full ? 31 : 11, fewer = plan->full ? 11 : 5;
    struct table table;
    struct problem figure, large;
    table_open(&table, plan->json, "speed", "how long does the solver take (time.wall_s)?",
               sizeof speed_columns / sizeof speed_columns[0], speed_columns);
    problem_make(&figure, &(struct recipe){.family = FAMILY_PLANAR, .index = FIGURE1_M3, .d = 2});
    const double reference = speed_row(&table, planar_name(FIGURE1_M3), &figure, "method=rovi", 1, runs, NAN);
    speed_row(&table, planar_name(FIGURE1_M3), &figure, "method=rovi restarts=1", 1, runs, reference);
    speed_row(&table, planar_name(FIGURE1_M3), &figure, "preset=default", 1, runs, reference);
    speed_row(&table, planar_name(FIGURE1_M3), &figure, "solver=gradient", 1, fewer, reference);
    speed_row(&table, planar_name(FIGURE1_M3), &figure, "preset=paper", 1, plan->full ? fewer : 1, reference);
    problem_free(&figure);
    problem_make(&large, &(struct recipe){.family = FAMILY_TWO, .d = 100, .seed = 1});
    speed_row(&table, "two normals", &large, "method=rovi", 2, fewer, NAN);
    speed_row(&table, "two normals", &large, "preset=default", 2, fewer, NAN);
    problem_free(&large);
    table_close(&table);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * KL against time and evaluations
 */

static const double levels[] = {1, 0.7, 0.5, 0.3, 0.2, 0.15, 0.1, 0.05, 0.02, 0.01, 0.005};
#define LEVELS (sizeof levels / sizeof levels[0])

struct curve {
    double seconds[LEVELS][MOST_RUNS], evaluations[LEVELS][MOST_RUNS];
};

/* When the winner's trace first comes below each level; infinity when it never does. */
static void follow(const rovi_fit *fit, double log_z, struct curve *curve, size_t run)
{
    const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
    const rovi_restart *winner = &parts->restarts[parts->winner];
    for (size_t k = 0; k < LEVELS; k++) {
        size_t i = 0;
        while (i < winner->trace_length && !(log_z - winner->trace[i].elbo <= levels[k])) {
            i++;
        }
        const bool reached = i < winner->trace_length;
        curve->seconds[k][run] = reached ? winner->trace[i].seconds : INFINITY;
        curve->evaluations[k][run] = reached ? (double)winner->trace[i].evaluations : INFINITY;
    }
}

static void trace_runs(const struct problem *problem, size_t runs, const char *settings, struct curve *curve)
{
    for (size_t i = 0; i < runs; i++) {
        rovi_fit *fit = bench_fit(problem->target, i + 1, settings);
        follow(fit, rovi_target_log_z(problem->target), curve, i);
        rovi_fit_free(fit);
    }
}

static const struct column curve_columns[] = {
    {"target", -12},        {"d", 3}, {"KL", 5}, {"default s", 10}, {"default densities", 17}, {"paper s", 10},
    {"paper densities", 15}};

static double finite_median(size_t runs, double *value)
{
    const double middle = median(runs, value);
    return isfinite(middle) ? middle : NAN;
}

static void curve_rows(struct table *table, const char *name, const struct problem *problem, size_t runs)
{
    struct curve *fast = bench_memory(sizeof *fast), *slow = bench_memory(sizeof *slow);
    trace_runs(problem, runs, "restarts=1 threads=1", fast);
    trace_runs(problem, runs, "preset=paper restarts=1 threads=1", slow);
    for (size_t k = 0; k < LEVELS; k++) {
        table_text(table, name);
        table_count(table, problem->d);
        table_number(table, levels[k], 3);
        table_short(table, finite_median(runs, fast->seconds[k]));
        table_number(table, finite_median(runs, fast->evaluations[k]), 0);
        table_short(table, finite_median(runs, slow->seconds[k]));
        table_number(table, finite_median(runs, slow->evaluations[k]), 0);
    }
    free(fast);
    free(slow);
}

void bench_curve(const struct plan *plan)
{
    const size_t runs = plan->full ? 31 : 7;
    struct table table;
    struct problem problem;
    table_open(&table, plan->json, "curve",
               "when does one restart come below a KL (median; on the trace's draws; -: more than half never do)?",
               sizeof curve_columns / sizeof curve_columns[0], curve_columns);
    problem_make(&problem, &(struct recipe){.family = FAMILY_PLANAR, .index = FIGURE1_M3, .d = 2});
    curve_rows(&table, planar_name(FIGURE1_M3), &problem, runs);
    problem_free(&problem);
    problem_make(&problem, &(struct recipe){.family = FAMILY_TWO, .d = 10, .seed = 1});
    curve_rows(&table, "two normals", &problem, runs);
    problem_free(&problem);
    table_close(&table);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Overhead
 */

/* Two unit normals at -4 and 4 along u with weights .4 and .6, each call made to last. */
struct slow {
    double *u, seconds;
};

static int slow_logp(size_t d, const double *x, double *grad, double *logp, void *data)
{
    const struct slow *slow = data;
    const double begin = bench_seconds();
    double along = 0, square = 0;
    for (size_t i = 0; i < d; i++) {
        along += slow->u[i] * x[i];
        square += x[i] * x[i];
    }
    const double odds = log(1.5) + 8 * along, first = 1 / (1 + exp(odds)), pull = 4 * (1 - 2 * first);
    const double sum = odds > 0 ? odds + log1p(exp(-odds)) : log1p(exp(odds));
    *logp = log(0.4) - 0.5 * (square + 8 * along + 16) + sum - 0.918938533204672742 * (double)d;
    for (size_t i = 0; grad != NULL && i < d; i++) {
        grad[i] = pull * slow->u[i] - x[i];
    }
    while (bench_seconds() - begin < slow->seconds) {
    }
    return 0;
}

static const struct column overhead_columns[] = {{"d", 3},          {"threads", 7},      {"us a call", 9},
                                                 {"wall s", 8},     {"in target s", 11}, {"share in target", 15},
                                                 {"densities", 10}, {"gradients", 10},   {"KL", 7}};

static void overhead_row(struct table *table, const rovi_target *target, const struct slow *slow, size_t threads)
{
    char settings[64];
    snprintf(settings, sizeof settings, "threads=%zu", threads);
    rovi_fit *fit = bench_fit(target, 1, settings);
    const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
    table_count(table, rovi_target_dim(target));
    table_count(table, threads);
    table_number(table, 1e6 * slow->seconds, 0);
    table_number(table, parts->wall_s, 2);
    table_number(table, parts->target_s, 2);
    table_number(table, parts->target_s / (parts->wall_s * parts->threads), 3);
    table_count(table, parts->evaluations.density);
    table_count(table, parts->evaluations.gradient);
    table_number(table, parts->kl.value, 4);
    rovi_fit_free(fit);
}

void bench_overhead(const struct plan *plan)
{
    enum { DIM = 50 };
    double R[DIM * DIM], u[DIM];
    struct slow slow = {.u = u};
    struct table table;
    rovi_target *target = NULL;
    rovi_error error;
    bench_require(rovi_haar_rotation(DIM, 1, R, &error), &error);
    for (size_t i = 0; i < DIM; i++) {
        u[i] = R[i * DIM];
    }
    bench_require(rovi_target_new(DIM, slow_logp, &slow, &target, &error), &error);
    rovi_target_set_concurrent(target, 1);
    rovi_target_set_log_z(target, 0);
    table_open(&table, plan->json, "overhead", "how much of the threads' time is spent inside a slow target?",
               sizeof overhead_columns / sizeof overhead_columns[0], overhead_columns);
    for (size_t threads = 1; threads <= 2; threads++) {
        slow.seconds = 0;
        overhead_row(&table, target, &slow, threads);
        slow.seconds = 1e-5;
        overhead_row(&table, target, &slow, threads);
    }
    table_close(&table);
    rovi_target_free(target);
}
