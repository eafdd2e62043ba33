/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What can be said of mean-field and rotational VI for a Gaussian mixture before anything is fitted: how separated its
 * components are (sides.c), what the theorem makes of it (bounds.c) given the least KL of a product density
 * (optimum.c), which component would survive, and what a rotation can reach. Every pair of components is looked at as a
 * mixture of its own; the theorem is also applied to the whole target, with the other components' mass in E counted.
 */
#include <math.h>

#include "base/linalg.h"
#include "base/status.h"
#include "theory/bounds.h"
#include "theory/optimum.h"
#include "theory/sides.h"

#define LOG2        0.69314718055994530942
#define SAME_COST   1e-6 /* nats: candidates that tie, in the exact optimum's precision */
#define SMALL_SHARE 0.25 /* of a component's weight: less than that is a lost component */

struct owned_separation {
    rovi_separation shown; /* first, so that its address is this one's */
    struct arena memory;
};

/* ---- what follows from the numbers ---- */

static rovi_estimate b_of(const rovi_optimum *mean_field)
{
    return (rovi_estimate){LOG2 + mean_field->kl.value, mean_field->kl.mcse};
}

static void bound(rovi_separation_pair *pair)
{
    pair->b = b_of(&pair->mean_field);
    pair->limit = exp(-2 * pair->b.value);
    pair->by_definition = bounds_collapse(pair->best_epsilon.epsilon, pair->b);
    pair->by_mass = bounds_collapse(pair->best_mass.mass, pair->b);
}

static void predict(rovi_separation_pair *pair)
{
    const double cost[2] = {pair->h[0] - log(pair->weight[0]), pair->h[1] - log(pair->weight[1])};
    const double share[2] = {pair->mean_field.share[0].value, pair->mean_field.share[1].value};
    const bool theorem = pair->by_mass.applies || pair->by_definition.applies;
    const bool lost = fmin(share[0] / pair->weight[0], share[1] / pair->weight[1]) < SMALL_SHARE;
    pair->favoured = fabs(cost[0] - cost[1]) < SAME_COST ? -1 : cost[1] < cost[0];
    pair->collapses = theorem || lost;
    pair->survivor = pair->favoured < 0 ? -1 : share[1] > share[0];
}

/* ---- one pair ---- */

struct job {
    const rovi_settings *settings;
    const struct gaussians *all;
    const double *gap; /* K */
    double *work;      /* bounds_work(d) */
    struct arena *memory;
    rovi_error *error;
};

static rovi_status pair_target(const struct job *job, const rovi_separation_pair *pair, rovi_target **target)
{
    const struct gaussians *all = job->all;
    const size_t d = all->d;
    struct arena local = {0};
    double *means = arena_doubles(&local, 2 * d), *covariances = arena_doubles(&local, 2 * d * d);
    rovi_status status = local.failed ? error_no_memory(job->error) : ROVI_OK;
    for (size_t k = 0; k < 2 && status == ROVI_OK; k++) {
        const size_t from = pair->component[k];
        for (size_t i = 0; i < d; i++) {
            means[k * d + i] = all->mean[from * d + i];
        }
        for (size_t i = 0; i < d * d; i++) {
            covariances[k * d * d + i] = all->covariance[from * d * d + i];
        }
    }
    if (status == ROVI_OK) {
        status = rovi_target_new_gaussian_mixture(d, 2, pair->weight, means, 2, covariances, target, job->error);
    }
    arena_free(&local);
    return status;
}

static rovi_status solve_pair(const struct job *job, rovi_separation_pair *pair)
{
    rovi_target *target = NULL;
    struct arena local = {0};
    struct gaussians two;
    rovi_status status = pair_target(job, pair, &target);
    status = status == ROVI_OK ? gaussians_of(target, &local, &two, job->error) : status;
    if (status == ROVI_OK) {
        const struct question question = {target, &two, pair->h, job->settings};
        status = optimum_find(&question, job->memory, &pair->mean_field, &pair->rotated, job->error);
    }
    arena_free(&local);
    rovi_target_free(target);
    return status;
}

static void bound_rotations(const struct job *job, rovi_separation_pair *pair)
{
    const struct rotation_bounds bounds = bounds_rotation(job->all, pair->component[0], pair->component[1], job->work);
    pair->along_line = bounds.along_line;
    pair->shared_line = bounds.shared_line;
    pair->shared_axes = bounds.shared_axes;
    pair->keep_one = -log(fmax(pair->weight[0], pair->weight[1]));
    pair->least_bound = fmin(fmin(pair->along_line, pair->keep_one), fmin(pair->shared_line, pair->shared_axes));
}

/* What needs no optimum */
static void describe_pair(const struct job *job, size_t a, size_t b, rovi_separation_pair *pair)
{
    const double *w = job->all->weight;
    *pair = (rovi_separation_pair){
        .component = {a, b}, .weight = {w[a] / (w[a] + w[b]), w[b] / (w[a] + w[b])}, .h = {job->gap[a], job->gap[b]}};
    pair->critical_weight = bounds_critical_weight(pair->h);
    pair->printed_weight = bounds_printed_weight(pair->h);
    sides_find(job->all, a, b, &pair->best_epsilon, &pair->best_mass);
    bound_rotations(job, pair);
}

/* ---- all of them ---- */

/* Least KL of a rotated product density: that to a pair, less the log of the pair's weight, is above it for the whole.
 */
static double least_bound(const struct gaussians *all, const rovi_separation *out)
{
    double least = INFINITY;
    for (size_t p = 0; p < out->pair_count; p++) {
        const rovi_separation_pair *pair = &out->pairs[p];
        const double both = all->weight[pair->component[0]] + all->weight[pair->component[1]];
        least = fmin(least, pair->least_bound - log(fmin(1, both)));
    }
    return fmax(0, least);
}

static rovi_status solve_pairs(const struct job *job, rovi_separation_pair *pairs)
{
    rovi_status status = ROVI_OK;
    size_t p = 0;
    for (size_t a = 0; a < job->all->K; a++) {
        for (size_t b = a + 1; b < job->all->K && status == ROVI_OK; b++, p++) {
            describe_pair(job, a, b, &pairs[p]);
            status = solve_pair(job, &pairs[p]);
            if (status == ROVI_OK) {
                bound(&pairs[p]);
                predict(&pairs[p]);
            }
        }
    }
    return status;
}

/* Two components are the whole already. */
static rovi_status solve_whole(const struct job *job, const rovi_target *target, rovi_separation *out)
{
    if (out->pair_count == 1) {
        out->mean_field = out->pairs[0].mean_field;
        out->rotated = out->pairs[0].rotated;
        return ROVI_OK;
    }
    const struct question question = {target, job->all, job->gap, job->settings};
    return optimum_find(&question, job->memory, &out->mean_field, &out->rotated, job->error);
}

static rovi_status fill(const struct job *job, const rovi_target *target, rovi_separation *out)
{
    const size_t K = job->all->K, count = K * (K - 1) / 2;
    rovi_separation_pair *pairs = arena_take(job->memory, count, sizeof *pairs);
    rovi_collapse_bound *by_whole = arena_take(job->memory, count, sizeof *by_whole);
    if (job->memory->failed) {
        return error_no_memory(job->error);
    }
    *out = (rovi_separation){.dim = job->all->d,
                             .count = K,
                             .weight = job->all->weight,
                             .pair_count = count,
                             .pairs = pairs,
                             .by_whole = by_whole};
    rovi_status status = solve_pairs(job, pairs);
    status = status == ROVI_OK ? solve_whole(job, target, out) : status;
    if (status != ROVI_OK) {
        return status;
    }
    out->b = b_of(&out->mean_field);
    out->limit = exp(-2 * out->b.value);
    out->least_bound = least_bound(job->all, out);
    for (size_t p = 0; p < count; p++) {
        by_whole[p] = bounds_collapse(pairs[p].best_mass.whole_mass, out->b);
    }
    return ROVI_OK;
}

static rovi_status check(const struct gaussians *all, rovi_error *error)
{
    if (all->d < 2) {
        return error_set(error, ROVI_BAD_INPUT,
                         "the target has one dimension; separation is by half-spaces of two axes, so 2 are the least");
    }
    if (all->K < 2) {
        return error_set(error, ROVI_BAD_INPUT, "the mixture has one component; 2 are the least that can be separated");
    }
    return ROVI_OK;
}

static rovi_status run(const rovi_target *target, const rovi_settings *settings, struct owned_separation *out,
                       rovi_error *error)
{
    struct gaussians all;
    struct arena local = {0};
    rovi_status status = gaussians_of(target, &out->memory, &all, error);
    status = status == ROVI_OK ? check(&all, error) : status;
    if (status != ROVI_OK) {
        return status;
    }
    double *gap = arena_doubles(&local, all.K), *work = arena_doubles(&local, bounds_work(all.d));
    if (local.failed) {
        arena_free(&local);
        return error_no_memory(error);
    }
    linalg_hold_threads();
    for (size_t k = 0; k < all.K; k++) {
        gap[k] = bounds_product_gap(all.d, all.covariance + k * all.d * all.d, work);
    }
    const struct job job = {settings, &all, gap, work, &out->memory, error};
    status = fill(&job, target, &out->shown);
    linalg_release_threads();
    arena_free(&local);
    return status;
}

rovi_status rovi_separation_run(const rovi_target *target, const rovi_settings *settings, rovi_separation **separation,
                                rovi_error *error)
{
    *separation = NULL;
    if (target == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "target is NULL; it must be given");
    }
    struct arena memory = {0};
    struct owned_separation *out = arena_take(&memory, 1, sizeof *out);
    rovi_settings *defaults = settings == NULL ? rovi_settings_new() : NULL;
    if (out == NULL || (settings == NULL && defaults == NULL)) {
        arena_free(&memory);
        rovi_settings_free(defaults);
        return error_no_memory(error);
    }
    out->memory = memory;
    const rovi_status status = run(target, settings == NULL ? defaults : settings, out, error);
    rovi_settings_free(defaults);
    if (status != ROVI_OK) {
        rovi_separation_free(&out->shown);
        return status;
    }
    *separation = &out->shown;
    return ROVI_OK;
}

void rovi_separation_free(rovi_separation *separation)
{
    if (separation != NULL) {
        struct arena memory = ((struct owned_separation *)separation)->memory;
        arena_free(&memory);
    }
}
