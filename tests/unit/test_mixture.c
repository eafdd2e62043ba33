/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mixtures of rotated products, whole fits: targets that no rotation holds, label switching, many modes, a ring; which
 * family is taken where it is left to the fit; limits, bits, continuation. Limits on KL are those that users are
 * promised (docs/mixtures.md), not what this seed happens to give.
 */
#include <math.h>
#include <string.h>

#include "support.h"

#define TAU    6.283185307179586
#define D_MOST 10
#define FIVE   5

static const rovi_approximation *q_of(const rovi_fit *fit)
{
    return rovi_fit_approximation(fit);
}

static double kl_of(const rovi_fit *fit)
{
    return rovi_fit_parts_of(fit)->kl.value;
}

/* Takes the target; `count` unit normals on a circle, whose fit has all of them, each with its weight. */
static rovi_target *on_ring(size_t count, double radius)
{
    double weights[8], means[16];
    for (size_t k = 0; k < count; k++) {
        weights[k] = 1 / (double)count;
        means[2 * k] = radius * cos(TAU * (double)k / (double)count + .3);
        means[2 * k + 1] = radius * sin(TAU * (double)k / (double)count + .3);
    }
    return support_mixture(2, count, weights, means, 0, NULL);
}

static void rings_of_normals_are_held(void **state)
{
    (void)state;
    static const char *const methods[] = {"mixture", "auto"};
    for (size_t i = 0; i < 4; i++) {
        const size_t count = i % 2 == 0 ? 3 : 8;
        rovi_target *target = on_ring(count, count == 3 ? 4.5 : 6);
        rovi_fit *fit = support_fit(target, SETTINGS_OF("method", methods[i / 2], "threads", "1"));
        rovi_modes *modes = NULL;
        assert_true(kl_of(fit) < .02);
        assert_int_equal(rovi_fit_parts_of(fit)->stop, ROVI_STOP_CONVERGED);
        assert_in_range(rovi_approximation_components(q_of(fit)), 2, count); /* a product may hold a pair */
        assert_int_equal(rovi_approximation_modes(q_of(fit), 10, &modes, NULL), ROVI_OK);
        assert_int_equal(modes->listed, count);
        for (size_t m = 0; m < count; m++) {
            assert_close(modes->mode[m].weight, 1 / (double)count, .02);
        }
        rovi_modes_free(modes);
        rovi_fit_free(fit);
        rovi_target_free(target);
    }
}

/* Share of q's draws that the target's component k is most likely the source of. */
static void shares(const rovi_target *target, const rovi_fit *fit, size_t count, double *share)
{
    enum { DRAWS = 20000 };
    const size_t d = rovi_target_dim(target);
    static double x[DRAWS * D_MOST];
    static size_t component[DRAWS];
    assert_int_equal(rovi_approximation_draw(q_of(fit), 9, 0, DRAWS, x, NULL, NULL), ROVI_OK);
    assert_int_equal(rovi_target_classify(target, DRAWS, x, component, NULL), ROVI_OK);
    memset(share, 0, count * sizeof *share);
    for (size_t p = 0; p < DRAWS; p++) {
        assert_true(d <= D_MOST);
        share[component[p]] += 1.0 / DRAWS;
    }
}

/* Normals of random means, shapes and weights; the share of each against that of draws of the target, by the same
 * classification: 20000 draws of either know it within .005. */
static void random_normals_are_held(void **state)
{
    (void)state;
    static const size_t dims[] = {2, 10};
    for (size_t i = 0; i < 4; i++) {
        const size_t d = dims[i % 2];
        double weights[FIVE] = {.3, .25, .2, .15, .1}, means[FIVE * D_MOST], C[FIVE * D_MOST * D_MOST], share[FIVE];
        support_normals(300 + i, FIVE * d, means);
        for (size_t k = 0; k < FIVE; k++) {
            support_covariance(310 + 5 * i + k, d, 4, C + k * d * d);
        }
        for (size_t j = 0; j < FIVE * d; j++) {
            means[j] *= d == 2 ? 8 : 5;
        }
        rovi_target *target = support_mixture(d, FIVE, weights, means, FIVE, C);
        rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "mixture", "threads", "1"));
        if (!(kl_of(fit) < .02)) {
            fail_msg("target %zu: KL %g", i, kl_of(fit));
        }
        shares(target, fit, FIVE, share);
        for (size_t k = 0; k < FIVE && d == 10; k++) { /* in ten dimensions they are apart */
            assert_close(share[k], weights[k], .02);
        }
        rovi_fit_free(fit);
        rovi_target_free(target);
    }
}

/* Correlations .8 and -.8: one rotation cannot go below .24 (docs/math.md). */
static void far_asymmetric_is_held_exactly(void **state)
{
    (void)state;
    const double weights[] = {.5, .5}, means[] = {-5, -5, 5, 5}, C[] = {1, .8, .8, 1, 1, -.8, -.8, 1};
    rovi_target *target = support_mixture(2, 2, weights, means, 2, C);
    rovi_fit *one = support_fit(target, SETTINGS_OF("method", "rovi", "threads", "1"));
    rovi_fit *fit = support_fit(target, SETTINGS_OF("threads", "1"));
    assert_true(kl_of(one) > .2);
    assert_true(kl_of(fit) < .01);
    assert_int_equal(rovi_approximation_components(q_of(fit)), 2);
    rovi_fit_free(one);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

/* ---- label switching ---- */

enum { OBSERVATIONS = 90, CLUSTERS = 3 };

/* y_i ~ 1/3 sum_c N(mu_c, 1), mu_c ~ N(0, 10^2): the posterior of mu has six modes of the same mass. */
static int clusters(size_t d, const double *mu, double *grad, double *logp, void *data)
{
    const double *y = data;
    *logp = 0;
    for (size_t c = 0; c < d; c++) {
        *logp -= mu[c] * mu[c] / 200;
        if (grad != NULL) {
            grad[c] = -mu[c] / 100;
        }
    }
    for (size_t i = 0; i < OBSERVATIONS; i++) {
        double term[CLUSTERS], sum = 0, top = -INFINITY;
        for (size_t c = 0; c < CLUSTERS; c++) {
            term[c] = -(y[i] - mu[c]) * (y[i] - mu[c]) / 2;
            top = fmax(top, term[c]);
        }
        for (size_t c = 0; c < CLUSTERS; c++) {
            sum += exp(term[c] - top);
        }
        *logp += top + log(sum);
        for (size_t c = 0; grad != NULL && c < CLUSTERS; c++) {
            grad[c] += exp(term[c] - top) / sum * (y[i] - mu[c]);
        }
    }
    return 0;
}

static void all_labellings_have_the_same_weight(void **state)
{
    (void)state;
    double y[OBSERVATIONS];
    support_normals(400, OBSERVATIONS, y);
    for (size_t i = 0; i < OBSERVATIONS; i++) {
        y[i] += 4 * ((double)(i % CLUSTERS) - 1);
    }
    rovi_target *target = NULL;
    rovi_modes *modes = NULL;
    assert_int_equal(rovi_target_new(CLUSTERS, clusters, y, &target, NULL), ROVI_OK);
    rovi_fit *fit = support_fit(target, SETTINGS_OF("start_spread", "3"));
    assert_int_equal(rovi_approximation_modes(q_of(fit), 10, &modes, NULL), ROVI_OK);
    assert_int_equal(modes->listed, 6);
    for (size_t m = 0; m < 6; m++) {
        const double *mu = modes->mode[m].mean;
        assert_close(modes->mode[m].weight, 1.0 / 6, .02);
        assert_true(fabs(mu[0] + mu[1] + mu[2]) < 1.5 && fabs(mu[0] - mu[1]) > 2 && fabs(mu[1] - mu[2]) > 2);
    }
    rovi_modes_free(modes);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

/* ---- many modes ---- */

enum { MANY = 40 };

/* Each of 40 unit normals in [-40, 40]^2 must have half of its mass at least. */
static void forty_modes_are_found(void **state)
{
    (void)state;
    double weights[MANY], means[2 * MANY], share[MANY];
    size_t kept = 0;
    support_normals(77, 2 * MANY, means);
    for (size_t k = 0; k < MANY; k++) {
        weights[k] = 1.0 / MANY;
    }
    for (size_t j = 0; j < 2 * MANY; j++) {
        means[j] = 40 * erf(means[j] / sqrt(2)); /* uniform */
    }
    rovi_target *target = support_mixture(2, MANY, weights, means, 0, NULL);
    rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "mixture", "start_spread", "25"));
    shares(target, fit, MANY, share);
    for (size_t k = 0; k < MANY; k++) {
        kept += share[k] > .5 / MANY;
    }
    assert_in_range(kept, 38, MANY);
    assert_true(kl_of(fit) < .06); /* two modes less are log(40/38) = .05 */
    rovi_fit_free(fit);
    rovi_target_free(target);
}

/* ---- shapes that no product has ---- */

static void curves_are_covered_by_many(void **state)
{
    (void)state;
    rovi_target *ring = NULL, *banana = NULL;
    assert_int_equal(rovi_target_new_ring(&ring, NULL), ROVI_OK);
    assert_int_equal(rovi_target_new_banana(&banana, NULL), ROVI_OK);
    rovi_fit *round = support_fit(ring, SETTINGS_OF("method", "mixture"));
    rovi_fit *bent = support_fit(banana, SETTINGS_OF("method", "mixture"));
    assert_true(kl_of(round) < .05);
    assert_true(kl_of(bent) < .1); /* .28 with the one component that climbs find */
    rovi_fit_free(round);
    rovi_fit_free(bent);
    rovi_target_free(ring);
    rovi_target_free(banana);
}

/* ---- which family ---- */

/* One rotation is taken where it suffices, and the ELBO is never less than its own by more than the tolerance. */
static void auto_takes_one_rotation_where_that_is_enough(void **state)
{
    (void)state;
    const double even[] = {.5, .5}, m3[] = {-3, -3, 3, 3}, one[] = {1}, mean[] = {1, 2};
    double C[4];
    support_covariance(3, 2, 10, C);
    rovi_target *targets[] = {support_mixture(2, 2, even, m3, 0, NULL), support_mixture(2, 1, one, mean, 1, C), NULL};
    assert_int_equal(rovi_target_new_many_well(8, &targets[2], NULL), ROVI_OK);
    for (size_t i = 0; i < 3; i++) {
        rovi_fit *fit = support_fit(targets[i], SETTINGS_OF("threads", "1"));
        assert_int_equal(rovi_approximation_components(q_of(fit)), 1);
        assert_int_equal(rovi_fit_parts_of(fit)->restart_count, 4); /* no mixture was tried */
        assert_true(kl_of(fit) < .02);
        rovi_fit_free(fit);
        rovi_target_free(targets[i]);
    }
}

/* Of one mode and of several, where a mixture is taken and where none is, or one is tried and not taken. */
static void auto_is_never_worse_than_one_rotation(void **state)
{
    (void)state;
    enum { TARGETS = 7 };
    const double even[] = {.5, .5}, near[] = {-1, -1, 1, 1}, uneven[] = {.2, .3, .5}, three[] = {-2, 0, 1, 2, 3, -3};
    rovi_target *targets[TARGETS] = {support_schools(), on_ring(3, 2), support_mixture(2, 2, even, near, 0, NULL),
                                     support_mixture(2, 3, uneven, three, 0, NULL)};
    assert_int_equal(rovi_target_new_banana(&targets[4], NULL), ROVI_OK);
    assert_int_equal(rovi_target_new_funnel(3, &targets[5], NULL), ROVI_OK);
    assert_int_equal(rovi_target_new_student_t_mixture(2, 2, 4, even, near, 0, NULL, &targets[6], NULL), ROVI_OK);
    for (size_t i = 0; i < TARGETS; i++) {
        rovi_fit *one = support_fit(targets[i], SETTINGS_OF("method", "rovi", "restarts", "2"));
        rovi_fit *best = support_fit(targets[i], SETTINGS_OF("restarts", "2"));
        const rovi_estimate a = rovi_fit_parts_of(one)->elbo, b = rovi_fit_parts_of(best)->elbo;
        assert_true(b.value > a.value - 4 * hypot(a.mcse, b.mcse));
        rovi_fit_free(one);
        rovi_fit_free(best);
        rovi_target_free(targets[i]);
    }
}

/* ---- limits ---- */

static void assert_same_bits(const rovi_approximation *a, const rovi_approximation *b)
{
    double x[128], y[128], p[64], q[64];
    assert_int_equal(rovi_approximation_components(a), rovi_approximation_components(b));
    assert_int_equal(rovi_approximation_draw(a, 1, 0, 64, x, p, NULL), ROVI_OK);
    assert_int_equal(rovi_approximation_draw(b, 1, 0, 64, y, q, NULL), ROVI_OK);
    assert_memory_equal(x, y, sizeof x);
    assert_memory_equal(p, q, sizeof p);
}

static void bits_are_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    static const char *const threads[] = {"1", "2", "3"}, *const limits[] = {"0", "60000"};
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new_banana(&target, NULL), ROVI_OK);
    rovi_target_set_concurrent(target, 1);
    for (size_t l = 0; l < 2; l++) {
        rovi_fit *fit[3];
        for (size_t t = 0; t < 3; t++) {
            fit[t] = support_fit(target, SETTINGS_OF("method", "mixture", "tolerance", ".05", "threads", threads[t],
                                                     "max_evaluations", limits[l]));
            assert_same_bits(q_of(fit[0]), q_of(fit[t]));
            assert_true(rovi_fit_parts_of(fit[0])->elbo.value == rovi_fit_parts_of(fit[t])->elbo.value);
        }
        for (size_t t = 0; t < 3; t++) {
            rovi_fit_free(fit[t]);
        }
    }
    rovi_target_free(target);
}

/* Whatever the limit, there is a result, it says what ended it, and little more was asked than allowed: a round begun
 * samples its draws, and measuring adds its own. */
static void limits_leave_what_was_finished(void **state)
{
    (void)state;
    static const char *const limits[] = {"1", "300", "3000", "20000", "100000"};
    for (size_t i = 0; i < 5; i++) {
        rovi_target *target = on_ring(8, 4);
        rovi_fit *fit =
            support_fit(target, SETTINGS_OF("method", "mixture", "max_evaluations", limits[i], "draws", "1000"));
        const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
        assert_true(isfinite(parts->elbo.value));
        assert_true(parts->stop == ROVI_STOP_MAX_EVALUATIONS || parts->stop == ROVI_STOP_CONVERGED);
        assert_true(i > 2 || parts->stop == ROVI_STOP_MAX_EVALUATIONS);
        rovi_fit_free(fit);
        rovi_target_free(target);
    }
    rovi_target *target = on_ring(8, 4);
    rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "mixture", "max_time", "0"));
    assert_int_equal(rovi_fit_parts_of(fit)->stop, ROVI_STOP_MAX_TIME);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

static int after(const rovi_progress *progress, void *data)
{
    (void)progress;
    return --*(int *)data < 0;
}

static void interrupted_fits_keep_what_they_have(void **state)
{
    (void)state;
    const int calls[] = {0, 10, 200, 2000};
    for (size_t i = 0; i < 4; i++) {
        rovi_target *target = on_ring(8, 4);
        rovi_settings *settings = SETTINGS_OF("method", "mixture", "threads", "1", "draws", "1000");
        rovi_fit *fit = NULL;
        int left = calls[i];
        assert_int_equal(rovi_fit_run(target, settings, after, &left, &fit, NULL), ROVI_OK);
        assert_true(rovi_fit_parts_of(fit)->stop == (left < 0 ? ROVI_STOP_INTERRUPTED : ROVI_STOP_CONVERGED));
        assert_true(isfinite(rovi_fit_parts_of(fit)->elbo.value));
        rovi_fit_free(fit);
        rovi_settings_free(settings);
        rovi_target_free(target);
    }
}

static void mixtures_are_continued_by_mixtures(void **state)
{
    (void)state;
    static const char *const methods[] = {"mixture", "auto", "rovi", "mfvi"};
    rovi_target *target = on_ring(3, 4.5);
    rovi_fit *first = support_fit(target, SETTINGS_OF("method", "mixture"));
    for (size_t i = 0; i < 4; i++) {
        rovi_settings *settings = SETTINGS_OF("method", methods[i]);
        rovi_fit *fit = NULL;
        rovi_error error = {0};
        const rovi_status status = rovi_fit_continue(target, settings, q_of(first), NULL, NULL, &fit, &error);
        if (i < 2) {
            assert_int_equal(status, ROVI_OK);
            assert_int_equal(rovi_approximation_components(q_of(fit)), 3);
            assert_true(kl_of(fit) < .005);
        } else {
            assert_refused(status, &error, ROVI_BAD_INPUT, "the start is a mixture");
            assert_null(fit);
        }
        rovi_fit_free(fit);
        rovi_settings_free(settings);
    }
    rovi_fit_free(first);
    rovi_target_free(target);
}

/* The same components in another order are the same start: as good a fit, and as much of each normal. */
static void the_order_of_components_does_not_matter(void **state)
{
    (void)state;
    enum { MOST = 16 };
    const double weights[] = {.1, .2, .3, .4}, means[] = {-3, 0, 0, 2, 2, -2, 5, 3};
    double weight[MOST], share[2][4];
    const rovi_approximation *part[MOST];
    rovi_target *target = support_mixture(2, 4, weights, means, 0, NULL);
    rovi_fit *first = support_fit(target, SETTINGS_OF("method", "mixture")), *fit[2];
    const size_t count = rovi_approximation_components(q_of(first));
    assert_in_range(count, 3, MOST);
    for (size_t turned = 0; turned < 2; turned++) {
        rovi_approximation *start = NULL;
        rovi_settings *settings = SETTINGS_OF("method", "mixture");
        for (size_t k = 0; k < count; k++) {
            part[k] = rovi_approximation_component(q_of(first), turned ? count - 1 - k : k, &weight[k]);
        }
        assert_int_equal(rovi_approximation_new_mixture(count, weight, part, &start, NULL), ROVI_OK);
        assert_int_equal(rovi_fit_continue(target, settings, start, NULL, NULL, &fit[turned], NULL), ROVI_OK);
        assert_true(kl_of(fit[turned]) < .02);
        shares(target, fit[turned], 4, share[turned]);
        rovi_approximation_free(start);
        rovi_settings_free(settings);
    }
    const rovi_estimate a = rovi_fit_parts_of(fit[0])->elbo, b = rovi_fit_parts_of(fit[1])->elbo;
    assert_true(fabs(a.value - b.value) < .005 + 4 * hypot(a.mcse, b.mcse)); /* the tolerance of both */
    for (size_t k = 0; k < 4; k++) {
        assert_close(share[0][k], share[1][k], .02);
    }
    rovi_fit_free(fit[0]);
    rovi_fit_free(fit[1]);
    rovi_fit_free(first);
    rovi_target_free(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rings_of_normals_are_held),
        cmocka_unit_test(random_normals_are_held),
        cmocka_unit_test(far_asymmetric_is_held_exactly),
        cmocka_unit_test(all_labellings_have_the_same_weight),
        cmocka_unit_test(forty_modes_are_found),
        cmocka_unit_test(curves_are_covered_by_many),
        cmocka_unit_test(auto_takes_one_rotation_where_that_is_enough),
        cmocka_unit_test(auto_is_never_worse_than_one_rotation),
        cmocka_unit_test(bits_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(limits_leave_what_was_finished),
        cmocka_unit_test(interrupted_fits_keep_what_they_have),
        cmocka_unit_test(mixtures_are_continued_by_mixtures),
        cmocka_unit_test(the_order_of_components_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
