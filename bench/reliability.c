/* SPDX-License-Identifier: BSD-3-Clause */
/* How often does a fit reach the optimum? */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/problem.h"
#include "bench/runs.h"
#include "bench/table.h"

#define LARGE        50   /* dimension from which there are fewer seeds */
#define LIGHT        0.02 /* error of a mode's mass that is let pass */
#define MOST_SEEDS   100
#define MOST_WRITTEN 16 /* restarts written out for a miss */

enum variant { WHITENED, PLAIN, MEAN_FIELD };

static const struct {
    const char *name, *settings;
} variant[] = {{"rovi", "method=rovi"}, {"rovi, plain", "method=rovi precondition=none"}, {"mfvi", "method=mfvi"}};

struct line {
    const char *name; /* NULL: the planar target of this index */
    size_t index, d;
    enum family family;
    enum variant variant;
    double slack; /* above the optimum */
    double wanted;
};

static const struct line large[] = {
    {"two normals", 0, 10, FAMILY_TWO, WHITENED, 0.01, 0.99},
    {"two normals", 0, 50, FAMILY_TWO, WHITENED, 0.03, 0.99},
    {"two normals", 0, 100, FAMILY_TWO, WHITENED, 0.06, 0.99},
    {"shared covariance", 0, 10, FAMILY_SHARED, WHITENED, 0.02, 0.95},
    {"shared covariance", 0, 50, FAMILY_SHARED, WHITENED, 0.05, 0.95},
    {"shared covariance", 0, 10, FAMILY_SHARED, PLAIN, 0.02, 0.95},
    {"shared covariance", 0, 50, FAMILY_SHARED, PLAIN, 0.02, 0.95},
    {"many-well", 0, 8, FAMILY_WELLS, WHITENED, 0.02, 0.95},
    {"many-well", 0, 32, FAMILY_WELLS, WHITENED, 0.10, 0.90},
    {"gaussian", 0, 50, FAMILY_GAUSSIAN, WHITENED, 0.01, 1},
};

static const double shifts[] = {0, 5, 30};

static const struct column columns[] = {{"target", -18},  {"d", 3},        {"method", -11}, {"shift", 5},
                                        {"seeds", 5},     {"KL limit", 8}, {"reached", 7},  {"wanted", 6},
                                        {"KL median", 9}, {"KL worst", 8}, {"mass ok", 7},  {"mass error", 10},
                                        {"median s", 8},  {"worst s", 7},  {"", -5}};

static void write_miss(FILE *file, const struct line *line, const char *name, double shift, uint64_t seed, double limit,
                       struct quality quality, const rovi_fit *fit)
{
    const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
    if (file == NULL) {
        return;
    }
    fprintf(file, "%s d %zu %s shift %g seed %llu: KL %.4f +- %.4f (limit %.4f), mass error %.3f, %s, %.3f s; restarts",
            name, line->d, variant[line->variant].name, shift, (unsigned long long)seed, quality.kl, quality.mcse,
            limit, quality.weight_error, rovi_stop_text(parts->stop), parts->wall_s);
    for (size_t i = 0; i < parts->restart_count && i < MOST_WRITTEN; i++) {
        const rovi_restart *restart = &parts->restarts[i];
        fprintf(file, " %.4f%s", restart->elbo.value, restart->stop == ROVI_STOP_CONVERGED ? "" : "!");
    }
    fprintf(file, " (winner %zu; ! did not converge)\n", parts->winner);
    fflush(file);
}

struct tally {
    size_t runs, reached, masses, right;
    double kl[MOST_SEEDS], seconds[MOST_SEEDS], limit[MOST_SEEDS];
    double worst, worst_mass, slowest;
};

static void run_seed(const struct plan *plan, const struct line *line, const char *name, double shift, uint64_t seed,
                     struct tally *tally)
{
    struct problem problem;
    problem_make(&problem, line->family, line->index, line->d, seed, shift, line->variant == MEAN_FIELD,
                 line->variant != PLAIN);
    rovi_fit *fit = bench_fit(problem.target, seed, variant[line->variant].settings);
    const struct quality quality = problem_measure(&problem, rovi_fit_approximation(fit));
    const double limit = problem.optimum + line->slack, seconds = rovi_fit_parts_of(fit)->wall_s;
    const bool reached = quality.kl <= limit, known = !isnan(quality.weight_error);
    const bool right = known && quality.weight_error <= LIGHT;
    tally->kl[tally->runs] = quality.kl;
    tally->limit[tally->runs] = limit;
    tally->seconds[tally->runs++] = seconds;
    tally->reached += reached;
    tally->masses += known;
    tally->right += right;
    tally->worst = fmax(tally->worst, quality.kl);
    tally->worst_mass = fmax(tally->worst_mass, quality.weight_error);
    tally->slowest = fmax(tally->slowest, seconds);
    if (!reached || (known && !right)) {
        write_miss(plan->misses, line, name, shift, seed, limit, quality, fit);
    }
    rovi_fit_free(fit);
    problem_free(&problem);
}

static size_t seeds_of(const struct plan *plan, const struct line *line)
{
    if (plan->seeds > 0) {
        return plan->seeds < MOST_SEEDS ? plan->seeds : MOST_SEEDS;
    }
    return !plan->full ? 10 : (line->d >= LARGE ? 20 : MOST_SEEDS);
}

static void run_line(const struct plan *plan, struct table *table, const struct line *line, double shift)
{
    struct tally tally = {.worst = -INFINITY, .worst_mass = NAN};
    const size_t seeds = seeds_of(plan, line);
    const char *name = line->name != NULL ? line->name : planar_name(line->index);
    if (plan->only != NULL && strstr(name, plan->only) == NULL) {
        return;
    }
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        run_seed(plan, line, name, shift, seed, &tally);
    }
    const double share = (double)tally.reached / (double)seeds;
    const double mass = tally.masses == 0 ? NAN : (double)tally.right / (double)tally.masses;
    table_text(table, name);
    table_count(table, line->d);
    table_text(table, variant[line->variant].name);
    table_number(table, shift, 0);
    table_count(table, seeds);
    table_number(table, median(seeds, tally.limit), 4);
    table_number(table, share, 2);
    table_number(table, line->wanted, 2);
    table_number(table, median(seeds, tally.kl), 4);
    table_number(table, tally.worst, 4);
    table_number(table, mass, 2);
    table_number(table, tally.worst_mass, 3);
    table_number(table, median(seeds, tally.seconds), 3);
    table_number(table, tally.slowest, 3);
    table_text(table, share < line->wanted || mass < line->wanted ? "SHORT" : "");
}

void bench_reliability(const struct plan *plan)
{
    struct table table;
    table_open(&table, plan->json, "reliability", "how often does a fit with default settings reach the optimum?",
               sizeof columns / sizeof columns[0], columns);
    for (size_t s = 0; s < sizeof shifts / sizeof shifts[0]; s++) {
        for (size_t v = WHITENED; v <= MEAN_FIELD; v++) {
            for (size_t i = 0; i < BENCH_PLANAR; i++) {
                run_line(plan, &table, &(struct line){NULL, i, 2, FAMILY_PLANAR, (enum variant)v, 0.01, 0.99},
                         shifts[s]);
            }
        }
    }
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        for (size_t s = 0; s < sizeof shifts / sizeof shifts[0]; s++) {
            run_line(plan, &table, &large[i], shifts[s]);
        }
    }
    table_close(&table);
}
