/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Langevin runs. For a normal target each coordinate of the chain, x <- (1 - h l) x + sqrt(2h) xi with l the precision,
 * is an autoregression whose law is known at every step: that is the oracle.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define RUN_OF(target, input, ...) run_with(target, input, (const char *const[]){__VA_ARGS__, NULL})

static rovi_langevin_settings *settings_of(const char *const *pairs)
{
    rovi_langevin_settings *settings = rovi_langevin_settings_new();
    rovi_error error = {0};
    for (; *pairs != NULL; pairs += 2) {
        if (rovi_langevin_settings_set(settings, pairs[0], pairs[1], &error) != ROVI_OK) {
            fail_msg("%s", error.message);
        }
    }
    return settings;
}

static rovi_status try_with(const rovi_target *target, const rovi_langevin_input *input, const char *const *pairs,
                            rovi_langevin **run, rovi_error *error)
{
    rovi_langevin_settings *settings = settings_of(pairs);
    const rovi_status status = rovi_langevin_run(target, settings, input, NULL, NULL, run, error);
    rovi_langevin_settings_free(settings);
    return status;
}

static rovi_langevin *run_with(const rovi_target *target, const rovi_langevin_input *input, const char *const *pairs)
{
    rovi_error error = {0};
    rovi_langevin *run = NULL;
    if (try_with(target, input, pairs, &run, &error) != ROVI_OK) {
        fail_msg("%s", error.message);
    }
    return run;
}

/* Does not run: the status and a part of the sentence. */
static void assert_fails(const rovi_target *target, const rovi_langevin_input *input, const char *const *pairs,
                         rovi_status expected, const char *part)
{
    rovi_error error = {0};
    rovi_langevin *run = NULL;
    const rovi_status status = try_with(target, input, pairs, &run, &error);
    assert_refused(status, &error, expected, part);
    assert_null(run);
}

#define FAILS(target, input, expected, part, ...)                                                                      \
    assert_fails(target, input, (const char *const[]){__VA_ARGS__, NULL}, expected, part)

/* ---- the law of the chain ---- */

#define D 3

static const double precision[D] = {0.5, 1, 4};

/* N(0, O diag(1/precision) O^T) */
static rovi_target *turned_normal(double *O)
{
    const double one = 1, mean[D] = {0};
    double covariance[D * D];
    support_orthogonal(3, D, O);
    for (size_t i = 0; i < D; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t k = 0; k < D; k++) {
                sum += O[i * D + k] * O[j * D + k] / precision[k];
            }
            covariance[i * D + j] = covariance[j * D + i] = sum;
        }
    }
    return support_mixture(D, 1, &one, mean, 1, covariance);
}

/* Sample mean and variance of the draws along column k of O. */
static void moments(const rovi_langevin_parts *parts, const double *O, size_t k, double *mean, double *variance)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < parts->draw_count; i++) {
        double along = 0;
        for (size_t j = 0; j < D; j++) {
            along += O[j * D + k] * parts->draws[i * D + j];
        }
        sum += along;
        squares += along * along;
    }
    const double n = (double)parts->draw_count;
    *mean = sum / n;
    *variance = (squares - sum * sum / n) / (n - 1);
}

/* (29): 1/(l (1 - h l/2)). 40000 independent particles, seed 1; |z| < 4 for three variances and three means. The target
 * itself, without the bias of the step, is refuted where h l is not small: so the test can tell. */
static void stationary_variance_of_a_normal(void **state)
{
    (void)state;
    double O[D * D];
    const double h = 0.2;
    rovi_target *target = turned_normal(O);
    rovi_langevin *run = RUN_OF(target, NULL, "draws", "40000", "step", "0.2", "steps", "200");
    const rovi_langevin_parts *parts = rovi_langevin_parts_of(run);
    assert_int_equal(parts->draw_count, 40000);
    assert_int_equal(parts->steps, 200);
    assert_true(parts->step == h && parts->stop == ROVI_STOP_MAX_ITERATIONS);
    const double n = (double)parts->draw_count;
    for (size_t k = 0; k < D; k++) {
        const double l = precision[k], expected = 1 / (l * (1 - h * l / 2));
        double mean = 0, variance = 0;
        moments(parts, O, k, &mean, &variance);
        assert_true(fabs(mean) < 4 * sqrt(expected / n));
        assert_true(fabs(variance - expected) < 4 * expected * sqrt(2 / n));
        assert_true(l < 4 || fabs(variance - 1 / l) > 40 / l * sqrt(2 / n));
    }
    rovi_langevin_free(run);
    rovi_target_free(target);
}

/* After k steps from x0: mean a^k x0, variance 2h (1 - a^2k)/(1 - a^2), a = 1 - h l. */
static void law_after_few_steps(void **state)
{
    (void)state;
    double O[D * D];
    const double h = 0.1, x0[D] = {1, -2, 3};
    const rovi_langevin_input input = {.start_count = 1, .start = x0};
    rovi_target *target = turned_normal(O);
    rovi_langevin *run = RUN_OF(target, &input, "draws", "40000", "step", "0.1", "steps", "3");
    const rovi_langevin_parts *parts = rovi_langevin_parts_of(run);
    const double n = (double)parts->draw_count;
    for (size_t k = 0; k < D; k++) {
        const double a = 1 - h * precision[k], expected = 2 * h * (1 - pow(a, 6)) / (1 - a * a);
        double mean = 0, variance = 0, along = 0;
        for (size_t j = 0; j < D; j++) {
            along += O[j * D + k] * x0[j];
        }
        moments(parts, O, k, &mean, &variance);
        assert_true(fabs(mean - pow(a, 3) * along) < 4 * sqrt(expected / n));
        assert_true(fabs(variance - expected) < 4 * expected * sqrt(2 / n));
    }
    rovi_langevin_free(run);
    rovi_target_free(target);
}

/* log p of a draw is what the target says there; mean and error are those of the draws. */
static void log_densities_belong_to_the_draws(void **state)
{
    (void)state;
    double O[D * D], logp[50], sum = 0, squares = 0;
    rovi_target *target = turned_normal(O);
    rovi_langevin *run = RUN_OF(target, NULL, "draws", "50", "step", "0.1", "steps", "20");
    const rovi_langevin_parts *parts = rovi_langevin_parts_of(run);
    assert_int_equal(rovi_target_evaluate(target, 50, parts->draws, logp, NULL, NULL), ROVI_OK);
    for (size_t i = 0; i < 50; i++) {
        assert_close(parts->log_density[i], logp[i], 1e-13);
        sum += logp[i];
        squares += logp[i] * logp[i];
    }
    assert_close(parts->mean_log_density.value, sum / 50, 1e-12);
    assert_close(parts->mean_log_density.mcse, sqrt((squares - sum * sum / 50) / 49 / 50), 1e-9);
    const rovi_langevin_point *last = &parts->trace[parts->trace_length - 1];
    assert_true(last->log_density.value == parts->mean_log_density.value && last->step == 20);
    assert_close(last->time, 2, 1e-12);
    assert_true(parts->trace[0].step == 0 && parts->trace_length == 21);
    rovi_langevin_free(run);
    rovi_target_free(target);
}

/* ---- bits ---- */

static void assert_same(const rovi_langevin_parts *a, const rovi_langevin_parts *b)
{
    assert_int_equal(a->draw_count, b->draw_count);
    assert_int_equal(a->trace_length, b->trace_length);
    assert_int_equal(a->evaluations.gradient, b->evaluations.gradient);
    assert_memory_equal(a->draws, b->draws, a->draw_count * a->dim * sizeof *a->draws);
    assert_memory_equal(a->log_density, b->log_density, a->draw_count * sizeof *a->log_density);
    assert_memory_equal(a->mass, b->mass, a->mode_count * sizeof *a->mass);
    assert_memory_equal(&a->step, &b->step, sizeof a->step);
    for (size_t t = 0; t < a->trace_length; t++) {
        assert_true(a->trace[t].step == b->trace[t].step && a->trace[t].time == b->trace[t].time);
        assert_true(a->trace[t].log_density.value == b->trace[t].log_density.value);
        assert_memory_equal(a->trace[t].mass, b->trace[t].mass, a->mode_count * sizeof *a->mass);
    }
}

static rovi_target *pair(double m, double weight)
{
    const double weights[] = {weight, 1 - weight}, means[] = {-m, -m, m, m};
    return support_mixture(2, 2, weights, means, 0, NULL);
}

/* 200 particles are four blocks, the last one not full. */
static void any_number_of_threads_gives_the_same_bits(void **state)
{
    (void)state;
    rovi_target *target = pair(1, 0.3);
    rovi_langevin *one =
        RUN_OF(target, NULL, "draws", "600", "particles", "200", "steps", "150", "thinning", "20", "threads", "1");
    rovi_langevin *two =
        RUN_OF(target, NULL, "draws", "600", "particles", "200", "steps", "150", "thinning", "20", "threads", "2");
    rovi_langevin *five =
        RUN_OF(target, NULL, "draws", "600", "particles", "200", "steps", "150", "thinning", "20", "threads", "5");
    rovi_langevin *other = RUN_OF(target, NULL, "draws", "600", "particles", "200", "steps", "150", "thinning", "20",
                                  "threads", "1", "seed", "2");
    const rovi_langevin_parts *a = rovi_langevin_parts_of(one), *b = rovi_langevin_parts_of(other);
    assert_int_equal(a->draw_count, 3 * 200); /* at 110, 130 and 150 */
    assert_int_equal(rovi_langevin_parts_of(two)->threads, 2);
    assert_same(a, rovi_langevin_parts_of(two));
    assert_same(a, rovi_langevin_parts_of(five));
    assert_true(a->draws[0] != b->draws[0]);
    rovi_langevin_free(one);
    rovi_langevin_free(two);
    rovi_langevin_free(five);
    rovi_langevin_free(other);
    rovi_target_free(target);
}

/* Nor does a particle know how many others there are, how often it is looked at, or when it is kept. */
static void a_particle_is_on_its_own(void **state)
{
    (void)state;
    rovi_target *target = pair(1, 0.3);
    rovi_langevin *few = RUN_OF(target, NULL, "draws", "64", "steps", "60", "step", "0.1", "trace", "7");
    rovi_langevin *many = RUN_OF(target, NULL, "draws", "450", "particles", "150", "steps", "90", "step", "0.1",
                                 "burn_in", "0", "thinning", "30");
    const rovi_langevin_parts *a = rovi_langevin_parts_of(few), *b = rovi_langevin_parts_of(many);
    assert_int_equal(b->draw_count, 450);
    assert_memory_equal(a->draws, b->draws + 150 * 2, 64 * 2 * sizeof *a->draws);
    rovi_langevin_free(few);
    rovi_langevin_free(many);
    rovi_target_free(target);
}

/* ---- the step ---- */

/* The greatest precision is 4: from below, and to ten percent; the step is a tenth of its inverse. */
static void a_step_is_chosen_from_the_curvature(void **state)
{
    (void)state;
    double O[D * D];
    rovi_target *target = turned_normal(O);
    rovi_langevin *run = RUN_OF(target, NULL, "draws", "10", "steps", "1");
    const rovi_langevin_parts *parts = rovi_langevin_parts_of(run);
    assert_true(parts->curvature > 3.6 && parts->curvature < 4 * (1 + 1e-4));
    assert_relative(parts->step, 0.1 / parts->curvature, 1e-15);
    rovi_langevin_free(run);
    run = RUN_OF(target, NULL, "draws", "10", "steps", "1", "smoothness", "5");
    assert_relative(rovi_langevin_parts_of(run)->step, 0.02, 1e-15);
    assert_true(rovi_langevin_parts_of(run)->curvature == 5);
    assert_int_equal(rovi_langevin_parts_of(run)->evaluations.gradient, 20); /* the starts and one step, nothing else */
    rovi_langevin_free(run);
    rovi_target_free(target);
}

/* Between two modes at +-3 (1, 1) the Hessian of the potential has eigenvalues 1 and 1 - 18: the greatest is not that
 * of greatest magnitude. */
static void negative_curvature_is_not_the_greatest(void **state)
{
    (void)state;
    rovi_target *target = pair(3, 0.5);
    rovi_langevin *run = RUN_OF(target, NULL, "draws", "10", "steps", "1", "start", "origin");
    const double curvature = rovi_langevin_parts_of(run)->curvature;
    assert_true(curvature > 0.9 && curvature < 1 + 1e-4);
    rovi_langevin_free(run);
    rovi_target_free(target);
}

/* Wells 12 t^2 - 12: dispersed starts see hundreds, the bulk about 36 and less. A chosen step follows. */
static void the_step_follows_the_particles(void **state)
{
    (void)state;
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new_many_well(4, &target, NULL), ROVI_OK);
    rovi_langevin *first = RUN_OF(target, NULL, "draws", "64", "steps", "1");
    rovi_langevin *later = RUN_OF(target, NULL, "draws", "64", "steps", "1000");
    const double start = rovi_langevin_parts_of(first)->curvature, bulk = rovi_langevin_parts_of(later)->curvature;
    assert_true(start > 300 && bulk > 20 && bulk < 100);
    assert_relative(rovi_langevin_parts_of(later)->step, 0.1 / bulk, 1e-15);
    rovi_langevin_free(first);
    rovi_langevin_free(later);
    rovi_target_free(target);
}

static void a_step_that_is_too_large_is_said(void **state)
{
    (void)state;
    double O[D * D];
    rovi_target *target = turned_normal(O);
    rovi_langevin *run = NULL;
    rovi_error error = {0};
    FAILS(target, NULL, ROVI_NUMERICS_FAILED, "the step 0.55 is too large", "draws", "100", "step", "0.55");
    assert_int_equal(try_with(target, NULL, (const char *const[]){"draws", "100", "step", "0.55", NULL}, &run, &error),
                     ROVI_NUMERICS_FAILED);
    assert_non_null(strstr(error.message, "try a step of 0.02"));
    FAILS(target, NULL, ROVI_BAD_INPUT, "at most 2/4 = 0.5", "step", "0.55", "smoothness", "4");
    run = RUN_OF(target, NULL, "draws", "100", "step", "0.45"); /* 2/4 is the bound */
    rovi_langevin_free(run);
    rovi_target_free(target);
}

/* -x^4: a step from far out overshoots by more each time, until nothing is finite. */
static int quartic(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)data;
    *logp = 0;
    for (size_t j = 0; j < d; j++) {
        *logp -= x[j] * x[j] * x[j] * x[j];
        if (grad != NULL) {
            grad[j] = -4 * x[j] * x[j] * x[j];
        }
    }
    return 0;
}

static void overshoot_beyond_all_numbers_is_said(void **state)
{
    (void)state;
    const double far[] = {30};
    const rovi_langevin_input input = {.start_count = 1, .start = far};
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(1, quartic, NULL, &target, NULL), ROVI_OK);
    FAILS(target, &input, ROVI_NUMERICS_FAILED, "have run off", "draws", "10", "step", "0.1");
    rovi_target_free(target);
}

/* log p = x: no curvature at all, so no step to choose */
static int slope(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)d;
    (void)data;
    *logp = x[0];
    if (grad != NULL) {
        *grad = 1;
    }
    return 0;
}

static void no_curvature_no_step(void **state)
{
    (void)state;
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(1, slope, NULL, &target, NULL), ROVI_OK);
    FAILS(target, NULL, ROVI_NUMERICS_FAILED, "no positive curvature", "draws", "10");
    rovi_target_free(target);
}

/* ---- modes ---- */

/* 12 standard deviations between the modes: whoever begins at one stays. */
static void a_far_mode_is_not_found(void **state)
{
    (void)state;
    const double start[] = {6, 6};
    const rovi_langevin_input input = {.start_count = 1, .start = start};
    rovi_target *target = pair(6, 0.5);
    rovi_langevin *run = RUN_OF(target, &input, "draws", "300", "steps", "500");
    const rovi_langevin_parts *parts = rovi_langevin_parts_of(run);
    assert_int_equal(parts->mode_count, 2);
    for (size_t t = 0; t < parts->trace_length; t++) {
        assert_true(parts->trace[t].mass[0].value == 0 && parts->trace[t].mass[1].value == 1);
    }
    assert_true(parts->mass[1].value == 1 && parts->mass[1].mcse == 0);
    rovi_langevin_free(run);
    rovi_target_free(target);
}

/* Scattered starts are symmetric, so that each mode keeps half of the particles although the weights are .2 and .8:
 * z < 4 for 1000 particles. */
static void dispersed_starts_keep_both_modes(void **state)
{
    (void)state;
    rovi_target *target = pair(6, 0.2);
    rovi_langevin *run = RUN_OF(target, NULL, "steps", "500", "draws", "4900", "particles", "1000");
    const rovi_langevin_parts *parts = rovi_langevin_parts_of(run);
    assert_int_equal(parts->draw_count, 4900); /* the fifth state not whole */
    assert_close(parts->mass[0].value + parts->mass[1].value, 1, 1e-12);
    assert_true(parts->mass[0].mcse > 0.01 && parts->mass[0].mcse < 0.02); /* sqrt(1/4000): not of 5000 draws */
    assert_true(fabs(parts->mass[0].value - 0.5) < 4 * parts->mass[0].mcse);
    rovi_langevin_free(run);
    rovi_target_free(target);
}

/* Near modes: LMC finds the weights. The share of N(-1.5 (1,1), I) with weight .3 that responsibility gives to
 * component 0 is that of a half-plane: P = w0 Phi((s + c)/1) + w1 Phi(...) along the axis, with the threshold at c =
 * log(w0/w1)/2s, s = 1.5 sqrt 2; bias of the step 0.02 is below the noise. 4000 particles, z < 4. */
static void near_modes_get_their_weights(void **state)
{
    (void)state;
    const double w = 0.3, s = 1.5 * sqrt(2), c = log(w / (1 - w)) / (2 * s); /* component 0 where u < c */
    const double expected = w * 0.5 * erfc(-(c + s) / sqrt(2)) + (1 - w) * 0.5 * erfc(-(c - s) / sqrt(2));
    rovi_target *target = pair(1.5, w);
    rovi_langevin *run = RUN_OF(target, NULL, "draws", "4000", "steps", "2500", "step", "0.02");
    const rovi_langevin_parts *parts = rovi_langevin_parts_of(run);
    assert_true(fabs(parts->mass[0].value - expected) < 4 * parts->mass[0].mcse);
    assert_true(parts->mass[0].mcse < 0.01);
    rovi_langevin_free(run);
    rovi_target_free(target);
}

/* Masses are those of the draws by their classification, and of the nearest centers where these are given. */
static void masses_count_the_draws(void **state)
{
    (void)state;
    enum { N = 100 };
    const double centers[] = {-1, 0, 1, 0, 50, 50};
    const rovi_langevin_input input = {.center_count = 3, .centers = centers};
    size_t mode[N], in = 0, left = 0;
    rovi_target *target = pair(1, 0.3);
    rovi_langevin *run = RUN_OF(target, NULL, "draws", "100", "steps", "50");
    rovi_langevin *by_centers = RUN_OF(target, &input, "draws", "100", "steps", "50");
    const rovi_langevin_parts *a = rovi_langevin_parts_of(run), *b = rovi_langevin_parts_of(by_centers);
    assert_int_equal(rovi_target_classify(target, N, a->draws, mode, NULL), ROVI_OK);
    for (size_t i = 0; i < N; i++) {
        in += mode[i] == 0;
        left += b->draws[2 * i] < 0;
    }
    assert_close(a->mass[0].value, (double)in / N, 1e-15);
    assert_close(a->mass[0].mcse, sqrt((double)in / N * (1 - (double)in / N) / (N - 1)), 1e-12);
    assert_int_equal(b->mode_count, 3);
    assert_close(b->mass[0].value, (double)left / N, 1e-15);
    assert_true(b->mass[2].value == 0);
    rovi_langevin_free(run);
    rovi_langevin_free(by_centers);
    rovi_target_free(target);
}

static void only_mixtures_classify(void **state)
{
    (void)state;
    const double R[] = {0, 1, -1, 0}, x[] = {2, 3, -2, -3}, y[] = {3, -2, -3, 2}; /* y = R x */
    size_t mode[2] = {9, 9};
    rovi_error error;
    rovi_target *target = pair(3, 0.5), *ring = NULL, *turned = NULL;
    assert_int_equal(rovi_target_new_ring(&ring, NULL), ROVI_OK);
    assert_int_equal(rovi_target_components(ring), 0);
    assert_refused(rovi_target_classify(ring, 2, x, mode, &error), &error, ROVI_BAD_INPUT, "no mixture");
    assert_refused(rovi_target_classify(NULL, 2, x, mode, &error), &error, ROVI_BAD_INPUT, "target is NULL");
    assert_refused(rovi_target_classify(target, 2, NULL, mode, &error), &error, ROVI_BAD_INPUT, "x is NULL");
    assert_refused(rovi_target_classify(target, 2, x, NULL, &error), &error, ROVI_BAD_INPUT, "component is NULL");
    assert_int_equal(rovi_target_classify(target, 2, x, mode, NULL), ROVI_OK);
    assert_true(mode[0] == 1 && mode[1] == 0);
    assert_int_equal(rovi_target_new_rotated(target, R, &turned, NULL), ROVI_OK);
    assert_int_equal(rovi_target_components(turned), 2);
    assert_int_equal(rovi_target_classify(turned, 2, y, mode, NULL), ROVI_OK);
    assert_true(mode[0] == 1 && mode[1] == 0);
    rovi_target_free(turned); /* and with it its base */
    rovi_target_free(ring);
}

/* ---- supports ---- */

/* log p = -x on 0 < x < data */
static int interval(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)d;
    *logp = -x[0];
    if (grad != NULL) {
        *grad = -1;
    }
    return !(x[0] > 0 && x[0] < *(const double *)data);
}

static void particles_stay_inside_the_support(void **state)
{
    (void)state;
    double end = 100;
    const double starts[] = {1, 2, -1};
    rovi_langevin_input input = {.start_count = 2, .start = starts};
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(1, interval, &end, &target, NULL), ROVI_OK);
    rovi_langevin *run = RUN_OF(target, NULL, "draws", "100", "step", "0.1", "steps", "300");
    const rovi_langevin_parts *parts = rovi_langevin_parts_of(run);
    for (size_t i = 0; i < parts->draw_count; i++) {
        assert_true(parts->draws[i] > 0 && isfinite(parts->log_density[i]));
    }
    assert_true(parts->outside > 100 && parts->outside < parts->moves);
    assert_int_equal(parts->moves, 30000);
    assert_int_equal(parts->threads, 1);
    assert_int_equal(parts->mode_count, 0);
    rovi_langevin_free(run);
    run = RUN_OF(target, &input, "draws", "3", "step", "1e-12", "steps", "1");
    parts = rovi_langevin_parts_of(run);
    assert_close(parts->draws[0], 1, 1e-5);
    assert_close(parts->draws[1], 2, 1e-5);
    assert_close(parts->draws[2], 1, 1e-5); /* rows are taken in turn */
    rovi_langevin_free(run);
    input.start_count = 3;
    FAILS(target, &input, ROVI_TARGET_FAILED, "row 3 of the starts lies outside", "draws", "7", "step", "0.1");
    FAILS(target, NULL, ROVI_TARGET_FAILED, "9 of 9 particles find no start", "draws", "9", "start", "origin");
    rovi_target_free(target);
}

static void particles_that_cannot_move_are_said(void **state)
{
    (void)state;
    double end = 1e-6;
    const double inside[] = {5e-7};
    const rovi_langevin_input input = {.start_count = 1, .start = inside};
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(1, interval, &end, &target, NULL), ROVI_OK);
    FAILS(target, &input, ROVI_NUMERICS_FAILED, "are stuck", "draws", "5", "step", "1");
    rovi_target_free(target);
}

static int fatal(size_t d, const double *x, double *grad, double *logp, void *data)
{
    int *left = data;
    *logp = 0;
    for (size_t j = 0; j < d; j++) {
        *logp -= x[j] * x[j] / 2;
        if (grad != NULL) {
            grad[j] = -x[j];
        }
    }
    return --*left < 0 ? -1 : 0;
}

static void a_target_that_fails_for_good(void **state)
{
    (void)state;
    int left = 0;
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(2, fatal, &left, &target, NULL), ROVI_OK);
    FAILS(target, NULL, ROVI_TARGET_FAILED, "failed for good at the first", "draws", "10", "step", "0.1");
    left = 500;
    FAILS(target, NULL, ROVI_TARGET_FAILED, "failed for good within", "draws", "10", "step", "0.1");
    left = 50;
    FAILS(target, NULL, ROVI_TARGET_FAILED, "failed for good within", "draws", "10");
    rovi_target_free(target);
}

/* ---- ends ---- */

static int end_at(const rovi_progress *progress, void *data)
{
    assert_int_equal(progress->restarts, 1);
    assert_true(isnan(progress->elbo) && progress->iterations == 1000000);
    return progress->iteration >= *(const uint64_t *)data;
}

/* What was cut short is a result: the particles where they are, and the trace up to there. */
static void an_interrupted_run_is_a_result(void **state)
{
    (void)state;
    uint64_t end = 100;
    rovi_target *target = pair(1, 0.5);
    rovi_langevin *run = NULL;
    rovi_langevin_settings *settings =
        settings_of((const char *const[]){"draws", "20", "steps", "1000000", "threads", "1", NULL});
    for (int at_once = 0; at_once < 2; at_once++) {
        end = at_once ? 0 : 100;
        assert_int_equal(rovi_langevin_run(target, settings, NULL, end_at, &end, &run, NULL), ROVI_OK);
        const rovi_langevin_parts *parts = rovi_langevin_parts_of(run);
        assert_true(parts->stop == ROVI_STOP_INTERRUPTED && parts->draw_count == 20);
        assert_true(at_once ? parts->steps == 0 && isnan(parts->step) : parts->steps >= 100 && parts->steps < 150);
        assert_int_equal(parts->trace[parts->trace_length - 1].step, parts->steps);
        rovi_langevin_free(run);
    }
    rovi_langevin_settings_free(settings);
    run = RUN_OF(target, NULL, "steps", "1000000000", "max_time", "0.1", "draws", "10");
    assert_true(rovi_langevin_parts_of(run)->stop == ROVI_STOP_MAX_TIME);
    rovi_langevin_free(run);
    run = RUN_OF(target, NULL, "max_time", "0", "draws", "1");
    assert_int_equal(rovi_langevin_parts_of(run)->draw_count, 1);
    assert_true(isnan(rovi_langevin_parts_of(run)->mass[0].mcse)); /* one particle shows no error */
    rovi_langevin_free(run);
    rovi_target_free(target);
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    const double spoilt[] = {0, 1, 2, NAN};
    const rovi_langevin_input no_start = {.start_count = 1}, start = {.start_count = 2, .start = spoilt},
                              centers = {.center_count = 2, .centers = spoilt};
    rovi_error error;
    rovi_langevin *run = NULL;
    rovi_target *target = pair(1, 0.5);
    assert_refused(rovi_langevin_run(NULL, NULL, NULL, NULL, NULL, &run, &error), &error, ROVI_BAD_INPUT, "target");
    FAILS(target, &no_start, ROVI_BAD_INPUT, "start is NULL", "steps", "1");
    FAILS(target, &start, ROVI_BAD_INPUT, "start: coordinate 2 of row 2", "steps", "1");
    FAILS(target, &centers, ROVI_BAD_INPUT, "centers: coordinate 2 of row 2", "steps", "1");
    FAILS(target, NULL, ROVI_BAD_INPUT, "10 particles have to be kept 3 times", "steps", "100", "thinning", "26",
          "draws", "21", "particles", "10");
    FAILS(target, NULL, ROVI_BAD_INPUT, "within the 1 steps", "steps", "2", "draws", "30", "particles", "10");
    rovi_langevin_free(NULL);
    rovi_target_free(target);
}

static void settings_are_a_table(void **state)
{
    (void)state;
    char text[32];
    rovi_error error;
    rovi_langevin_settings *settings = rovi_langevin_settings_new();
    assert_null(rovi_langevin_settings_at(rovi_langevin_settings_count()));
    for (size_t i = 0; i < rovi_langevin_settings_count(); i++) {
        const rovi_setting *s = rovi_langevin_settings_at(i);
        assert_int_equal(rovi_langevin_settings_get(settings, s->name, text, sizeof text, NULL), ROVI_OK);
        assert_string_equal(text, s->default_value);
        assert_true(strlen(s->help) > 10);
        assert_int_equal(rovi_langevin_settings_set(settings, s->name, "nonsense", &error), ROVI_BAD_INPUT);
        assert_non_null(strstr(error.message, s->allowed));
    }
    assert_refused(rovi_langevin_settings_set(settings, "mesh", "1", &error), &error, ROVI_BAD_INPUT, "mesh");
    assert_int_equal(rovi_langevin_settings_set(settings, "start-spread", "2.5", NULL), ROVI_OK);
    assert_int_equal(rovi_langevin_settings_get(settings, "start_spread", text, sizeof text, NULL), ROVI_OK);
    assert_string_equal(text, "2.5");
    rovi_langevin_settings_free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stationary_variance_of_a_normal),
        cmocka_unit_test(law_after_few_steps),
        cmocka_unit_test(log_densities_belong_to_the_draws),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(a_particle_is_on_its_own),
        cmocka_unit_test(a_step_is_chosen_from_the_curvature),
        cmocka_unit_test(negative_curvature_is_not_the_greatest),
        cmocka_unit_test(the_step_follows_the_particles),
        cmocka_unit_test(a_step_that_is_too_large_is_said),
        cmocka_unit_test(overshoot_beyond_all_numbers_is_said),
        cmocka_unit_test(no_curvature_no_step),
        cmocka_unit_test(a_far_mode_is_not_found),
        cmocka_unit_test(dispersed_starts_keep_both_modes),
        cmocka_unit_test(near_modes_get_their_weights),
        cmocka_unit_test(masses_count_the_draws),
        cmocka_unit_test(only_mixtures_classify),
        cmocka_unit_test(particles_stay_inside_the_support),
        cmocka_unit_test(particles_that_cannot_move_are_said),
        cmocka_unit_test(a_target_that_fails_for_good),
        cmocka_unit_test(an_interrupted_run_is_a_result),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(settings_are_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
