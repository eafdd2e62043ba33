/* SPDX-License-Identifier: BSD-3-Clause */
/* The approximation q through its public face: it is a density, draws follow it, and parts come back bit for bit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static double density_1d(double x, void *data)
{
    double log_q = NAN;
    assert_int_equal(rovi_approximation_log_density(data, 1, &x, &log_q, NULL), ROVI_OK);
    return exp(log_q);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* In one dimension the density jumps where the knots land: integrate between them. */
static void density_integrates_to_one_in_one_dimension(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 6; i++) {
        rovi_approximation *q = support_approximation(i, 1, i % 2 == 0);
        const rovi_approximation_parts *p = rovi_approximation_parts_of(q);
        const double scale = p->rotation[0] * (p->whitening != NULL ? p->whitening[0] : 1);
        double edges[12];
        const size_t n = p->maps[0].cells + 3;
        edges[0] = p->center[0] - 60 * fabs(scale);
        edges[1] = p->center[0] + 60 * fabs(scale);
        for (size_t k = 0; k <= p->maps[0].cells; k++) {
            edges[k + 2] = p->center[0] + scale * support_map(&p->maps[0], p->maps[0].knots[k]);
        }
        qsort(edges, n, sizeof *edges, by_value);
        double mass = 0;
        for (size_t k = 0; k + 1 < n; k++) {
            const double inset = 1e-12 * (1 + fabs(edges[k])); /* knots land where they do up to rounding */
            mass += support_integrate(density_1d, q, edges[k] + inset, edges[k + 1] - inset, 1e-12);
        }
        assert_close(mass, 1, 1e-9);
        rovi_approximation_free(q);
    }
}

/* Midpoints of a 1200 x 1200 grid over the bounding box of what matters. The density jumps along the lines where knots
 * land; a grid of step h is off by about h/2 times jump times length there, with signs that mostly cancel: 1e-3. */
static void density_integrates_to_one_in_the_plane(void **state)
{
    (void)state;
    enum { N = 1200 };
    for (uint64_t i = 0; i < 2; i++) {
        rovi_approximation *q = support_approximation(20 + i, 2, i == 0);
        double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY}, mass = 0;
        double draws[2 * 20000], row[2 * N], log_q[N];
        assert_int_equal(rovi_approximation_draw(q, 1, 0, 20000, draws, NULL, NULL), ROVI_OK);
        for (size_t p = 0; p < 40000; p++) {
            low[p % 2] = fmin(low[p % 2], draws[p] - 0.5);
            high[p % 2] = fmax(high[p % 2], draws[p] + 0.5);
        }
        const double h[2] = {(high[0] - low[0]) / N, (high[1] - low[1]) / N};
        for (size_t r = 0; r < N; r++) {
            for (size_t c = 0; c < N; c++) {
                row[2 * c] = low[0] + h[0] * ((double)c + 0.5);
                row[2 * c + 1] = low[1] + h[1] * ((double)r + 0.5);
            }
            assert_int_equal(rovi_approximation_log_density(q, N, row, log_q, NULL), ROVI_OK);
            for (size_t c = 0; c < N; c++) {
                mass += exp(log_q[c]) * h[0] * h[1];
            }
        }
        assert_close(mass, 1, 1e-3);
        rovi_approximation_free(q);
    }
}

/* Two ways to the same number: along the draw (x is known) and back from z (x is found by inverting). */
static void log_density_at_draws_is_that_of_the_draw(void **state)
{
    (void)state;
    static const size_t dims[] = {1, 2, 7, 40};
    for (uint64_t i = 0; i < 8; i++) {
        enum { N = 300 };
        const size_t d = dims[i % 4];
        rovi_approximation *q = support_approximation(40 + i, d, i >= 4);
        double *z = calloc(N * d, sizeof *z), along[N], back[N];
        assert_int_equal(rovi_approximation_draw(q, 5, 0, N, z, along, NULL), ROVI_OK);
        assert_int_equal(rovi_approximation_log_density(q, N, z, back, NULL), ROVI_OK);
        for (size_t p = 0; p < N; p++) {
            assert_close(back[p], along[p], 1e-9);
        }
        free(z);
        rovi_approximation_free(q);
    }
}

static void check_chunks(size_t d)
{
    enum { N = 500, FIRST = 1000 };
    static const size_t chunks[] = {1, 3, 63, 64, 65, 200};
    rovi_approximation *q = support_approximation(3, d, 1);
    double *whole = calloc(N * d, sizeof *whole), *part = calloc(N * d, sizeof *part), whole_log[N], part_log[N];
    assert_int_equal(rovi_approximation_draw(q, 9, FIRST, N, whole, whole_log, NULL), ROVI_OK);
    for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
        memset(part, 0, N * d * sizeof *part);
        for (size_t at = 0; at < N; at += chunks[c]) {
            const size_t n = N - at < chunks[c] ? N - at : chunks[c];
            assert_int_equal(rovi_approximation_draw(q, 9, FIRST + at, n, part + at * d, part_log + at, NULL), ROVI_OK);
        }
        assert_memory_equal(part, whole, N * d * sizeof *part);
        assert_memory_equal(part_log, whole_log, sizeof part_log);
    }
    assert_int_equal(rovi_approximation_draw(q, 10, FIRST, N, part, NULL, NULL), ROVI_OK);
    assert_memory_not_equal(part, whole, N * d * sizeof *part);
    assert_int_equal(rovi_approximation_draw(q, 9, 0, 0, NULL, NULL, NULL), ROVI_OK);
    assert_int_equal(rovi_approximation_draw(q, 9, UINT64_C(1) << 60, 2, part, NULL, NULL), ROVI_OK);
    free(whole);
    free(part);
    rovi_approximation_free(q);
}

static void draws_do_not_depend_on_how_they_are_asked_for(void **state)
{
    (void)state;
    check_chunks(5);
    check_chunks(37);
}

struct deviation {
    const rovi_map *map;
    double level; /* sum of lambda_k E[psi_k] */
};

static double deviation_squared(double x, void *data)
{
    const struct deviation *self = data;
    double y = self->map->alpha * x - self->level;
    for (size_t k = 0; k < self->map->cells; k++) {
        y += self->map->lambda[k] * support_hat(self->map->knots, k, x);
    }
    return y * y;
}

static double variance_of(const rovi_map *map)
{
    struct deviation self = {map, 0};
    for (size_t k = 0; k < map->cells; k++) {
        self.level += map->lambda[k] * support_hat_mean(map->knots, k);
    }
    return support_expectation(deviation_squared, &self, -INFINITY, INFINITY, map->cells + 1, map->knots);
}

/* Mean center + L O v and covariance A diag(var T_i) A^T, A = L O, var by quadrature; 20000 draws, seed 3. Means are
 * held to z < 4.5. The variance of a squared coordinate is at most about 4 of its own square for maps like these, so
 * that covariances are held to 4.5 * sqrt(4/20000) of the product of the sds. */
static void draws_have_the_exact_moments(void **state)
{
    (void)state;
    enum { N = 20000, D = 3 };
    rovi_approximation *q = support_approximation(7, D, 1);
    const rovi_approximation_parts *p = rovi_approximation_parts_of(q);
    double A[D][D] = {{0}}, mean[D], variance[D], covariance[D][D] = {{0}}, sum[D] = {0}, product[D][D] = {{0}};
    double *z = calloc(N * D, sizeof *z);
    for (size_t i = 0; i < D; i++) {
        variance[i] = variance_of(&p->maps[i]);
        for (size_t j = 0; j < D; j++) {
            for (size_t k = 0; k < D; k++) {
                A[i][j] += p->whitening[i * D + k] * p->rotation[k * D + j];
            }
        }
    }
    for (size_t i = 0; i < D; i++) {
        mean[i] = p->center[i];
        for (size_t k = 0; k < D; k++) {
            mean[i] += A[i][k] * p->maps[k].v;
            for (size_t j = 0; j < D; j++) {
                covariance[i][j] += A[i][k] * A[j][k] * variance[k];
            }
        }
    }
    assert_int_equal(rovi_approximation_draw(q, 3, 0, N, z, NULL, NULL), ROVI_OK);
    for (size_t n = 0; n < N; n++) {
        for (size_t i = 0; i < D; i++) {
            sum[i] += (z[n * D + i] - mean[i]) / N;
            for (size_t j = 0; j < D; j++) {
                product[i][j] += (z[n * D + i] - mean[i]) * (z[n * D + j] - mean[j]) / N;
            }
        }
    }
    for (size_t i = 0; i < D; i++) {
        assert_true(fabs(sum[i]) < 4.5 * sqrt(covariance[i][i] / N));
        for (size_t j = 0; j < D; j++) {
            const double scale = sqrt(covariance[i][i] * covariance[j][j]);
            assert_true(fabs(product[i][j] - covariance[i][j]) < 4.5 * sqrt(4.0 / N) * scale);
        }
    }
    free(z);
    rovi_approximation_free(q);
}

/* T = id with center and whitening is the Gaussian N(center, L L^T): its density by the textbook. */
static void identity_maps_make_a_gaussian(void **state)
{
    (void)state;
    const double center[] = {1, -2}, L[] = {2, 0, 0.5, 0.25}, O[] = {0.6, -0.8, 0.8, 0.6}, knots[] = {-1, 0, 1};
    const double lambda[] = {0.5, 0.5};
    const rovi_map maps[] = {{2, knots, lambda, 0.5, 0}, {0, knots, NULL, 1, 0}};
    rovi_approximation *q = NULL;
    const rovi_approximation_parts parts = {.dim = 2, .center = center, .whitening = L, .rotation = O, .maps = maps};
    assert_int_equal(rovi_approximation_new(&parts, &q, NULL), ROVI_OK);
    /* inside the knots the first map is the identity; outside its slope is .5 */
    const double y[] = {0.3, -0.7}, w[] = {0.6 * y[0] - 0.8 * y[1], 0.8 * y[0] + 0.6 * y[1]};
    const double z[] = {1 + 2 * w[0], -2 + 0.5 * w[0] + 0.25 * w[1]};
    double log_q = NAN;
    assert_int_equal(rovi_approximation_log_density(q, 1, z, &log_q, NULL), ROVI_OK);
    assert_close(log_q, -log(2 * acos(-1)) - 0.5 * (y[0] * y[0] + y[1] * y[1]) - log(2 * 0.25), 1e-13);
    rovi_approximation_free(q);
}

static void far_points_have_no_nan(void **state)
{
    (void)state;
    rovi_approximation *q = support_approximation(1, 2, 1);
    const double far[] = {1e5, -1e5, 1e150, 0, 0, -1e300};
    double log_q[3];
    assert_int_equal(rovi_approximation_log_density(q, 3, far, log_q, NULL), ROVI_OK);
    assert_true(log_q[0] < -1e7 && isfinite(log_q[0]));
    assert_true(log_q[1] < -1e200);
    assert_true(log_q[2] == -INFINITY);
    rovi_approximation_free(q);
}

static void parts_come_back_bit_for_bit(void **state)
{
    (void)state;
    for (int whitening = 0; whitening < 2; whitening++) {
        enum { D = 6, N = 100 };
        rovi_approximation *q = support_approximation(11, D, whitening), *copy = NULL;
        double a[N * D], b[N * D], log_a[N], log_b[N];
        assert_int_equal(rovi_approximation_new(rovi_approximation_parts_of(q), &copy, NULL), ROVI_OK);
        assert_int_equal(rovi_approximation_dim(copy), D);
        const rovi_approximation_parts *p = rovi_approximation_parts_of(q), *r = rovi_approximation_parts_of(copy);
        assert_memory_equal(p->center, r->center, D * sizeof(double));
        assert_memory_equal(p->rotation, r->rotation, D * D * sizeof(double));
        assert_true((p->whitening != NULL) == whitening && (r->whitening != NULL) == whitening);
        if (whitening) {
            assert_memory_equal(p->whitening, r->whitening, D * D * sizeof(double));
        }
        for (size_t i = 0; i < D; i++) {
            assert_int_equal(p->maps[i].cells, r->maps[i].cells);
            assert_true(p->maps[i].alpha == r->maps[i].alpha && p->maps[i].v == r->maps[i].v);
            assert_true(p->maps[i].knots != r->maps[i].knots && p->maps[i].lambda != r->maps[i].lambda); /* copied */
            assert_memory_equal(p->maps[i].knots, r->maps[i].knots, (p->maps[i].cells + 1) * sizeof(double));
            assert_memory_equal(p->maps[i].lambda, r->maps[i].lambda, p->maps[i].cells * sizeof(double));
        }
        rovi_approximation_draw(q, 1, 0, N, a, log_a, NULL);
        rovi_approximation_draw(copy, 1, 0, N, b, log_b, NULL);
        assert_memory_equal(a, b, sizeof a);
        assert_memory_equal(log_a, log_b, sizeof log_a);
        rovi_approximation_free(q);
        rovi_approximation_free(copy);
    }
}

/* ---- bad parts: each test spoils one thing in these ---- */

struct spoilt {
    double center[2], whitening[4], rotation[4], knots[3], lambda[2];
    rovi_map maps[2];
    rovi_approximation_parts parts;
};

static struct spoilt *good(void)
{
    static struct spoilt s;
    s = (struct spoilt){.whitening = {1, 0, 0.5, 2},
                        .rotation = {0, 1, 1, 0},
                        .knots = {-1, 0, 2},
                        .lambda = {0.5, 0},
                        .parts = {.dim = 2}};
    s.maps[0] = s.maps[1] = (rovi_map){.cells = 2, .knots = s.knots, .lambda = s.lambda, .alpha = 1, .v = 0};
    s.parts = (rovi_approximation_parts){
        .dim = 2, .center = s.center, .whitening = s.whitening, .rotation = s.rotation, .maps = s.maps};
    return &s;
}

static void assert_bad(const struct spoilt *s, const char *part)
{
    rovi_error error;
    rovi_approximation *q = (rovi_approximation *)&error; /* has to become NULL */
    assert_refused(rovi_approximation_new(&s->parts, &q, &error), &error, ROVI_BAD_INPUT, part);
    assert_null(q);
    assert_int_equal(rovi_approximation_new(&s->parts, &q, NULL), ROVI_BAD_INPUT);
}

static void good_parts_are_accepted(void **state)
{
    (void)state;
    struct spoilt *s = good();
    rovi_approximation *q = NULL;
    s->rotation[0] = 5e-9; /* within 1e-8 of orthogonal */
    s->maps[0].cells = 0;
    s->maps[0].lambda = NULL;
    assert_int_equal(rovi_approximation_new(&s->parts, &q, NULL), ROVI_OK);
    rovi_approximation_free(q);
}

static void parts_that_are_missing_are_refused(void **state)
{
    (void)state;
    rovi_error error;
    rovi_approximation *q = NULL;
    struct spoilt *s = good();
    assert_refused(rovi_approximation_new(NULL, &q, &error), &error, ROVI_BAD_INPUT, "dimension");
    s->parts.dim = 0;
    assert_bad(s, "dimension");
    s = good();
    s->parts.center = NULL;
    assert_bad(s, "center");
    s = good();
    s->parts.rotation = NULL;
    assert_bad(s, "rotation");
    s = good();
    s->parts.maps = NULL;
    assert_bad(s, "maps");
    s = good();
    s->maps[1].knots = NULL;
    assert_bad(s, "map 1");
    s = good();
    s->maps[1].lambda = NULL;
    assert_bad(s, "map 1");
}

static void matrices_that_are_not_what_they_should_be_are_refused(void **state)
{
    (void)state;
    static const double not_a_number[] = {NAN, INFINITY, -INFINITY};
    struct spoilt *s = good();
    s->rotation[0] = 1e-7;
    assert_bad(s, "orthogonal");
    s = good();
    s->rotation[1] = 1.1;
    assert_bad(s, "orthogonal");
    for (size_t i = 0; i < 3; i++) {
        s = good();
        s->rotation[3] = not_a_number[i];
        assert_bad(s, "rotation");
        s = good();
        s->center[1] = not_a_number[i];
        assert_bad(s, "center");
        s = good();
        s->whitening[2] = not_a_number[i];
        assert_bad(s, "(1, 0)");
        s = good();
        s->whitening[3] = not_a_number[i];
        assert_bad(s, "whitening");
    }
    s = good();
    s->whitening[1] = 0.1; /* above the diagonal */
    assert_bad(s, "(0, 1)");
    s = good();
    s->whitening[3] = 0;
    assert_bad(s, "positive");
    s = good();
    s->whitening[0] = -1;
    assert_bad(s, "positive");
}

static void maps_that_do_not_increase_are_refused(void **state)
{
    (void)state;
    static const double bad_alpha[] = {0, -1, NAN, INFINITY};
    static const double bad_lambda[] = {-1e-300, -1, NAN, INFINITY};
    static const double bad_middle[] = {-1, -2, 2, 3, NAN, INFINITY, -INFINITY}; /* of the knots -1, 0, 2 */
    struct spoilt *s;
    for (size_t i = 0; i < sizeof bad_alpha / sizeof *bad_alpha; i++) {
        s = good();
        s->maps[1].alpha = bad_alpha[i];
        assert_bad(s, "map 1: alpha");
    }
    for (size_t i = 0; i < sizeof bad_lambda / sizeof *bad_lambda; i++) {
        s = good();
        s->lambda[1] = bad_lambda[i];
        assert_bad(s, "lambda[1]");
    }
    for (size_t i = 0; i < sizeof bad_middle / sizeof *bad_middle; i++) {
        s = good();
        s->knots[1] = bad_middle[i];
        assert_bad(s, "knot");
    }
    s = good();
    s->knots[0] = NAN;
    assert_bad(s, "knot");
    s = good();
    s->maps[0].v = NAN;
    assert_bad(s, "map 0");
    s = good(); /* widths and slopes beyond doubles */
    s->knots[0] = -1e308;
    s->knots[2] = 1e308;
    assert_bad(s, "knot");
    s = good();
    s->knots[1] = nextafter(-1, 0);
    s->lambda[0] = 1e300;
    assert_bad(s, "slope");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(density_integrates_to_one_in_one_dimension),
        cmocka_unit_test(density_integrates_to_one_in_the_plane),
        cmocka_unit_test(log_density_at_draws_is_that_of_the_draw),
        cmocka_unit_test(draws_do_not_depend_on_how_they_are_asked_for),
        cmocka_unit_test(draws_have_the_exact_moments),
        cmocka_unit_test(identity_maps_make_a_gaussian),
        cmocka_unit_test(far_points_have_no_nan),
        cmocka_unit_test(parts_come_back_bit_for_bit),
        cmocka_unit_test(good_parts_are_accepted),
        cmocka_unit_test(parts_that_are_missing_are_refused),
        cmocka_unit_test(matrices_that_are_not_what_they_should_be_are_refused),
        cmocka_unit_test(maps_that_do_not_increase_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
