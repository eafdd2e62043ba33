/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole fits. The first tests run the examples at nearly their full length and compare with the exact optimum
 * on a grid (docs/math.md); the others use short fits ("tiny") and ask how a fit ends, not how good it is.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "family/approximation.h"
#include "family/dictionary.h"
#include "support.h"

#define LOG_2 0.69314718055994531

#define TINY "solver", "gradient", "iterations", "30", "batch", "100", "draws", "500", "trace", "5", "refinements", "1"

/* w N(-(a,b), C_0) + (1-w) N((a,b), C_1), correlations r and -r, unit variances */
static rovi_target *two_in_the_plane(double w, double a, double b, double r)
{
    const double weights[] = {w, 1 - w}, means[] = {-a, -b, a, b}, covariances[] = {1, r, r, 1, 1, -r, -r, 1};
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new_gaussian_mixture(2, 2, weights, means, 2, covariances, &target, NULL), ROVI_OK);
    return target;
}

static rovi_target *normal(size_t d)
{
    const double one = 1;
    double mean[16] = {0};
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new_gaussian_mixture(d, 1, &one, mean, 0, NULL, &target, NULL), ROVI_OK);
    return target;
}

static bool same_bits(const rovi_approximation *a, const rovi_approximation *b)
{
    const rovi_approximation_parts *p = rovi_approximation_parts_of(a), *q = rovi_approximation_parts_of(b);
    const size_t d = p->dim;
    bool same = q->dim == d && memcmp(p->rotation, q->rotation, d * d * sizeof(double)) == 0 &&
                memcmp(p->center, q->center, d * sizeof(double)) == 0;
    for (size_t i = 0; i < d && same; i++) {
        const rovi_map *s = &p->maps[i], *t = &q->maps[i];
        same = s->cells == t->cells && s->v == t->v && s->alpha == t->alpha &&
               memcmp(s->knots, t->knots, (s->cells + 1) * sizeof(double)) == 0 &&
               memcmp(s->lambda, t->lambda, s->cells * sizeof(double)) == 0;
    }
    return same;
}

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* Everything but times and threads. */
static void assert_same_fit(const rovi_fit *one, const rovi_fit *other)
{
    const rovi_fit_parts *a = rovi_fit_parts_of(one), *b = rovi_fit_parts_of(other);
    assert_true(same_bits(rovi_fit_approximation(one), rovi_fit_approximation(other)));
    assert_int_equal(a->stop, b->stop);
    assert_int_equal(a->winner, b->winner);
    assert_int_equal(a->restart_count, b->restart_count);
    assert_true(same_number(a->elbo.value, b->elbo.value) && same_number(a->elbo.mcse, b->elbo.mcse));
    assert_true(same_number(a->kl.value, b->kl.value) && same_number(a->outside.value, b->outside.value));
    assert_memory_equal(&a->evaluations, &b->evaluations, sizeof a->evaluations);
    for (size_t i = 0; i < a->restart_count; i++) {
        const rovi_restart *r = &a->restarts[i], *s = &b->restarts[i];
        assert_true(r->seed == s->seed && r->stop == s->stop && r->iterations == s->iterations);
        assert_true(same_number(r->elbo.value, s->elbo.value) && same_number(r->elbo.mcse, s->elbo.mcse));
        assert_int_equal(r->trace_length, s->trace_length);
        for (size_t t = 0; t < r->trace_length; t++) {
            assert_true(same_number(r->trace[t].elbo, s->trace[t].elbo));
            assert_int_equal(r->trace[t].evaluations, s->trace[t].evaluations);
        }
        assert_true((r->approximation == NULL) == (s->approximation == NULL));
        assert_true(r->approximation == NULL || same_bits(r->approximation, s->approximation));
    }
}

/* A fit that can be used: finite numbers, an orthogonal rotation, draws. */
static void assert_usable(const rovi_fit *fit)
{
    const rovi_fit_parts *p = rovi_fit_parts_of(fit);
    const rovi_approximation *q = rovi_fit_approximation(fit);
    const size_t d = rovi_approximation_dim(q);
    rovi_approximation *copy = NULL;
    double draw[16], log_q;
    assert_true(d <= 16 && isfinite(p->elbo.value) && p->outside.value >= 0 && p->outside.value < 1);
    assert_ptr_equal(p->restarts[p->winner].approximation, q);
    assert_true(p->stop == p->restarts[p->winner].stop || p->stop == ROVI_STOP_INTERRUPTED ||
                p->stop == ROVI_STOP_MAX_TIME);
    assert_int_equal(rovi_approximation_new(rovi_approximation_parts_of(q), &copy, NULL), ROVI_OK); /* valid parts */
    assert_int_equal(rovi_approximation_draw(q, 1, 0, 1, draw, &log_q, NULL), ROVI_OK);
    assert_true(isfinite(draw[0]) && isfinite(log_q));
    rovi_approximation_free(copy);
}

/* ---- the examples ---- */

/* Exact least KL of a product measure, within the .03 that the dictionary's floor and the optimisation may cost. */
static void check_mean_field(rovi_target *target, const char *restarts, double exact)
{
    rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "mfvi", "restarts", restarts));
    const rovi_fit_parts *p = rovi_fit_parts_of(fit);
    assert_usable(fit);
    assert_true(p->kl.mcse < 0.01);
    if (!(fabs(p->kl.value - exact) <= 0.03)) {
        fail_msg("KL %g, not %g", p->kl.value, exact);
    }
    const double *O = rovi_approximation_parts_of(rovi_fit_approximation(fit))->rotation;
    assert_true(O[0] == 1 && O[1] == 0 && O[2] == 0 && O[3] == 1);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

static void mean_field_of_figure_1_finds_the_exact_optimum(void **state)
{
    (void)state;
    check_mean_field(two_in_the_plane(0.5, 1, 1, 0), "3", 0.2226);
    check_mean_field(two_in_the_plane(0.5, 2, 2, 0), "8", 0.6841);
    check_mean_field(two_in_the_plane(0.5, 3, 3, 0), "8", 0.6931);
}

static void mean_field_keeps_the_heavier_of_uneven_modes(void **state)
{
    (void)state;
    check_mean_field(two_in_the_plane(0.3, 3, 3, 0), "8", 0.3567);
}

/* Both modes within .05 of half the mass, and near (3,3) and -(3,3). */
static void assert_both_modes(const rovi_fit *fit)
{
    rovi_modes *modes = NULL;
    assert_int_equal(rovi_approximation_modes(rovi_fit_approximation(fit), 64, &modes, NULL), ROVI_OK);
    assert_int_equal(modes->listed, 2);
    const double side = modes->mode[0].mean[0] > 0 ? 1 : -1;
    for (size_t m = 0; m < 2; m++) {
        assert_true(fabs(modes->mode[m].weight - 0.5) <= 0.05);
        for (size_t j = 0; j < 2; j++) {
            assert_true(fabs(modes->mode[m].mean[j] - (m == 0 ? side : -side) * 3) < 0.35);
        }
    }
    rovi_modes_free(modes);
}

static void check_figure_1(rovi_settings *settings, double most)
{
    rovi_target *target = two_in_the_plane(0.5, 3, 3, 0);
    rovi_fit *fit = support_fit(target, settings);
    const rovi_fit_parts *p = rovi_fit_parts_of(fit);
    assert_usable(fit);
    assert_true(p->kl.mcse < 0.02);
    if (!(p->kl.value <= most)) {
        fail_msg("KL %g, not at most %g", p->kl.value, most);
    }
    assert_true(p->kl.value > -4 * p->kl.mcse);
    assert_true(p->log_z == 0 && p->kl.value == p->log_z - p->elbo.value && p->kl.mcse == p->elbo.mcse);
    assert_both_modes(fit);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

static void rovi_keeps_both_modes_of_figure_1(void **state)
{
    (void)state;
    check_figure_1(SETTINGS_OF("restarts", "4"), 0.10);
}

/* The dictionary of the paper has a floor of .141 here. */
static void the_paper_preset_keeps_both_modes_of_figure_1(void **state)
{
    (void)state;
    check_figure_1(SETTINGS_OF("preset", "paper", "restarts", "2"), 0.20);
}

static void rovi_reaches_the_optimum_of_an_asymmetric_target(void **state)
{
    (void)state;
    rovi_target *target = two_in_the_plane(0.5, 2, 2, 0.5);
    rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "rovi", "restarts", "4"));
    const rovi_estimate kl = rovi_fit_parts_of(fit)->kl;
    if (!(fabs(kl.value - 0.0713) <= 0.03)) {
        fail_msg("KL %g, not .0713", kl.value);
    }
    rovi_fit_free(fit);
    rovi_target_free(target);
}

/* One dimension, two modes: the dictionary alone. */
static void one_dimension_keeps_both_modes(void **state)
{
    (void)state;
    const double weights[] = {0.5, 0.5}, means[] = {-2, 2};
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new_gaussian_mixture(1, 2, weights, means, 0, NULL, &target, NULL), ROVI_OK);
    rovi_fit *fit = support_fit(target, SETTINGS_OF("restarts", "2"));
    assert_usable(fit);
    assert_true(rovi_fit_parts_of(fit)->kl.value < 0.03);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

/* One component, correlated: a rotation of a product, so that only the dictionary's ends (slope alpha outside, one part
 * in a thousand of the mass) and the steps' end are left. A KL of .02 allows a mean to be off by .2 sd. */
static void a_gaussian_is_fitted(void **state)
{
    (void)state;
    const double one = 1, mean[] = {1, -0.5}, covariance[] = {1.5, 0.6, 0.6, 0.8};
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new_gaussian_mixture(2, 1, &one, mean, 1, covariance, &target, NULL), ROVI_OK);
    rovi_fit *fit = support_fit(target, SETTINGS_OF("restarts", "2"));
    const rovi_fit_parts *p = rovi_fit_parts_of(fit);
    rovi_modes *modes = NULL;
    assert_true(p->kl.value < 0.02 && p->kl.value > -4 * p->kl.mcse);
    assert_int_equal(rovi_approximation_modes(rovi_fit_approximation(fit), 64, &modes, NULL), ROVI_OK);
    assert_int_equal(modes->listed, 1);
    for (size_t j = 0; j < 2; j++) {
        const double sd = sqrt(covariance[3 * j]);
        assert_true(fabs(modes->mode[0].mean[j] - mean[j]) < 0.2 * sd);
        assert_relative(modes->mode[0].sd[j], sd, 0.05);
    }
    rovi_modes_free(modes);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

/* ---- the same bits ---- */

static void check_threads(const char *restarts, const char *budget)
{
    rovi_target *target = two_in_the_plane(0.4, 2, 1, 0.3);
    static const char *const threads[] = {"1", "2", "3"};
    rovi_fit *fit[3];
    for (size_t i = 0; i < 3; i++) {
        fit[i] = support_fit(target,
                             SETTINGS_OF(TINY, "restarts", restarts, "threads", threads[i], "max_evaluations", budget));
        assert_int_equal(rovi_fit_parts_of(fit[i])->threads, i + 1);
        assert_same_fit(fit[i], fit[0]);
    }
    for (size_t i = 0; i < 3; i++) {
        rovi_fit_free(fit[i]);
    }
    rovi_target_free(target);
}

static void any_number_of_threads_gives_the_same_bits(void **state)
{
    (void)state;
    check_threads("5", "0");
    check_threads("1", "0"); /* the threads then work inside the restart */
    check_threads("1", "1234");
    check_threads("3", "5000");
}

/* A restart cut by its budget, with a target so slow that all blocks of a batch run at once: the trace takes 20, a
 * block 64; the budget is met while the last block of the batch waits or runs. */
static int slow(size_t n, size_t d, const double *x, double *grad, double *logp, void *data)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    (void)data;
    nanosleep(&pause, NULL);
    for (size_t i = 0; i < n; i++) {
        logp[i] = 0;
        for (size_t j = 0; j < d; j++) {
            logp[i] -= 0.5 * x[i * d + j] * x[i * d + j];
            if (grad != NULL) {
                grad[i * d + j] = -x[i * d + j];
            }
        }
    }
    return 0;
}

static void a_budget_cuts_at_the_same_place_for_any_number_of_threads(void **state)
{
    (void)state;
    rovi_target *target = NULL;
    rovi_fit *fit[3];
    static const char *const threads[] = {"1", "2", "3"};
    assert_int_equal(rovi_target_new_batch(2, slow, NULL, &target, NULL), ROVI_OK);
    rovi_target_set_concurrent(target, 1);
    for (size_t i = 0; i < 3; i++) {
        fit[i] = support_fit(target, SETTINGS_OF("restarts", "1", "threads", threads[i], "draws", "100", "trace", "1",
                                                 "batch", "192", "iterations", "9", "max_evaluations", "84"));
        assert_int_equal(rovi_fit_parts_of(fit[i])->stop, ROVI_STOP_MAX_EVALUATIONS);
        assert_same_fit(fit[i], fit[0]);
    }
    for (size_t i = 0; i < 3; i++) {
        rovi_fit_free(fit[i]);
    }
    rovi_target_free(target);
}

/* Each restart, run alone with the seed it shows, is the same restart. */
static void restarts_repeat_by_their_seeds(void **state)
{
    (void)state;
    rovi_target *target = two_in_the_plane(0.5, 3, 3, 0);
    rovi_fit *all = support_fit(target, SETTINGS_OF(TINY, "restarts", "4", "seed", "12"));
    const rovi_fit_parts *p = rovi_fit_parts_of(all);
    assert_int_equal(p->restarts[0].seed, 12);
    for (size_t i = 0; i < 4; i++) {
        char seed[32];
        snprintf(seed, sizeof seed, "%llu", (unsigned long long)p->restarts[i].seed);
        rovi_fit *alone = support_fit(target, SETTINGS_OF(TINY, "restarts", "1", "seed", seed));
        assert_true(same_bits(rovi_fit_approximation(alone), p->restarts[i].approximation));
        assert_int_equal(rovi_fit_parts_of(alone)->stop, p->restarts[i].stop);
        for (size_t j = 0; j < i; j++) {
            assert_true(p->restarts[j].seed != p->restarts[i].seed);
            assert_false(same_bits(p->restarts[j].approximation, p->restarts[i].approximation));
        }
        rovi_fit_free(alone);
    }
    rovi_fit_free(all);
    rovi_target_free(target);
}

#define KEPT 8

struct kept {
    size_t count;
    rovi_restart restarts[KEPT];
};

static void keep_copy(const rovi_restart *restart, void *data)
{
    struct kept *kept = data;
    assert_true(kept->count < KEPT);
    rovi_restart *copy = &kept->restarts[kept->count++];
    *copy = *restart;
    copy->approximation = approximation_copy(restart->approximation);
    copy->trace = memcpy(malloc(restart->trace_length * sizeof *copy->trace), restart->trace,
                         restart->trace_length * sizeof *copy->trace);
}

static void drop_kept(struct kept *kept)
{
    for (size_t i = 0; i < kept->count; i++) {
        rovi_approximation_free((rovi_approximation *)kept->restarts[i].approximation);
        free((void *)kept->restarts[i].trace);
    }
}

static void same_fits(const rovi_fit *one, const rovi_fit *other)
{
    const rovi_fit_parts *a = rovi_fit_parts_of(one), *b = rovi_fit_parts_of(other);
    assert_int_equal(a->winner, b->winner);
    assert_int_equal(a->restart_count, b->restart_count);
    assert_true(a->elbo.value == b->elbo.value && a->elbo.mcse == b->elbo.mcse);
    assert_int_equal(a->evaluations.density, b->evaluations.density);
    assert_int_equal(a->evaluations.gradient, b->evaluations.gradient);
    for (size_t i = 0; i < a->restart_count; i++) {
        assert_true(a->restarts[i].elbo.value == b->restarts[i].elbo.value);
        assert_int_equal(a->restarts[i].stop, b->restarts[i].stop);
        assert_int_equal(a->restarts[i].trace_length, b->restarts[i].trace_length);
    }
    double x[2 * 50], y[2 * 50], log_q[50], log_r[50];
    assert_int_equal(rovi_approximation_draw(rovi_fit_approximation(one), 1, 0, 50, x, log_q, NULL), ROVI_OK);
    assert_int_equal(rovi_approximation_draw(rovi_fit_approximation(other), 1, 0, 50, y, log_r, NULL), ROVI_OK);
    assert_memory_equal(x, y, sizeof x);
    assert_memory_equal(log_q, log_r, sizeof log_q);
}

/* Whichever restarts are at hand, the mixture that is tried after them included, the fit ends as if it had run them
 * all. Components of other shapes, so that a mixture is tried, and every restart fitted, so that all are kept. */
static void a_fit_goes_on_from_any_of_its_restarts(void **state)
{
    (void)state;
    rovi_target *target = two_in_the_plane(0.4, 3, 3, 0.8);
    rovi_settings *settings = SETTINGS_OF("method", "auto", "restarts", "2", "seed", "5", "independent", "on");
    struct kept all = {0};
    rovi_fit *whole, *resumed;
    const rovi_fit_input keeping = {.keep = keep_copy, .keep_data = &all};
    assert_int_equal(rovi_fit_resume(target, settings, &keeping, NULL, NULL, &whole, NULL), ROVI_OK);
    assert_int_equal(all.count, 3); /* the third is the mixture */
    assert_int_equal(rovi_fit_parts_of(whole)->restart_count, 3);
    for (unsigned mask = 0; mask < 8; mask++) {
        struct kept rest = {0};
        rovi_restart some[3];
        size_t count = 0;
        for (size_t i = 3; i-- > 0;) { /* in any order */
            if (mask >> i & 1) {
                some[count++] = all.restarts[i];
            }
        }
        const rovi_fit_input input = {.finished_count = count, .finished = some, .keep = keep_copy, .keep_data = &rest};
        assert_int_equal(rovi_fit_resume(target, settings, &input, NULL, NULL, &resumed, NULL), ROVI_OK);
        assert_int_equal(rest.count, 3 - count); /* what was at hand is not kept again */
        same_fits(whole, resumed);
        rovi_fit_free(resumed);
        drop_kept(&rest);
    }
    drop_kept(&all);
    rovi_fit_free(whole);
    rovi_settings_free(settings);
    rovi_target_free(target);
}

static int cancel_at_once(const rovi_progress *progress, void *data)
{
    (void)data;
    return progress->iteration > 1;
}

static void what_was_cut_short_is_not_kept(void **state)
{
    (void)state;
    rovi_target *target = two_in_the_plane(0.5, 3, 3, 0);
    rovi_settings *settings = SETTINGS_OF(TINY, "restarts", "2");
    struct kept kept = {0};
    rovi_fit *fit;
    const rovi_fit_input input = {.keep = keep_copy, .keep_data = &kept};
    assert_int_equal(rovi_fit_resume(target, settings, &input, cancel_at_once, NULL, &fit, NULL), ROVI_OK);
    assert_int_equal(kept.count, 0);
    rovi_fit_free(fit);
    rovi_settings_free(settings);
    rovi_target_free(target);
}

static void finished_restarts_of_another_dimension_are_refused(void **state)
{
    (void)state;
    rovi_target *target = two_in_the_plane(0.5, 3, 3, 0);
    rovi_approximation *q = support_approximation(1, 3, 0);
    const rovi_restart finished = {.seed = 1, .approximation = q};
    const rovi_fit_input input = {.finished_count = 1, .finished = &finished};
    rovi_error error = {0};
    rovi_fit *fit;
    assert_refused(rovi_fit_resume(target, NULL, &input, NULL, NULL, &fit, &error), &error, ROVI_BAD_INPUT,
                   "finished restart 0 has dimension 3, the target 2");
    assert_null(fit);
    rovi_approximation_free(q);
    rovi_target_free(target);
}

/* The winner has the greatest ELBO, and is measured anew on other draws. */
static void the_greatest_elbo_wins(void **state)
{
    (void)state;
    rovi_target *target = two_in_the_plane(0.5, 3, 3, 0);
    rovi_fit *fit = support_fit(target, SETTINGS_OF(TINY, "restarts", "6"));
    const rovi_fit_parts *p = rovi_fit_parts_of(fit);
    for (size_t i = 0; i < 6; i++) {
        assert_true(p->restarts[i].elbo.value <= p->restarts[p->winner].elbo.value);
    }
    const rovi_estimate chosen = p->restarts[p->winner].elbo;
    assert_true(chosen.value != p->elbo.value);
    assert_true(fabs(chosen.value - p->elbo.value) < 5 * sqrt(chosen.mcse * chosen.mcse + p->elbo.mcse * p->elbo.mcse));
    rovi_fit_free(fit);
    rovi_target_free(target);
}

static void the_trace_tells_the_course(void **state)
{
    (void)state;
    rovi_target *target = two_in_the_plane(0.5, 3, 3, 0);
    rovi_fit *fit = support_fit(target, SETTINGS_OF(TINY, "tolerance", "1000", "restarts", "2"));
    const rovi_fit_parts *p = rovi_fit_parts_of(fit);
    for (size_t i = 0; i < 2; i++) {
        const rovi_restart *r = &p->restarts[i];
        assert_int_equal(r->trace_length, 6); /* the start and five more */
        assert_int_equal(r->iterations, 30);
        for (size_t t = 0; t < 6; t++) {
            assert_int_equal(r->trace[t].iteration, 6 * t);
            /* two batches of 100 per iteration, a fifth of 500 draws per trace point */
            assert_int_equal(r->trace[t].evaluations, 6 * t * 200 + 100 * (t + 1));
            assert_true(isfinite(r->trace[t].elbo) && r->trace[t].mcse > 0);
            assert_true(t == 0 || r->trace[t].seconds >= r->trace[t - 1].seconds);
        }
    }
    /* steps, traces, a fifth of 500 draws for the choice, and the first of the winner's evidence, whose error the
     * tolerance allows */
    assert_int_equal(p->evaluations.density, 2 * (30 * 200 + 6 * 100 + 100) + 400);
    assert_int_equal(p->evaluations.gradient, 2 * 30 * 200);
    assert_int_equal(p->evaluations.rejected, 0);
    assert_true(p->wall_s > 0 && p->target_s > 0);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

/* Steps a thousand times too long throw every restart back. With backtracking each ends better than without (the same
 * seeds), and the best by far: what is left is some nats, not thousands. */
static void backtracking_saves_restarts_that_are_thrown_back(void **state)
{
    (void)state;
    rovi_target *target = two_in_the_plane(0.5, 3, 3, 0);
    static const char *const backtrack[] = {"off", "on"};
    rovi_fit *fits[2];
    for (size_t b = 0; b < 2; b++) {
        fits[b] =
            support_fit(target, SETTINGS_OF(TINY, "restarts", "6", "trace", "30", "draws", "5000", "step_map", "2",
                                            "step_rotation", "2", "step_decay", "1", "backtrack", backtrack[b]));
    }
    const rovi_fit_parts *off = rovi_fit_parts_of(fits[0]), *on = rovi_fit_parts_of(fits[1]);
    for (size_t i = 0; i < 6; i++) {
        assert_true(on->restarts[i].elbo.value > off->restarts[i].elbo.value);
    }
    assert_true(on->elbo.value > -30 && off->elbo.value < -300);
    rovi_fit_free(fits[0]);
    rovi_fit_free(fits[1]);
    rovi_target_free(target);
}

/* ---- the smoothness constant ---- */

/* With L known, alpha is L^-1/2 and no map step is longer than 1/(L + Upsilon/alpha^2): a step far beyond that gives
 * the same bits as one of exactly that length. */
static void smoothness_sets_alpha_and_caps_the_step(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct dictionary D;
    double knots[31];
    char cap[32];
    dictionary_uniform_knots(30, 3, knots);
    dictionary_init(&D, &arena, 30);
    dictionary_set(&D, 30, knots);
    const double upsilon = dictionary_entropy_smoothness(&D, arena_doubles(&arena, 4 * 30 + 2));
    snprintf(cap, sizeof cap, "%.17g", 1 / (4 + upsilon / (0.5 * 0.5)));
    rovi_target *target = normal(2);
    rovi_fit *fits[3];
    static const char *const smoothness[] = {"4", "4", "0"};
    const char *const step[] = {"900", cap, cap};
    for (size_t i = 0; i < 3; i++) {
        fits[i] = support_fit(target, SETTINGS_OF(TINY, "restarts", "1", "range", "3", "mesh", "0.2", "alpha", "0.5",
                                                  "step_decay", "1", "smoothness", smoothness[i], "step_map", step[i]));
        assert_true(rovi_approximation_parts_of(rovi_fit_approximation(fits[i]))->maps[0].alpha == 0.5);
        assert_true(same_bits(rovi_fit_approximation(fits[i]), rovi_fit_approximation(fits[0])));
    }
    for (size_t i = 0; i < 3; i++) {
        rovi_fit_free(fits[i]);
    }
    rovi_target_free(target);
    arena_free(&arena);
}

/* ---- targets that misbehave ---- */

struct trouble {
    long calls, fatal_at; /* fatal_at: the call that is fatal, counted from 1 */
    double wall;          /* NaN where x[0] is beyond it; 0: none */
    bool nan_everywhere, outside_everywhere;
};

static int troubled(size_t d, const double *x, double *grad, double *logp, void *data)
{
    struct trouble *trouble = data;
    *logp = 0;
    for (size_t i = 0; i < d; i++) {
        *logp -= 0.5 * x[i] * x[i];
        if (grad != NULL) {
            grad[i] = -x[i];
        }
    }
    if (trouble->nan_everywhere || (trouble->wall > 0 && x[0] > trouble->wall)) {
        *logp = NAN;
    }
    return ++trouble->calls == trouble->fatal_at ? -3 : trouble->outside_everywhere;
}

static rovi_target *target_in(struct trouble *trouble)
{
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(2, troubled, trouble, &target, NULL), ROVI_OK);
    return target;
}

/* N(0, I) cut at x_1 < 1: what is left has log Z = log(2 pi Phi(1)). */
static void points_without_a_value_are_counted_and_left_out(void **state)
{
    (void)state;
    struct trouble trouble = {.wall = 1};
    rovi_target *target = target_in(&trouble);
    rovi_fit *fit =
        support_fit(target, SETTINGS_OF("solver", "gradient", "restarts", "2", "iterations", "500", "threads", "3"));
    const rovi_fit_parts *p = rovi_fit_parts_of(fit);
    assert_usable(fit);
    assert_int_equal(p->threads, 1); /* the callback did not say that it stands more */
    assert_true(p->evaluations.rejected > 0 && p->evaluations.rejected < p->evaluations.density / 2);
    assert_true(p->outside.value > 0 && p->outside.value < 0.5);
    assert_int_equal(p->evaluations.density, trouble.calls);
    assert_true(isnan(p->log_z) && isnan(p->kl.value) && isnan(p->kl.mcse));
    const double log_z = log(2 * acos(-1) * (1 - 0.5 * erfc(1 / sqrt(2))));
    assert_true(p->elbo.value < log_z + 4 * p->elbo.mcse && p->elbo.value > log_z - 0.3);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

/* N(0, I) cut at x_1 < 3: a fit that is exact within has .00135 of its mass beyond, which few draws do not meet. */
static void a_wall_that_no_draw_meets_is_in_the_error(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 4; seed++) {
        char text[16];
        snprintf(text, sizeof text, "%d", seed);
        struct trouble trouble = {.wall = 3};
        rovi_target *target = target_in(&trouble);
        rovi_fit *fit = support_fit(target, SETTINGS_OF("seed", text));
        const rovi_fit_parts *p = rovi_fit_parts_of(fit);
        const double share = 0.5 * erfc(3 / sqrt(2)), log_z = log(2 * acos(-1) * (1 - share));
        assert_true(p->evaluations.rejected > 0 && p->outside.mcse > 0);
        assert_true(fabs(p->outside.value - share) < 3 * p->outside.mcse);
        assert_true(fabs(p->elbo.value - log_z) < 3 * p->elbo.mcse && p->elbo.mcse < .01);
        rovi_fit_free(fit);
        rovi_target_free(target);
    }
}

static void assert_fails(const rovi_target *target, rovi_settings *settings, rovi_status expected, const char *part)
{
    rovi_error error = {0};
    rovi_fit *fit = (rovi_fit *)&error; /* has to become NULL */
    assert_refused(rovi_fit_run(target, settings, NULL, NULL, &fit, &error), &error, expected, part);
    assert_null(fit);
    rovi_settings_free(settings);
}

static void a_target_without_any_value_fails(void **state)
{
    (void)state;
    struct trouble trouble = {.nan_everywhere = true};
    rovi_target *target = target_in(&trouble);
    assert_fails(target, SETTINGS_OF(TINY, "restarts", "3"), ROVI_TARGET_FAILED, "no finite value");
    assert_true(trouble.calls < 3 * 5000); /* and is not asked for ever */
    char counted[64];
    snprintf(counted, sizeof counted, "at %ld of them, and -infinity at 0", trouble.calls);
    trouble.calls = 0;
    assert_fails(target, SETTINGS_OF(TINY, "restarts", "3"), ROVI_TARGET_FAILED, counted);
    trouble = (struct trouble){.outside_everywhere = true};
    assert_fails(target, SETTINGS_OF(TINY, "restarts", "3"), ROVI_TARGET_FAILED, "its log density is -infinity there");
    rovi_target_free(target);
}

/* Wherever in the run the target says that nothing more should be asked: that is the last call. */
static void a_fatal_target_ends_the_fit_at_once(void **state)
{
    (void)state;
    struct trouble count = {.calls = 0};
    rovi_target *target = target_in(&count);
    rovi_fit_free(support_fit(target, SETTINGS_OF(TINY, "restarts", "3", "iterations", "4")));
    rovi_target_free(target);
    assert_true(count.calls > 3000);
    for (long at = 1; at <= count.calls; at += at < count.calls - 40 ? 37 : 1) {
        struct trouble trouble = {.fatal_at = at};
        target = target_in(&trouble);
        assert_fails(target, SETTINGS_OF(TINY, "restarts", "3", "iterations", "4"), ROVI_TARGET_FAILED,
                     "failed for good");
        if (trouble.calls != at) {
            fail_msg("fatal at call %ld, but asked %ld times more", at, trouble.calls - at);
        }
        rovi_target_free(target);
    }
}

static void a_fit_needs_a_target(void **state)
{
    (void)state;
    assert_fails(NULL, rovi_settings_new(), ROVI_BAD_INPUT, "target");
    assert_fails(NULL, NULL, ROVI_BAD_INPUT, "target");
}

/* ---- ends ---- */

struct watch {
    long calls, cancel_at, silent;
    uint64_t asked[8]; /* by each restart */
    atomic_int inside;
    bool ok;
};

static int watching(const rovi_progress *progress, void *data)
{
    struct watch *w = data;
    w->ok = w->ok && atomic_fetch_add(&w->inside, 1) == 0; /* never two at once */
    w->ok = w->ok && progress->restart < progress->restarts && progress->iteration <= progress->iterations &&
            progress->finished <= progress->restarts && progress->seconds >= 0 && !isinf(progress->elbo);
    w->ok = w->ok && progress->evaluations >= w->asked[progress->restart];
    w->asked[progress->restart] = progress->evaluations;
    w->silent += progress->phase == NULL;
    const int cancel = ++w->calls == w->cancel_at;
    atomic_fetch_sub(&w->inside, 1);
    return cancel;
}

static rovi_fit *watched(const rovi_target *target, rovi_settings *settings, struct watch *watch)
{
    rovi_fit *fit = NULL;
    watch->ok = true;
    assert_int_equal(rovi_fit_run(target, settings, watching, watch, &fit, NULL), ROVI_OK);
    assert_true(watch->ok);
    rovi_settings_free(settings);
    return fit;
}

static void a_monitor_sees_all_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const threads[] = {"1", "3"};
    rovi_target *target = normal(3);
    rovi_fit *alone = support_fit(target, SETTINGS_OF(TINY, "restarts", "3"));
    for (size_t i = 0; i < 2; i++) {
        struct watch watch = {.cancel_at = 0};
        rovi_fit *fit = watched(target, SETTINGS_OF(TINY, "restarts", "3", "threads", threads[i]), &watch);
        assert_true(watch.calls > 3 * 30);
        assert_true(watch.silent <= 3); /* before a restart begins */
        assert_same_fit(fit, alone);
        rovi_fit_free(fit);
    }
    rovi_fit_free(alone);
    rovi_target_free(target);
}

/* Cancelled at any of its calls, the fit is the best so far. */
static void a_cancelled_fit_is_usable(void **state)
{
    (void)state;
    rovi_target *target = normal(2);
    struct watch all = {.cancel_at = 0};
    rovi_fit_free(watched(target, SETTINGS_OF(TINY, "restarts", "3", "threads", "1"), &all));
    for (long at = 1; at <= all.calls; at += 17) {
        struct watch watch = {.cancel_at = at};
        rovi_fit *fit = watched(target, SETTINGS_OF(TINY, "restarts", "3", "threads", "1"), &watch);
        const rovi_fit_parts *p = rovi_fit_parts_of(fit);
        size_t interrupted = 0;
        assert_usable(fit);
        assert_int_equal(p->stop, ROVI_STOP_INTERRUPTED);
        for (size_t i = 0; i < 3; i++) {
            interrupted += p->restarts[i].stop == ROVI_STOP_INTERRUPTED;
            assert_true(p->restarts[i].approximation != NULL || p->restarts[i].stop == ROVI_STOP_INTERRUPTED);
        }
        assert_true(interrupted > 0);
        rovi_fit_free(fit);
    }
    rovi_target_free(target);
}

/* No settings: the defaults. Cancelled at its first call, the start of the first restart is the fit. */
static void without_settings_the_defaults_are_used(void **state)
{
    (void)state;
    rovi_target *target = normal(2);
    struct watch watch = {.cancel_at = 1};
    rovi_fit *fit = watched(target, NULL, &watch);
    const rovi_fit_parts *p = rovi_fit_parts_of(fit);
    assert_usable(fit);
    assert_int_equal(p->stop, ROVI_STOP_INTERRUPTED);
    char restarts[32];
    snprintf(restarts, sizeof restarts, "%zu", p->restart_count);
    rovi_settings *defaults = rovi_settings_new();
    char expected[32];
    assert_int_equal(rovi_settings_get(defaults, "restarts", expected, sizeof expected, NULL), ROVI_OK);
    assert_string_equal(restarts, expected);
    assert_int_equal(p->restarts[0].seed, 1);
    assert_true(p->evaluations.density < 10000); /* restarts that have not begun ask nothing more */
    rovi_settings_free(defaults);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

static void time_runs_out(void **state)
{
    (void)state;
    static const char *const limits[] = {"0", "0.2"};
    rovi_target *target = normal(2);
    for (size_t i = 0; i < 2; i++) {
        rovi_fit *fit = support_fit(target, SETTINGS_OF("solver", "gradient", "iterations", "100000000", "max_time",
                                                        limits[i], "restarts", "3"));
        assert_usable(fit);
        assert_int_equal(rovi_fit_parts_of(fit)->stop, ROVI_STOP_MAX_TIME);
        assert_true(rovi_fit_parts_of(fit)->wall_s < 5); /* .2 s and one batch; the rest is for a busy machine */
        rovi_fit_free(fit);
    }
    rovi_target_free(target);
}

static void evaluations_run_out(void **state)
{
    (void)state;
    static const char *const limits[] = {"1", "1000", "20000"};
    rovi_target *target = normal(2);
    for (size_t i = 0; i < 3; i++) {
        rovi_fit *fit =
            support_fit(target, SETTINGS_OF("solver", "gradient", "iterations", "100000000", "max_evaluations",
                                            limits[i], "restarts", "3", "draws", "100", "batch", "100"));
        const rovi_fit_parts *p = rovi_fit_parts_of(fit);
        assert_usable(fit);
        assert_int_equal(p->stop, ROVI_STOP_MAX_EVALUATIONS);
        /* what a restart may ask beyond its share: the batch and trace point under way, and the choice; then evidence
         */
        assert_true((double)p->evaluations.density <= strtod(limits[i], NULL) + 3 * (100 + 20 + 20 + 100) + 100);
        rovi_fit_free(fit);
    }
    rovi_target_free(target);
}

/* ---- a fit from its parts ---- */

static void a_fit_is_rebuilt_from_its_parts(void **state)
{
    (void)state;
    rovi_target *target = two_in_the_plane(0.5, 3, 3, 0);
    rovi_fit *fit = support_fit(target, SETTINGS_OF(TINY, "restarts", "3")), *copy = NULL;
    assert_int_equal(rovi_fit_new(rovi_fit_parts_of(fit), &copy, NULL), ROVI_OK);
    assert_same_fit(copy, fit);
    assert_usable(copy);
    const rovi_fit_parts *p = rovi_fit_parts_of(fit), *q = rovi_fit_parts_of(copy);
    assert_true(p->wall_s == q->wall_s && p->target_s == q->target_s && p->threads == q->threads);
    assert_true(p->restarts != q->restarts && p->restarts[0].trace != q->restarts[0].trace);
    rovi_fit_free(fit); /* copied: the copy outlives it */
    assert_usable(copy);
    rovi_fit_free(copy);
    rovi_target_free(target);
}

static void bad_parts_of_a_fit_are_refused(void **state)
{
    (void)state;
    rovi_approximation *q = support_approximation(1, 2, 0), *other = support_approximation(1, 3, 0);
    rovi_error error;
    rovi_fit *fit = (rovi_fit *)&error;
    rovi_restart restarts[2] = {{.approximation = q}, {.approximation = NULL, .stop = ROVI_STOP_FAILED}};
    rovi_fit_parts parts = {.restart_count = 2, .restarts = restarts};
    assert_int_equal(rovi_fit_new(&parts, &fit, &error), ROVI_OK);
    rovi_fit_free(fit);
    parts.winner = 2;
    fit = (rovi_fit *)&error;
    assert_refused(rovi_fit_new(&parts, &fit, &error), &error, ROVI_BAD_INPUT, "winner");
    assert_null(fit);
    parts.winner = 1;
    assert_refused(rovi_fit_new(&parts, &fit, &error), &error, ROVI_BAD_INPUT, "no approximation");
    parts.winner = 0;
    restarts[1].approximation = other;
    assert_refused(rovi_fit_new(&parts, &fit, &error), &error, ROVI_BAD_INPUT, "dimension 3");
    parts.restarts = NULL;
    assert_refused(rovi_fit_new(&parts, &fit, &error), &error, ROVI_BAD_INPUT, "at least one restart");
    assert_refused(rovi_fit_new(NULL, &fit, &error), &error, ROVI_BAD_INPUT, "at least one restart");
    rovi_approximation_free(q);
    rovi_approximation_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_field_of_figure_1_finds_the_exact_optimum),
        cmocka_unit_test(mean_field_keeps_the_heavier_of_uneven_modes),
        cmocka_unit_test(rovi_keeps_both_modes_of_figure_1),
        cmocka_unit_test(the_paper_preset_keeps_both_modes_of_figure_1),
        cmocka_unit_test(rovi_reaches_the_optimum_of_an_asymmetric_target),
        cmocka_unit_test(one_dimension_keeps_both_modes),
        cmocka_unit_test(a_gaussian_is_fitted),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(a_budget_cuts_at_the_same_place_for_any_number_of_threads),
        cmocka_unit_test(restarts_repeat_by_their_seeds),
        cmocka_unit_test(a_fit_goes_on_from_any_of_its_restarts),
        cmocka_unit_test(what_was_cut_short_is_not_kept),
        cmocka_unit_test(finished_restarts_of_another_dimension_are_refused),
        cmocka_unit_test(the_greatest_elbo_wins),
        cmocka_unit_test(the_trace_tells_the_course),
        cmocka_unit_test(backtracking_saves_restarts_that_are_thrown_back),
        cmocka_unit_test(smoothness_sets_alpha_and_caps_the_step),
        cmocka_unit_test(points_without_a_value_are_counted_and_left_out),
        cmocka_unit_test(a_wall_that_no_draw_meets_is_in_the_error),
        cmocka_unit_test(a_target_without_any_value_fails),
        cmocka_unit_test(a_fatal_target_ends_the_fit_at_once),
        cmocka_unit_test(a_fit_needs_a_target),
        cmocka_unit_test(a_monitor_sees_all_and_changes_nothing),
        cmocka_unit_test(a_cancelled_fit_is_usable),
        cmocka_unit_test(without_settings_the_defaults_are_used),
        cmocka_unit_test(time_runs_out),
        cmocka_unit_test(evaluations_run_out),
        cmocka_unit_test(a_fit_is_rebuilt_from_its_parts),
        cmocka_unit_test(bad_parts_of_a_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
