/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The exact coordinate update against quadrature: q_i(t) ~ exp of the mean of log p along the line y_i = t, over the
 * other coordinate of a two-dimensional q.
 */
#include <math.h>
#include <string.h>

#include "base/normal.h"
#include "coordinate/line.h"
#include "support.h"

#define MOST 512 /* lines */

struct fixture {
    rovi_target *target;
    rovi_approximation *q;
    struct support_rig rig;
    struct team *team;
    struct lines lines;
};

/* q in d dimensions: rotation and center given, each map that of two normals of these weights, means and sds. Takes the
 * target. */
struct start {
    size_t d;
    const double *center, *rotation;
    double weight[4], left[4], right[4], sd[4];
};

static rovi_approximation *approximation_of(const struct start *start)
{
    static const double knots[2] = {-1, 1}, lambda[1] = {0};
    const rovi_map line = {.cells = 1, .knots = knots, .lambda = lambda, .alpha = 1, .v = 0},
                   maps[4] = {line, line, line, line};
    const rovi_approximation_parts parts = {
        .dim = start->d, .center = start->center, .rotation = start->rotation, .maps = maps};
    rovi_approximation *q = approximation_make(&parts, QUANTILE_KNOTS);
    assert_non_null(q);
    for (size_t i = 0; i < start->d; i++) {
        struct log_density density;
        quantile_mixture(2, (const double[]){start->weight[i], 1 - start->weight[i]},
                         (const double[]){start->left[i], start->right[i]},
                         (const double[]){start->sd[i], start->sd[i]}, &density);
        assert_true(quantile_map(&density, &q->maps[i]));
    }
    return q;
}

static void make(struct fixture *f, rovi_target *target, const struct start *start, size_t threads)
{
    *f = (struct fixture){.target = target, .q = approximation_of(start)};
    f->team = threads > 1 ? team_new(threads) : NULL;
    support_rig_make(&f->rig, target);
    lines_init(&f->lines, &f->rig.arena, MOST, &f->rig.progress, f->team);
    assert_false(f->rig.arena.failed);
}

static void drop(struct fixture *f)
{
    rovi_approximation_free(f->q);
    rovi_target_free(f->target);
    support_rig_free(&f->rig);
    team_free(f->team);
}

static struct rng_stream points(uint64_t substream)
{
    return (struct rng_stream){.seed = 8, .purpose = RNG_FIT, .substream = substream};
}

static double value_at(const struct map *T, double x)
{
    return map_value(T, map_segment(T, x), x);
}

static double share_below(const struct map *T, double t)
{
    size_t segment = 0;
    return normal_cdf(map_inverse(T, t, &segment));
}

/* ---- against quadrature ---- */

#define GRID 600

/* Two components of different shapes, weights .35 and .65. */
static rovi_target *asymmetric(void)
{
    const double weights[] = {.35, .65}, means[] = {-2, -1, 1.5, 1}, C[] = {1, .6, .6, 1.5, .7, -.2, -.2, .5};
    return support_mixture(2, 2, weights, means, 2, C);
}

/* Density of coordinate 0 on an even grid of GRID points over [from, to]: the mean of log p over y_1 = T_1(x) by the
 * trapezoidal rule on 400 points of x. */
static void integrate(const struct fixture *f, double from, double to, double *q)
{
    const double *O = f->q->rotation, *b = f->q->center;
    double total = 0;
    for (size_t j = 0; j < GRID; j++) {
        const double t = from + (to - from) * (double)j / (GRID - 1);
        q[j] = 0;
        for (int k = 0; k <= 400; k++) {
            const double x = -6 + 12.0 * k / 400, y = value_at(&f->q->maps[1], x);
            const double z[] = {b[0] + O[0] * t + O[1] * y, b[1] + O[2] * t + O[3] * y};
            q[j] += 12.0 / 400 * normal_density(x) * support_logp(f->target, z);
        }
        q[j] = exp(q[j]);
        total += q[j];
    }
    for (size_t j = 0; j < GRID; j++) {
        q[j] /= total;
    }
}

/* 512 lines leave log q_i with an error of sd/sqrt(512) of the lines' log densities about their mean, which is 1 to 2
 * here: .1 or less, and the distribution function with a few hundredths at most. */
static void update_is_the_mean_along_the_line(void **state)
{
    (void)state;
    const double b[] = {.3, -.2}, O[] = {cos(.4), -sin(.4), sin(.4), cos(.4)};
    const struct start start = {2, b, O, {.5, .5}, {-1, -.4}, {2, .6}, {1, .5}};
    struct fixture f;
    double density[GRID], below = 0;
    make(&f, asymmetric(), &start, 1);
    integrate(&f, -8, 8, density);
    const double noise = lines_update(&f.lines, f.q, 0, MOST, points(1), NULL);
    assert_true(noise > 0 && noise < .01);
    for (size_t j = 0; j + 1 < GRID; j++) {
        below += density[j];
        if (j % 20 == 10) {
            const double t = -8 + 16.0 * ((double)j + .5) / (GRID - 1);
            assert_close(share_below(&f.q->maps[0], t), below, .03);
        }
    }
    drop(&f);
}

/* w N((-3, 0), I) + (1-w) N((3, 0), I), about (1, 2) */
static rovi_target *uneven(double w)
{
    const double weights[] = {w, 1 - w}, means[] = {-2, 2, 4, 2};
    return support_mixture(2, 2, weights, means, 0, NULL);
}

/* The target is a product in q's frame: the lines agree, whatever their number, and one update moves all of the mass.
 * What is left is the grid's, h^2/8 in the log density. */
static void masses_are_right_at_once(void **state)
{
    (void)state;
    const double b[] = {1, 2}, O[] = {1, 0, 0, 1};
    const struct start start = {2, b, O, {.5, .5}, {-3, 0}, {3, 0}, {1, 1}};
    struct fixture f;
    make(&f, uneven(.3), &start, 1);
    assert_close(share_below(&f.q->maps[0], 0), .5, 1e-3);
    assert_true(lines_update(&f.lines, f.q, 0, 8, points(2), NULL) < 1e-6);
    assert_close(share_below(&f.q->maps[0], 0), .3, 5e-3);
    assert_true(lines_update(&f.lines, f.q, 1, 8, points(3), NULL) < 1e-6);
    assert_close(share_below(&f.q->maps[1], 0), .5, 5e-3);
    drop(&f);
}

/* Two updates of n lines that are averaged leave half of the noise of one. The truth is the mean of 2 x 20000 lines. */
static void updates_can_be_averaged(void **state)
{
    (void)state;
    enum { N = 200 };
    const double b[] = {.3, -.2}, O[] = {cos(.4), -sin(.4), sin(.4), cos(.4)};
    const struct start start = {2, b, O, {.5, .5}, {-1, -.4}, {2, .6}, {1, .5}};
    struct fixture f;
    struct density_mean truth = {0};
    double square[2] = {0};
    make(&f, asymmetric(), &start, 1);
    for (uint64_t k = 0; k < 80; k++) {
        assert_true(isfinite(lines_update(&f.lines, f.q, 0, MOST, points(5000 + k), &truth)));
    }
    assert_close(truth.weight, 80 * MOST, 0);
    const double expected = share_below(&f.q->maps[0], .5);
    for (uint64_t k = 0; k < N; k++) {
        struct density_mean mean = {0};
        for (uint64_t r = 0; r < 2; r++) {
            lines_update(&f.lines, f.q, 0, 16, points(2 * k + r), &mean);
            square[r] += pow(share_below(&f.q->maps[0], .5) - expected, 2) / N;
        }
    }
    assert_relative(square[1], .5 * square[0], .35); /* both are known to sqrt(2/200) = .1 of themselves: z = 2.5 */
    drop(&f);
}

/* A map that is far too narrow and in the wrong place finds the mass. */
static void grid_widens(void **state)
{
    (void)state;
    const double b[] = {0, 0}, O[] = {1, 0, 0, 1};
    const struct start start = {2, b, O, {.5, .5}, {40, 2}, {40, 2}, {.1, 1}};
    struct fixture f;
    make(&f, uneven(.3), &start, 1);
    for (uint64_t k = 0; k < 3; k++) {
        assert_true(isfinite(lines_update(&f.lines, f.q, 0, 8, points(4 + k), NULL)));
    }
    assert_close(share_below(&f.q->maps[0], 1), .3, .01);
    drop(&f);
}

/* ---- noise ---- */

/* log p = -(a - b)^2/2 - a^2/8 - b^2 (1 + a^2)/4 + sin(a + 2 b): its lines differ in tilt and in width. */
static int wavy(size_t d, const double *x, double *grad, double *logp, void *data)
{
    const double a = x[0], b = x[1];
    (void)d;
    (void)data;
    *logp = -.5 * (a - b) * (a - b) - a * a / 8 - b * b * (1 + a * a) / 4 + sin(a + 2 * b);
    if (grad != NULL) {
        grad[0] = b - a - a / 4 - b * b * a / 2 + cos(a + 2 * b);
        grad[1] = a - b - b * (1 + a * a) / 2 + 2 * cos(a + 2 * b);
    }
    return 0;
}

/* KL of the law of S(X) to that of T(X), by the midpoint rule in x. */
static double divergence(const struct map *S, const struct map *T)
{
    double sum = 0;
    for (int k = 0; k < 1000; k++) {
        const double x = -4 + 8 * (k + .5) / 1000;
        const size_t s = map_segment(S, x);
        size_t r = 0;
        const double at = map_inverse(T, map_value(S, s, x), &r);
        sum += .008 * normal_density(x) * (.5 * (at * at - x * x) + T->log_slope[r] - S->log_slope[s]);
    }
    return sum;
}

/* Over 200 updates by 16 lines, the mean KL to the update by 512 lines (whose own noise is 1/32 of it) against the mean
 * of what they say that it is. The KL of an update varies by about its own size, so the mean over 200 by 7 %.
 * Antithetic lines are not independent: the part of a line's log density that is odd in the others' x cancels in a
 * pair, the even part counts twice. A half and twice are therefore the limits of what such an estimate can be off by
 * when either is all, and 1/4 of the noise and less is what it costs to be on the safe side. */
static void noise_is_what_it_says(void **state)
{
    (void)state;
    enum { N = 200 };
    const double b[] = {0, 0}, O[] = {1, 0, 0, 1};
    const struct start start = {2, b, O, {.5, .5}, {-.5, -.3}, {.5, .3}, {.6, .5}};
    struct fixture f, g;
    rovi_target *target[2] = {NULL};
    double said = 0, is = 0;
    for (size_t k = 0; k < 2; k++) {
        assert_int_equal(rovi_target_new(2, wavy, NULL, &target[k], NULL), ROVI_OK);
        make(k == 0 ? &f : &g, target[k], &start, 1);
    }
    assert_true(isfinite(lines_update(&g.lines, g.q, 0, MOST, points(1000), NULL)));
    for (uint64_t k = 0; k < N; k++) {
        said += lines_update(&f.lines, f.q, 0, 16, points(k), NULL) / N;
        is += divergence(&f.q->maps[0], &g.q->maps[0]) / N;
    }
    print_message("noise: said %g, is %g\n", said, is);
    assert_true(is > .4 * said && is < 2.2 * said);
    drop(&f);
    drop(&g);
}

/* Twice as many lines, half of the noise. */
static void noise_falls_with_the_lines(void **state)
{
    (void)state;
    const double b[] = {.3, -.2}, O[] = {cos(.4), -sin(.4), sin(.4), cos(.4)};
    const struct start start = {2, b, O, {.5, .5}, {-1, -.4}, {2, .6}, {1, .5}};
    double noise[2] = {0};
    for (size_t k = 0; k < 2; k++) {
        for (uint64_t r = 0; r < 10; r++) {
            struct fixture f;
            make(&f, asymmetric(), &start, 1);
            noise[k] += lines_update(&f.lines, f.q, 0, k == 0 ? 32 : 256, points(20 + r), NULL);
            drop(&f);
        }
    }
    assert_relative(noise[1], noise[0] / 8, .3); /* either mean is good to a tenth or so */
}

/* ---- threads, and ends ---- */

static void assert_same_map(const struct map *S, const struct map *T)
{
    assert_int_equal(S->D.cells, T->D.cells);
    assert_true(S->alpha == T->alpha && S->v == T->v);
    assert_memory_equal(S->D.knots, T->D.knots, (S->D.cells + 1) * sizeof(double));
    assert_memory_equal(S->lambda, T->lambda, S->D.cells * sizeof(double));
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    const double b[] = {.3, -.2}, O[] = {cos(.4), -sin(.4), sin(.4), cos(.4)};
    const struct start start = {2, b, O, {.5, .5}, {-1, -.4}, {2, .6}, {1, .5}};
    struct fixture f[3];
    double noise[3][2];
    for (size_t k = 0; k < 3; k++) {
        make(&f[k], asymmetric(), &start, k + 1);
        for (size_t i = 0; i < 2; i++) {
            noise[k][i] = lines_update(&f[k].lines, f[k].q, i, 64, points(40 + i), NULL);
            assert_true(noise[k][i] == noise[0][i]);
            assert_same_map(&f[k].q->maps[i], &f[0].q->maps[i]);
        }
    }
    for (size_t k = 0; k < 3; k++) {
        drop(&f[k]);
    }
}

/* Ends on the 10th question. */
static int impatient(const rovi_progress *progress, void *data)
{
    (void)progress;
    return ++*(int *)data >= 10;
}

static void an_end_leaves_the_map(void **state)
{
    (void)state;
    const double b[] = {1, 2}, O[] = {1, 0, 0, 1};
    const struct start start = {2, b, O, {.5, .5}, {-3, 0}, {3, 0}, {1, 1}};
    for (size_t threads = 1; threads <= 2; threads++) {
        struct fixture f;
        int asked = 0;
        rovi_approximation *before = approximation_of(&start);
        make(&f, uneven(.3), &start, threads);
        f.rig.supervisor.monitor = impatient;
        f.rig.supervisor.monitor_data = &asked;
        assert_true(isinf(lines_update(&f.lines, f.q, 0, 64, points(1), NULL)));
        assert_same_map(&f.q->maps[0], &before->maps[0]);
        assert_true(asked >= 10);
        rovi_approximation_free(before);
        drop(&f);
    }
}

static void no_density_leaves_the_map(void **state)
{
    (void)state;
    const double b[] = {1, 2}, O[] = {1, 0, 0, 1};
    const struct start start = {2, b, O, {.5, .5}, {-3, 0}, {3, 0}, {1, 1}};
    struct fixture f;
    rovi_target *target = NULL;
    int outside = 1;
    rovi_approximation *before = approximation_of(&start);
    assert_int_equal(rovi_target_new(2, support_answer, &outside, &target, NULL), ROVI_OK);
    make(&f, target, &start, 1);
    assert_true(isinf(lines_update(&f.lines, f.q, 1, 8, points(1), NULL)));
    assert_same_map(&f.q->maps[1], &before->maps[1]);
    rovi_approximation_free(before);
    drop(&f);
}

/* Standard normal below an edge across both coordinates, times e^c */
static int cut_off(size_t d, const double *x, double *grad, double *logp, void *c)
{
    (void)d;
    (void)grad;
    *logp = *(const double *)c - 0.5 * (x[0] * x[0] + x[1] * x[1]);
    return x[0] + x[1] > 1;
}

/* What is left is rounding: of the square of a constant of 1000, 1e-10 of a variance. */
static void noise_at_an_edge_knows_no_constant(void **state)
{
    (void)state;
    const double b[] = {0, 0}, O[] = {1, 0, 0, 1};
    const struct start start = {2, b, O, {.5, .5}, {0, 0}, {0, 0}, {1, 1}};
    double constant[] = {0, 1000}, noise[2];
    for (size_t k = 0; k < 2; k++) {
        struct fixture f;
        rovi_target *target = NULL;
        assert_int_equal(rovi_target_new(2, cut_off, &constant[k], &target, NULL), ROVI_OK);
        make(&f, target, &start, 1);
        noise[k] = lines_update(&f.lines, f.q, 0, 64, points(1), NULL);
        drop(&f);
    }
    assert_true(noise[0] > 0);
    assert_close(noise[1], noise[0], 1e-8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(update_is_the_mean_along_the_line),
        cmocka_unit_test(masses_are_right_at_once),
        cmocka_unit_test(updates_can_be_averaged),
        cmocka_unit_test(grid_widens),
        cmocka_unit_test(noise_is_what_it_says),
        cmocka_unit_test(noise_falls_with_the_lines),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(an_end_leaves_the_map),
        cmocka_unit_test(no_density_leaves_the_map),
        cmocka_unit_test(noise_at_an_edge_knows_no_constant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
