/* SPDX-License-Identifier: BSD-3-Clause */
/* The standard normal distribution against values of 20 digits (mpmath), its identities and quadrature. */
#include "support.h"

#include <float.h>
#include <math.h>

#include "base/normal.h"

/* exp(-x^2/2) turns a relative error of 1e-16 in x into x^2 as many: 700 of them at x = 37. */
static void test_cdf_values(void **state)
{
    (void)state;
    static const double table[][2] = {{-37, 5.7255712225245768227e-300},
                                      {-30, 4.9067139271481870595e-198},
                                      {-20, 2.7536241186062336951e-89},
                                      {-10, 7.619853024160526066e-24},
                                      {-5, 2.8665157187919391167e-7},
                                      {-1, 0.15865525393145705141},
                                      {0, 0.5},
                                      {1, 0.84134474606854294859},
                                      {3, 0.99865010196836990547}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const double x = table[i][0], p = table[i][1], tolerance = 4e-16 * (1 + x * x);
        assert_relative(normal_cdf(x), p, tolerance);
        assert_relative(normal_upper(-x), p, tolerance);
    }
    assert_true(normal_cdf(-INFINITY) == 0 && normal_cdf(INFINITY) == 1 && normal_upper(INFINITY) == 0);
}

static void test_quantile_values(void **state)
{
    (void)state;
    static const double table[][2] = {
        {1e-300, -37.047096299361199237}, {1e-100, -21.273453560965324294}, {1e-20, -9.2623400897984075796},
        {1e-10, -6.3613409024040561991},  {1e-3, -3.0902323061678135354},   {0.025, -1.9599639845400542118},
        {0.075, -1.4395314709384559349},  {0.3, -0.52440051270804081597},   {0.975, 1.9599639845400538556}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_relative(normal_quantile(table[i][0]), table[i][1], 1e-15);
    }
    assert_true(normal_quantile(0.5) == 0);
    assert_true(normal_quantile(0) == -INFINITY && normal_quantile(1) == INFINITY);
    assert_true(isnan(normal_quantile(-0.1)) && isnan(normal_quantile(1.1)) && isnan(normal_quantile(NAN)));
    for (int i = 1; i < 32; i++) {
        const double p = i / 64.0;
        assert_true(normal_quantile(p) == -normal_quantile(1 - p)); /* p and 1 - p both are exact here */
    }
}

/* In the centre, the shoulders and the tails, in blocks that are whole and not. */
static void test_quantiles_of_many(void **state)
{
    (void)state;
    enum { MOST = 1000 };
    static const size_t sizes[] = {0, 1, 63, 64, 65, MOST};
    double p[MOST], x[MOST];
    for (size_t j = 0; j < MOST; j++) {
        const double u = ((double)j + 0.5) / MOST;
        p[j] = j % 3 == 0 ? u : j % 3 == 1 ? pow(u, 60) : 1 - pow(u, 5); /* pow(u, 60) goes down to 10^-198 */
    }
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        normal_quantiles(sizes[s], p, x);
        for (size_t j = 0; j < sizes[s]; j++) {
            assert_true(x[j] == normal_quantile(p[j]));
        }
    }
    const double edges[] = {0, 1, -0.1, 1.1, NAN};
    normal_quantiles(5, edges, x);
    assert_true(x[0] == -INFINITY && x[1] == INFINITY && isnan(x[2]) && isnan(x[3]) && isnan(x[4]));
}

/* From x to p and back. An error of eps p in p moves x by eps p/phi(x), which is eps/|x| in the lower tail; in the
 * upper one it is 1 that is rounded, so that x moves by eps/phi(x). The cdf's own error, eps x^2, adds eps |x|. */
static void test_round_trip(void **state)
{
    (void)state;
    for (int i = -37 * 16; i < 8 * 16; i++) {
        const double x = i / 16.0;
        const double slack = x < 0 ? 1 + fabs(x) : 1 / normal_density(x);
        if (!(fabs(normal_quantile(normal_cdf(x)) - x) <= 4 * DBL_EPSILON * slack)) {
            fail_msg("quantile(cdf(%g)) is %.17g", x, normal_quantile(normal_cdf(x)));
        }
    }
}

static void test_quantile_increases(void **state)
{
    (void)state;
    double before = normal_quantile(1e-310);
    for (int i = 0; i < 71000; i++) {
        const double x = normal_quantile(exp(-711 + 0.01 * i)); /* from 2e-309 to 0.4 */
        assert_true(x > before);
        before = x;
    }
}

static void test_density(void **state)
{
    (void)state;
    assert_relative(normal_density(0), 1 / sqrt(2 * acos(-1)), 1e-15);
    assert_relative(normal_density(3), exp(-4.5) / sqrt(2 * acos(-1)), 1e-15);
    assert_close(normal_log_density(50), -1250 - 0.5 * log(2 * acos(-1)), 1e-15);
    assert_true(normal_density(INFINITY) == 0 && normal_density(38) > 0);
}

struct moments {
    double a, b, p, first, second;
};

/* mpmath, 20 digits. The end points are subtracted, so that errors of eps a^2 in each end are multiplied by the ratio
 * of the end to the difference: largest for the second moment of the narrow interval. */
static void test_moments_in_the_tail(void **state)
{
    (void)state;
    static const struct moments table[] = {
        {8, 9, 6.2198319858658302829e-16, 5.0512431061797253965e-15, 4.1030900070667219309e-14},
        {-9, -8, 6.2198319858658302829e-16, -5.0512431061797253965e-15, 4.1030900070667219309e-14},
        {20, 21, 2.7536241153269556761e-89, 5.5209483552577337695e-88, 1.1069432950978534154e-86},
        {8, 8.001, 5.0321149454730472974e-18, 4.0259432266307835964e-17, 3.2209556142466792833e-16},
        {-1, 2, 0.81859461412036374138, 0.18797975800595529785, 0.46864195657484428769}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const double a = table[i].a, b = table[i].b, tolerance = 1e-15 * (1 + a * a) / fmin(1, b - a);
        assert_relative(normal_interval(a, b), table[i].p, tolerance);
        assert_relative(normal_moment1(a, b), table[i].first, tolerance);
        assert_relative(normal_moment2(a, b), table[i].second, tolerance);
    }
}

static double moment_integrand(double x, void *data)
{
    return pow(x, *(const double *)data) * normal_density(x);
}

static void test_moments_by_quadrature(void **state)
{
    (void)state;
    double power[] = {0, 1, 2};
    for (int i = -4; i < 4; i++) {
        for (int j = 0; j < 6; j++) {
            const double a = 0.75 * i, b = a + 0.1 + 0.7 * j;
            assert_close(normal_interval(a, b), support_integrate(moment_integrand, power, a, b, 1e-13), 1e-12);
            assert_close(normal_moment1(a, b), support_integrate(moment_integrand, power + 1, a, b, 1e-13), 1e-12);
            assert_close(normal_moment2(a, b), support_integrate(moment_integrand, power + 2, a, b, 1e-13), 1e-12);
        }
    }
}

static void test_infinite_ends(void **state)
{
    (void)state;
    assert_true(normal_interval(-INFINITY, INFINITY) == 1 && normal_interval(2, 2) == 0);
    assert_true(normal_interval(-INFINITY, -1) == normal_cdf(-1) && normal_interval(9, INFINITY) == normal_upper(9));
    assert_true(normal_moment1(-INFINITY, INFINITY) == 0 && normal_moment2(-INFINITY, INFINITY) == 1);
    assert_close(normal_moment1(1, INFINITY), normal_density(1), 1e-16);
    assert_close(normal_moment2(-INFINITY, 1), normal_cdf(1) - normal_density(1), 1e-16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cdf_values),          cmocka_unit_test(test_quantile_values),
        cmocka_unit_test(test_quantiles_of_many),   cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_quantile_increases),  cmocka_unit_test(test_density),
        cmocka_unit_test(test_moments_in_the_tail), cmocka_unit_test(test_moments_by_quadrature),
        cmocka_unit_test(test_infinite_ends),
    };
    return cmocka_run_group_tests_name("normal", tests, NULL, NULL);
}
