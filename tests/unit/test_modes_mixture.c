/* SPDX-License-Identifier: BSD-3-Clause */
/* The modes of a mixture of rotated products: joined where no valley parts them, with exact weights and moments. */
#include <math.h>
#include <string.h>

#include "support.h"

#define DRAWS 4000

/* A normal in the plane with axes at `angle`. */
static rovi_approximation *normal(double x, double y, double sd0, double sd1, double angle)
{
    const double center[2] = {x, y}, O[4] = {cos(angle), -sin(angle), sin(angle), cos(angle)}, knot[1] = {0};
    const rovi_map maps[2] = {{.knots = knot, .alpha = sd0}, {.knots = knot, .alpha = sd1}};
    rovi_approximation *q = NULL;
    assert_int_equal(
        rovi_approximation_new(&(rovi_approximation_parts){.dim = 2, .center = center, .rotation = O, .maps = maps}, &q,
                               NULL),
        ROVI_OK);
    return q;
}

/* Takes the parts. */
static rovi_approximation *mix(size_t count, const double *weights, rovi_approximation **part)
{
    rovi_approximation *q = NULL;
    assert_int_equal(rovi_approximation_new_mixture(count, weights, (const rovi_approximation *const *)part, &q, NULL),
                     ROVI_OK);
    for (size_t k = 0; k < count; k++) {
        rovi_approximation_free(part[k]);
    }
    return q;
}

static void modes_that_are_apart_are_the_components(void **state)
{
    (void)state;
    rovi_approximation *q =
        mix(3, (const double[]){.2, .5, .3},
            (rovi_approximation *[]){normal(-6, 0, 1, 2, .3), normal(6, 0, .5, 1, 0), normal(0, 9, 1, 1, 0)});
    rovi_modes *modes = NULL;
    assert_int_equal(rovi_approximation_modes(q, 10, &modes, NULL), ROVI_OK);
    assert_int_equal(modes->listed, 3);
    assert_true(modes->total == 3);
    assert_close(modes->listed_weight, 1, 1e-12);
    const double weight[] = {.5, .3, .2}, mean[] = {6, 0, 0, 9, -6, 0};
    const double c = cos(.3) * cos(.3), s = sin(.3) * sin(.3);
    const double sd[] = {.5, 1, 1, 1, sqrt(c + 4 * s), sqrt(s + 4 * c)};
    for (size_t m = 0; m < 3; m++) {
        assert_close(modes->mode[m].weight, weight[m], 1e-12);
        for (size_t j = 0; j < 2; j++) {
            assert_close(modes->mode[m].mean[j], mean[2 * m + j], 1e-12);
            assert_close(modes->mode[m].sd[j], sd[2 * m + j], 1e-12);
        }
    }
    rovi_modes_free(modes);
    rovi_approximation_free(q);
}

/* Two unit normals of equal weight have a valley below half of their peaks when they are more than 2 a apart, where
 * exp(-a^2/2) < (1 + exp(-2 a^2))/4, that is a > 1.66. The moments of what is joined are in closed form. */
static void modes_without_a_valley_are_one(void **state)
{
    (void)state;
    for (int apart = 0; apart < 2; apart++) {
        const double a = apart ? 1.75 : 1.55;
        rovi_approximation *q =
            mix(2, (const double[]){.5, .5}, (rovi_approximation *[]){normal(-a, 1, 1, 1, 0), normal(a, 1, 1, 1, 0)});
        rovi_modes *modes = NULL;
        assert_int_equal(rovi_approximation_modes(q, 10, &modes, NULL), ROVI_OK);
        assert_int_equal(modes->listed, apart ? 2 : 1);
        if (!apart) {
            assert_close(modes->mode[0].weight, 1, 1e-12);
            assert_close(modes->mode[0].mean[0], 0, 1e-12);
            assert_close(modes->mode[0].mean[1], 1, 1e-12);
            assert_close(modes->mode[0].sd[0], sqrt(1 + a * a), 1e-12);
            assert_close(modes->mode[0].sd[1], 1, 1e-12);
        }
        rovi_modes_free(modes);
        rovi_approximation_free(q);
    }
}

/* A component with two modes of its own, one of which another component lies on: three parts, two modes. */
static void a_cell_joins_the_component_it_lies_on(void **state)
{
    (void)state;
    const double center[2] = {0, 0}, O[4] = {1, 0, 0, 1}, knots[2] = {-.01, .01}, lambda[1] = {10}, knot[1] = {0};
    const rovi_map maps[2] = {{.cells = 1, .knots = knots, .lambda = lambda, .alpha = .5}, {.knots = knot, .alpha = 1}};
    rovi_approximation *two = NULL;
    assert_int_equal(
        rovi_approximation_new(&(rovi_approximation_parts){.dim = 2, .center = center, .rotation = O, .maps = maps},
                               &two, NULL),
        ROVI_OK);
    rovi_approximation *q = mix(2, (const double[]){.8, .2}, (rovi_approximation *[]){two, normal(5.4, 0, .5, 1, 0)});
    rovi_modes *modes = NULL;
    assert_int_equal(rovi_approximation_modes(q, 10, &modes, NULL), ROVI_OK);
    assert_int_equal(modes->listed, 2);
    assert_close(modes->mode[0].weight, .6, 1e-9); /* half of .8, and .2 */
    assert_close(modes->mode[1].weight, .4, 1e-9);
    assert_true(modes->mode[0].mean[0] > 5 && modes->mode[1].mean[0] < -5);

    /* classification against the side, which parts the modes by ten standard deviations */
    static double x[2 * DRAWS];
    static size_t mode[DRAWS];
    assert_int_equal(rovi_approximation_draw(q, 3, 0, DRAWS, x, NULL, NULL), ROVI_OK);
    assert_int_equal(rovi_modes_classify(modes, q, DRAWS, x, mode, NULL), ROVI_OK);
    size_t first = 0;
    for (size_t p = 0; p < DRAWS; p++) {
        assert_true(fabs(x[2 * p]) < 5 || (mode[p] == 0) == (x[2 * p] > 0)); /* the ramp between has 1 % of the mass */
        first += mode[p] == 0;
    }
    assert_true(fabs((double)first / DRAWS - .6) < 4.5 * sqrt(.24 / DRAWS));
    rovi_modes_free(modes);
    rovi_approximation_free(q);
}

/* Only the heaviest are listed; points of the others are classified as none of them. */
static void what_is_not_listed_is_counted(void **state)
{
    (void)state;
    rovi_approximation *q =
        mix(3, (const double[]){.2, .5, .3},
            (rovi_approximation *[]){normal(-9, 0, 1, 1, 0), normal(9, 0, 1, 1, 0), normal(0, 9, 1, 1, 0)});
    rovi_modes *modes = NULL;
    assert_int_equal(rovi_approximation_modes(q, 2, &modes, NULL), ROVI_OK);
    assert_int_equal(modes->listed, 2);
    assert_true(modes->total == 3);
    assert_close(modes->listed_weight, .8, 1e-12);
    const double x[] = {9, 1, -1, 9, -9, 0};
    size_t mode[3];
    assert_int_equal(rovi_modes_classify(modes, q, 3, x, mode, NULL), ROVI_OK);
    assert_true(mode[0] == 0 && mode[1] == 1 && mode[2] == 2);

    rovi_error error = {ROVI_OK, ""};
    const rovi_approximation *other = rovi_approximation_component(q, 0, NULL);
    assert_refused(rovi_modes_classify(modes, other, 3, x, mode, &error), &error, ROVI_BAD_INPUT,
                   "of another approximation: dimension 2 and 3 components, not 2 and 0");
    rovi_modes_free(modes);
    rovi_approximation_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_that_are_apart_are_the_components),
        cmocka_unit_test(modes_without_a_valley_are_one),
        cmocka_unit_test(a_cell_joins_the_component_it_lies_on),
        cmocka_unit_test(what_is_not_listed_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
