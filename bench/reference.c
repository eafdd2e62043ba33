/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How are the parameters of the posteriors distributed? By Hamiltonian Monte Carlo (Neal, 2011): chains that begin at
 * draws of a fit, in coordinates that its covariance whitens. Neither matters to what they converge to, and R-hat says
 * whether they have. Labels that exchange are averaged over, so that no chain has to cross between them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/chance.h"
#include "bench/posterior.h"
#include "bench/problem.h"
#include "bench/runs.h"
#include "bench/table.h"

#define CHAINS   16
#define WARM_UP  1000
#define DRAWS    5000
#define LONGEST  16  /* leapfrog steps of a proposal, one to so many */
#define ACCEPTED 0.8 /* share that the step is tuned to */
#define POINTS   1000

struct chain {
    const struct posterior *p;
    const double *L; /* d x d, lower triangular: x = L z */
    struct chance chance;
    double step, x[POSTERIOR_MOST], logp, slope[POSTERIOR_MOST]; /* slope: by z */
};

static void evaluate(struct chain *c)
{
    const size_t d = c->p->d;
    double grad[POSTERIOR_MOST];
    c->logp = posterior_logp(c->p, c->x, grad);
    for (size_t j = 0; j < d; j++) {
        c->slope[j] = 0;
        for (size_t i = j; i < d; i++) {
            c->slope[j] += c->L[i * d + j] * grad[i]; /* L^T grad */
        }
    }
}

static void drift(struct chain *c, const double *momentum)
{
    const size_t d = c->p->d;
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            c->x[i] += c->step * c->L[i * d + j] * momentum[j];
        }
    }
}

static void kick(const struct chain *c, double length, double *momentum)
{
    for (size_t i = 0; i < c->p->d; i++) {
        momentum[i] += length * c->slope[i];
    }
}

static double energy(const struct chain *c, const double *momentum)
{
    double sum = -c->logp;
    for (size_t i = 0; i < c->p->d; i++) {
        sum += 0.5 * momentum[i] * momentum[i];
    }
    return sum;
}

/* One proposal; the probability that it is accepted. */
static double transition(struct chain *c)
{
    double momentum[POSTERIOR_MOST];
    for (size_t i = 0; i < c->p->d; i++) {
        momentum[i] = chance_normal(&c->chance);
    }
    const struct chain before = *c;
    const double first = energy(c, momentum);
    const size_t steps = 1 + (size_t)(LONGEST * chance_next(&c->chance));
    kick(c, 0.5 * c->step, momentum);
    for (size_t s = 0; s < steps; s++) {
        drift(c, momentum);
        evaluate(c);
        kick(c, s + 1 < steps ? c->step : 0.5 * c->step, momentum);
    }
    const double rise = energy(c, momentum) - first, chance = isfinite(rise) ? fmin(1, exp(-rise)) : 0;
    const struct chance next = c->chance;
    if (chance_next(&c->chance) >= chance) {
        *c = before;
        c->chance = next;
        chance_next(&c->chance);
    }
    return chance;
}

/* Towards the wanted share of acceptance, by Robbins and Monro. */
static void warm_up(struct chain *c)
{
    evaluate(c);
    for (size_t n = 0; n < WARM_UP; n++) {
        c->step *= exp((transition(c) - ACCEPTED) / sqrt((double)n + 1));
    }
}

struct sums {
    double first[POSTERIOR_MOST], second[POSTERIOR_MOST];
};

static void add_point(const struct posterior *p, const double *x, double weight, struct sums *sums)
{
    double value[POSTERIOR_MOST];
    p->parameters(x, value);
    for (size_t j = 0; j < p->count; j++) {
        sums->first[j] += weight * value[j];
        sums->second[j] += weight * value[j] * value[j];
    }
}

static void run_chain(struct chain *c, struct sums *sums)
{
    double other[POSTERIOR_MOST];
    warm_up(c);
    for (size_t n = 0; n < DRAWS; n++) {
        transition(c);
        const double weight = (c->p->twin != NULL ? 0.5 : 1) / DRAWS;
        add_point(c->p, c->x, weight, sums);
        if (c->p->twin != NULL) {
            c->p->twin(c->x, other);
            add_point(c->p, other, weight, sums);
        }
    }
}

/* Draws of a fit (POINTS x d); where labels exchange, those with the lesser first coordinate. */
static double *starting_points(const struct posterior *p)
{
    double *x = bench_memory(POINTS * p->d * sizeof *x), other[POSTERIOR_MOST];
    rovi_target *target = posterior_target(p);
    rovi_fit *fit = bench_fit(target, 1, "");
    rovi_error error;
    bench_require(rovi_approximation_draw(rovi_fit_approximation(fit), 1, 0, POINTS, x, NULL, &error), &error);
    for (size_t i = 0; p->twin != NULL && i < POINTS; i++) {
        p->twin(x + i * p->d, other);
        if (other[0] < x[i * p->d]) {
            memcpy(x + i * p->d, other, p->d * sizeof *x);
        }
    }
    rovi_fit_free(fit);
    rovi_target_free(target);
    return x;
}

/* The Cholesky factor (d x d) of the covariance of the points. */
static void factor(size_t d, const double *x, double *L)
{
    double mean[POSTERIOR_MOST] = {0};
    memset(L, 0, d * d * sizeof *L);
    for (size_t n = 0; n < POINTS * d; n++) {
        mean[n % d] += x[n] / POINTS;
    }
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            for (size_t n = 0; n < POINTS; n++) {
                L[i * d + j] += (x[n * d + i] - mean[i]) * (x[n * d + j] - mean[j]) / POINTS;
            }
            for (size_t k = 0; k < j; k++) {
                L[i * d + j] -= L[i * d + k] * L[j * d + k];
            }
            L[i * d + j] = j < i ? L[i * d + j] / L[j * d + j] : sqrt(L[i * d + i]);
        }
    }
}

/* Moments of parameter j, the standard error of the mean from the chains' differences, and R-hat */
struct outcome {
    double mean, sd, error, r_hat;
};

static struct outcome combine(const struct sums *sums, size_t j)
{
    struct outcome o = {0};
    double within = 0, between = 0;
    for (size_t c = 0; c < CHAINS; c++) {
        o.mean += sums[c].first[j] / CHAINS;
        within += (sums[c].second[j] - sums[c].first[j] * sums[c].first[j]) / CHAINS;
    }
    for (size_t c = 0; c < CHAINS; c++) {
        const double off = sums[c].first[j] - o.mean;
        between += off * off / (CHAINS - 1);
    }
    o.error = sqrt(between / CHAINS);
    o.sd = sqrt(within + between);
    o.r_hat = sqrt(1 + between / within);
    return o;
}

static void run_posterior(const struct posterior *p, struct sums *sums)
{
    double *x = starting_points(p), L[POSTERIOR_MOST * POSTERIOR_MOST];
    factor(p->d, x, L);
    memset(sums, 0, CHAINS * sizeof *sums);
    for (size_t i = 0; i < CHAINS; i++) {
        struct chain c = {.p = p, .L = L, .chance = {1 + i}, .step = 0.1};
        memcpy(c.x, x + i * p->d, p->d * sizeof *x);
        run_chain(&c, &sums[i]);
    }
    free(x);
}

static const struct column columns[] = {{"posterior", -22}, {"parameter", -12}, {"mean", 12},
                                        {"sd", 12},         {"error/sd", 9},    {"R-hat", 7}};

void bench_reference(const struct plan *plan)
{
    struct table table;
    struct sums sums[CHAINS];
    posterior_data();
    table_open(&table, plan->json, "reference", "how are the parameters of the posteriors distributed?",
               sizeof columns / sizeof columns[0], columns);
    for (size_t i = 0; i < posterior_count; i++) {
        const struct posterior *p = &posteriors[i];
        if (plan->only != NULL && strstr(p->name, plan->only) == NULL) {
            continue;
        }
        run_posterior(p, sums);
        for (size_t j = 0; j < p->count; j++) {
            const struct outcome o = combine(sums, j);
            table_text(&table, p->name);
            table_text(&table, p->names[j]);
            table_scientific(&table, o.mean);
            table_scientific(&table, o.sd);
            table_number(&table, o.error / o.sd, 4);
            table_number(&table, o.r_hat, 4);
        }
    }
    table_close(&table);
}
