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
#define SLOW         10   /* the same where time is short */
#define FEWER        5    /* times fewer where the target is shifted */
#define LIGHT        0.02 /* error of a mode's mass that is let pass */
#define MOST_SEEDS   100
#define MOST_WRITTEN 16 /* restarts written out for a miss */

static const struct variant {
    const char *name, *settings;
    enum method method;
} rotation = {"rovi", "method=rovi", METHOD_ROTATION},
  plain = {"rovi, plain", "method=rovi precondition=none", METHOD_PLAIN},
  mean_field = {"mfvi", "method=mfvi", METHOD_MEAN_FIELD},
  automatic = {"auto", "method=auto", METHOD_ROTATION}; /* the default: it may be better than one rotation */

static const struct variant *const variants[] = {&rotation, &plain, &mean_field, &automatic};

struct line {
    const char *name; /* NULL: the planar target of this index */
    size_t index, d;
    enum family family;
    const struct variant *variant;
    double slack; /* above the optimum */
    double wanted;
};

static const struct line large[] = {
    {"two normals", 0, 10, FAMILY_TWO, &rotation, 0.01, 0.99},
    {"two normals", 0, 50, FAMILY_TWO, &rotation, 0.03, 0.99},
    {"two normals", 0, 100, FAMILY_TWO, &rotation, 0.06, 0.99},
    {"two normals", 0, 10, FAMILY_TWO, &automatic, 0.01, 0.99},
    {"two normals", 0, 50, FAMILY_TWO, &automatic, 0.03, 0.99},
    {"shared covariance", 0, 10, FAMILY_SHARED, &rotation, 0.02, 0.95},
    {"shared covariance", 0, 50, FAMILY_SHARED, &rotation, 0.05, 0.95},
    {"shared covariance", 0, 10, FAMILY_SHARED, &plain, 0.02, 0.95},
    {"shared covariance", 0, 50, FAMILY_SHARED, &plain, 0.02, 0.95},
    {"shared covariance", 0, 10, FAMILY_SHARED, &automatic, 0.02, 0.95},
    {"many-well", 0, 8, FAMILY_WELLS, &rotation, 0.02, 0.95},
    {"many-well", 0, 32, FAMILY_WELLS, &rotation, 0.10, 0.90},
    {"many-well", 0, 8, FAMILY_WELLS, &automatic, 0.02, 0.95},
    {"gaussian", 0, 50, FAMILY_GAUSSIAN, &rotation, 0.01, 1},
};

static const double shifts[] = {0, 5, 30};

static const struct column columns[] = {{"target", -18},  {"d", 3},           {"method", -11},      {"shift", 5},
                                        {"seeds", 5},     {"slack", 5},       {"reached", 7},       {"wanted", 6},
                                        {"KL median", 9}, {"KL worst", 8},    {"excess worst", 12}, {"masses", 6},
                                        {"mass ok", 7},   {"mass worst", 10}, {"CPU s median", 12}, {"CPU s worst", 11},
                                        {"", -5}};

struct run {
    double kl, mcse, optimum, limit, weight_error, cpu_s;
};

static void write_miss(FILE *file, const char *label, uint64_t seed, const struct run *run, const rovi_fit *fit)
{
    const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
    if (file == NULL) {
        return;
    }
    fprintf(file, "%s seed %llu: KL %.4f +- %.4f (limit %.4f), mass error %.3f, %s, %.3f s; restarts", label,
            (unsigned long long)seed, run->kl, run->mcse, run->limit, run->weight_error, rovi_stop_text(parts->stop),
            run->cpu_s);
    for (size_t i = 0; i < parts->restart_count && i < MOST_WRITTEN; i++) {
        const rovi_restart *restart = &parts->restarts[i];
        fprintf(file, " %.4f%s", restart->elbo.value, restart->stop == ROVI_STOP_CONVERGED ? "" : "!");
    }
    fprintf(file, " (winner %zu; ! did not converge)\n", parts->winner);
    fflush(file);
}

struct tally {
    size_t runs, reached, masses, right;
    double kl[MOST_SEEDS], cpu_s[MOST_SEEDS];
    double worst, excess, worst_mass;
};

/* Whether the run is one to write down. */
static bool count(struct tally *tally, const struct run *run)
{
    const bool reached = run->kl <= run->limit, known = !isnan(run->weight_error);
    const bool right = known && run->weight_error <= LIGHT;
    tally->kl[tally->runs] = run->kl;
    tally->cpu_s[tally->runs++] = run->cpu_s;
    tally->reached += reached;
    tally->masses += known;
    tally->right += right;
    tally->worst = fmax(tally->worst, run->kl);
    tally->excess = fmax(tally->excess, run->kl - run->optimum);
    tally->worst_mass = fmax(tally->worst_mass, run->weight_error);
    return !reached || (known && !right);
}

static void run_seed(const struct plan *plan, const struct line *line, const char *label, const struct problem *problem,
                     uint64_t seed, struct tally *tally)
{
    char settings[64];
    snprintf(settings, sizeof settings, "%s threads=1", line->variant->settings); /* the CPU time is the fit's own */
    const double begin = bench_cpu_seconds();
    rovi_fit *fit = bench_fit(problem->target, seed, settings);
    const double cpu_s = bench_cpu_seconds() - begin;
    const struct quality quality = problem_measure(problem, rovi_fit_approximation(fit));
    const struct run run = {quality.kl,           quality.mcse, problem->optimum, problem->optimum + line->slack,
                            quality.weight_error, cpu_s};
    if (count(tally, &run)) {
        write_miss(plan->misses, label, seed, &run, fit);
    }
    rovi_fit_free(fit);
}

static size_t seeds_of(const struct plan *plan, const struct line *line, double shift)
{
    if (plan->seeds > 0) {
        return plan->seeds < MOST_SEEDS ? plan->seeds : MOST_SEEDS;
    }
    const size_t full = line->d < LARGE ? MOST_SEEDS : 20, quick = line->d < SLOW ? 10 : 1;
    const size_t seeds = plan->full ? full : quick;
    return shift == 0 ? seeds : seeds / FEWER;
}

static void add_row(struct table *table, const struct line *line, const char *name, double shift, struct tally *tally)
{
    const double share = (double)tally->reached / (double)tally->runs;
    const double mass = tally->masses == 0 ? NAN : (double)tally->right / (double)tally->masses;
    table_text(table, name);
    table_count(table, line->d);
    table_text(table, line->variant->name);
    table_number(table, shift, 0);
    table_count(table, tally->runs);
    table_number(table, line->slack, 2);
    table_number(table, share, 2);
    table_number(table, line->wanted, 2);
    table_number(table, median(tally->runs, tally->kl), 4);
    table_number(table, tally->worst, 4);
    table_number(table, tally->excess, 4);
    table_count(table, tally->masses);
    table_number(table, mass, 2);
    table_number(table, tally->worst_mass, 3);
    table_number(table, median(tally->runs, tally->cpu_s), 3);
    table_number(table, tally->cpu_s[tally->runs - 1], 3); /* sorted by now */
    table_text(table, share < line->wanted || mass < line->wanted ? "SHORT" : "");
}

static void run_line(const struct plan *plan, struct table *table, const struct line *line, double shift)
{
    struct tally tally = {.worst = -INFINITY, .excess = -INFINITY, .worst_mass = NAN};
    struct problem problem = {0};
    struct recipe recipe = {line->family, line->index, line->d, plan->first, shift, line->variant->method};
    const size_t seeds = seeds_of(plan, line, shift);
    const char *name = line->name != NULL ? line->name : planar_name(line->index);
    char label[96];
    snprintf(label, sizeof label, "%s d %zu %s shift %g", name, line->d, line->variant->name, shift);
    if (seeds == 0 || (plan->only != NULL && strstr(label, plan->only) == NULL)) {
        return;
    }
    for (; recipe.seed < plan->first + seeds; recipe.seed++) {
        if (recipe.seed == plan->first || line->family != FAMILY_PLANAR) { /* those have no random parts */
            problem_free(&problem);
            problem_make(&problem, &recipe);
        }
        run_seed(plan, line, label, &problem, recipe.seed, &tally);
    }
    problem_free(&problem);
    add_row(table, line, name, shift, &tally);
}

static void run_planar(const struct plan *plan, struct table *table, const struct variant *variant, double shift)
{
    for (size_t i = 0; i < BENCH_PLANAR; i++) {
        run_line(plan, table, &(struct line){NULL, i, 2, FAMILY_PLANAR, variant, 0.01, 0.99}, shift);
    }
    if (shift == 0) {
        run_line(plan, table, &(struct line){"random in the plane", 0, 2, FAMILY_CHANCE, variant, 0.01, 0.99}, shift);
    }
}

void bench_reliability(const struct plan *plan)
{
    struct table table;
    table_open(&table, plan->json, "reliability", "how often does a fit reach the optimum (KL at most that + slack)?",
               sizeof columns / sizeof columns[0], columns);
    for (size_t s = 0; s < sizeof shifts / sizeof shifts[0]; s++) {
        for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++) {
            run_planar(plan, &table, variants[v], shifts[s]);
        }
    }
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        for (size_t s = 0; s < sizeof shifts / sizeof shifts[0]; s++) {
            run_line(plan, &table, &large[i], shifts[s]);
        }
    }
    table_close(&table);
}
