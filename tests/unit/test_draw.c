/* SPDX-License-Identifier: BSD-3-Clause */
/* Mixtures of rotated products: density, draws, copies, what is refused; equation (35). */
#include <math.h>
#include <string.h>

#include "base/normal.h"
#include "family/approximation.h"
#include "family/draw.h"
#include "support.h"

#define D     3
#define K     3
#define DRAWS 40000

static const double weights[K] = {.2, .5, .3};

struct fixture {
    rovi_approximation *part[K], *q;
};

static void make(struct fixture *f)
{
    for (size_t k = 0; k < K; k++) {
        f->part[k] = support_approximation(k + 1, D, k != 1);
    }
    assert_int_equal(
        rovi_approximation_new_mixture(K, weights, (const rovi_approximation *const *)f->part, &f->q, NULL), ROVI_OK);
}

static void drop(struct fixture *f)
{
    for (size_t k = 0; k < K; k++) {
        rovi_approximation_free(f->part[k]);
    }
    rovi_approximation_free(f->q);
}

/* At draws of every component, and where all densities underflow; 1e-13 is what a few logarithms round, within the
 * error of the coordinates in a frame that is another's. */
static void assert_sum(const struct fixture *f, double error)
{
    double x[K * 50 * D], log_q[K * 50], part[K][K * 50];
    for (size_t k = 0; k < K; k++) {
        assert_int_equal(rovi_approximation_draw(f->part[k], 4, 0, 50, x + k * 50 * D, NULL, NULL), ROVI_OK);
    }
    for (size_t j = 0; j < D; j++) {
        x[j] = 300; /* exp(log q) is 0 here */
    }
    assert_int_equal(rovi_approximation_log_density(f->q, K * 50, x, log_q, NULL), ROVI_OK);
    for (size_t k = 0; k < K; k++) {
        assert_int_equal(rovi_approximation_log_density(f->part[k], K * 50, x, part[k], NULL), ROVI_OK);
    }
    assert_true(log_q[0] < -800);
    for (size_t p = 0; p < K * 50; p++) {
        const double top = fmax(part[0][p], fmax(part[1][p], part[2][p]));
        double sum = 0;
        for (size_t k = 0; k < K; k++) {
            sum += weights[k] * exp(part[k][p] - top);
        }
        assert_relative(log_q[p], top + log(sum), error);
    }
}

static void log_densities_are_those_of_the_sum(void **state)
{
    (void)state;
    struct fixture f;
    make(&f);
    assert_sum(&f, 1e-13);
    drop(&f);
}

/* The third component is diagonal, the second shares the first's frame; 1e-12, for offsets between two frames add the
 * rounding of two more products. */
static void shared_and_diagonal_frames_are_found_and_change_nothing(void **state)
{
    (void)state;
    struct fixture f;
    const double diagonal[D * D] = {2, 0, 0, 0, 0.5, 0, 0, 0, 1}, one[D * D] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    make(&f);
    for (size_t k = 1; k < K; k++) {
        rovi_approximation_parts parts = *rovi_approximation_parts_of(f.part[k]);
        const rovi_approximation_parts *first = rovi_approximation_parts_of(f.part[0]);
        rovi_approximation *old = f.part[k];
        parts.whitening = k == 1 ? first->whitening : diagonal;
        parts.rotation = k == 1 ? first->rotation : one;
        assert_int_equal(rovi_approximation_new(&parts, &f.part[k], NULL), ROVI_OK);
        rovi_approximation_free(old);
    }
    rovi_approximation_free(f.q);
    assert_int_equal(rovi_approximation_new_mixture(K, weights, (const rovi_approximation *const *)f.part, &f.q, NULL),
                     ROVI_OK);
    assert_int_equal(f.q->frame[1], 0);
    assert_int_equal(f.q->frame[2], 2);
    assert_false(f.q->component[0]->diagonal);
    assert_true(f.q->component[2]->diagonal);
    assert_sum(&f, 1e-12);
    drop(&f);
}

/* Var T(X) by the trapezoidal rule on 4000 intervals of [-10, 10]: kinks cost 1e-5 of it. */
static double variance_of(const struct map *T)
{
    const double h = 20.0 / 4000;
    double sum = 0;
    for (int i = 0; i <= 4000; i++) {
        const double x = -10 + h * i, off = map_value(T, map_segment(T, x), x) - T->v;
        sum += h * exp(normal_log_density(x)) * off * off;
    }
    return sum;
}

/* Mean and second moments of a product by those of its maps. */
static void moments(const rovi_approximation *q, double mean[D], double second[D])
{
    const rovi_approximation_parts *parts = rovi_approximation_parts_of(q);
    memcpy(mean, parts->center, D * sizeof *mean);
    memset(second, 0, D * sizeof *second);
    for (size_t i = 0; i < D; i++) {
        const double variance = variance_of(&q->maps[i]);
        for (size_t j = 0; j < D; j++) {
            mean[j] += q->transform[j * D + i] * parts->maps[i].v;
            second[j] += q->transform[j * D + i] * q->transform[j * D + i] * variance;
        }
    }
    for (size_t j = 0; j < D; j++) {
        second[j] += mean[j] * mean[j];
    }
}

/* Every mean within 4.5 of its standard errors: of six, one fails in 25000 tries; the seed is fixed. */
static void draws_have_the_moments_of_the_mixture(void **state)
{
    (void)state;
    struct fixture f;
    static double x[DRAWS * D], log_q[DRAWS], again[DRAWS];
    double mean[D] = {0}, second[D] = {0};
    make(&f);
    for (size_t k = 0; k < K; k++) {
        double m[D], s[D];
        moments(f.part[k], m, s);
        for (size_t j = 0; j < D; j++) {
            mean[j] += weights[k] * m[j];
            second[j] += weights[k] * s[j];
        }
    }
    assert_int_equal(rovi_approximation_draw(f.q, 11, 0, DRAWS, x, log_q, NULL), ROVI_OK);
    assert_int_equal(rovi_approximation_log_density(f.q, DRAWS, x, again, NULL), ROVI_OK);
    for (size_t j = 0; j < D; j++) {
        double sum[4] = {0};
        for (size_t p = 0; p < DRAWS; p++) {
            const double v = x[p * D + j];
            sum[0] += v;
            sum[1] += v * v;
            sum[2] += pow(v, 4);
        }
        const double m = sum[0] / DRAWS, s = sum[1] / DRAWS;
        assert_true(fabs(m - mean[j]) < 4.5 * sqrt((s - m * m) / DRAWS));
        assert_true(fabs(s - second[j]) < 4.5 * sqrt((sum[2] / DRAWS - s * s) / DRAWS));
    }
    for (size_t p = 0; p < DRAWS; p++) {
        assert_relative(log_q[p], again[p], 1e-12);
    }
    drop(&f);
}

/* Components that are far apart tell where a draw came from: shares within 4.5 standard errors, chi-square aside. */
static void components_are_drawn_by_their_weights(void **state)
{
    (void)state;
    const rovi_map map = {.cells = 0, .knots = (const double[]){0}, .alpha = 1};
    const rovi_map maps[1] = {map};
    const double centers[K] = {-100, 0, 100}, one[1] = {1};
    static double x[DRAWS];
    size_t count[K] = {0};
    rovi_approximation *part[K], *q = NULL;
    for (size_t k = 0; k < K; k++) {
        const rovi_approximation_parts parts = {.dim = 1, .center = &centers[k], .rotation = one, .maps = maps};
        assert_int_equal(rovi_approximation_new(&parts, &part[k], NULL), ROVI_OK);
    }
    assert_int_equal(rovi_approximation_new_mixture(K, weights, (const rovi_approximation *const *)part, &q, NULL),
                     ROVI_OK);
    assert_int_equal(rovi_approximation_draw(q, 5, 0, DRAWS, x, NULL, NULL), ROVI_OK);
    for (size_t p = 0; p < DRAWS; p++) {
        count[x[p] < -50 ? 0 : x[p] < 50 ? 1 : 2]++;
    }
    for (size_t k = 0; k < K; k++) {
        const double error = sqrt(weights[k] * (1 - weights[k]) / DRAWS);
        assert_true(fabs((double)count[k] / DRAWS - weights[k]) < 4.5 * error);
        rovi_approximation_free(part[k]);
    }
    rovi_approximation_free(q);
}

/* In one piece or in two, against the definition; by rounding on numbers about 1e6 that differ by about 1. */
static void moments_are_added_up(void **state)
{
    (void)state;
    enum { N = 50, CUT = 17, WIDE = 3 };
    double z[N * WIDE], mean[2][WIDE] = {{0}}, squares[2][WIDE] = {{0}};
    support_normals(3, N * WIDE, z);
    for (size_t i = 0; i < N * WIDE; i++) {
        z[i] += 1e6;
    }
    draw_add_moments(0, N, WIDE, z, mean[0], squares[0]);
    draw_add_moments(0, CUT, WIDE, z, mean[1], squares[1]);
    draw_add_moments(CUT, N - CUT, WIDE, z + CUT * WIDE, mean[1], squares[1]);
    assert_memory_equal(mean[0], mean[1], sizeof mean[0]);
    assert_memory_equal(squares[0], squares[1], sizeof squares[0]);
    for (size_t j = 0; j < WIDE; j++) {
        double m = 0, s = 0;
        for (size_t p = 0; p < N; p++) {
            m += (z[p * WIDE + j] - 1e6) / N;
        }
        for (size_t p = 0; p < N; p++) {
            s += (z[p * WIDE + j] - 1e6 - m) * (z[p * WIDE + j] - 1e6 - m);
        }
        assert_close(mean[0][j] - 1e6, m, 1e-8);
        assert_relative(squares[0][j], s, 1e-8);
    }
}

static void a_draw_depends_on_its_number_alone(void **state)
{
    (void)state;
    struct fixture f;
    double whole[300 * D], log_q[300], part[7 * D], part_log_q[7];
    make(&f);
    assert_int_equal(rovi_approximation_draw(f.q, 8, 0, 300, whole, log_q, NULL), ROVI_OK);
    for (size_t first = 0; first + 7 <= 300; first += 31) {
        assert_int_equal(rovi_approximation_draw(f.q, 8, first, 7, part, part_log_q, NULL), ROVI_OK);
        assert_memory_equal(part, whole + first * D, sizeof part);
        assert_memory_equal(part_log_q, log_q + first, sizeof part_log_q);
    }
    drop(&f);
}

/* The components are copies, and a copy of the mixture is the same to the last bit. */
static void copies_are_whole(void **state)
{
    (void)state;
    struct fixture f;
    double x[64 * D], y[64 * D], p[64], r[64], weight = 0;
    make(&f);
    rovi_approximation *copy = approximation_copy(f.q);
    assert_int_equal(rovi_approximation_draw(f.q, 2, 0, 64, x, p, NULL), ROVI_OK);
    drop(&f);
    assert_non_null(copy);
    assert_int_equal(rovi_approximation_draw(copy, 2, 0, 64, y, r, NULL), ROVI_OK);
    assert_memory_equal(x, y, sizeof x);
    assert_memory_equal(p, r, sizeof p);
    assert_int_equal(rovi_approximation_components(copy), K);
    assert_null(rovi_approximation_parts_of(copy));
    assert_int_equal(rovi_approximation_dim(copy), D);
    for (size_t k = 0; k < K; k++) {
        assert_non_null(rovi_approximation_parts_of(rovi_approximation_component(copy, k, &weight)));
        assert_true(weight == weights[k]);
    }
    assert_null(rovi_approximation_component(copy, K, &weight));
    rovi_approximation_free(copy);
}

static void a_product_is_its_only_component(void **state)
{
    (void)state;
    rovi_approximation *q = support_approximation(1, D, 1);
    double weight = 0;
    assert_int_equal(rovi_approximation_components(q), 1);
    assert_ptr_equal(rovi_approximation_component(q, 0, &weight), q);
    assert_true(weight == 1);
    assert_null(rovi_approximation_component(q, 1, NULL));
    rovi_approximation_free(q);
}

static void bad_mixtures_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    make(&f);
    rovi_approximation *wide = support_approximation(1, D + 1, 0), *q = f.q;
    const struct {
        size_t count;
        double weights[2];
        const rovi_approximation *part[2];
        const char *says;
    } bad[] = {
        {0, {1}, {f.part[0]}, "at least one component"},
        {2, {.5, .5}, {f.part[0], NULL}, "component 1 is NULL"},
        {2, {.5, .5}, {f.part[0], f.q}, "component 1 is a mixture"},
        {2, {.5, .5}, {f.part[0], wide}, "component 1 is of another dimension"},
        {2, {1, 0}, {f.part[0], f.part[1]}, "weight 1 is 0; it must be positive"},
        {2, {NAN, .5}, {f.part[0], f.part[1]}, "weight 0 is nan"},
        {2, {INFINITY, .5}, {f.part[0], f.part[1]}, "sum to inf"},
        {2, {.5, .6}, {f.part[0], f.part[1]}, "must sum to 1"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rovi_error error = {0};
        q = f.q;
        const rovi_status status =
            rovi_approximation_new_mixture(bad[i].count, bad[i].weights, bad[i].part, &q, &error);
        assert_refused(status, &error, ROVI_BAD_INPUT, bad[i].says);
        assert_null(q);
    }
    assert_int_equal(rovi_approximation_new_mixture(2, NULL, bad[3].part, &q, NULL), ROVI_BAD_INPUT);
    assert_int_equal(rovi_approximation_new_mixture(2, weights, NULL, &q, NULL), ROVI_BAD_INPUT);
    rovi_approximation_free(wide);
    drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_densities_are_those_of_the_sum),
        cmocka_unit_test(shared_and_diagonal_frames_are_found_and_change_nothing),
        cmocka_unit_test(draws_have_the_moments_of_the_mixture),
        cmocka_unit_test(components_are_drawn_by_their_weights),
        cmocka_unit_test(moments_are_added_up),
        cmocka_unit_test(a_draw_depends_on_its_number_alone),
        cmocka_unit_test(copies_are_whole),
        cmocka_unit_test(a_product_is_its_only_component),
        cmocka_unit_test(bad_mixtures_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
