/* SPDX-License-Identifier: BSD-3-Clause */
/* Fits in many dimensions on targets with known log Z, and the parts that they are made of. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/linalg.h"
#include "directions/average.h"
#include "directions/launch.h"
#include "directions/leading.h"
#include "family/reference.h"
#include "support.h"

enum { DIM = 500, LED = 4 };

/* ---- targets ---- */

/* Normal: precision I + sum_k (c_k - 1) u_k u_k' of (x - m)/s, |u_k| = 1; or a mixture of two, 8 apart along u_0. */
struct model {
    double u[LED][DIM], s[DIM], m[DIM], c[LED];
    bool two;
};

static const double curvature[LED] = {0.04, 0.2, 8, 60};

static struct model *make_model(bool two)
{
    struct model *model = malloc(sizeof *model);
    double *U = malloc(sizeof(double) * DIM * DIM);
    *model = (struct model){.two = two};
    support_orthogonal(1, DIM, U);
    support_normals(2, DIM, model->s);
    support_normals(3, DIM, model->m);
    for (size_t i = 0; i < DIM; i++) {
        model->s[i] = exp(2 * model->s[i]); /* units from 1/1000 to 1000 or so */
        model->m[i] *= 3 * model->s[i];
    }
    for (size_t k = 0; k < LED; k++) {
        model->c[k] = two ? 1 : curvature[k];
        memcpy(model->u[k], U + k * DIM, sizeof model->u[k]);
    }
    free(U);
    return model;
}

static double add_half(double a, double b) /* log(.3 e^a + .7 e^b) */
{
    const double top = fmax(a + log(.3), b + log(.7));
    return top + log(exp(a + log(.3) - top) + exp(b + log(.7) - top));
}

static int logp(size_t d, const double *x, double *grad, double *value, void *data)
{
    const struct model *model = data;
    double along[LED] = {0}, z[DIM], sum = 0;
    for (size_t i = 0; i < d; i++) {
        z[i] = (x[i] - model->m[i]) / model->s[i];
        sum -= 0.5 * z[i] * z[i] + log(model->s[i]) + 0.918938533204672742;
        for (size_t k = 0; k < LED; k++) {
            along[k] += model->u[k][i] * z[i];
        }
    }
    const double l = add_half(-4 * along[0], 4 * along[0]), up = exp(log(.7) + 4 * along[0] - l);
    sum += model->two ? l - 8 : 0;
    for (size_t k = 0; k < LED; k++) {
        sum += 0.5 * log(model->c[k]) - 0.5 * (model->c[k] - 1) * along[k] * along[k];
    }
    for (size_t i = 0; i < d && grad != NULL; i++) {
        grad[i] = -z[i] + (model->two ? 4 * (2 * up - 1) * model->u[0][i] : 0);
        for (size_t k = 0; k < LED; k++) {
            grad[i] -= (model->c[k] - 1) * along[k] * model->u[k][i];
        }
        grad[i] /= model->s[i];
    }
    *value = sum;
    return 0;
}

static rovi_target *target_of(struct model *model)
{
    rovi_target *target;
    assert_int_equal(rovi_target_new(DIM, logp, model, &target, NULL), ROVI_OK);
    rovi_target_set_log_z(target, 0);
    rovi_target_set_concurrent(target, 1);
    return target;
}

static rovi_fit *fit_with(struct model *model, const char *const *pairs)
{
    rovi_target *target = target_of(model);
    rovi_settings *settings = support_settings(pairs);
    rovi_error error = {0};
    rovi_fit *fit;
    if (rovi_fit_run(target, settings, NULL, NULL, &fit, &error)) {
        fail_msg("%s", error.message);
    }
    rovi_settings_free(settings);
    rovi_target_free(target);
    return fit;
}

/* A product of normals: center and sd (d <= DIM each). */
static rovi_approximation *product(size_t d, const double *center, const double *scale)
{
    static const double knots[2] = {-1, 1}, lambda[1] = {0};
    rovi_map maps[DIM];
    rovi_approximation *q = NULL;
    for (size_t i = 0; i < d; i++) {
        maps[i] = (rovi_map){.cells = 1, .knots = knots, .lambda = lambda, .alpha = 1};
    }
    const rovi_approximation_parts parts = {.dim = d, .center = center, .scale = scale, .maps = maps};
    assert_int_equal(rovi_approximation_new(&parts, &q, NULL), ROVI_OK);
    return q;
}

/* ---- fits ---- */

/* The directions hold all of the target: what is left is at most four times what does not matter, 5e-5 nats for each of
 * 500 dimensions, from any seed. */
static void a_normal_of_diagonal_and_low_rank_is_held(void **state)
{
    (void)state;
    struct model *model = make_model(false);
    static const char *const seeds[] = {"1", "2", "3", "4"};
    for (size_t k = 0; k < 4; k++) {
        const char *const pairs[] = {"restarts", "2", "seed", seeds[k], NULL};
        rovi_fit *fit = fit_with(model, pairs);
        const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
        assert_int_equal(parts->stop, ROVI_STOP_CONVERGED);
        assert_true(parts->kl.value < 4 * 5e-5 * DIM);
        assert_true(rovi_approximation_parts_of(rovi_fit_approximation(fit))->reflections >= LED);
        assert_true(parts->evaluations.gradient < 2 * 5000); /* some thousands a restart, whatever the dimension */
        rovi_fit_free(fit);
    }
    free(model);
}

/* (sum_i log P_ii - log det P)/2, 29 nats, are what no product can do without. */
static void mean_field_leaves_what_directions_hold(void **state)
{
    (void)state;
    struct model *model = make_model(false);
    const char *const pairs[] = {"restarts", "1", "method", "mfvi", NULL};
    rovi_fit *fit = fit_with(model, pairs);
    assert_true(rovi_fit_parts_of(fit)->kl.value > 10);
    assert_int_equal(rovi_approximation_parts_of(rovi_fit_approximation(fit))->reflections, 0);
    rovi_fit_free(fit);
    free(model);
}

/* The means of 500 coordinates, in sd: exact but for the balanced points' products. */
static void its_means_are_right(void **state)
{
    (void)state;
    struct model *model = make_model(false);
    const char *const pairs[] = {"restarts", "1", "seed", "3", NULL};
    rovi_fit *fit = fit_with(model, pairs);
    double mean[DIM];
    assert_int_equal(rovi_approximation_mean(rovi_fit_approximation(fit), mean, NULL), ROVI_OK);
    for (size_t i = 0; i < DIM; i++) {
        double variance = 1;
        for (size_t k = 0; k < LED; k++) {
            variance += (1 / model->c[k] - 1) * model->u[k][i] * model->u[k][i];
        }
        assert_true(fabs(mean[i] - model->m[i]) < 0.1 * model->s[i] * sqrt(variance));
    }
    rovi_fit_free(fit);
    free(model);
}

/* A seed whose restarts fall on either side: about one seed in four has all four of them on one. */
/* A chain of correlated states whose units, from 1e-4 to 1e4 or so, are as wild next to each other as anywhere: the
 * estimate of a width errs by the ratio of two units, and one that begins far too small holds its location fast. */
struct chain {
    double unit[DIM], mean[DIM];
};

static int chain_logp(size_t d, const double *x, double *grad, double *value, void *data)
{
    const struct chain *chain = data;
    const double along = 0.95, rest = 1 - along * along;
    double before = 0;
    *value = 0;
    for (size_t i = 0; i < d; i++) {
        const double z = (x[i] - chain->mean[i]) / chain->unit[i], variance = i == 0 ? 1 : rest;
        const double off = z - along * before;
        *value -= off * off / (2 * variance);
        if (grad != NULL) {
            grad[i] = -off / variance / chain->unit[i];
        }
        if (grad != NULL && i > 0) {
            grad[i - 1] += along * off / variance / chain->unit[i - 1];
        }
        before = z;
    }
    return 0;
}

/* The nearest product has widths 1/sqrt(H_ii) = sqrt((1 - .95^2)/(1 + .95^2)) = .226 units, and leading directions
 * make it wider. A thousand draws err by .005; a width that stays behind is a tenth or a hundredth. */
static void no_width_stays_behind(void **state)
{
    enum { DRAWS = 1000 };
    (void)state;
    struct chain chain;
    support_normals(7, DIM, chain.unit);
    support_normals(8, DIM, chain.mean);
    for (size_t i = 0; i < DIM; i++) {
        chain.unit[i] = exp(3 * chain.unit[i]);
        chain.mean[i] *= 3 * chain.unit[i];
    }
    rovi_target *target;
    assert_int_equal(rovi_target_new(DIM, chain_logp, &chain, &target, NULL), ROVI_OK);
    double *x = malloc(sizeof(double) * DRAWS * DIM), mean[DIM];
    for (size_t k = 0; k < 3; k++) {
        const char *const pairs[] = {"restarts", "1", "seed", (const char *const[]){"1", "2", "3"}[k], NULL};
        rovi_fit *fit = support_fit(target, support_settings(pairs));
        const rovi_approximation *q = rovi_fit_approximation(fit);
        assert_int_equal(rovi_approximation_draw(q, 1, 0, DRAWS, x, NULL, NULL), ROVI_OK);
        assert_int_equal(rovi_approximation_mean(q, mean, NULL), ROVI_OK);
        for (size_t i = 0; i < DIM; i++) {
            double square = 0;
            for (size_t p = 0; p < DRAWS; p++) {
                square += pow((x[p * DIM + i] - mean[i]) / chain.unit[i], 2) / DRAWS;
            }
            assert_true(sqrt(square) > 0.15);
        }
        rovi_fit_free(fit);
    }
    free(x);
    rovi_target_free(target);
}

static void restarts_in_two_modes_become_a_mixture(void **state)
{
    (void)state;
    struct model *model = make_model(true);
    memset(model->m, 0, sizeof model->m); /* starts are on both sides */
    const char *const pairs[] = {"restarts", "4", "seed", "3", NULL};
    rovi_fit *fit = fit_with(model, pairs);
    const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
    rovi_modes *modes;
    assert_int_equal(rovi_approximation_modes(rovi_fit_approximation(fit), 4, &modes, NULL), ROVI_OK);
    assert_true(parts->kl.value < 0.01);
    assert_int_equal(modes->listed, 2);
    assert_close(modes->mode[0].weight, 0.7, 0.02);
    assert_int_equal(parts->restart_count, 5);
    rovi_modes_free(modes);
    rovi_fit_free(fit);
    free(model);
}

static size_t count_spared(struct model *model, const char *independent)
{
    const char *const pairs[] = {"restarts", "4", "independent", independent, NULL};
    rovi_fit *fit = fit_with(model, pairs);
    const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
    size_t spared = 0;
    for (size_t i = 0; i < parts->restart_count; i++) {
        const rovi_restart *restart = &parts->restarts[i];
        spared += restart->stop == ROVI_STOP_SAME_MODES;
        assert_int_equal(restart->stop == ROVI_STOP_SAME_MODES, restart->approximation == NULL);
        assert_true(isfinite(restart->elbo.value));
    }
    rovi_fit_free(fit);
    return spared;
}

/* The first is near the target, and the others come to where it lies. */
static void restarts_in_the_same_mode_are_spared(void **state)
{
    (void)state;
    struct model *model = make_model(false);
    for (size_t i = 0; i < DIM; i++) {
        model->m[i] /= model->s[i];
        model->s[i] = 1;
    }
    assert_int_equal(count_spared(model, "off"), 3);
    assert_int_equal(count_spared(model, "on"), 0);
    free(model);
}

/* Modes 8 apart along the narrowest of coordinates as wide as 1 to 1000, so that what is random between places of one
 * mode, in x, is far more than what parts the two. */
static void modes_of_narrow_coordinates_are_told_apart(void **state)
{
    (void)state;
    struct model *model = make_model(true);
    for (size_t i = 0; i < DIM; i++) {
        model->m[i] = 0;
        model->s[i] = pow(1000, (double)i / (DIM - 1));
        model->u[0][i] = i == 0;
    }
    static const char *const seeds[] = {"1", "2", "3", "4"};
    for (size_t k = 0; k < 4; k++) {
        const char *const pairs[] = {"restarts", "4", "seed", seeds[k], NULL};
        rovi_fit *fit = fit_with(model, pairs);
        assert_true(rovi_fit_parts_of(fit)->kl.value < 0.01);
        rovi_fit_free(fit);
    }
    free(model);
}

/* Two restarts start opposite each other, and so mostly find both of two modes that are alike but for their weights,
 * which restarts by themselves would in about half of all cases. A step may yet lead across the valley. */
static void two_restarts_are_enough_for_two_sides(void **state)
{
    (void)state;
    struct model *model = make_model(true);
    memset(model->m, 0, sizeof model->m);
    static const char *const seeds[] = {"1", "2", "3", "4", "5", "6", "7", "8"};
    size_t both = 0;
    for (size_t k = 0; k < 8; k++) {
        const char *const pairs[] = {"restarts", "2", "seed", seeds[k], NULL};
        rovi_fit *fit = fit_with(model, pairs);
        both += rovi_fit_parts_of(fit)->kl.value < 0.01;
        rovi_fit_free(fit);
    }
    assert_true(both >= 6);
    free(model);
}

/* Two modes 28 sd apart, in 100 dimensions: all climbs from about one of them end there, up to 16 sd off, as what is
 * random there is nearly at right angles to the line between them. A fit of one is .51 above the other's. */
static void a_mode_far_off_is_found_from_the_origin(void **state)
{
    (void)state;
    enum { WIDE = 100 };
    const double weight[] = {0.4, 0.6};
    double mean[2 * WIDE];
    support_normals(9, 2 * WIDE, mean);
    for (size_t j = 0; j < 2 * WIDE; j++) {
        mean[j] *= 2;
    }
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new_gaussian_mixture(WIDE, 2, weight, mean, 0, NULL, &target, NULL), ROVI_OK);
    static const char *const seeds[] = {"1", "2", "3", "4"};
    for (size_t k = 0; k < 4; k++) {
        const char *const pairs[] = {"seed", seeds[k], "method", "rovi", NULL};
        rovi_settings *settings = support_settings(pairs);
        rovi_fit *fit;
        assert_int_equal(rovi_fit_run(target, settings, NULL, NULL, &fit, NULL), ROVI_OK);
        assert_true(rovi_fit_parts_of(fit)->kl.value < 0.02);
        rovi_fit_free(fit);
        rovi_settings_free(settings);
    }
    rovi_target_free(target);
}

static void one_thread_and_two_give_the_same_bits(void **state)
{
    (void)state;
    struct model *model = make_model(false);
    const char *const one[] = {"restarts", "2", "threads", "1", NULL}, *const two[] = {"restarts", "2", "threads", "2",
                                                                                       NULL};
    rovi_fit *a = fit_with(model, one), *b = fit_with(model, two);
    double x[DIM], y[DIM], log_x, log_y;
    assert_true(rovi_fit_parts_of(a)->elbo.value == rovi_fit_parts_of(b)->elbo.value);
    assert_int_equal(rovi_approximation_draw(rovi_fit_approximation(a), 1, 0, 1, x, &log_x, NULL), ROVI_OK);
    assert_int_equal(rovi_approximation_draw(rovi_fit_approximation(b), 1, 0, 1, y, &log_y, NULL), ROVI_OK);
    assert_memory_equal(x, y, sizeof x);
    assert_true(log_x == log_y);
    rovi_fit_free(a);
    rovi_fit_free(b);
    free(model);
}

static void it_ends_when_it_is_told_to(void **state)
{
    (void)state;
    struct model *model = make_model(false);
    const char *const asked[] = {"restarts", "1", "max_evaluations", "300", NULL};
    const char *const timed[] = {"restarts", "1", "max_time", "0", NULL};
    rovi_fit *fit = fit_with(model, asked);
    assert_int_equal(rovi_fit_parts_of(fit)->stop, ROVI_STOP_MAX_EVALUATIONS);
    rovi_fit_free(fit);
    fit = fit_with(model, timed);
    assert_int_equal(rovi_fit_parts_of(fit)->stop, ROVI_STOP_MAX_TIME);
    rovi_fit_free(fit);
    free(model);
}

static void a_fit_goes_on_in_its_form_alone(void **state)
{
    (void)state;
    struct model *model = make_model(false);
    rovi_target *target = target_of(model);
    const char *const pairs[] = {"restarts", "1", NULL}, *const full[] = {"restarts", "1", "directions", "500", NULL};
    rovi_settings *led = support_settings(pairs), *whole = support_settings(full);
    rovi_fit *fit = fit_with(model, pairs), *on, *refused;
    rovi_error error;
    const rovi_approximation *q = rovi_fit_approximation(fit);
    assert_int_equal(rovi_fit_continue(target, led, q, NULL, NULL, &on, NULL), ROVI_OK);
    assert_true(rovi_fit_parts_of(on)->elbo.value > rovi_fit_parts_of(fit)->elbo.value - 0.05);
    assert_refused(rovi_fit_continue(target, whole, q, NULL, NULL, &refused, &error), &error, ROVI_BAD_INPUT,
                   "leading directions of 500 only");
    rovi_fit_free(on);
    rovi_fit_free(fit);
    rovi_settings_free(led);
    rovi_settings_free(whole);
    rovi_target_free(target);
    free(model);
}

static int flat(size_t d, const double *x, double *grad, double *value, void *data)
{
    (void)data;
    *value = -0.5 * linalg_dot(d, x, x);
    for (size_t i = 0; i < d && grad != NULL; i++) {
        grad[i] = -x[i];
    }
    return 0;
}

static void a_rotation_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    const char *const full[] = {"directions", "1000000", NULL}, *const many[] = {"directions", "300", NULL};
    rovi_settings *whole = support_settings(full), *most = support_settings(many);
    rovi_target *target;
    rovi_fit *fit;
    rovi_error error;
    assert_int_equal(rovi_target_new(1000000, flat, NULL, &target, NULL), ROVI_OK);
    assert_refused(rovi_fit_run(target, whole, NULL, NULL, &fit, &error), &error, ROVI_NO_MEMORY,
                   "a full rotation of 1000000 dimensions takes about 800000 GB");
    assert_refused(rovi_fit_run(target, most, NULL, NULL, &fit, &error), &error, ROVI_BAD_INPUT,
                   "directions is 300; allowed are up to 256, or all 1000000");
    rovi_target_free(target);
    rovi_settings_free(whole);
    rovi_settings_free(most);
}

/* ---- parts ---- */

/* Along every coordinate: mean 0 and mean square 1 to rounding, each |x| in one pair, rows 2p and 2p + 1 opposite. */
static void balanced_points_are_balanced(void **state)
{
    (void)state;
    enum { N = 32, D = 7 };
    double x[N * D];
    reference_balanced((struct rng_stream){.seed = 1, .purpose = RNG_FIT}, N, D, x);
    for (size_t i = 0; i < D; i++) {
        double square = 0, sizes = 0;
        for (size_t p = 0; p < N; p += 2) {
            assert_true(x[p * D + i] == -x[(p + 1) * D + i]);
            square += x[p * D + i] * x[p * D + i] / (.5 * N);
            sizes += fabs(x[p * D + i]) / (.5 * N);
        }
        assert_close(square, 1, 1e-14);
        assert_close(sizes, sqrt(2 / 3.14159265358979), 0.02); /* E|X|: a midpoint rule with 16 strata is that near */
    }
}

struct held {
    struct average *average;
    double gradient[2 * DIM];
};

static double value_at(size_t d, const double *theta, void *data)
{
    struct held *held = data;
    double value = NAN;
    (void)d;
    assert_true(average_evaluate(held->average, theta, &value, held->gradient));
    return value;
}

/* By differences along a few directions, to their rounding; and theta moves the maps where it says. */
/* The slopes along three directions by central differences against the gradient. */
static void assert_slopes(const double *theta, const double *gradient, struct held *held)
{
    double direction[2 * DIM], moved[2 * DIM];
    for (uint64_t k = 0; k < 3; k++) {
        const double h = 1e-4;
        double side[2];
        support_normals(5 + k, 2 * DIM, direction);
        for (int s = 0; s < 2; s++) {
            for (size_t i = 0; i < 2 * DIM; i++) {
                moved[i] = theta[i] + (s == 0 ? h : -h) * direction[i];
            }
            side[s] = value_at(2 * DIM, moved, held);
        }
        const double slope = linalg_dot(2 * DIM, gradient, direction);
        assert_close((side[0] - side[1]) / (2 * h) / slope, 1, 1e-4);
    }
}

static void the_average_has_its_gradient(void **state)
{
    (void)state;
    struct model *model = make_model(false);
    rovi_target *target = target_of(model);
    struct support_rig rig;
    struct average average;
    struct held *held = calloc(1, sizeof *held);
    const char *const pairs[] = {"restarts", "1", "max_evaluations", "400", NULL};
    rovi_fit *fit = fit_with(model, pairs);
    rovi_approximation *q = approximation_copy(rovi_fit_approximation(fit));
    double theta[2 * DIM], gradient[2 * DIM];
    support_rig_make(&rig, target);
    average_init(&average, &rig.arena, 8, &rig.progress);
    average_set(&average, q, 8, (struct rng_stream){.seed = 1, .purpose = RNG_FIT});
    held->average = &average;
    support_normals(4, 2 * DIM, theta);
    for (size_t i = 0; i < 2 * DIM; i++) {
        theta[i] *= 0.1;
    }
    value_at(2 * DIM, theta, held);
    memcpy(gradient, held->gradient, sizeof gradient);
    assert_slopes(theta, gradient, held);
    const double before = value_at(2 * DIM, theta, held);
    average_apply(&average, theta, q);
    average_set(&average, q, 8, (struct rng_stream){.seed = 1, .purpose = RNG_FIT});
    double shifts = 0;
    for (size_t i = 0; i < DIM; i++) {
        shifts += theta[DIM + i];
    }
    memset(theta, 0, sizeof theta);
    assert_close(value_at(2 * DIM, theta, held) + shifts, before, 1e-11);
    average_free(&average);
    support_rig_free(&rig);
    rovi_approximation_free(q);
    rovi_fit_free(fit);
    rovi_target_free(target);
    free(held);
    free(model);
}

/* At the mean-field optimum of the normal: sd s_i up to what u's entries take, so that directions and curvatures are
 * those of the model to a few percent. */
static void leading_directions_are_found(void **state)
{
    (void)state;
    struct model *model = make_model(false);
    rovi_target *target = target_of(model);
    struct support_rig rig;
    struct average average;
    struct leading leading;
    rovi_approximation *q = product(DIM, model->m, model->s);
    support_rig_make(&rig, target);
    average_init(&average, &rig.arena, 8, &rig.progress);
    average_set(&average, q, 8, (struct rng_stream){.seed = 1, .purpose = RNG_FIT});
    leading_init(&leading, &rig.arena, DIM, 24);
    leading_find(&leading, &average, (struct rng_stream){.seed = 2, .purpose = RNG_FIT}, 8, 0.02);
    assert_int_equal(leading.count, LED); /* the rest of the spectrum is 1 */
    for (size_t k = 0; k < LED; k++) {
        double most = 0;
        for (size_t j = 0; j < LED; j++) {
            const double cosine = fabs(linalg_dot(DIM, leading.U + k * DIM, model->u[j]));
            most = fmax(most, cosine);
            if (cosine > 0.9) {
                assert_relative(leading.curvature[k], model->c[j], 1e-6);
            }
        }
        assert_close(most, 1, 1e-6);
    }
    average_free(&average);
    support_rig_free(&rig);
    rovi_approximation_free(q);
    rovi_target_free(target);
    free(model);
}

/* Two modes of one width on either side of the origin, weights .1 and .9: the climb of a launch ends in either, and of
 * several climbs all end in the lighter one with probability 1/16: in more than two of eight launches with .01. */
static void the_highest_of_several_climbs_is_where_one_begins(void **state)
{
    (void)state;
    enum { WIDE = 60, SEEDS = 8 };
    static const double weight[] = {0.1, 0.9};
    double mean[2 * WIDE] = {0}, zero[WIDE] = {0}, one[WIDE];
    rovi_target *target = NULL;
    struct support_rig rig;
    struct average average;
    struct launch launch;
    size_t heavy[2] = {0};
    mean[0] = -5;
    mean[WIDE] = 5;
    for (size_t i = 0; i < WIDE; i++) {
        one[i] = 1;
    }
    rovi_approximation *q = product(WIDE, zero, one);
    assert_int_equal(rovi_target_new_gaussian_mixture(WIDE, 2, weight, mean, 0, NULL, &target, NULL), ROVI_OK);
    rovi_settings *settings = support_settings((const char *const[]){NULL});
    support_rig_make(&rig, target);
    average_init(&average, &rig.arena, 8, &rig.progress);
    launch_init(&launch, &rig.arena, &rig.progress, &average);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        assert_true(launch_run(&launch, settings, 2 * seed, 0, q));
        heavy[0] += q->center[0] > 0;
        assert_close(q->scale[1], 1, 0.01);
        assert_true(launch_highest(&launch, settings, 2 * seed, q));
        heavy[1] += q->center[0] > 0;
        assert_true(q->scale[1] < 0.2);
    }
    assert_in_range(heavy[0], 1, SEEDS - 1);
    assert_in_range(heavy[1], SEEDS - 2, SEEDS);
    average_free(&average);
    support_rig_free(&rig);
    rovi_settings_free(settings);
    rovi_approximation_free(q);
    rovi_target_free(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_normal_of_diagonal_and_low_rank_is_held),
        cmocka_unit_test(mean_field_leaves_what_directions_hold),
        cmocka_unit_test(its_means_are_right),
        cmocka_unit_test(no_width_stays_behind),
        cmocka_unit_test(restarts_in_two_modes_become_a_mixture),
        cmocka_unit_test(restarts_in_the_same_mode_are_spared),
        cmocka_unit_test(modes_of_narrow_coordinates_are_told_apart),
        cmocka_unit_test(two_restarts_are_enough_for_two_sides),
        cmocka_unit_test(a_mode_far_off_is_found_from_the_origin),
        cmocka_unit_test(one_thread_and_two_give_the_same_bits),
        cmocka_unit_test(it_ends_when_it_is_told_to),
        cmocka_unit_test(a_fit_goes_on_in_its_form_alone),
        cmocka_unit_test(a_rotation_that_does_not_fit_is_refused),
        cmocka_unit_test(balanced_points_are_balanced),
        cmocka_unit_test(the_average_has_its_gradient),
        cmocka_unit_test(leading_directions_are_found),
        cmocka_unit_test(the_highest_of_several_climbs_is_where_one_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
