/* SPDX-License-Identifier: BSD-3-Clause */
/* One increasing map against its definition alpha x + sum lambda_k M_k(x) + v, with hats by formula. */
#include <float.h>
#include <math.h>

#include "family/map.h"
#include "support.h"

#define MOST 64

struct sample {
    struct arena arena;
    struct map T;
    rovi_map parts; /* the same map, for support_map */
};

static void sample_finish(struct sample *s, size_t J, const double *knots, const double *lambda, double alpha, double v)
{
    map_init(&s->T, &s->arena, J);
    map_set(&s->T, J, knots, alpha);
    assert_false(s->arena.failed);
    for (size_t k = 0; k < J; k++) {
        assert_true(s->T.lambda[k] == 0);
        s->T.lambda[k] = lambda[k];
    }
    s->T.v = v;
    map_prepare(&s->T);
    s->parts = (rovi_map){.cells = J, .knots = s->T.D.knots, .lambda = s->T.lambda, .alpha = alpha, .v = v};
}

/* Map number i: up to 12 cells, their widths between e^-4 and e^2 of one another, some lambda zero, some large. */
static void sample_make(struct sample *s, uint64_t i)
{
    const size_t J = i % 13;
    double knots[MOST], lambda[MOST] = {0}, normals[3 * MOST];
    support_normals(500 + i, 3 * MOST, normals);
    knots[0] = -2 + normals[MOST];
    for (size_t k = 0; k < J; k++) {
        knots[k + 1] = knots[k] + 0.5 * exp(fmax(-4, fmin(2, 1.5 * normals[k])));
        lambda[k] = k % 4 == i % 4 ? 0 : exp(2 * normals[2 * MOST + k]);
    }
    *s = (struct sample){.arena = {0}};
    sample_finish(s, J, knots, lambda, 0.05 + 0.1 * (double)(i % 7), normals[MOST + 1]);
}

static void sample_free(struct sample *s)
{
    arena_free(&s->arena);
}

static double value(const struct map *T, double x)
{
    return map_value(T, map_segment(T, x), x);
}

/* Points of interest: a spread, the knots, and their neighbours in floating point. Returns how many. */
static size_t points_of(const struct map *T, double x[8 * MOST])
{
    size_t n = 0;
    for (int i = -60; i <= 60; i++) {
        x[n++] = 0.1 * i + 0.013;
    }
    for (size_t k = 0; k <= T->D.cells; k++) {
        x[n++] = T->D.knots[k];
        x[n++] = nextafter(T->D.knots[k], -INFINITY);
        x[n++] = nextafter(T->D.knots[k], INFINITY);
    }
    x[n++] = 0;
    x[n++] = 1e3;
    x[n++] = -1e3;
    return n;
}

static void values_are_those_of_the_definition(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 26; i++) {
        struct sample s;
        double x[8 * MOST];
        sample_make(&s, i);
        const size_t n = points_of(&s.T, x);
        for (size_t p = 0; p < n; p += 5) {
            double scale = fabs(s.parts.v) + fabs(s.parts.alpha * x[p]);
            for (size_t k = 0; k < s.parts.cells; k++) {
                scale += s.parts.lambda[k];
            }
            assert_close(value(&s.T, x[p]) / scale, support_map(&s.parts, x[p]) / scale, 1e-12); /* hat means: 1e-13 */
        }
        sample_free(&s);
    }
}

static void map_increases_at_least_as_alpha(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 40; i++) {
        struct sample s;
        sample_make(&s, i);
        double before = value(&s.T, -9);
        for (double x = -9 + 0.01; x < 9; x += 0.01) {
            const double now = value(&s.T, x);
            assert_true(now - before >= 0.01 * s.T.alpha - 1e-12 * (1 + fabs(now)));
            before = now;
        }
        sample_free(&s);
    }
}

static double value_of(double x, void *data)
{
    return value(data, x);
}

static void v_is_the_mean_by_quadrature(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 26; i++) {
        struct sample s;
        sample_make(&s, i);
        const size_t n = s.T.D.cells + 1;
        /* Simpson is asked for 1e-14; values are up to 1e3 */
        assert_close(support_expectation(value_of, &s.T, -INFINITY, INFINITY, n, s.T.D.knots), s.T.v, 1e-10);
        sample_free(&s);
    }
}

static void slopes_are_those_of_finite_differences(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 26; i++) {
        struct sample s;
        sample_make(&s, i);
        for (size_t k = 0; k + 1 <= s.T.D.cells; k++) {
            const double a = s.T.D.knots[k], b = s.T.D.knots[k + 1];
            const double slope = (value(&s.T, b) - value(&s.T, a)) / (b - a);
            assert_relative(s.T.slope[k + 1], slope, 1e-10); /* 1e-16 |T|/(b - a) */
            assert_close(s.T.log_slope[k + 1], log(s.T.slope[k + 1]), 1e-15);
        }
        assert_true(s.T.slope[0] == s.T.alpha && s.T.slope[s.T.D.cells + 1] == s.T.alpha);
        sample_free(&s);
    }
}

static size_t segment_by_linear_search(const struct map *T, double x)
{
    size_t s = 0;
    while (s <= T->D.cells && x >= T->D.knots[s]) {
        s++;
    }
    return s;
}

static void segments_are_those_of_a_linear_search(void **state)
{
    (void)state;
    static const double extreme[] = {INFINITY, -INFINITY, DBL_MAX, -DBL_MAX, 1e300, -1e300, DBL_MIN, -0.0};
    for (uint64_t i = 0; i < 200; i++) {
        struct sample s;
        double x[8 * MOST];
        sample_make(&s, i);
        const size_t n = points_of(&s.T, x);
        for (size_t p = 0; p < n; p++) {
            assert_int_equal(map_segment(&s.T, x[p]), segment_by_linear_search(&s.T, x[p]));
        }
        for (size_t p = 0; p < sizeof extreme / sizeof *extreme; p++) {
            assert_int_equal(map_segment(&s.T, extreme[p]), segment_by_linear_search(&s.T, extreme[p]));
        }
        assert_true(map_segment(&s.T, NAN) <= s.T.D.cells + 1);
        sample_free(&s);
    }
}

/* One cell is a million times narrower than the others: the even grid of the lookup does not see it. */
static void lookup_stands_very_uneven_knots(void **state)
{
    (void)state;
    static const double knots[] = {-3, -1e-6, 0, 1e-9, 1e-8, 0.1, 3, 500};
    static const double lambda[] = {1, 5, 0, 2, 1, 1, 9};
    struct sample s = {.arena = {0}};
    double x[8 * MOST];
    sample_finish(&s, 7, knots, lambda, 0.1, 0);
    const size_t n = points_of(&s.T, x);
    for (size_t p = 0; p < n; p++) {
        assert_int_equal(map_segment(&s.T, x[p]), segment_by_linear_search(&s.T, x[p]));
    }
    sample_free(&s);
}

static void inverse_inverts(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 100; i++) {
        struct sample s;
        double x[8 * MOST];
        sample_make(&s, i);
        const size_t n = points_of(&s.T, x);
        for (size_t p = 0; p < n; p++) {
            size_t segment = 99;
            const double y = value(&s.T, x[p]), back = map_inverse(&s.T, y, &segment);
            /* y is rounded to 1e-16 |y| and divided by a slope that is at least alpha >= .05 */
            assert_true(fabs(back - x[p]) <= 4e-16 * (fabs(x[p]) + (fabs(y) + 50) / s.T.alpha));
            const double left = segment > 0 ? s.T.D.knots[segment - 1] : -INFINITY;
            const double right = segment <= s.T.D.cells ? s.T.D.knots[segment] : INFINITY;
            const double slack = 1e-12 * (1 + fabs(x[p]));
            assert_true(x[p] >= left - slack && x[p] <= right + slack);
        }
        sample_free(&s);
    }
}

static void knots_map_to_the_table_and_back(void **state)
{
    (void)state;
    struct sample s;
    sample_make(&s, 12);
    for (size_t k = 0; k <= s.T.D.cells; k++) {
        size_t segment = 99;
        assert_true(value(&s.T, s.T.D.knots[k]) == s.T.value[k]);
        assert_true(map_inverse(&s.T, s.T.value[k], &segment) == s.T.D.knots[k]);
    }
    sample_free(&s);
}

/* <w, T_lambda - T_0> = <adjoint w, lambda>, T_0 the same map with lambda = 0, for points in rows of three. */
static void adjoint_identity_holds(void **state)
{
    (void)state;
    enum { N = 200, STRIDE = 3 };
    for (uint64_t i = 0; i < 60; i++) {
        struct sample s;
        double x[N * STRIDE], w[N * STRIDE], adjoint[MOST], work[2 * (MOST + 2)], total = 0;
        double left = 0, right = 0, sum = 0, scale = 1;
        sample_make(&s, i);
        support_normals(10000 + i, N * STRIDE, x);
        support_normals(20000 + i, N * STRIDE, w);
        map_adjoint(&s.T, N, STRIDE, x + 1, w + 1, adjoint, &total, work);
        for (size_t p = 1; p < N * STRIDE; p += STRIDE) {
            const double change = value(&s.T, x[p]) - s.T.alpha * x[p] - s.T.v;
            left += w[p] * change;
            sum += w[p];
            scale += fabs(w[p] * change);
        }
        for (size_t k = 0; k < s.T.D.cells; k++) {
            right += adjoint[k] * s.T.lambda[k];
        }
        assert_close(total, sum, 1e-13);
        assert_close(left / scale, right / scale, 1e-13);
        sample_free(&s);
    }
}

/* Each entry by itself: sum_i w_i M_k(x_i), hats by formula; knots among the points. */
static void adjoint_entries_are_sums_over_hats(void **state)
{
    (void)state;
    for (uint64_t i = 1; i < 13; i++) {
        struct sample s;
        double x[8 * MOST], w[8 * MOST], adjoint[MOST], work[2 * (MOST + 2)], total = 0;
        sample_make(&s, i);
        const size_t n = points_of(&s.T, x);
        support_normals(30000 + i, n, w);
        map_adjoint(&s.T, n, 1, x, w, adjoint, &total, work);
        for (size_t k = 0; k < s.T.D.cells; k++) {
            const double mean = support_hat_mean(s.T.D.knots, k);
            double sum = 0;
            for (size_t p = 0; p < n; p++) {
                sum += w[p] * (support_hat(s.T.D.knots, k, x[p]) - mean);
            }
            assert_close(adjoint[k], sum, 1e-11); /* n = 160 terms, hat means to 1e-13 */
        }
        sample_free(&s);
    }
}

static void without_cells_the_map_is_linear(void **state)
{
    (void)state;
    static const double places[] = {0, -1e3, 7.5};
    for (size_t i = 0; i < 3; i++) {
        struct sample s = {.arena = {0}};
        size_t segment = 9;
        double total = 0, work[4];
        sample_finish(&s, 0, places + i, NULL, 2.5, -1);
        assert_close(value(&s.T, 3), 2.5 * 3 - 1, 1e-12); /* up to 1e3 * 2.5 is taken off and put back */
        assert_close(value(&s.T, -40), 2.5 * -40 - 1, 1e-12);
        assert_close(map_inverse(&s.T, 4, &segment), 2, 1e-12);
        assert_true(segment <= 1);
        map_adjoint(&s.T, 2, 1, (const double[]){1, 2}, (const double[]){3, 4}, NULL, &total, work);
        assert_close(total, 7, 1e-15);
        sample_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_the_definition),
        cmocka_unit_test(map_increases_at_least_as_alpha),
        cmocka_unit_test(v_is_the_mean_by_quadrature),
        cmocka_unit_test(slopes_are_those_of_finite_differences),
        cmocka_unit_test(segments_are_those_of_a_linear_search),
        cmocka_unit_test(lookup_stands_very_uneven_knots),
        cmocka_unit_test(inverse_inverts),
        cmocka_unit_test(knots_map_to_the_table_and_back),
        cmocka_unit_test(adjoint_identity_holds),
        cmocka_unit_test(adjoint_entries_are_sums_over_hats),
        cmocka_unit_test(without_cells_the_map_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
