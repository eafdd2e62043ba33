/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/problem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bounds.h"

#define BLOCK 1000 /* draws at a time */

/* Two components in the plane, and the least KL over an angle and product densities, on a grid. */
static const struct planar {
    const char *name;
    double weight, mean[4]; /* of the first component; both means */
    double r[2];            /* correlations */
    double mean_field, rotated;
    double share; /* of the first component in the best rotated fit: where the shapes differ it is not the weight */
    bool mean_field_keeps;
} planar[BENCH_PLANAR] = {
    {"figure1-m1", 0.5, {-1, -1, 1, 1}, {0, 0}, 0.2226, 0, 0.5, true},
    {"figure1-m2", 0.5, {-2, -2, 2, 2}, {0, 0}, 0.6841, 0, 0.5, false},
    {"figure1-m3", 0.5, {-3, -3, 3, 3}, {0, 0}, 0.6931, 0, 0.5, false},
    {"uneven", 0.3, {-3, -3, 3, 3}, {0, 0}, 0.3567, 0, 0.3, false},
    {"misaligned", 0.5, {-2.5, -1.5, 2, 1}, {0, 0}, 0.6237, 0, 0.5, false},
    {"asymmetric", 0.5, {-2, -2, 2, 2}, {0.5, -0.5}, 0.8077, 0.0713, 0.514, false},
    {"far-asymmetric", 0.5, {-5, -5, 5, 5}, {0.8, -0.8}, 1.2040, 0.2400, 0.601, false},
};

const char *planar_name(size_t index)
{
    return planar[index].name;
}

void *bench_memory(size_t bytes)
{
    void *memory = malloc(bytes);
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

void bench_require(rovi_status status, const rovi_error *error)
{
    if (status != ROVI_OK) {
        fprintf(stderr, "%s: %s\n", rovi_status_text(status), error->message);
        exit(EXIT_FAILURE);
    }
}

/* All zero. */
static double *doubles(size_t n)
{
    return memset(bench_memory(n * sizeof(double)), 0, n * sizeof(double));
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Mixtures
 */

/* Two components, covariances: none, one for both, or two. */
static void make_mixture(struct problem *p, const double weight[2], const double *means, size_t count,
                         const double *covariances)
{
    const double one = 1;
    rovi_error error;
    bench_require(rovi_target_new_gaussian_mixture(p->d, 2, weight, means, count, covariances, &p->target, &error),
                  &error);
    for (size_t k = 0; k < 2; k++) {
        const double *covariance = count == 2 ? covariances + k * p->d * p->d : covariances;
        bench_require(rovi_target_new_gaussian_mixture(p->d, 1, &one, means + k * p->d, count > 0, covariance,
                                                       &p->component[k], &error),
                      &error);
        p->weight[k] = p->share[k] = weight[k];
    }
    p->components = 2;
}

static void make_planar(struct problem *p, const struct planar *given, double shift, bool mean_field)
{
    const double weight[2] = {given->weight, 1 - given->weight};
    const double covariances[8] = {1, given->r[0], given->r[0], 1, 1, given->r[1], given->r[1], 1};
    double means[4];
    for (size_t i = 0; i < 4; i++) {
        means[i] = given->mean[i] + shift;
    }
    p->d = 2;
    make_mixture(p, weight, means, 2, covariances);
    p->share[0] = given->share;
    p->share[1] = 1 - given->share;
    p->optimum = mean_field ? given->mean_field : given->rotated;
    p->components = mean_field && !given->mean_field_keeps ? 0 : 2;
}

/* The first column of a Haar matrix: a direction drawn at random. */
static void random_direction(size_t d, uint64_t seed, double *u)
{
    rovi_error error;
    double *R = doubles(d * d);
    bench_require(rovi_haar_rotation(d, seed, R, &error), &error);
    for (size_t i = 0; i < d; i++) {
        u[i] = R[i * d];
    }
    free(R);
}

/* Two means at shift +- half u. */
static void place_means(size_t d, const double *u, double half, double shift, double *means)
{
    for (size_t i = 0; i < d; i++) {
        means[i] = shift - half * u[i];
        means[d + i] = shift + half * u[i];
    }
}

static void make_two(struct problem *p, uint64_t seed, double shift)
{
    const double weight[2] = {0.4, 0.6};
    double *u = doubles(p->d), *means = doubles(2 * p->d);
    random_direction(p->d, seed, u);
    place_means(p->d, u, 4, shift, means);
    make_mixture(p, weight, means, 0, NULL);
    free(u);
    free(means);
}

/* S = R diag(value) R^T, symmetric to the last bit. */
static void compose(size_t d, const double *R, const double *value, double *S)
{
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t k = 0; k < d; k++) {
                sum += R[i * d + k] * value[k] * R[j * d + k];
            }
            S[i * d + j] = S[j * d + i] = sum;
        }
    }
}

static void log_spaced(size_t d, double last, double *value)
{
    for (size_t i = 0; i < d; i++) {
        value[i] = pow(last, (double)i / (double)(d - 1));
    }
}

static void make_shared(struct problem *p, uint64_t seed, double shift, bool whitened)
{
    const size_t d = p->d;
    const double weight[2] = {0.5, 0.5};
    rovi_error error;
    double *R = doubles(d * d), *S = doubles(d * d), *value = doubles(d), *u = doubles(d), *means = doubles(2 * d);
    bench_require(rovi_haar_rotation(d, seed, R, &error), &error);
    random_direction(d, seed + 1000000, u);
    log_spaced(d, 100, value);
    compose(d, R, value, S);
    const struct direction along = direction_in_frame(d, R, value, u);
    place_means(d, u, 4 / sqrt(along.precision), shift, means); /* 8 standard deviations apart in all */
    make_mixture(p, weight, means, 1, S);
    if (!whitened) {
        p->optimum = least_bound(d, R, value, u, 8 / sqrt(along.precision));
        p->components = 0;
    }
    free(R);
    free(S);
    free(value);
    free(u);
    free(means);
}

static void make_gaussian(struct problem *p, uint64_t seed, double shift)
{
    const size_t d = p->d;
    const double one = 1;
    rovi_error error;
    double *R = doubles(d * d), *S = doubles(d * d), *value = doubles(d), *mean = doubles(d);
    bench_require(rovi_haar_rotation(d, seed, R, &error), &error);
    log_spaced(d, 1e8, value);
    compose(d, R, value, S);
    for (size_t i = 0; i < d; i++) {
        mean[i] = 1e4 + shift;
    }
    bench_require(rovi_target_new_gaussian_mixture(d, 1, &one, mean, 1, S, &p->target, &error), &error);
    free(R);
    free(S);
    free(value);
    free(mean);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Many wells, rotated and moved
 */

static int moved(size_t n, size_t d, const double *x, double *grad, double *logp, void *data)
{
    const struct problem *p = data;
    rovi_error error;
    double *z = malloc(n * d * sizeof *z);
    if (z == NULL) {
        return -1;
    }
    for (size_t i = 0; i < n * d; i++) {
        z[i] = x[i] - p->shift;
    }
    const rovi_status status = rovi_target_evaluate(p->base, n, z, logp, grad, &error);
    free(z);
    return status == ROVI_OK ? 0 : -1;
}

/* The mass of t > 0 under exp(t/2 + 6 t^2 - t^4). */
static double right_well(void)
{
    double right = 0, all = 0;
    for (int i = -4000; i <= 4000; i++) {
        const double t = i * 1e-3, density = exp(t / 2 + 6 * t * t - t * t * t * t - 10);
        all += density;
        right += t > 0 ? density : 0;
    }
    return right / all;
}

static void make_wells(struct problem *p, uint64_t seed, double shift)
{
    rovi_error error;
    rovi_target *wells = NULL;
    p->rotation = doubles(p->d * p->d);
    p->shift = shift;
    p->share[0] = right_well();
    bench_require(rovi_haar_rotation(p->d, seed, p->rotation, &error), &error);
    bench_require(rovi_target_new_many_well(p->d, &wells, &error), &error);
    bench_require(rovi_target_new_rotated(wells, p->rotation, &p->target, &error), &error);
    if (shift != 0) { /* without: the target as it is, not by way of a callback */
        p->base = p->target;
        bench_require(rovi_target_new_batch(p->d, moved, p, &p->target, &error), &error);
        rovi_target_set_concurrent(p->target, 1);
        rovi_target_set_log_z(p->target, rovi_target_log_z(p->base));
    }
}

/* ------------------------------------------------------------------------------------------------------------------ */

void problem_make(struct problem *problem, enum family family, size_t index, size_t d, uint64_t seed, double shift,
                  bool mean_field, bool whitened)
{
    *problem = (struct problem){.d = d};
    switch (family) {
    case FAMILY_PLANAR:
        make_planar(problem, &planar[index], shift, mean_field);
        break;
    case FAMILY_TWO:
        make_two(problem, seed, shift);
        break;
    case FAMILY_SHARED:
        make_shared(problem, seed, shift, whitened);
        break;
    case FAMILY_WELLS:
        make_wells(problem, seed, shift);
        break;
    case FAMILY_GAUSSIAN:
        make_gaussian(problem, seed, shift);
        break;
    }
}

void problem_free(struct problem *problem)
{
    rovi_target_free(problem->target);
    rovi_target_free(problem->base);
    rovi_target_free(problem->component[0]);
    rovi_target_free(problem->component[1]);
    free(problem->rotation);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Quality
 */

/* Adds, for each of n draws, the chance that it came from the first component: its mean is the mass there. */
static double responsibilities(const struct problem *p, size_t n, const double *x)
{
    rovi_error error;
    double *first = doubles(n), *second = doubles(n), sum = 0;
    bench_require(rovi_target_evaluate(p->component[0], n, x, first, NULL, &error), &error);
    bench_require(rovi_target_evaluate(p->component[1], n, x, second, NULL, &error), &error);
    for (size_t i = 0; i < n; i++) {
        sum += 1 / (1 + p->weight[1] / p->weight[0] * exp(second[i] - first[i]));
    }
    free(first);
    free(second);
    return sum;
}

/* Adds to right[k], for each well, how many of the draws are in its right half. */
static void right_halves(const struct problem *p, size_t n, const double *x, double *right)
{
    for (size_t k = 0; k < p->d; k += 2) {
        for (size_t i = 0; i < n; i++) {
            double t = 0;
            for (size_t j = 0; j < p->d; j++) {
                t += p->rotation[j * p->d + k] * (x[i * p->d + j] - p->shift);
            }
            right[k] += t > 0;
        }
    }
}

static double weight_error(const struct problem *p, double first, const double *right, size_t n)
{
    if (p->components == 2) {
        return fabs(first / (double)n - p->share[0]);
    }
    double worst = p->rotation == NULL ? NAN : 0;
    for (size_t k = 0; p->rotation != NULL && k < p->d; k += 2) {
        worst = fmax(worst, fabs(right[k] / (double)n - p->share[0]));
    }
    return worst;
}

struct quality problem_measure(const struct problem *problem, const rovi_approximation *q)
{
    const size_t d = problem->d, n = d <= 2 ? 200000 : (d <= 10 ? 50000 : 20000);
    double *x = doubles(BLOCK * d), *log_q = doubles(BLOCK), *logp = doubles(BLOCK), *right = doubles(d);
    double sum = 0, squares = 0, first = 0;
    rovi_error error;
    for (size_t begin = 0; begin < n; begin += BLOCK) {
        bench_require(rovi_approximation_draw(q, 424242, begin, BLOCK, x, log_q, &error), &error);
        bench_require(rovi_target_evaluate(problem->target, BLOCK, x, logp, NULL, &error), &error);
        for (size_t i = 0; i < BLOCK; i++) {
            const double ratio = log_q[i] - logp[i];
            sum += ratio;
            squares += ratio * ratio;
        }
        first += problem->components == 2 ? responsibilities(problem, BLOCK, x) : 0;
        if (problem->rotation != NULL) {
            right_halves(problem, BLOCK, x, right);
        }
    }
    const double mean = sum / (double)n;
    const struct quality quality = {.kl = mean + rovi_target_log_z(problem->target),
                                    .mcse = sqrt(fmax(0, squares / (double)n - mean * mean) / (double)n),
                                    .weight_error = weight_error(problem, first, right, n)};
    free(x);
    free(log_q);
    free(logp);
    free(right);
    return quality;
}
