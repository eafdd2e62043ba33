/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In the plane: rovi_plane. In more dimensions, or where a grid cannot resolve the components, a mean-field fit, whose
 * KL is above the least one as that of any product density; and so is h_k - log w_k, that of the best product density
 * for component k alone, which needs no fit. The lesser of the two is the best known.
 */
#include "theory/optimum.h"

#include <math.h>

#include "base/linalg.h"
#include "base/status.h"

#define DRAWS 4000 /* of a fit, for its shares: standard errors of at most .008 */

/* ---- the plane ---- */

static rovi_status keep_product(rovi_plane_product *product, struct arena *memory, rovi_optimum *out, rovi_error *error)
{
    rovi_estimate *share = arena_take(memory, product->share_count, sizeof *share);
    if (share == NULL) {
        rovi_plane_product_free(product);
        return error_no_memory(error);
    }
    for (size_t k = 0; k < product->share_count; k++) {
        share[k].value = product->share[k];
    }
    *out = (rovi_optimum){.exact = 1,
                          .kl = {.value = fmax(0, product->kl), .mcse = product->kl_change},
                          .degrees = product->degrees,
                          .share_count = product->share_count,
                          .share = share};
    rovi_plane_product_free(product);
    return ROVI_OK;
}

static rovi_status in_the_plane(const struct question *question, struct arena *memory, rovi_optimum *mean_field,
                                rovi_optimum *rotated, rovi_error *error)
{
    const rovi_plane_options options = {.threads = (int)question->settings->threads};
    rovi_plane *plane = NULL;
    rovi_plane_product *product = NULL;
    rovi_status status = rovi_plane_new(question->target, &options, &plane, error);
    status = status == ROVI_OK ? rovi_plane_at(plane, 0, ROVI_PLANE_EVERY_START, &product, error) : status;
    status = status == ROVI_OK ? keep_product(product, memory, mean_field, error) : status;
    status = status == ROVI_OK ? rovi_plane_best(plane, &product, error) : status;
    status = status == ROVI_OK ? keep_product(product, memory, rotated, error) : status;
    rovi_plane_free(plane);
    return status;
}

/* ---- by a fit ---- */

struct shares {
    const struct gaussians *all;
    double *L;      /* K x d x d */
    double *x;      /* DRAWS x d */
    double *z;      /* d */
    double *log_p;  /* K */
    double *square; /* K */
};

/* log of weight times density, of all components at x, but for a constant */
static void log_components(const struct shares *s, const double *x)
{
    const size_t d = s->all->d;
    for (size_t k = 0; k < s->all->K; k++) {
        const double *L = s->L + k * d * d;
        double sum = 2 * log(s->all->weight[k]);
        for (size_t i = 0; i < d; i++) {
            s->z[i] = x[i] - s->all->mean[k * d + i];
            sum -= 2 * log(L[i * d + i]);
        }
        linalg_solve_lower(1, d, L, s->z);
        s->log_p[k] = 0.5 * (sum - linalg_dot(d, s->z, s->z));
    }
}

static void to_probabilities(size_t K, double *log_p)
{
    double top = -INFINITY, sum = 0;
    for (size_t k = 0; k < K; k++) {
        top = fmax(top, log_p[k]);
    }
    for (size_t k = 0; k < K; k++) {
        log_p[k] = exp(log_p[k] - top);
        sum += log_p[k];
    }
    for (size_t k = 0; k < K; k++) {
        log_p[k] /= sum;
    }
}

static void average(const struct shares *s, rovi_estimate *share)
{
    const size_t d = s->all->d, K = s->all->K;
    for (size_t k = 0; k < K; k++) {
        linalg_cholesky(d, s->all->covariance + k * d * d, s->L + k * d * d);
    }
    for (size_t n = 0; n < DRAWS; n++) {
        log_components(s, s->x + n * d);
        to_probabilities(K, s->log_p);
        for (size_t k = 0; k < K; k++) {
            share[k].value += s->log_p[k] / DRAWS;
            s->square[k] += s->log_p[k] * s->log_p[k] / DRAWS;
        }
    }
    for (size_t k = 0; k < K; k++) {
        share[k].mcse = sqrt(fmax(0, s->square[k] - share[k].value * share[k].value) / DRAWS);
    }
}

static rovi_status measure_shares(const struct question *question, const rovi_approximation *q, rovi_estimate *share,
                                  rovi_error *error)
{
    const size_t d = question->all->d, K = question->all->K;
    struct arena local = {0};
    struct shares s = {.all = question->all,
                       .L = arena_doubles(&local, K * d * d),
                       .x = arena_doubles(&local, DRAWS * d),
                       .z = arena_doubles(&local, d),
                       .log_p = arena_doubles(&local, K),
                       .square = arena_doubles(&local, K)};
    rovi_status status = local.failed ? error_no_memory(error) : ROVI_OK;
    if (status == ROVI_OK) {
        status = rovi_approximation_draw(q, (uint64_t)question->settings->seed, 0, DRAWS, s.x, NULL, error);
    }
    if (status == ROVI_OK) {
        linalg_hold_threads();
        average(&s, share);
        linalg_release_threads();
    }
    arena_free(&local);
    return status;
}

/* The component that is cheapest to take alone */
static size_t cheapest(const struct question *question)
{
    const double *w = question->all->weight, *h = question->gap;
    size_t best = 0;
    for (size_t k = 1; k < question->all->K; k++) {
        best = h[k] - log(w[k]) < h[best] - log(w[best]) ? k : best;
    }
    return best;
}

static rovi_status by_fit(const struct question *question, struct arena *memory, rovi_optimum *out, rovi_error *error)
{
    const size_t K = question->all->K, one = cheapest(question);
    const double alone = question->gap[one] - log(question->all->weight[one]);
    rovi_estimate *share = arena_take(memory, K, sizeof *share);
    if (share == NULL) {
        return error_no_memory(error);
    }
    rovi_settings settings = *question->settings;
    rovi_fit *fit = NULL;
    settings.method = METHOD_MFVI;
    rovi_status status = rovi_fit_run(question->target, &settings, NULL, NULL, &fit, error);
    if (status != ROVI_OK) {
        return status;
    }
    *out = (rovi_optimum){.kl = rovi_fit_parts_of(fit)->kl, .degrees = NAN, .share_count = K, .share = share};
    if (alone < out->kl.value) {
        out->kl = (rovi_estimate){.value = alone};
        share[one].value = 1;
    } else {
        status = measure_shares(question, rovi_fit_approximation(fit), share, error);
    }
    rovi_fit_free(fit);
    return status;
}

rovi_status optimum_find(const struct question *question, struct arena *memory, rovi_optimum *mean_field,
                         rovi_optimum *rotated, rovi_error *error)
{
    rovi_error why = {0};
    if (question->all->d == 2) {
        const rovi_status status = in_the_plane(question, memory, mean_field, rotated, &why);
        if (status != ROVI_NUMERICS_FAILED) { /* which is a grid that cannot resolve the components */
            return status == ROVI_OK ? ROVI_OK : error_set(error, status, "%s", why.message);
        }
    }
    *rotated = (rovi_optimum){.kl = {NAN, NAN}, .degrees = NAN};
    return by_fit(question, memory, mean_field, error);
}
