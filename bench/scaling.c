/* SPDX-License-Identifier: BSD-3-Clause */
/* What do time and memory do as the dimension grows, or the number of threads? */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/problem.h"
#include "bench/runs.h"
#include "bench/table.h"

#define MEGABYTE  (1024.0 * 1024.0)
#define LED_ABOVE 150 /* dimensions, above which a rotation leads in a few directions unless it is told otherwise */

struct outcome {
    struct quality quality;
    double wall_s, cpu_s, target_s, own_mb, peak_mb; /* own: before the fit */
    double evaluations;
    rovi_stop stop;
};

static double peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024 / MEGABYTE;
}

static struct outcome fit_two(size_t d, const char *settings)
{
    struct outcome outcome;
    struct problem problem;
    problem_make(&problem, &(struct recipe){.family = FAMILY_TWO, .d = d, .seed = 1});
    outcome.own_mb = peak_mb();
    const double begin = bench_cpu_seconds();
    rovi_fit *fit = bench_fit(problem.target, 1, settings);
    const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
    outcome.cpu_s = bench_cpu_seconds() - begin;
    outcome.peak_mb = peak_mb();
    outcome.wall_s = parts->wall_s;
    outcome.target_s = parts->target_s;
    outcome.evaluations = (double)parts->evaluations.density;
    outcome.stop = parts->stop;
    outcome.quality = problem_measure(&problem, rovi_fit_approximation(fit));
    rovi_fit_free(fit);
    problem_free(&problem);
    return outcome;
}

/* In a process of its own, for the sake of its peak memory. False when that one ended early. */
static bool fit_apart(size_t d, const char *settings, struct outcome *outcome)
{
    int ends[2], status = 0;
    fflush(NULL);
    if (pipe(ends) != 0) {
        return false;
    }
    const pid_t child = fork();
    if (child == 0) {
        *outcome = fit_two(d, settings);
        _exit(write(ends[1], outcome, sizeof *outcome) == (ssize_t)sizeof *outcome ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    close(ends[1]);
    const bool whole = child > 0 && read(ends[0], outcome, sizeof *outcome) == (ssize_t)sizeof *outcome;
    close(ends[0]);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 && whole;
}

static const struct column scaling_columns[] = {
    {"d", 4},  {"settings", -15},  {"wall s", 8},  {"CPU s", 8},           {"densities", 10}, {"share in target", 15},
    {"KL", 8}, {"mass error", 10}, {"peak MB", 8}, {"d x d matrices", 14}, {"ended", -14}};

static void scaling_row(struct table *table, size_t dim, const char *limits, const char *settings)
{
    char all[96];
    struct outcome outcome;
    const double d = (double)dim;
    snprintf(all, sizeof all, "%s %s", limits, settings);
    if (!fit_apart(dim, all, &outcome)) {
        outcome = (struct outcome){{NAN, NAN, NAN, 0, NAN}, NAN, NAN, NAN, NAN, NAN, NAN, ROVI_STOP_FAILED};
    }
    table_count(table, dim);
    table_text(table, settings[0] == '\0' ? "default" : settings);
    table_number(table, outcome.wall_s, 3);
    table_number(table, outcome.cpu_s, 3);
    table_number(table, outcome.evaluations, 0);
    table_number(table, outcome.target_s / (2 * outcome.wall_s), 3);
    table_number(table, outcome.quality.kl, 4);
    table_number(table, outcome.quality.weight_error, 3);
    table_number(table, outcome.peak_mb, 1);
    table_number(table, (outcome.peak_mb - outcome.own_mb) * MEGABYTE / (8 * d * d), 1);
    table_text(table, rovi_stop_text(outcome.stop));
}

void bench_scaling(const struct plan *plan)
{
    static const size_t dims[] = {2, 10, 50, 100, 200, 500, 1000};
    char limits[64], whole[32];
    struct table table;
    snprintf(limits, sizeof limits, "threads=2 max_time=%d", plan->full ? 1800 : 60);
    table_open(&table, plan->json, "scaling",
               "what do time and memory do as the dimension grows (two normals, 2 threads, limited time)?",
               sizeof scaling_columns / sizeof scaling_columns[0], scaling_columns);
    for (size_t i = 0; i < sizeof dims / sizeof dims[0]; i++) {
        scaling_row(&table, dims[i], limits, "");
        if (dims[i] > LED_ABOVE) {
            snprintf(whole, sizeof whole, "directions=%zu", dims[i]);
            scaling_row(&table, dims[i], limits, whole);
        }
    }
    table_close(&table);
}

static const struct column threads_columns[] = {{"d", 4},           {"restarts", 8},     {"runs", 4},
                                                {"1 thread s", 10}, {"2 threads s", 11}, {"ratio", 6}};

/* Runs with one thread and with two take turns, so that a neighbour's noise falls on both. */
static void threads_row(struct table *table, size_t d, size_t restarts, size_t runs)
{
    enum { MOST = 31 };
    double one[MOST], two[MOST];
    struct problem problem;
    problem_make(&problem, &(struct recipe){.family = FAMILY_TWO, .d = d, .seed = 1});
    for (size_t i = 0; i < 2 * runs; i++) {
        char settings[64];
        snprintf(settings, sizeof settings, "method=rovi threads=%zu restarts=%zu", 1 + i % 2, restarts);
        rovi_fit *fit = bench_fit(problem.target, 1, settings);
        (i % 2 == 0 ? one : two)[i / 2] = rovi_fit_parts_of(fit)->wall_s;
        rovi_fit_free(fit);
    }
    problem_free(&problem);
    const double first = median(runs, one), second = median(runs, two);
    table_count(table, d);
    table_count(table, restarts);
    table_count(table, runs);
    table_number(table, first, 3);
    table_number(table, second, 3);
    table_number(table, first / second, 2);
}

void bench_threads(const struct plan *plan)
{
    struct table table;
    table_open(&table, plan->json, "threads", "how much faster are two threads (two normals; ratio of medians)?",
               sizeof threads_columns / sizeof threads_columns[0], threads_columns);
    threads_row(&table, 10, 4, plan->full ? 31 : 11);
    threads_row(&table, 10, 1, plan->full ? 31 : 11);
    threads_row(&table, 100, 4, plan->full ? 11 : 3);
    threads_row(&table, 100, 1, plan->full ? 11 : 3);
    table_close(&table);
}
