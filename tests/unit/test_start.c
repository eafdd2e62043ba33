/* SPDX-License-Identifier: BSD-3-Clause */
/* Where restarts begin, and knots that move without moving the map. */
#include <math.h>
#include <stdlib.h>

#include "restart/start.h"
#include "support.h"

static rovi_settings *settings_with(const char *name, const char *value)
{
    rovi_settings *settings = rovi_settings_new();
    assert_int_equal(rovi_settings_set(settings, name, value, NULL), ROVI_OK);
    return settings;
}

static double at(const struct map *T, double x)
{
    return map_value(T, map_segment(T, x), x);
}

/* ---- starts ---- */

static void mfvi_starts_at_the_identity_rotation(void **state)
{
    (void)state;
    rovi_settings *settings = rovi_settings_new();
    rovi_approximation *q = start_make(settings, 4, 5, false, NULL);
    for (size_t i = 0; i < 16; i++) {
        assert_true(q->rotation[i] == (i % 5 == 0));
    }
    assert_null(q->whitening);
    for (size_t i = 0; i < 4; i++) {
        assert_true(q->center[i] == 0);
    }
    rovi_approximation_free(q);
    rovi_settings_free(settings);
}

static void rovi_starts_at_a_rotation_of_its_seed(void **state)
{
    (void)state;
    rovi_settings *settings = rovi_settings_new();
    rovi_approximation *a = start_make(settings, 6, 5, true, NULL), *b = start_make(settings, 6, 5, true, NULL);
    rovi_approximation *c = start_make(settings, 6, 6, true, NULL);
    assert_memory_equal(a->rotation, b->rotation, 36 * sizeof(double));
    assert_memory_not_equal(a->rotation, c->rotation, 36 * sizeof(double));
    assert_true(a->maps[0].v == b->maps[0].v && a->maps[0].v != c->maps[0].v);
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < 6; j++) {
            double sum = 0;
            for (size_t k = 0; k < 6; k++) {
                sum += a->rotation[k * 6 + i] * a->rotation[k * 6 + j];
            }
            assert_close(sum, i == j, 1e-14);
        }
    }
    rovi_approximation_free(a);
    rovi_approximation_free(b);
    rovi_approximation_free(c);
    rovi_settings_free(settings);
}

/* One slope for all cells of all maps, start_slope^(1-u); means u start_spread times a normal. u is read off the slope;
 * of 400 seeds half are centred, u = 0 (z < 4.5), over the others u is uniform (mean z < 4.5) and v/(u spread) standard
 * normal (mean and mean square z < 4.5). */
static void starts_scatter_as_the_settings_say(void **state)
{
    (void)state;
    enum { SEEDS = 400, DIM = 3 };
    rovi_settings *settings = settings_with("start_slope", "4");
    assert_int_equal(rovi_settings_set(settings, "start_spread", "2.5", NULL), ROVI_OK);
    double sum_u = 0, sum = 0, square = 0, scattered = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        rovi_approximation *q = start_make(settings, DIM, seed, true, NULL);
        const double slope = q->maps[0].slope[1], u = 1 - log(slope) / log(4);
        assert_true(u >= 0 && u < 1);
        for (size_t i = 0; i < DIM; i++) {
            for (size_t k = 0; k < q->maps[i].D.cells; k++) {
                assert_close(q->maps[i].slope[k + 1], slope, 1e-13);
            }
            const double normal = u > 0 ? q->maps[i].v / (2.5 * u) : 0;
            assert_true(u > 0 || q->maps[i].v == 0);
            sum += normal;
            square += normal * normal;
        }
        sum_u += u;
        scattered += u > 0;
        rovi_approximation_free(q);
    }
    assert_true(fabs(scattered / SEEDS - 0.5) < 4.5 * 0.5 / sqrt(SEEDS));
    assert_true(fabs(sum_u / scattered - 0.5) < 4.5 / sqrt(12.0 * scattered));
    assert_true(fabs(sum / (scattered * DIM)) < 4.5 / sqrt(scattered * DIM));
    assert_true(fabs(square / (scattered * DIM) - 1) < 4.5 * sqrt(2.0 / (scattered * DIM)));
    rovi_settings_free(settings);
}

static void the_paper_starts_at_lambda_zero(void **state)
{
    (void)state;
    rovi_settings *settings = settings_with("preset", "paper");
    rovi_approximation *q = start_make(settings, 2, 1, true, NULL);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(q->maps[i].D.cells, 29);
        assert_true(q->maps[i].D.knots[0] == -2.9 && q->maps[i].D.knots[29] == 2.9 && q->maps[i].alpha == 0.1);
        for (size_t k = 0; k < 29; k++) {
            assert_true(q->maps[i].lambda[k] == 0);
        }
    }
    rovi_approximation_free(q);
    rovi_settings_free(settings);
}

static void smoothness_sets_alpha(void **state)
{
    (void)state;
    rovi_settings *settings = settings_with("alpha", "0.3");
    assert_true(start_alpha(settings) == 0.3);
    assert_int_equal(rovi_settings_set(settings, "smoothness", "16", NULL), ROVI_OK);
    assert_true(start_alpha(settings) == 0.25);
    rovi_approximation *q = start_make(settings, 2, 1, true, NULL);
    assert_true(q->maps[0].alpha == 0.25 && q->maps[1].alpha == 0.25);
    rovi_approximation_free(q);
    rovi_settings_free(settings);
}

/* ---- knots ---- */

static size_t most_cells_of(const rovi_settings *settings)
{
    const size_t most = start_most_cells(settings);
    assert_true(most >= dictionary_uniform_cells(settings->mesh, settings->range));
    return most;
}

struct weighted {
    double slope, mass;
};

static int by_slope(const void *a, const void *b)
{
    const struct weighted *p = a, *q = b;
    return (p->slope > q->slope) - (p->slope < q->slope);
}

/* The slope below which half of the mass of the cells lies. */
static double median_slope(const struct map *T)
{
    struct weighted cells[512];
    double inside = 0, below = 0;
    assert_true(T->D.cells <= 512);
    for (size_t k = 0; k < T->D.cells; k++) {
        const double P = (erfc(T->D.knots[k] / sqrt(2)) - erfc(T->D.knots[k + 1] / sqrt(2))) / 2;
        cells[k] = (struct weighted){(at(T, T->D.knots[k + 1]) - at(T, T->D.knots[k])) / T->D.width[k], P};
        inside += P;
    }
    qsort(cells, T->D.cells, sizeof *cells, by_slope);
    size_t k = 0;
    while (k + 1 < T->D.cells && (below += cells[k].mass) < 0.5 * inside) {
        k++;
    }
    return cells[k].slope;
}

/* What start_refine promises of one map. */
static void check_refined(const rovi_settings *settings, const struct map *before, const struct map *after)
{
    const size_t J = after->D.cells, most = most_cells_of(settings);
    const double scale = 1 + fabs(at(before, 4)) + fabs(at(before, -4));
    assert_true(J >= 1 && J <= most);
    assert_true(after->alpha == before->alpha);
    assert_true(after->D.knots[0] == before->D.knots[0]);
    assert_true(after->D.knots[J] == before->D.knots[before->D.cells]);
    const double median = median_slope(before);
    for (size_t k = 0; k <= J; k++) { /* the same values at the knots */
        assert_close(at(after, after->D.knots[k]) / scale, at(before, after->D.knots[k]) / scale, 1e-12);
    }
    for (size_t k = 0; k < J; k++) {
        const double left = after->D.knots[k], right = after->D.knots[k + 1],
                     rise = at(before, right) - at(before, left);
        assert_true(right > left && after->lambda[k] >= 0);
        if (J < most) { /* 1e-6: the median and the walk along the cells are sums */
            assert_true(right - left <= settings->mesh * (1 + 1e-6));
            assert_true(rise <= settings->mesh * median * (1 + 1e-6));
        }
        for (double t = 0.1; t < 1; t += 0.2) { /* between knots both rise from one value to the other */
            const double x = left + t * (right - left);
            assert_true(fabs(at(after, x) - at(before, x)) <= rise + 1e-12 * scale);
        }
    }
    for (double x = -9; x < 9; x += 0.7) { /* outside the knots it is the same line */
        if (x < after->D.knots[0] || x > after->D.knots[J]) {
            assert_close(at(after, x) / scale, at(before, x) / scale, 1e-12);
        }
    }
}

static void refining_keeps_the_map(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 30; i++) {
        rovi_settings *settings = settings_with("mesh", i % 3 == 0 ? "0.05" : i % 3 == 1 ? "0.2" : "1");
        rovi_approximation *q = support_approximation(200 + i, 2, (int)(i % 2));
        rovi_approximation *refined = start_refine(settings, q), *again = start_refine(settings, refined);
        assert_memory_equal(refined->rotation, q->rotation, 4 * sizeof(double));
        assert_memory_equal(refined->center, q->center, 2 * sizeof(double));
        assert_true((refined->whitening == NULL) == (q->whitening == NULL));
        for (size_t j = 0; j < 2; j++) {
            check_refined(settings, &q->maps[j], &refined->maps[j]);
            check_refined(settings, &refined->maps[j], &again->maps[j]);
        }
        rovi_approximation_free(again);
        rovi_approximation_free(refined);
        rovi_approximation_free(q);
        rovi_settings_free(settings);
    }
}

/* Slope 1 but for one cell of slope `steep` about 0. */
static rovi_approximation *jump(double steep)
{
    const double knots[] = {-3, -0.1, 0.1, 3}, lambda[] = {0.9 * 2.9, (steep - 0.1) * 0.2, 0.9 * 2.9}, one = 1,
                 zero = 0;
    const rovi_map map = {3, knots, lambda, 0.1, 0};
    const rovi_approximation_parts parts = {.dim = 1, .center = &zero, .rotation = &one, .maps = &map};
    rovi_approximation *q = NULL;
    assert_int_equal(rovi_approximation_new(&parts, &q, NULL), ROVI_OK);
    return q;
}

static size_t cells_within(const struct map *T, double a, double b)
{
    size_t count = 0;
    for (size_t k = 0; k < T->D.cells; k++) {
        count += T->D.knots[k] >= a - 1e-12 && T->D.knots[k + 1] <= b + 1e-12;
    }
    return count;
}

/* A jump is resolved in value: slope 50 over a width of .2 is a rise of 10, which takes 50 cells of rise .2. */
static void knots_go_where_the_map_rises(void **state)
{
    (void)state;
    rovi_settings *settings = settings_with("mesh", "0.2");
    assert_int_equal(rovi_settings_set(settings, "range", "3", NULL), ROVI_OK);
    rovi_approximation *q = jump(50), *refined = start_refine(settings, q);
    check_refined(settings, &q->maps[0], &refined->maps[0]);
    const size_t within = cells_within(&refined->maps[0], -0.1, 0.1);
    assert_true(within >= 48 && within <= 51);
    rovi_approximation_free(refined);
    rovi_approximation_free(q);
    rovi_settings_free(settings);
}

/* exp(9), as between modes at +-3 sqrt(2): more cells would be wanted than there may be; all there are, are used. */
static void the_most_cells_are_not_exceeded(void **state)
{
    (void)state;
    rovi_settings *settings = settings_with("mesh", "0.2");
    rovi_approximation *q = jump(exp(9)), *refined = start_refine(settings, q);
    check_refined(settings, &q->maps[0], &refined->maps[0]);
    assert_int_equal(refined->maps[0].D.cells, start_most_cells(settings));
    rovi_approximation_free(refined);
    rovi_approximation_free(q);
    rovi_settings_free(settings);
}

/* A uniform map is left on uniform knots. */
static void a_straight_map_keeps_even_knots(void **state)
{
    (void)state;
    rovi_settings *settings = settings_with("range", "3");
    rovi_approximation *q = start_make(settings, 1, 1, true, NULL), *refined = start_refine(settings, q);
    const struct map *T = &refined->maps[0];
    assert_int_equal(T->D.cells, q->maps[0].D.cells);
    for (size_t k = 0; k <= T->D.cells; k++) {
        assert_close(T->D.knots[k], q->maps[0].D.knots[k], 1e-12);
    }
    rovi_approximation_free(refined);
    rovi_approximation_free(q);
    rovi_settings_free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mfvi_starts_at_the_identity_rotation),
        cmocka_unit_test(rovi_starts_at_a_rotation_of_its_seed),
        cmocka_unit_test(starts_scatter_as_the_settings_say),
        cmocka_unit_test(the_paper_starts_at_lambda_zero),
        cmocka_unit_test(smoothness_sets_alpha),
        cmocka_unit_test(refining_keeps_the_map),
        cmocka_unit_test(knots_go_where_the_map_rises),
        cmocka_unit_test(the_most_cells_are_not_exceeded),
        cmocka_unit_test(a_straight_map_keeps_even_knots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
