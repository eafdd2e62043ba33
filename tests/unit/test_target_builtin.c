/* SPDX-License-Identifier: BSD-3-Clause */
/* The targets with names: gradients, normalisation by quadrature, and values worked out by hand. */
#include "support.h"

#include <math.h>

static rovi_target *many_well(size_t d)
{
    rovi_target *target;
    assert_int_equal(rovi_target_new_many_well(d, &target, NULL), ROVI_OK);
    return target;
}

static rovi_target *funnel(size_t d)
{
    rovi_target *target;
    assert_int_equal(rovi_target_new_funnel(d, &target, NULL), ROVI_OK);
    return target;
}

static rovi_target *banana(void)
{
    rovi_target *target;
    assert_int_equal(rovi_target_new_banana(&target, NULL), ROVI_OK);
    return target;
}

static rovi_target *ring(void)
{
    rovi_target *target;
    assert_int_equal(rovi_target_new_ring(&target, NULL), ROVI_OK);
    return target;
}

/* At five points; then frees the target. */
static void check_gradients(rovi_target *target)
{
    const size_t d = rovi_target_dim(target);
    double x[5 * 64];
    support_normals(d, 5 * d, x);
    for (size_t i = 0; i < 5; i++) {
        support_check_gradient(target, x + i * d, 1e-9);
    }
    rovi_target_free(target);
}

static void test_gradients(void **state)
{
    (void)state;
    check_gradients(banana());
    check_gradients(ring());
    for (size_t d = 2; d <= 64; d *= 2) {
        check_gradients(many_well(d));
        check_gradients(funnel(d));
    }
    check_gradients(funnel(3));
}

/* A chart of the plane: the point of coordinates (u, v), and the area that du dv stands for there */
typedef double (*chart_fn)(double u, double v, double x[2]);

static double plane(double u, double v, double x[2])
{
    x[0] = u;
    x[1] = v;
    return 1;
}

static double funnel_chart(double u, double v, double x[2])
{
    x[0] = 3 * u;
    x[1] = exp(1.5 * u) * v;
    return 3 * exp(1.5 * u);
}

static double banana_chart(double u, double v, double x[2])
{
    x[0] = 2 * u;
    x[1] = u * u + v;
    return 2;
}

static double polar_chart(double u, double v, double x[2])
{
    const double angle = acos(-1) / 12 * v; /* once around is v = -12..12 */
    x[0] = (u + 12) * cos(angle);
    x[1] = (u + 12) * sin(angle);
    return (u + 12) * acos(-1) / 12;
}

/* log of the integral over |u|, |v| < 12 by the trapezoid rule with step 1/32, whose error is that of rounding (1e-12
 * for a sum of 590,000 terms) where the integrand is smooth on the scale of 0.2 and vanishes or repeats at the ends;
 * then frees the target */
static double log_integral(rovi_target *target, chart_fn chart)
{
    enum { HALF = 384, SIDE = 2 * HALF };
    static double x[SIDE][2], area[SIDE], logp[SIDE];
    double sum = 0;
    for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) {
            area[j] = chart((i - HALF) / 32.0, (j - HALF) / 32.0, x[j]);
        }
        assert_int_equal(rovi_target_evaluate(target, SIDE, x[0], logp, NULL, NULL), ROVI_OK);
        for (int j = 0; j < SIDE; j++) {
            sum += exp(logp[j]) * area[j];
        }
    }
    rovi_target_free(target);
    return log(sum / (32 * 32));
}

static void test_normalisation(void **state)
{
    (void)state;
    rovi_target *circle = ring();
    const double log_z = rovi_target_log_z(circle);
    assert_close(log_integral(many_well(2), plane), 0, 1e-12);
    assert_close(log_integral(funnel(2), funnel_chart), 0, 1e-12);
    assert_close(log_integral(banana(), banana_chart), 0, 1e-12);
    assert_close(log_integral(circle, polar_chart), log_z, 1e-12);
    assert_close(log_integral(ring(), plane), log_z, 1e-12);
}

static double well(double t, void *data)
{
    (void)data;
    return exp(0.5 * t + 6 * t * t - t * t * t * t);
}

static void test_values(void **state)
{
    (void)state;
    const double log_2pi = log(2 * acos(-1)), log_well = log(support_integrate(well, NULL, -5, 5, 1e-9));
    rovi_target *wells = many_well(4), *neck = funnel(3), *bent = banana(), *circle = ring();
    assert_close(support_logp(wells, (double[]){0, 0, 0, 0}), -2 * log_well - log_2pi, 1e-12);
    assert_close(support_logp(wells, (double[]){1, 2, -1, 3}), 5.5 - 2 + 4.5 - 4.5 - 2 * log_well - log_2pi, 1e-12);
    assert_close(support_logp(neck, (double[]){2, 1, 3}), -2.0 / 9 - log(3) - 2 - 5 * exp(-2) - 1.5 * log_2pi, 1e-14);
    assert_close(support_logp(bent, (double[]){2, 3}), -0.5 - 2 - log(2) - log_2pi, 1e-14);
    assert_close(support_logp(circle, (double[]){3, -4}), -0.5 / 0.16, 1e-14);
    assert_true(rovi_target_log_z(wells) == 0 && rovi_target_log_z(neck) == 0 && rovi_target_log_z(bent) == 0);
    rovi_target_free(wells);
    rovi_target_free(neck);
    rovi_target_free(bent);
    rovi_target_free(circle);
}

/* The cusp in the middle of the ring, and a neck so deep that exp overflows */
static void test_where_it_is_awkward(void **state)
{
    (void)state;
    double logp, grad[2] = {1, 1};
    rovi_target *circle = ring(), *neck = funnel(2);
    assert_int_equal(rovi_target_evaluate(circle, 1, (double[]){0, 0}, &logp, grad, NULL), ROVI_OK);
    assert_close(logp, -50, 1e-14);
    assert_true(grad[0] == 0 && grad[1] == 0);
    assert_int_equal(rovi_target_evaluate(neck, 1, (double[]){-800, 1}, &logp, grad, NULL), ROVI_OK);
    assert_true(logp == -INFINITY && grad[0] == 0);
    rovi_target_free(circle);
    rovi_target_free(neck);
}

static void test_bad_input(void **state)
{
    (void)state;
    rovi_error error;
    rovi_target *target;
    assert_refused(rovi_target_new_many_well(3, &target, &error), &error, ROVI_BAD_INPUT, "many_well is 3");
    assert_null(target);
    assert_refused(rovi_target_new_many_well(0, &target, &error), &error, ROVI_BAD_INPUT, "dimension is 0");
    assert_refused(rovi_target_new_funnel(1, &target, &error), &error, ROVI_BAD_INPUT, "funnel is 1");
    assert_refused(rovi_target_new_banana(NULL, &error), &error, ROVI_BAD_INPUT, "target is NULL");
    assert_refused(rovi_target_new_ring(NULL, &error), &error, ROVI_BAD_INPUT, "target is NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),           cmocka_unit_test(test_normalisation), cmocka_unit_test(test_values),
        cmocka_unit_test(test_where_it_is_awkward), cmocka_unit_test(test_bad_input),
    };
    return cmocka_run_group_tests_name("target_builtin", tests, NULL, NULL);
}
