/* SPDX-License-Identifier: BSD-3-Clause */
/* How far are a fit's posterior means from those of long runs of Hamiltonian Monte Carlo (reference.c)? */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/posterior.h"
#include "bench/problem.h"
#include "bench/runs.h"
#include "bench/table.h"

#define MOST_SEEDS 100
#define DRAWS      20000 /* for a mean: its error is 1/140 of the posterior's standard deviation */
#define WANTED     0.1   /* most that a mean may be off: a tenth of what the posterior leaves open anyway */

struct distance {
    double mean;        /* largest error of a mean, in standard deviations of the reference */
    size_t which;       /* the parameter */
    double least, most; /* ratio of standard deviations */
};

static struct distance measure(const struct posterior *p, const rovi_approximation *q)
{
    double *x = bench_memory(DRAWS * p->d * sizeof *x), value[POSTERIOR_MOST];
    double first[POSTERIOR_MOST] = {0}, second[POSTERIOR_MOST] = {0}; /* about the reference, in its sd */
    struct distance distance = {0, 0, INFINITY, 0};
    rovi_error error;
    bench_require(rovi_approximation_draw(q, 1, 0, DRAWS, x, NULL, &error), &error);
    for (size_t i = 0; i < DRAWS; i++) {
        p->parameters(x + i * p->d, value);
        for (size_t j = 0; j < p->count; j++) {
            const double off = (value[j] - p->reference[j].mean) / p->reference[j].sd;
            first[j] += off / DRAWS;
            second[j] += off * off / DRAWS;
        }
    }
    for (size_t j = 0; j < p->count; j++) {
        const double ratio = sqrt(second[j] - first[j] * first[j]);
        distance.which = fabs(first[j]) > distance.mean ? j : distance.which;
        distance.mean = fmax(distance.mean, fabs(first[j]));
        distance.least = fmin(distance.least, ratio);
        distance.most = fmax(distance.most, ratio);
    }
    free(x);
    return distance;
}

struct tally {
    size_t runs, converged;
    double error[MOST_SEEDS], densities[MOST_SEEDS], gradients[MOST_SEEDS], cpu_s[MOST_SEEDS];
    struct distance worst;
};

static void run_seed(const struct plan *plan, const struct posterior *p, const rovi_target *target, uint64_t seed,
                     struct tally *tally)
{
    const double begin = bench_cpu_seconds();
    rovi_fit *fit = bench_fit(target, seed, "threads=1"); /* the CPU time is the fit's own */
    const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
    tally->cpu_s[tally->runs] = bench_cpu_seconds() - begin;
    const struct distance distance = measure(p, rovi_fit_approximation(fit));
    tally->error[tally->runs] = distance.mean;
    tally->densities[tally->runs] = (double)parts->evaluations.density;
    tally->gradients[tally->runs] = (double)parts->evaluations.gradient;
    tally->converged += parts->stop == ROVI_STOP_CONVERGED;
    tally->worst = tally->runs == 0 || distance.mean > tally->worst.mean ? distance : tally->worst;
    tally->runs++;
    if (plan->misses != NULL && distance.mean > WANTED) {
        fprintf(plan->misses, "%s seed %llu: mean of %s off by %.3f sd, %s\n", p->name, (unsigned long long)seed,
                p->names[distance.which], distance.mean, rovi_stop_text(parts->stop));
    }
    rovi_fit_free(fit);
}

static const struct column columns[] = {
    {"posterior", -22}, {"d", 3},       {"seeds", 5},      {"converged", 9}, {"median", 7}, {"worst", 7}, {"of", -12},
    {"least sd", 8},    {"most sd", 8}, {"densities", 10}, {"gradients", 9}, {"CPU s", 7},  {"", -5}};

static void add_row(struct table *table, const struct posterior *p, struct tally *tally)
{
    table_text(table, p->name);
    table_count(table, p->d);
    table_count(table, tally->runs);
    table_count(table, tally->converged);
    table_number(table, median(tally->runs, tally->error), 3);
    table_number(table, tally->worst.mean, 3);
    table_text(table, p->names[tally->worst.which]);
    table_number(table, tally->worst.least, 2);
    table_number(table, tally->worst.most, 2);
    table_number(table, median(tally->runs, tally->densities), 0);
    table_number(table, median(tally->runs, tally->gradients), 0);
    table_number(table, median(tally->runs, tally->cpu_s), 2);
    table_text(table, tally->worst.mean > WANTED ? "SHORT" : "");
}

void bench_posteriors(const struct plan *plan)
{
    const size_t wanted = plan->seeds > 0 ? plan->seeds : plan->full ? 10 : 3;
    struct table table;
    posterior_data();
    table_open(&table, plan->json, "posteriors",
               "how far are posterior means from those of long runs, in posterior standard deviations?",
               sizeof columns / sizeof columns[0], columns);
    for (size_t i = 0; i < posterior_count; i++) {
        const struct posterior *p = &posteriors[i];
        struct tally tally = {0};
        if (plan->only != NULL && strstr(p->name, plan->only) == NULL) {
            continue;
        }
        rovi_target *target = posterior_target(p);
        for (size_t s = 0; s < wanted && s < MOST_SEEDS; s++) {
            run_seed(plan, p, target, plan->first + s, &tally);
        }
        rovi_target_free(target);
        add_row(&table, p, &tally);
    }
    table_close(&table);
}
