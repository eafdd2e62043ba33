/* SPDX-License-Identifier: BSD-3-Clause */
/* How often does a mixture of fits hold what one rotation cannot, and at what price? */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/problem.h"
#include "bench/runs.h"
#include "bench/table.h"

#define MOST_SEEDS 100
#define USUAL      20
#define QUICK      3
#define LIGHT      0.02  /* error of a mode's mass that is let pass */
#define TOLERANCE  0.005 /* the fit's own, by which it may be worse than one rotation */
#define SAMPLE     100000

struct line {
    const char *name; /* NULL: the planar target of this index */
    enum family family;
    size_t index, d;
    const char *settings; /* beside the method, of both fits */
    double limit;         /* of KL */
    size_t modes;         /* that must be kept, by half of their mass */
    double light;         /* error of a mode's mass that is let pass */
    double wanted;        /* share of the runs */
};

static const struct line lines[] = {
    {NULL, FAMILY_PLANAR, 0, 2, "", 0.01, 2, LIGHT, 0.95},
    {NULL, FAMILY_PLANAR, 1, 2, "", 0.01, 2, LIGHT, 0.95},
    {NULL, FAMILY_PLANAR, 2, 2, "", 0.01, 2, LIGHT, 0.95},
    {NULL, FAMILY_PLANAR, 3, 2, "", 0.01, 2, LIGHT, 0.95},
    {NULL, FAMILY_PLANAR, 4, 2, "", 0.01, 2, LIGHT, 0.95},
    {NULL, FAMILY_PLANAR, 5, 2, "", 0.01, 2, LIGHT, 0.95},
    {NULL, FAMILY_PLANAR, 6, 2, "", 0.01, 2, LIGHT, 0.95},
    {"triangle", FAMILY_TRIANGLE, 0, 2, "", 0.02, 3, LIGHT, 0.95},
    {"ring of eight", FAMILY_EIGHT, 0, 2, "", 0.02, 8, LIGHT, 0.95},
    {"five normals", FAMILY_FIVE, 0, 2, "", 0.02, 5, LIGHT, 0.95},
    {"five normals", FAMILY_FIVE, 0, 10, "", 0.02, 5, LIGHT, 0.95},
    {"forty normals", FAMILY_FORTY, 0, 2, "start_spread=25", INFINITY, 38, 1, 0.9},
    {"forty normals, thorough", FAMILY_FORTY, 0, 2, "preset=thorough start_spread=25", INFINITY, 40, 1, 0.9},
    {"labels", FAMILY_LABELS, 0, 3, "", INFINITY, 6, LIGHT, 0.95},
    {"labels", FAMILY_LABELS, 0, 6, "", INFINITY, 6, LIGHT, 0.95},
    {"ring", FAMILY_RING, 0, 2, "", 0.05, 0, 1, 0.95},
    {"banana", FAMILY_BANANA, 0, 2, "", 0.05, 0, 1, 0.95},
};

static const char *const methods[] = {"mixture", "auto"};

static const struct column columns[] = {{"target", -24},    {"d", 3},         {"method", -8},     {"seeds", 5},
                                        {"KL limit", 8},    {"modes", 5},     {"reached", 7},     {"wanted", 6},
                                        {"KL median", 9},   {"KL worst", 8},  {"kept least", 10}, {"mass worst", 10},
                                        {"components", 10}, {"below one", 9}, {"CPU s", 7},       {"CPU s worst", 11},
                                        {"s/one", 7},       {"asked/one", 9}, {"sample s", 8},    {"", -5}};

struct run {
    struct quality quality;
    double cpu_s, asked, sample_s;
    size_t components;
};

struct tally {
    size_t runs, reached, below, least; /* below: less ELBO than one rotation; least: modes kept */
    double kl[MOST_SEEDS], cpu_s[MOST_SEEDS], time[MOST_SEEDS], asked[MOST_SEEDS], sample_s[MOST_SEEDS];
    double components[MOST_SEEDS], worst, worst_mass;
};

/* CPU seconds of so many draws with their log densities. */
static double time_draws(const rovi_approximation *q)
{
    const size_t d = rovi_approximation_dim(q);
    double *x = bench_memory(SAMPLE * d * sizeof *x), *log_q = bench_memory(SAMPLE * sizeof *log_q);
    rovi_error error;
    const double begin = bench_cpu_seconds();
    bench_require(rovi_approximation_draw(q, 1, 0, SAMPLE, x, log_q, &error), &error);
    const double seconds = bench_cpu_seconds() - begin;
    free(x);
    free(log_q);
    return seconds;
}

static struct run run_fit(const struct problem *problem, const char *method, const char *settings, uint64_t seed)
{
    char all[96];
    snprintf(all, sizeof all, "%s method=%s threads=1", settings, method); /* the CPU time is the fit's own */
    const double begin = bench_cpu_seconds();
    rovi_fit *fit = bench_fit(problem->target, seed, all);
    const double cpu_s = bench_cpu_seconds() - begin;
    const rovi_approximation *q = rovi_fit_approximation(fit);
    const struct run run = {.quality = problem_measure(problem, q),
                            .cpu_s = cpu_s,
                            .asked = (double)rovi_fit_parts_of(fit)->evaluations.density,
                            .sample_s = time_draws(q),
                            .components = rovi_approximation_components(q)};
    rovi_fit_free(fit);
    return run;
}

/* Whether the run is one to write down. */
static bool count(struct tally *tally, const struct line *line, const struct run *run, const struct run *one)
{
    const struct quality *q = &run->quality;
    const bool known = !isnan(q->kl) && isfinite(line->limit);
    const bool reached = (!known || q->kl <= line->limit) && q->kept >= line->modes && !(q->weight_error > line->light);
    const bool below = q->elbo < one->quality.elbo - TOLERANCE - 3 * hypot(q->mcse, one->quality.mcse);
    const size_t i = tally->runs++;
    tally->kl[i] = q->kl;
    tally->cpu_s[i] = run->cpu_s;
    tally->time[i] = run->cpu_s / one->cpu_s;
    tally->asked[i] = run->asked / one->asked;
    tally->sample_s[i] = run->sample_s;
    tally->components[i] = (double)run->components;
    tally->reached += reached;
    tally->below += below;
    tally->least = i == 0 || q->kept < tally->least ? q->kept : tally->least;
    tally->worst = fmax(tally->worst, q->kl);
    tally->worst_mass = fmax(tally->worst_mass, q->weight_error);
    return !reached || below;
}

static void add_row(struct table *table, const struct line *line, const char *name, const char *method,
                    struct tally *tally)
{
    const double share = (double)tally->reached / (double)tally->runs;
    table_text(table, name);
    table_count(table, line->d);
    table_text(table, method);
    table_count(table, tally->runs);
    table_number(table, isfinite(line->limit) ? line->limit : NAN, 2);
    table_count(table, line->modes);
    table_number(table, share, 2);
    table_number(table, line->wanted, 2);
    table_number(table, median(tally->runs, tally->kl), 4);
    table_number(table, tally->worst, 4);
    table_count(table, tally->least);
    table_number(table, tally->worst_mass, 3);
    table_number(table, median(tally->runs, tally->components), 0);
    table_count(table, tally->below);
    table_number(table, median(tally->runs, tally->cpu_s), 3);
    table_number(table, tally->cpu_s[tally->runs - 1], 3); /* sorted by now */
    table_short(table, median(tally->runs, tally->time));
    table_short(table, median(tally->runs, tally->asked));
    table_number(table, median(tally->runs, tally->sample_s), 3);
    table_text(table, share < line->wanted ? "SHORT" : "");
}

static void run_seed(const struct plan *plan, const struct line *line, const char *name, uint64_t seed,
                     struct tally *tally)
{
    const struct recipe recipe = {line->family, line->index, line->d, seed, 0, METHOD_MIXTURE};
    struct problem problem;
    problem_make(&problem, &recipe);
    const struct run one = run_fit(&problem, "rovi", line->settings, seed);
    for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++) {
        const struct run run = run_fit(&problem, methods[m], line->settings, seed);
        if (count(&tally[m], line, &run, &one) && plan->misses != NULL) {
            fprintf(plan->misses,
                    "%s d %zu %s seed %llu: KL %.4f +- %.4f, %zu components, %zu modes, mass error %.3f, %.2f s; one "
                    "rotation %.4f\n",
                    name, line->d, methods[m], (unsigned long long)seed, run.quality.kl, run.quality.mcse,
                    run.components, run.quality.kept, run.quality.weight_error, run.cpu_s, one.quality.kl);
            fflush(plan->misses);
        }
    }
    problem_free(&problem);
}

static void run_line(const struct plan *plan, struct table *table, const struct line *line)
{
    const char *name = line->name != NULL ? line->name : planar_name(line->index);
    const size_t usual = plan->full ? USUAL : QUICK, seeds = plan->seeds == 0 ? usual : plan->seeds;
    struct tally tally[sizeof methods / sizeof methods[0]];
    char label[64];
    snprintf(label, sizeof label, "%s d %zu", name, line->d);
    if (plan->only != NULL && strstr(label, plan->only) == NULL) {
        return;
    }
    for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++) {
        tally[m] = (struct tally){.worst = NAN, .worst_mass = NAN};
    }
    for (uint64_t seed = plan->first; seed < plan->first + seeds && seed < plan->first + MOST_SEEDS; seed++) {
        run_seed(plan, line, name, seed, tally);
    }
    for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++) {
        add_row(table, line, name, methods[m], &tally[m]);
    }
}

void bench_mixtures(const struct plan *plan)
{
    struct table table;
    table_open(&table, plan->json, "mixtures",
               "how often does a mixture hold what one rotation cannot, and at what price, against one rotation?",
               sizeof columns / sizeof columns[0], columns);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        run_line(plan, &table, &lines[i]);
    }
    table_close(&table);
}
