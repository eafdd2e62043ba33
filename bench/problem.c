/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/problem.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bounds.h"
#include "bench/chance.h"
#include "bench/layouts.h"
#include "bench/parts.h"

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
    free(problem->data);
}

static void make_planar_mixture(struct problem *p, const struct mixture *m)
{
    problem_mix(p, m);
    p->means = bench_copy(2 * m->components, m->means);
    p->covariances = bench_copy(4 * m->components, m->covariances);
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
    double *means = bench_copy(2 * p->components, p->means),
           *covariances = bench_copy(4 * p->components, p->covariances);
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
    problem_mix(&white, &(struct mixture){p->components, p->weight, means, p->components, covariances});
    find_best(white.target, WHITE_POINTS, p->turned, &best);
    memcpy(share, best->share, p->components * sizeof *share);
    rovi_plane_product_free(best);
    problem_free(&white);
    free(means);
    free(covariances);
}

static void make_planar(struct problem *p, const struct planar *given, const struct recipe *recipe)
{
    const double weight[2] = {given->weight, 1 - given->weight};
    const double covariances[8] = {1, given->r[0], given->r[0], 1, 1, given->r[1], given->r[1], 1};
    double means[4];
    for (size_t i = 0; i < 4; i++) {
        means[i] = given->mean[i] + recipe->shift;
    }
    const struct mixture m = {2, weight, means, 2, covariances};
    if (recipe->method == METHOD_MIXTURE) {
        problem_mix(p, &m);
    } else {
        make_planar_mixture(p, &m);
        find_optimum(p);
    }
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
    double *R = bench_doubles(d * d);
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
    double *u = bench_doubles(p->d), *means = bench_doubles(2 * p->d);
    random_direction(p->d, seed, u);
    place_means(p->d, u, 4, shift, means);
    problem_mix(p, &(struct mixture){2, weight, means, 0, NULL});
    free(u);
    free(means);
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
    double *R = bench_doubles(d * d), *S = bench_doubles(d * d), *value = bench_doubles(d), *u = bench_doubles(d),
           *means = bench_doubles(2 * d);
    bench_require(rovi_haar_rotation(d, seed, R, &error), &error);
    random_direction(d, seed + 1000000, u);
    log_spaced(d, 100, value);
    bench_compose(d, R, value, S);
    const struct direction along = direction_in_frame(d, R, value, u);
    place_means(d, u, 4 / sqrt(along.precision), shift, means); /* 8 standard deviations apart in all */
    problem_mix(p, &(struct mixture){2, weight, means, 1, S});
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
    double *R = bench_doubles(d * d), *S = bench_doubles(d * d), *value = bench_doubles(d), *mean = bench_doubles(d);
    bench_require(rovi_haar_rotation(d, seed, R, &error), &error);
    log_spaced(d, 1e8, value);
    bench_compose(d, R, value, S);
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
    p->rotation = bench_doubles(p->d * p->d);
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
    rovi_error error;
    *problem = (struct problem){.d = recipe->d, .turned = recipe->method != METHOD_MEAN_FIELD};
    switch (recipe->family) {
    case FAMILY_PLANAR:
        make_planar(problem, &planar[recipe->index], recipe);
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
    case FAMILY_TRIANGLE:
        make_circle(problem, 3, 4.5);
        break;
    case FAMILY_EIGHT:
        make_circle(problem, 8, 6);
        break;
    case FAMILY_FIVE:
        make_five(problem, seed);
        break;
    case FAMILY_FORTY:
        make_forty(problem, seed);
        break;
    case FAMILY_LABELS:
        make_labels(problem, seed);
        break;
    case FAMILY_RING:
        bench_require(rovi_target_new_ring(&problem->target, &error), &error);
        break;
    case FAMILY_BANANA:
        bench_require(rovi_target_new_banana(&problem->target, &error), &error);
        break;
    }
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Quality
 */

/* Adds to mass[k], for each of n draws, the chance that it came from component k, or whether it lies in cell k. */
static void responsibilities(const struct problem *p, size_t n, const double *x, const double *logp, double *mass)
{
    for (size_t i = 0; p->cell != NULL && i < n; i++) {
        mass[p->cell(x + i * p->d)]++;
    }
    if (p->cell != NULL) {
        return;
    }
    rovi_error error;
    double *log_component = bench_doubles(n);
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

static size_t count_kept(const struct problem *p, const double *mass, size_t n)
{
    size_t kept = 0;
    for (size_t k = 0; k < p->components; k++) {
        kept += mass[k] >= 0.5 * p->weight[k] * (double)n;
    }
    return kept;
}

struct quality problem_measure(const struct problem *problem, const rovi_approximation *q)
{
    const size_t d = problem->d, n = d <= 2 ? 200000 : (d <= 10 ? 50000 : 20000);
    double *x = bench_doubles(BLOCK * d), *log_q = bench_doubles(BLOCK), *logp = bench_doubles(BLOCK),
           *mass = bench_doubles(d + BENCH_MOST);
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
    const struct quality quality = {.elbo = -mean,
                                    .kl = mean + rovi_target_log_z(problem->target),
                                    .mcse = sqrt(fmax(0, squares / (double)n - mean * mean) / (double)n),
                                    .kept = count_kept(problem, mass, n),
                                    .weight_error = weight_error(problem, q, mass, n)};
    free(x);
    free(log_q);
    free(logp);
    free(mass);
    return quality;
}
