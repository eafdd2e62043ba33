/* SPDX-License-Identifier: BSD-3-Clause */
/* Does the diagnosis say when a fit has lost a mode, and only then? */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/problem.h"
#include "bench/runs.h"
#include "bench/table.h"

#define MOST_SEEDS 100
#define DRAWS      4000 /* that tell which modes a fit holds */
#define APART      8.0  /* standard deviations between two normals */
#define LOST       0.1  /* of a mode's mass: a fit that holds less has lost it */
#define KEPT       0.2  /* a fit that holds more has not; between the two, nobody is to be blamed */
#define CASES      60   /* of the logistic regression */
#define SLOPES     4

enum kind { PLANAR, TWO, CORRELATED, FUNNEL, BANANA, STUDENT, RING, WELLS, LOGISTIC };

struct line {
    const char *name; /* NULL: the planar target of this index */
    enum kind kind;
    size_t index, d;
    double lesser; /* weight of the lesser of two normals */
    double shift;
    const char *settings;
    double sd; /* of the lesser of two normals; of the other it is 1 */
};

static const struct line lines[] = {
    {"two normals", TWO, 0, 10, 0.05, 0, "method=mfvi", 1},
    {"two normals", TWO, 0, 10, 0.5, 5, "method=mfvi restarts=1", 1},
    {"two normals", TWO, 0, 50, 0.05, 0, "method=mfvi", 1},
    {"two normals", TWO, 0, 50, 0.05, 0, "method=rovi restarts=1", 1},
    {"two normals", TWO, 0, 50, 0.3, 5, "method=mfvi restarts=1", 1},
    {"two normals", TWO, 0, 50, 0.3, 5, "method=rovi", 1},
    {"normal, condition 100", CORRELATED, 0, 10, 0, 0, "method=rovi", 1},
    {"normal, condition 100", CORRELATED, 0, 10, 0, 0, "method=mfvi", 1},
    {"normal, condition 100", CORRELATED, 0, 50, 0, 0, "method=mfvi", 1},
    {"funnel", FUNNEL, 0, 10, 0, 0, "method=rovi", 1},
    {"funnel", FUNNEL, 0, 10, 0, 0, "method=mfvi", 1},
    {"banana", BANANA, 0, 2, 0, 0, "method=rovi", 1},
    {"banana", BANANA, 0, 2, 0, 0, "method=mfvi", 1},
    {"Student t, df 3", STUDENT, 0, 5, 0, 0, "method=rovi", 1},
    {"Student t, df 3", STUDENT, 0, 5, 0, 0, "method=mfvi", 1},
    {"ring", RING, 0, 2, 0, 0, "method=auto", 1},
    {"ring", RING, 0, 2, 0, 0, "method=mfvi", 1},
    {"many-well", WELLS, 0, 8, 0, 0, "method=rovi", 1},
    {"logistic regression", LOGISTIC, 0, SLOPES, 0, 0, "method=rovi", 1},
    {"logistic regression", LOGISTIC, 0, SLOPES, 0, 0, "method=mfvi", 1},
    {"narrow, sd .25", TWO, 0, 2, 0.3, 0, "method=mfvi restarts=1", 0.25},
    {"narrow, sd .5", TWO, 0, 5, 0.3, 0, "method=mfvi restarts=1", 0.5},
    {"narrow, sd .7", TWO, 0, 10, 0.3, 0, "method=mfvi restarts=1", 0.7},
    {"narrow, sd .5", TWO, 0, 10, 0.3, 0, "method=mfvi restarts=1", 0.5},
    {"narrow, sd .7", TWO, 0, 20, 0.3, 0, "method=mfvi restarts=1", 0.7},
};

static const struct column columns[] = {
    {"target", -22}, {"d", 3},      {"settings", -22}, {"shift", 5},     {"lesser", 6},  {"lost", 4}, {"said", 4},
    {"kept", 4},     {"alarms", 6}, {"between", 7},    {"asked/fit", 9}, {"s/fit s", 7}, {"ms", 6}};

/* ---- targets ---- */

struct regression {
    double x[CASES * SLOPES];
    int y[CASES];
};

static double pseudo_normal(uint64_t *state)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        sum += (double)(*state >> 11) * 0x1p-53;
    }
    return sum;
}

static void make_regression(struct regression *data, uint64_t seed)
{
    for (size_t i = 0; i < CASES; i++) {
        double eta = 0;
        for (size_t j = 0; j < SLOPES; j++) {
            data->x[i * SLOPES + j] = j == 0 ? 1 : pseudo_normal(&seed);
            eta += data->x[i * SLOPES + j] * (j % 2 == 0 ? 1 : -1);
        }
        data->y[i] = eta + 1.7 * pseudo_normal(&seed) > 0;
    }
}

/* Slopes ~ N(0, 2.5^2), y ~ Bernoulli(logit^-1(x slopes)) */
static int logistic(size_t d, const double *b, double *grad, double *logp, void *self)
{
    const struct regression *data = self;
    *logp = 0;
    for (size_t j = 0; j < d; j++) {
        *logp -= b[j] * b[j] / 12.5;
        if (grad != NULL) {
            grad[j] = -b[j] / 6.25;
        }
    }
    for (size_t i = 0; i < CASES; i++) {
        double eta = 0;
        for (size_t j = 0; j < d; j++) {
            eta += data->x[i * d + j] * b[j];
        }
        const double sign = data->y[i] ? 1 : -1;
        *logp -= eta * sign > 0 ? log1p(exp(-eta * sign)) : log1p(exp(eta * sign)) - eta * sign;
        for (size_t j = 0; grad != NULL && j < d; j++) {
            grad[j] += sign / (1 + exp(eta * sign)) * data->x[i * d + j];
        }
    }
    return 0;
}

/* ±half along a direction drawn at random, moved by `shift`. */
static rovi_target *two_normals(const struct line *line, uint64_t seed)
{
    const size_t d = line->d;
    const double weights[] = {line->lesser, 1 - line->lesser};
    const size_t covariances = line->sd == 1 ? 0 : 2;
    double *R = bench_memory(d * d * sizeof *R), *means = bench_memory(2 * d * sizeof *means);
    double *S = bench_memory(2 * d * d * sizeof *S);
    rovi_target *target;
    rovi_error error;
    bench_require(rovi_haar_rotation(d, seed, R, &error), &error);
    memset(S, 0, 2 * d * d * sizeof *S);
    for (size_t i = 0; i < d; i++) {
        means[i] = line->shift - 0.5 * APART * R[i * d];
        means[d + i] = line->shift + 0.5 * APART * R[i * d];
        S[i * d + i] = line->sd * line->sd;
        S[d * d + i * d + i] = 1;
    }
    bench_require(rovi_target_new_gaussian_mixture(d, 2, weights, means, covariances, S, &target, &error), &error);
    free(R);
    free(means);
    free(S);
    return target;
}

static rovi_target *correlated(size_t d, uint64_t seed)
{
    double *R = bench_memory(d * d * sizeof *R), *S = bench_memory(d * d * sizeof *S);
    double *mean = bench_memory(d * sizeof *mean);
    const double one = 1;
    rovi_target *target, *rotated;
    rovi_error error;
    memset(S, 0, d * d * sizeof *S);
    for (size_t i = 0; i < d; i++) {
        S[i * d + i] = pow(100, (double)i / (double)(d - 1));
        mean[i] = 3;
    }
    bench_require(rovi_haar_rotation(d, seed, R, &error), &error);
    bench_require(rovi_target_new_gaussian_mixture(d, 1, &one, mean, 1, S, &target, &error), &error);
    bench_require(rovi_target_new_rotated(target, R, &rotated, &error), &error);
    free(R);
    free(S);
    free(mean);
    return rotated;
}

static rovi_target *other_target(const struct line *line, struct regression *data, uint64_t seed)
{
    const double one = 1;
    double *zero = bench_memory(line->d * sizeof *zero);
    rovi_target *target = NULL;
    rovi_error error;
    rovi_status status = ROVI_OK;
    memset(zero, 0, line->d * sizeof *zero);
    switch (line->kind) {
    case FUNNEL:
        status = rovi_target_new_funnel(line->d, &target, &error);
        break;
    case BANANA:
        status = rovi_target_new_banana(&target, &error);
        break;
    case STUDENT:
        status = rovi_target_new_student_t_mixture(line->d, 1, 3, &one, zero, 0, NULL, &target, &error);
        break;
    case RING:
        status = rovi_target_new_ring(&target, &error);
        break;
    case WELLS:
        status = rovi_target_new_many_well(line->d, &target, &error);
        break;
    default:
        make_regression(data, seed);
        status = rovi_target_new(line->d, logistic, data, &target, &error);
        rovi_target_set_concurrent(target, 1);
    }
    bench_require(status, &error);
    free(zero);
    return target;
}

/* ---- runs ---- */

/* The least share of a component's mass that the fit holds, by draws of each component. */
static double least_held(const rovi_target *target, const rovi_approximation *q, const double *weight)
{
    const size_t d = rovi_target_dim(target), K = rovi_target_components(target);
    double *x = bench_memory(DRAWS * d * sizeof *x), least = 1;
    size_t *component = bench_memory(DRAWS * sizeof *component);
    rovi_error error;
    bench_require(rovi_approximation_draw(q, 99, 0, DRAWS, x, NULL, &error), &error);
    bench_require(rovi_target_classify(target, DRAWS, x, component, &error), &error);
    for (size_t k = 0; k < K; k++) {
        size_t hits = 0;
        for (size_t i = 0; i < DRAWS; i++) {
            hits += component[i] == k;
        }
        least = fmin(least, (double)hits / (weight[k] * DRAWS));
    }
    free(x);
    free(component);
    return least;
}

struct tally {
    size_t lost, said, kept, alarms, between, runs;
    double asked[MOST_SEEDS], time[MOST_SEEDS], seconds[MOST_SEEDS];
};

static void count(const struct plan *plan, const struct line *line, uint64_t seed, double held,
                  const rovi_diagnosis_parts *parts, const rovi_fit_parts *fitted, struct tally *tally)
{
    const bool lost = held < LOST, kept = held >= KEPT, said = parts->verdict == ROVI_COLLAPSE_SUSPECTED;
    tally->lost += lost;
    tally->kept += kept;
    tally->between += !lost && !kept;
    tally->said += lost && said;
    tally->alarms += kept && said;
    tally->asked[tally->runs] = (double)parts->evaluations.density / (double)fitted->evaluations.density;
    tally->seconds[tally->runs] = 1e3 * parts->wall_s;
    tally->time[tally->runs++] = parts->wall_s / fitted->wall_s;
    if (((lost && !said) || (kept && said)) && plan->misses != NULL) {
        fprintf(plan->misses, "%s d %zu %s seed %llu: %s; %s\n", line->name, line->d, line->settings,
                (unsigned long long)seed, lost ? "lost" : "kept", parts->reason);
    }
}

static void run_seed(const struct plan *plan, const struct line *line, uint64_t seed, struct tally *tally)
{
    struct problem problem = {0};
    struct regression data;
    const double pair[] = {line->lesser, 1 - line->lesser};
    if (line->kind == PLANAR) {
        problem_make(&problem, &(struct recipe){.family = FAMILY_PLANAR,
                                                .index = line->index,
                                                .d = 2,
                                                .seed = seed,
                                                .shift = line->shift,
                                                .method = METHOD_ROTATION});
    }
    rovi_target *target = line->kind == PLANAR       ? problem.target
                          : line->kind == TWO        ? two_normals(line, seed)
                          : line->kind == CORRELATED ? correlated(line->d, seed)
                                                     : other_target(line, &data, seed);
    rovi_fit *fit = bench_fit(target, seed, line->settings);
    rovi_diagnosis *diagnosis;
    rovi_error error;
    bench_require(
        rovi_diagnosis_run(target, fit, &(rovi_diagnosis_options){.seed = seed}, NULL, NULL, &diagnosis, &error),
        &error);
    const rovi_approximation *q = rovi_fit_approximation(fit);
    const double held = line->kind == TWO      ? least_held(target, q, pair)
                        : line->kind == PLANAR ? least_held(target, q, problem.weight)
                                               : 1;
    count(plan, line, seed, held, rovi_diagnosis_parts_of(diagnosis), rovi_fit_parts_of(fit), tally);
    rovi_diagnosis_free(diagnosis);
    rovi_fit_free(fit);
    if (line->kind == PLANAR) {
        problem_free(&problem);
    } else {
        rovi_target_free(target);
    }
}

static void run_line(const struct plan *plan, struct table *table, const struct line *line)
{
    struct tally tally = {0};
    const size_t usual = plan->full ? MOST_SEEDS : 20, seeds = plan->seeds == 0 ? usual : plan->seeds;
    if (plan->only != NULL && strstr(line->name, plan->only) == NULL) {
        return;
    }
    for (uint64_t seed = 1; seed <= seeds && seed <= MOST_SEEDS; seed++) {
        run_seed(plan, line, seed, &tally);
    }
    table_text(table, line->name);
    table_count(table, line->d);
    table_text(table, line->settings);
    table_number(table, line->shift, 0);
    table_number(table, line->lesser > 0 ? line->lesser : NAN, 2);
    table_count(table, tally.lost);
    table_count(table, tally.said);
    table_count(table, tally.kept);
    table_count(table, tally.alarms);
    table_count(table, tally.between);
    table_number(table, median(tally.runs, tally.asked), 2);
    table_number(table, median(tally.runs, tally.time), 2);
    table_number(table, median(tally.runs, tally.seconds), 1);
}

void bench_diagnosis(const struct plan *plan)
{
    static const char *const settings[] = {"method=mfvi", "method=rovi", "method=mixture"};
    struct table table;
    table_open(&table, plan->json, "diagnosis", "does the diagnosis say when a fit has lost a mode, and only then?",
               sizeof columns / sizeof columns[0], columns);
    for (size_t s = 0; s < sizeof settings / sizeof settings[0]; s++) {
        for (size_t i = 0; i < BENCH_PLANAR; i++) {
            for (int shift = 0; shift <= 5; shift += 5) {
                run_line(plan, &table, &(struct line){planar_name(i), PLANAR, i, 2, 0, shift, settings[s], 1});
            }
        }
    }
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        run_line(plan, &table, &lines[i]);
    }
    table_close(&table);
}
