/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/problem.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bounds.h"
#include "bench/chance.h"

#define BLOCK        1000 /* draws at a time */
#define WHITE_POINTS 256  /* of the grid on an axis: enough for shares */

/* Two components in the plane. */
static const struct planar {
    const char *name;
    double weight, mean[4]; /* of the first component; both means */
    double r[2];            /* correlations */
} planar[BENCH_PLANAR] = {
    {"figure1-m1", 0.5, {-1, -1, 1, 1}, {0, 0}},          {"figure1-m2", 0.5, {-2, -2, 2, 2}, {0, 0}},
    {"figure1-m3", 0.5, {-3, -3, 3, 3}, {0, 0}},          {"uneven", 0.3, {-3, -3, 3, 3}, {0, 0}},
    {"misaligned", 0.5, {-2.5, -1.5, 2, 1}, {0, 0}},      {"asymmetric", 0.5, {-2, -2, 2, 2}, {0.5, -0.5}},
    {"far-asymmetric", 0.5, {-5, -5, 5, 5}, {0.8, -0.8}},
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

void problem_free(struct problem *problem)
{
    rovi_target_free(problem->target);
    rovi_target_free(problem->base);
    for (size_t k = 0; k < BENCH_MOST; k++) {
        rovi_target_free(problem->component[k]);
    }
    free(problem->rotation);
    free(problem->means);
    free(problem->covariances);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Mixtures
 */

struct mixture {
    size_t components;
    const double *weight, *means;
    size_t count; /* of covariances: 0 for the identity, 1 for all, or one each */
    const double *covariances;
};

static void make_mixture(struct problem *p, const struct mixture *m)
{
    const double one = 1;
    rovi_error error;
    bench_require(rovi_target_new_gaussian_mixture(p->d, m->components, m->weight, m->means, m->count, m->covariances,
                                                   &p->target, &error),
                  &error);
    for (size_t k = 0; k < m->components; k++) {
        const double *covariance = m->count > 1 ? m->covariances + k * p->d * p->d : m->covariances;
        bench_require(rovi_target_new_gaussian_mixture(p->d, 1, &one, m->means + k * p->d, m->count > 0, covariance,
                                                       &p->component[k], &error),
                      &error);
        p->weight[k] = p->share[k] = m->weight[k];
    }
    p->components = m->components;
}

static double *copy(size_t n, const double *value)
{
    return memcpy(doubles(n), value, n * sizeof *value);
}

static void make_planar_mixture(struct problem *p, const struct mixture *m)
{
    make_mixture(p, m);
    p->means = copy(2 * m->components, m->means);
    p->covariances = copy(4 * m->components, m->covariances);
}

/* The optimum, exact on a grid; `points` as in rovi_plane_options. */
static void find_best(const rovi_target *target, size_t points, bool turned, rovi_plane_product **best)
{
    rovi_plane *plane = NULL;
    rovi_error error;
    const rovi_plane_options options = {.points = points, .threads = 1};
    bench_require(rovi_plane_new(target, &options, &plane, &error), &error);
    bench_require(turned ? rovi_plane_best(plane, best, &error)
                         : rovi_plane_at(plane, 0, ROVI_PLANE_EVERY_START, best, &error),
                  &error);
    rovi_plane_free(plane);
}

/* The optimum and each component's share of it: where shapes differ these are not the weights. A component is lost when
 * it has less than a quarter of its weight. */
static void find_optimum(struct problem *p)
{
    rovi_plane_product *best = NULL;
    find_best(p->target, 0, p->turned, &best);
    p->optimum = best->kl;
    for (size_t k = 0, all = p->components; k < all; k++) {
        p->share[k] = best->share[k];
        if (p->share[k] < p->weight[k] / 4) {
            p->components = 0;
        }
    }
    rovi_plane_product_free(best);
}

/* x <- L^-1 x for L lower triangular */
static void solve_lower(const double L[4], double *x, size_t stride)
{
    x[0] /= L[0];
    x[stride] = (x[stride] - L[2] * x[0]) / L[3];
}

/* Rotations of a whitened target are a family of their own, whose optimum differs from that of rotations alone. */
static void whitened_share(const struct problem *p, const double L[4], double share[BENCH_MOST])
{
    double *means = copy(2 * p->components, p->means), *covariances = copy(4 * p->components, p->covariances);
    struct problem white = {.d = 2};
    rovi_plane_product *best = NULL;
    for (size_t k = 0; k < p->components; k++) {
        double *S = covariances + 4 * k;
        solve_lower(L, means + 2 * k, 1);
        solve_lower(L, S, 2);
        solve_lower(L, S + 1, 2);
        solve_lower(L, S, 1);
        solve_lower(L, S + 2, 1);
        S[1] = S[2];
    }
    make_mixture(&white, &(struct mixture){p->components, p->weight, means, p->components, covariances});
    find_best(white.target, WHITE_POINTS, p->turned, &best);
    memcpy(share, best->share, p->components * sizeof *share);
    rovi_plane_product_free(best);
    problem_free(&white);
    free(means);
    free(covariances);
}

static void make_planar(struct problem *p, const struct planar *given, double shift)
{
    const double weight[2] = {given->weight, 1 - given->weight};
    const double covariances[8] = {1, given->r[0], given->r[0], 1, 1, given->r[1], given->r[1], 1};
    double means[4];
    for (size_t i = 0; i < 4; i++) {
        means[i] = given->mean[i] + shift;
    }
    make_planar_mixture(p, &(struct mixture){2, weight, means, 2, covariances});
}

/* Two or three components, means within [-6, 6], standard deviations between 1/2 and 2, correlations within .9,
 * weights that differ by a factor of at most 4. */
static void make_chance(struct problem *p, uint64_t seed, double shift)
{
    double weight[BENCH_MOST], means[2 * BENCH_MOST], covariances[4 * BENCH_MOST], sum = 0;
    struct chance chance = {seed};
    const size_t components = 2 + (size_t)(2 * chance_next(&chance));
    for (size_t k = 0; k < components; k++) {
        const double a = pow(4, chance_next(&chance) - 0.5), b = pow(4, chance_next(&chance) - 0.5);
        const double r = 0.9 * (2 * chance_next(&chance) - 1);
        const double S[4] = {a * a, a * b * r, a * b * r, b * b};
        memcpy(covariances + 4 * k, S, sizeof S);
        means[2 * k] = shift + 12 * (chance_next(&chance) - 0.5);
        means[2 * k + 1] = shift + 12 * (chance_next(&chance) - 0.5);
        sum += weight[k] = pow(4, chance_next(&chance));
    }
    for (size_t k = 0; k < components; k++) {
        weight[k] /= sum;
    }
    make_planar_mixture(p, &(struct mixture){components, weight, means, components, covariances});
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
    make_mixture(p, &(struct mixture){2, weight, means, 0, NULL});
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
    make_mixture(p, &(struct mixture){2, weight, means, 1, S});
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

void problem_make(struct problem *problem, const struct recipe *recipe)
{
    const uint64_t seed = recipe->seed;
    const double shift = recipe->shift;
    *problem = (struct problem){.d = recipe->d, .turned = recipe->method != METHOD_MEAN_FIELD};
    switch (recipe->family) {
    case FAMILY_PLANAR:
        make_planar(problem, &planar[recipe->index], shift);
        find_optimum(problem);
        break;
    case FAMILY_CHANCE:
        make_chance(problem, seed, shift);
        find_optimum(problem);
        break;
    case FAMILY_TWO:
        make_two(problem, seed, shift);
        break;
    case FAMILY_SHARED:
        make_shared(problem, seed, shift, recipe->method != METHOD_PLAIN);
        break;
    case FAMILY_WELLS:
        make_wells(problem, seed, shift);
        break;
    case FAMILY_GAUSSIAN:
        make_gaussian(problem, seed, shift);
        break;
    }
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Quality
 */

/* Adds to mass[k], for each of n draws, the chance that it came from component k. */
static void responsibilities(const struct problem *p, size_t n, const double *x, const double *logp, double *mass)
{
    rovi_error error;
    double *log_component = doubles(n);
    for (size_t k = 0; k < p->components; k++) {
        bench_require(rovi_target_evaluate(p->component[k], n, x, log_component, NULL, &error), &error);
        for (size_t i = 0; i < n; i++) {
            mass[k] += p->weight[k] * exp(log_component[i] - logp[i]);
        }
    }
    free(log_component);
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

static void wanted_share(const struct problem *p, const rovi_approximation *q, double share[BENCH_MOST])
{
    const rovi_approximation_parts *parts = rovi_approximation_parts_of(q);
    memcpy(share, parts == NULL ? p->weight : p->share, BENCH_MOST * sizeof *share);
    if (p->means != NULL && p->components > 0 && parts != NULL && parts->whitening != NULL) {
        whitened_share(p, parts->whitening, share);
    }
}

static double weight_error(const struct problem *p, const rovi_approximation *q, const double *mass, size_t n)
{
    double share[BENCH_MOST];
    wanted_share(p, q, share);
    double worst = p->components == 0 && p->rotation == NULL ? NAN : 0;
    for (size_t k = 0; k < p->components; k++) {
        worst = fmax(worst, fabs(mass[k] / (double)n - share[k]));
    }
    for (size_t k = 0; p->rotation != NULL && k < p->d; k += 2) {
        worst = fmax(worst, fabs(mass[k] / (double)n - p->share[0]));
    }
    return worst;
}

struct quality problem_measure(const struct problem *problem, const rovi_approximation *q)
{
    const size_t d = problem->d, n = d <= 2 ? 200000 : (d <= 10 ? 50000 : 20000);
    double *x = doubles(BLOCK * d), *log_q = doubles(BLOCK), *logp = doubles(BLOCK), *mass = doubles(d + BENCH_MOST);
    double sum = 0, squares = 0;
    rovi_error error;
    for (size_t begin = 0; begin < n; begin += BLOCK) {
        bench_require(rovi_approximation_draw(q, 424242, begin, BLOCK, x, log_q, &error), &error);
        bench_require(rovi_target_evaluate(problem->target, BLOCK, x, logp, NULL, &error), &error);
        for (size_t i = 0; i < BLOCK; i++) {
            const double ratio = log_q[i] - logp[i];
            sum += ratio;
            squares += ratio * ratio;
        }
        responsibilities(problem, BLOCK, x, logp, mass);
        if (problem->rotation != NULL) {
            right_halves(problem, BLOCK, x, mass);
        }
    }
    const double mean = sum / (double)n;
    const struct quality quality = {.kl = mean + rovi_target_log_z(problem->target),
                                    .mcse = sqrt(fmax(0, squares / (double)n - mean * mean) / (double)n),
                                    .weight_error = weight_error(problem, q, mass, n)};
    free(x);
    free(log_q);
    free(logp);
    free(mass);
    return quality;
}
