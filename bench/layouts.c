/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/layouts.h"

#include <math.h>
#include <stdlib.h>

#include "bench/chance.h"
#include "bench/parts.h"

#define TAU 6.283185307179586

void make_circle(struct problem *p, size_t count, double radius)
{
    double weight[BENCH_MOST], means[2 * BENCH_MOST];
    for (size_t k = 0; k < count; k++) {
        const double angle = TAU * (double)k / (double)count + 0.3; /* no axis helps */
        weight[k] = 1 / (double)count;
        means[2 * k] = radius * cos(angle);
        means[2 * k + 1] = radius * sin(angle);
    }
    problem_mix(p, &(struct mixture){count, weight, means, 0, NULL});
}

/* Means uniform in [-8, 8]^2 or [-5, 5]^d, standard deviations between 1/2 and 2 along axes drawn at random, weights
 * that differ by a factor of at most 4: in the plane most of them overlap. */
void make_five(struct problem *p, uint64_t seed)
{
    enum { FIVE = 5 };
    const size_t d = p->d;
    const double half = d == 2 ? 8 : 5;
    double weight[FIVE], sum = 0;
    double *means = bench_doubles(FIVE * d), *covariances = bench_doubles(FIVE * d * d);
    double *R = bench_doubles(d * d), *variance = bench_doubles(d);
    struct chance chance = {seed};
    rovi_error error;
    for (size_t k = 0; k < FIVE; k++) {
        for (size_t i = 0; i < d; i++) {
            means[k * d + i] = half * (2 * chance_next(&chance) - 1);
            variance[i] = pow(16, chance_next(&chance) - 0.5);
        }
        bench_require(rovi_haar_rotation(d, FIVE * seed + k, R, &error), &error);
        bench_compose(d, R, variance, covariances + k * d * d);
        sum += weight[k] = pow(4, chance_next(&chance));
    }
    for (size_t k = 0; k < FIVE; k++) {
        weight[k] /= sum;
    }
    problem_mix(p, &(struct mixture){FIVE, weight, means, FIVE, covariances});
    free(means);
    free(covariances);
    free(R);
    free(variance);
}

void make_forty(struct problem *p, uint64_t seed)
{
    enum { FORTY = 40 };
    double weight[FORTY], means[2 * FORTY];
    struct chance chance = {seed};
    for (size_t k = 0; k < FORTY; k++) {
        weight[k] = 1.0 / FORTY;
    }
    for (size_t j = 0; j < sizeof means / sizeof *means; j++) {
        means[j] = 80 * chance_next(&chance) - 40;
    }
    problem_mix(p, &(struct mixture){FORTY, weight, means, 0, NULL});
}

/* ---- label switching ---- */

enum { OBSERVATIONS = 90, CLUSTERS = 3, ORDERS = 6 };

/* y_i ~ 1/3 sum_c N(mu_c, s_c^2), mu_c ~ N(0, 10^2), log s_c ~ N(0, 1), or s_c = 1 where only the means are unknown. */
static int clusters(size_t d, const double *x, double *grad, double *logp, void *data)
{
    const double *y = data;
    *logp = 0;
    for (size_t j = 0; j < d; j++) {
        const double precision = j < CLUSTERS ? 0.01 : 1;
        *logp -= 0.5 * precision * x[j] * x[j];
        if (grad != NULL) {
            grad[j] = -precision * x[j];
        }
    }
    for (size_t i = 0; i < OBSERVATIONS; i++) {
        double term[CLUSTERS], off[CLUSTERS], sum = 0, top = -INFINITY;
        for (size_t c = 0; c < CLUSTERS; c++) {
            const double log_s = d > CLUSTERS ? x[CLUSTERS + c] : 0;
            off[c] = (y[i] - x[c]) * exp(-log_s);
            term[c] = -0.5 * off[c] * off[c] - log_s;
            top = fmax(top, term[c]);
        }
        for (size_t c = 0; c < CLUSTERS; c++) {
            sum += exp(term[c] - top);
        }
        *logp += top + log(sum);
        for (size_t c = 0; grad != NULL && c < CLUSTERS; c++) {
            const double share = exp(term[c] - top) / sum;
            grad[c] += share * off[c] * exp(d > CLUSTERS ? -x[CLUSTERS + c] : 0);
            if (d > CLUSTERS) {
                grad[CLUSTERS + c] += share * (off[c] * off[c] - 1);
            }
        }
    }
    return 0;
}

/* 0 to 5: the order of the means. */
static size_t order(const double *mu)
{
    const size_t least = mu[0] < mu[1] ? (mu[0] < mu[2] ? 0 : 2) : (mu[1] < mu[2] ? 1 : 2);
    return 2 * least + (mu[(least + 1) % CLUSTERS] < mu[(least + 2) % CLUSTERS]);
}

void make_labels(struct problem *p, uint64_t seed)
{
    static const double sd[CLUSTERS] = {1, 0.7, 1.3};
    struct chance chance = {seed};
    rovi_error error;
    p->data = bench_doubles(OBSERVATIONS);
    for (size_t i = 0; i < OBSERVATIONS; i++) {
        const size_t c = i % CLUSTERS;
        p->data[i] = 4 * ((double)c - 1) + (p->d > CLUSTERS ? sd[c] : 1) * chance_normal(&chance);
    }
    bench_require(rovi_target_new(p->d, clusters, p->data, &p->target, &error), &error);
    rovi_target_set_concurrent(p->target, 1);
    p->cell = order;
    p->components = ORDERS;
    for (size_t k = 0; k < ORDERS; k++) {
        p->weight[k] = p->share[k] = 1.0 / ORDERS;
    }
}
