/* SPDX-License-Identifier: BSD-3-Clause */
/* Natural cubic splines: what they reproduce exactly, and how fast they converge to what they do not. */
#include <math.h>

#include "base/spline.h"
#include "support.h"

#define KNOTS 9
#define AT    33

static double interpolate(size_t m, const double *knot, double (*f)(double t), double t)
{
    double W[SPLINE_MOST], sum = 0;
    spline_weights(m, knot, 1, &t, W);
    for (size_t k = 0; k < m; k++) {
        sum += W[k] * f(knot[k]);
    }
    return sum;
}

static double line(double t)
{
    return 3 - 2 * t;
}

/* Second derivative zero at 0 and 2: the natural spline through any knots from 0 to 2 that has its only inner one where
 * the third derivative jumps, at 1. */
static double natural(double t)
{
    return t * t * t - (t > 1 ? 2 * (t - 1) * (t - 1) * (t - 1) : 0);
}

static void knots_lines_and_splines_are_reproduced(void **state)
{
    (void)state;
    const double uneven[KNOTS] = {-3, -2.9, -1, -.5, 0, .7, 2, 2.2, 5}, three[] = {0, 1, 2};
    for (size_t k = 0; k < KNOTS; k++) {
        assert_close(interpolate(KNOTS, uneven, sin, uneven[k]), sin(uneven[k]), 1e-14);
    }
    for (int j = 0; j < AT; j++) {
        const double t = -3 + 8.0 * j / (AT - 1), s = 2.0 * j / (AT - 1);
        assert_close(interpolate(KNOTS, uneven, line, t), line(t), 1e-13);
        assert_close(interpolate(3, three, natural, s), natural(s), 1e-14);
        assert_close(interpolate(2, (const double[]){0, 2}, line, s), line(s), 1e-14);
    }
}

/* Away from the ends the error goes with the fourth power of the width: 5/384 h^4 |f''''| at most. */
static void error_is_of_fourth_order(void **state)
{
    (void)state;
    for (size_t m = 11; m <= 31; m += 10) {
        double knot[SPLINE_MOST];
        const double h = 10 / (double)(m - 1);
        for (size_t k = 0; k < m; k++) {
            knot[k] = -5 + h * (double)k;
        }
        for (double t = -1; t < 1; t += .01) {
            assert_close(interpolate(m, knot, sin, t), sin(t), 1.5 * 5 / 384 * pow(h, 4));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knots_lines_and_splines_are_reproduced),
        cmocka_unit_test(error_is_of_fourth_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
