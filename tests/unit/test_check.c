/* SPDX-License-Identifier: BSD-3-Clause */
/* target/check, target/differences, the start of a target: what a user's own density gets. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define DIM 6

/* A normal with deviations from 1e-3 to 100 and means 1, plus a constant of size 1e4; its gradient spoilt in one
 * coordinate, in one of several ways. */
struct spoilt {
    size_t coordinate; /* DIM: none */
    double factor, shift;
    double noise; /* of the density: waves of this height and 1e-9 wide, as the steps of an ODE solver make */
    int calls_with_grad;
    bool swapped; /* two coordinates are */
};

static double deviation(size_t j)
{
    return pow(10, (double)j - 3);
}

static int logp_of(size_t d, const double *x, double *grad, double *logp, void *data)
{
    struct spoilt *s = data;
    *logp = 1e4;
    for (size_t j = 0; j < d; j++) {
        const double z = (x[j] - 1) / deviation(j);
        *logp -= z * z / 2;
        *logp += s->noise * sin(1e9 * x[j]);
        if (grad != NULL) {
            grad[j] = -z / deviation(j) * (j == s->coordinate ? s->factor : 1) + (j == s->coordinate ? s->shift : 0);
        }
    }
    if (grad != NULL && s->swapped) {
        const double first = grad[3];
        grad[3] = grad[4];
        grad[4] = first;
    }
    s->calls_with_grad += grad != NULL;
    return 0;
}

static rovi_status check(struct spoilt *s, uint64_t seed, rovi_error *error)
{
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(DIM, logp_of, s, &target, NULL), ROVI_OK);
    const rovi_status status = rovi_target_check_gradient(target, seed, error);
    rovi_target_free(target);
    return status;
}

static void right_gradients_pass(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct spoilt s = {.coordinate = DIM}, noisy = {.coordinate = DIM, .noise = 1e-6};
        rovi_error error = {ROVI_OK, ""};
        if (check(&s, seed, &error) != ROVI_OK || check(&noisy, seed, &error) != ROVI_OK) {
            fail_msg("seed %d: %s", (int)seed, error.message);
        }
    }
}

static void built_in_gradients_pass(void **state)
{
    (void)state;
    rovi_target *targets[4];
    assert_int_equal(rovi_target_new_funnel(10, &targets[0], NULL), ROVI_OK);
    assert_int_equal(rovi_target_new_ring(&targets[1], NULL), ROVI_OK);
    assert_int_equal(rovi_target_new_many_well(60, &targets[2], NULL), ROVI_OK);
    targets[3] = support_schools();
    for (size_t i = 0; i < 4; i++) {
        for (uint64_t seed = 0; seed < 25; seed++) {
            rovi_error error = {ROVI_OK, ""};
            if (rovi_target_check_gradient(targets[i], seed, &error) != ROVI_OK) {
                fail_msg("target %d, seed %d: %s", (int)i, (int)seed, error.message);
            }
        }
        rovi_target_free(targets[i]);
    }
}

static void a_wrong_coordinate_is_named(void **state)
{
    (void)state;
    for (size_t j = 0; j < DIM; j++) {
        const struct spoilt wrong[] = {{.coordinate = j, .factor = -1},
                                       {.coordinate = j, .factor = 1.05},
                                       {.coordinate = j, .factor = 0},
                                       {.coordinate = j, .factor = 1, .shift = 2}};
        char part[64];
        snprintf(part, sizeof part, "in coordinate %zu it is ", j + 1);
        for (size_t w = 0; w < 4; w++) {
            struct spoilt s = wrong[w];
            rovi_error error = {ROVI_OK, ""};
            if (j == DIM - 1 && w < 3) {
                continue; /* a slope of 1e-4 beside those of 1e6: below what rounding of 1e4 lets see */
            }
            if (j == 0 && w == 3) {
                continue; /* 2 beside 1e6 */
            }
            if (j == 1 && w == 3) {
                continue; /* 2 beside 1e4 */
            }
            assert_refused(check(&s, 1, &error), &error, ROVI_TARGET_FAILED, part);
        }
    }
}

static double number_behind(const char *text, const char *words)
{
    const char *at = strstr(text, words);
    return at == NULL ? NAN : strtod(at + strlen(words), NULL);
}

static void both_numbers_are_given(void **state)
{
    (void)state;
    struct spoilt s = {.coordinate = 3, .factor = 2};
    rovi_error error = {ROVI_OK, ""};
    assert_int_equal(check(&s, 4, &error), ROVI_TARGET_FAILED);
    const double said = number_behind(error.message, "it is "), found = number_behind(error.message, "density give "),
                 at = number_behind(error.message, "the coordinate is ");
    assert_relative(said, -2 * (at - 1), 1e-6);
    assert_relative(found, -(at - 1), 1e-6);
}

static void swapped_coordinates_are_seen(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct spoilt s = {.coordinate = DIM, .swapped = true};
        rovi_error error = {ROVI_OK, ""};
        assert_refused(check(&s, seed, &error), &error, ROVI_TARGET_FAILED, "in coordinate ");
    }
}

static void targets_that_cannot_be_judged(void **state)
{
    (void)state;
    rovi_target *target = NULL;
    rovi_error error = {ROVI_OK, ""};
    int outside = 1, fatal = -5;
    assert_int_equal(rovi_target_new(2, support_answer, &outside, &target, NULL), ROVI_OK);
    assert_int_equal(rovi_target_check_gradient(target, 1, &error), ROVI_OK);
    rovi_target_free(target);
    assert_int_equal(rovi_target_new(2, support_answer, &fatal, &target, NULL), ROVI_OK);
    assert_refused(rovi_target_check_gradient(target, 1, &error), &error, ROVI_TARGET_FAILED, "code -5");
    rovi_target_free(target);
    assert_refused(rovi_target_check_gradient(NULL, 1, &error), &error, ROVI_BAD_INPUT, "NULL");
}

/* ---- differences ---- */

static void differences_replace_a_gradient(void **state)
{
    (void)state;
    struct spoilt s = {.coordinate = DIM};
    rovi_target *target = NULL;
    double x[3 * DIM], grad[3 * DIM], exact[3 * DIM], logp[3], plain[3];
    support_normals(1, 3 * DIM, x);
    assert_int_equal(rovi_target_new(DIM, logp_of, &s, &target, NULL), ROVI_OK);
    assert_int_equal(rovi_target_evaluate(target, 3, x, plain, exact, NULL), ROVI_OK);
    assert_true(rovi_target_has_gradient(target));
    const int asked = s.calls_with_grad;
    rovi_target_set_gradient(target, 0);
    rovi_target_set_gradient(target, 0);
    assert_false(rovi_target_has_gradient(target));
    assert_int_equal(rovi_target_evaluate(target, 3, x, logp, grad, NULL), ROVI_OK);
    assert_int_equal(s.calls_with_grad, asked);
    assert_memory_equal(logp, plain, sizeof logp);
    for (size_t i = 0; i < 3 * DIM; i++) {
        /* f is a parabola: rounding only, 2.2e-16 * 1e7/6e-6 at most, of which the sums add a few */
        assert_true(fabs(grad[i] - exact[i]) < 5e-3);
    }
    rovi_target_set_gradient(target, 1);
    assert_int_equal(rovi_target_evaluate(target, 3, x, logp, grad, NULL), ROVI_OK);
    assert_memory_equal(grad, exact, sizeof grad);
    rovi_target_free(target);
}

static int half_line(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)d, (void)grad, (void)data;
    *logp = -3 * x[0];
    return x[0] < 0;
}

static void differences_beside_an_edge(void **state)
{
    (void)state;
    rovi_target *target = NULL;
    const double x[] = {0, 1, -1};
    double logp[3], grad[3];
    assert_int_equal(rovi_target_new(1, half_line, NULL, &target, NULL), ROVI_OK);
    rovi_target_set_gradient(target, 0);
    assert_int_equal(rovi_target_evaluate(target, 3, x, logp, grad, NULL), ROVI_OK);
    assert_close(grad[0], -3, 1e-9); /* one-sided */
    assert_close(grad[1], -3, 1e-9);
    assert_true(logp[2] == -INFINITY && grad[2] == 0);
    rovi_target_free(target);
}

static void many_coordinates_by_differences(void **state)
{
    (void)state;
    enum { WIDE = 150 };
    rovi_target *target = NULL;
    double x[WIDE], grad[WIDE], exact[WIDE], logp;
    assert_int_equal(rovi_target_new_many_well(WIDE, &target, NULL), ROVI_OK);
    support_normals(2, WIDE, x);
    assert_int_equal(rovi_target_evaluate(target, 1, x, &logp, exact, NULL), ROVI_OK);
    rovi_target_set_gradient(target, 0);
    assert_int_equal(rovi_target_evaluate(target, 1, x, &logp, grad, NULL), ROVI_OK);
    for (size_t j = 0; j < WIDE; j++) {
        assert_close(grad[j], exact[j], 1e-6); /* h^2 f'''/6 = 4e-11 * 24 |t|/6, rounding 2e-16 * 1e3/6e-6 */
    }
    rovi_target_free(target);
}

/* ---- the start ---- */

#define AWAY 500.0

static int far_away(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)data;
    *logp = 0;
    for (size_t j = 0; j < d; j++) {
        if (fabs(x[j] - AWAY) > 10) {
            return 1;
        }
        *logp -= (x[j] - AWAY) * (x[j] - AWAY) / 2;
        if (grad != NULL) {
            grad[j] = AWAY - x[j];
        }
    }
    return 0;
}

static void a_start_leads_to_a_support_far_away(void **state)
{
    (void)state;
    static const char *const solvers[] = {"coordinate", "gradient"};
    for (size_t s = 0; s < 2; s++) {
        rovi_target *target = NULL;
        rovi_fit *fit = NULL;
        rovi_error error = {ROVI_OK, ""};
        const double start[] = {AWAY + 3, AWAY - 2}, bad[] = {NAN, 0};
        rovi_settings *settings =
            SETTINGS_OF("solver", solvers[s], "restarts", "2", "iterations", "300", "draws", "1000");
        assert_int_equal(rovi_target_new(2, far_away, NULL, &target, NULL), ROVI_OK);
        assert_refused(rovi_fit_run(target, settings, NULL, NULL, &fit, &error), &error, ROVI_TARGET_FAILED,
                       "no finite value");
        assert_refused(rovi_target_set_start(target, bad, &error), &error, ROVI_BAD_INPUT,
                       "for coordinate 1 of the start, allowed: finite numbers");
        assert_int_equal(rovi_target_set_start(target, start, &error), ROVI_OK);
        assert_int_equal(rovi_target_check_gradient(target, 1, &error), ROVI_OK);
        assert_int_equal(rovi_fit_run(target, settings, NULL, NULL, &fit, &error), ROVI_OK);
        const rovi_approximation *q = rovi_fit_approximation(fit);
        double x[2];
        assert_int_equal(rovi_approximation_draw(q, 1, 0, 1, x, NULL, NULL), ROVI_OK);
        assert_true(fabs(x[0] - AWAY) < 6 && fabs(x[1] - AWAY) < 6);
        rovi_fit_free(fit);
        assert_int_equal(rovi_target_set_start(target, NULL, &error), ROVI_OK);
        assert_int_equal(rovi_fit_run(target, settings, NULL, NULL, &fit, &error), ROVI_TARGET_FAILED);
        rovi_settings_free(settings);
        rovi_target_free(target);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(right_gradients_pass),
                                       cmocka_unit_test(built_in_gradients_pass),
                                       cmocka_unit_test(a_wrong_coordinate_is_named),
                                       cmocka_unit_test(both_numbers_are_given),
                                       cmocka_unit_test(swapped_coordinates_are_seen),
                                       cmocka_unit_test(targets_that_cannot_be_judged),
                                       cmocka_unit_test(differences_replace_a_gradient),
                                       cmocka_unit_test(differences_beside_an_edge),
                                       cmocka_unit_test(many_coordinates_by_differences),
                                       cmocka_unit_test(a_start_leads_to_a_support_far_away)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
