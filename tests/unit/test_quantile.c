/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Maps of known densities against quadrature: the distribution function at the knots, the KL of the law of T(X) to the
 * density, the tails. What the grid is given is the exact log density at 64 points; the rest is the code's own doing.
 */
#include <math.h>
#include <string.h>

#include "base/normal.h"
#include "family/quantile.h"
#include "support.h"

#define PI 3.14159265358979323846

struct density {
    double (*log_q)(double t); /* normalised */
    double from, to;           /* of the grid */
    double breaks[3];          /* where quadrature had better begin anew */
};

static double log_normal(double t, double mean, double sd)
{
    const double z = (t - mean) / sd;
    return -.5 * z * z - log(sd) - .5 * log(2 * PI);
}

static double log_sum(double a, double b)
{
    return fmax(a, b) + log1p(exp(-fabs(a - b)));
}

static double shifted(double t)
{
    return log_normal(t, 3, .5);
}

static double bimodal(double t)
{
    return log_sum(log(.3) + log_normal(t, -4, 1), log(.7) + log_normal(t, 4, 1));
}

static double gumbel(double t)
{
    return -t - exp(-t);
}

static double half_normal(double t)
{
    return t < 0 ? -INFINITY : log(2) + log_normal(t, 0, 1);
}

static double parted(double t) /* 200 standard deviations apart */
{
    return log_sum(log(.4) + log_normal(t, 0, 1), log(.6) + log_normal(t, 200, 1));
}

/* Evenly, but for `parted`: half of the points in either mode, as the solver's grid has them. */
static void lay(struct log_density *q, const struct density *density)
{
    q->n = QUANTILE_GRID;
    for (size_t j = 0; j < q->n; j++) {
        const double f = (double)j / (double)(q->n - 1);
        q->t[j] = density->from + (density->to - density->from) * f;
        if (density->log_q == parted) {
            q->t[j] = j < 32 ? -6 + 12 * (double)j / 31 : 194 + 12 * (double)(j - 32) / 31;
        }
        q->log_q[j] = density->log_q(q->t[j]);
    }
}

static double density_at(double t, void *data)
{
    return exp(((const struct density *)data)->log_q(t));
}

/* The integral of the density up to t, in pieces so that no mode is overlooked. */
static double cdf(struct density *density, double t)
{
    double sum = 0, from = density->from - 20;
    for (size_t k = 0; k < 3; k++) {
        if (density->breaks[k] < t) {
            sum += support_integrate(density_at, density, from, density->breaks[k], 1e-10);
            from = density->breaks[k];
        }
    }
    return sum + support_integrate(density_at, density, from, t, 1e-10);
}

static const struct density densities[] = {
    {shifted, 0, 6, {3, 3.5, 4}},        {bimodal, -10, 10, {-4, 0, 4}}, {gumbel, -3.2, 16, {-1, 1, 4}},
    {half_normal, -2, 5.875, {0, 1, 2}}, /* 0 is a point of the grid: a cell with an end outside has no mass */
    {parted, -6, 206, {6, 194, 200}},
};

#define COUNT (sizeof densities / sizeof *densities)

struct fixture {
    struct arena arena;
    struct map T;
    struct log_density q;
};

static void make(struct fixture *f)
{
    *f = (struct fixture){.q = {.n = 0}};
    map_init(&f->T, &f->arena, QUANTILE_KNOTS);
    assert_false(f->arena.failed);
}

static double value_at(const struct map *T, double x)
{
    return map_value(T, map_segment(T, x), x);
}

/* KL of the law of T(X) to the density: E[log phi(X) - log T'(X) - log q(T(X))], by the midpoint rule on a fine grid of
 * each cell, good to about 1e-6 since the integrand is smooth there. Beyond 5.6 lies a mass of 2e-8. */
static double kl_of(const struct fixture *f, const struct density *density)
{
    double sum = 0;
    const struct map *T = &f->T;
    for (size_t s = 0; s <= T->D.cells + 1; s++) {
        const double a = s == 0 ? fmin(-5.6, T->D.knots[0]) : T->D.knots[s - 1];
        const double b = s > T->D.cells ? fmax(5.6, T->D.knots[T->D.cells]) : T->D.knots[s];
        for (int k = 0; k < 200; k++) {
            const double x = a + (b - a) * (k + .5) / 200, t = map_value(T, s, x);
            const double log_q = fmax(density->log_q(t), -1e4); /* outside the support: counted, and dear */
            sum += normal_density(x) * (b - a) / 200 * (normal_log_density(x) - T->log_slope[s] - log_q);
        }
    }
    return sum;
}

/* The grid's density is log-linear between its points: for the normal, spacing h = 6 sd/63 cuts off at most h^2/8 of
 * the log density, 1e-3, so cdf and quantiles agree to about that; the others are laid more coarsely, up to h = .32 and
 * h^2/8 = .013. The floor in KL is half the variance of such errors, together with what piecewise-linear maps cost:
 * cells are cut until the density deviates by less than .3 over a piece, a variance of at most .3^2/12 per piece and
 * thus .004, reached in the few cells between modes and in the tails only. At an edge of the support (k = 3) the
 * outermost piece, an eighth of a cell with .0125 of the mass, runs from x = -5.6 to -2.2 at one slope: about 1.3 nats
 * for that mass. */
static void map_has_the_distribution(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT; k++) {
        struct fixture f;
        struct density density = densities[k];
        make(&f);
        lay(&f.q, &density);
        assert_true(quantile_map(&f.q, &f.T));
        for (size_t j = 0; j <= f.T.D.cells; j++) {
            assert_close(normal_cdf(f.T.D.knots[j]), cdf(&density, f.T.value[j]), k == 0 ? 1e-3 : .013);
        }
        assert_in_range((uintmax_t)(1e6 * fmax(0, kl_of(&f, &density))), 0, k == 3 ? 20000 : 4000);
        arena_free(&f.arena);
    }
}

static void map_rises_and_its_tails_go_on(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT; k++) {
        struct fixture f;
        make(&f);
        lay(&f.q, &densities[k]);
        assert_true(quantile_map(&f.q, &f.T));
        double before = -INFINITY;
        for (int i = 0; i <= 4000; i++) {
            const double x = -10 + 20.0 * i / 4000, t = value_at(&f.T, x);
            assert_true(t > before);
            before = t;
        }
        for (size_t s = 0; s < f.T.D.cells + 2; s++) {
            assert_true(f.T.slope[s] > 0 && isfinite(f.T.slope[s]));
        }
        arena_free(&f.arena);
    }
}

/* A knot lies where the mass beyond is at least 1e-8: 5.6 for a normal. On [-6, 6] sd the grid's own tail is 1e-9, so
 * the outermost knots are the grid's points nearest to that, at most a cell (.19) inside. */
static void tails_reach_far(void **state)
{
    (void)state;
    struct fixture f;
    make(&f);
    f.q.n = QUANTILE_GRID;
    for (size_t j = 0; j < f.q.n; j++) {
        f.q.t[j] = -6 + 12 * (double)j / 63;
        f.q.log_q[j] = -.5 * f.q.t[j] * f.q.t[j];
    }
    assert_true(quantile_map(&f.q, &f.T));
    assert_close(f.T.D.knots[0], -5.6, .2 / 5);
    assert_close(f.T.D.knots[f.T.D.cells], 5.6, .2 / 5);
    for (int i = -50; i <= 50; i++) {
        assert_close(value_at(&f.T, i / 10.0), i / 10.0, .01); /* the identity, up to the h^2/8 = .0045 of the grid */
    }
    arena_free(&f.arena);
}

static void constant_does_not_matter(void **state)
{
    (void)state;
    struct fixture f, g;
    make(&f);
    make(&g);
    lay(&f.q, &densities[1]);
    lay(&g.q, &densities[1]);
    for (size_t j = 0; j < g.q.n; j++) {
        g.q.log_q[j] -= 1e5; /* costs 1e5 * 2e-16 in the log density */
    }
    assert_true(quantile_map(&f.q, &f.T) && quantile_map(&g.q, &g.T));
    for (int i = -40; i <= 40; i++) {
        assert_close(value_at(&f.T, i / 10.0), value_at(&g.T, i / 10.0), 1e-6);
    }
    arena_free(&f.arena);
    arena_free(&g.arena);
}

static void no_mass_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct fixture f;
    make(&f);
    lay(&f.q, &densities[0]);
    assert_true(quantile_map(&f.q, &f.T));
    const double before[] = {value_at(&f.T, -1), value_at(&f.T, 1)};
    const size_t cells = f.T.D.cells;
    for (int kind = 0; kind < 3; kind++) {
        for (size_t j = 0; j < f.q.n; j++) { /* none; one point, thus no cell; and a NaN, which is no density */
            f.q.log_q[j] = kind == 1 && j == 7 ? 0 : kind == 2 ? NAN : -INFINITY;
        }
        assert_false(quantile_map(&f.q, &f.T));
        assert_true(f.T.D.cells == cells && value_at(&f.T, -1) == before[0] && value_at(&f.T, 1) == before[1]);
    }
    arena_free(&f.arena);
}

static void sorting_parts_ties(void **state)
{
    (void)state;
    struct log_density q = {.n = 6, .t = {3, 1, 2, 1, 3, 1}};
    quantile_sort(&q);
    const double expected[] = {1, 1, 1, 2, 3, 3};
    for (size_t j = 0; j < q.n; j++) {
        assert_close(q.t[j], expected[j], 1e-11);
        assert_true(j == 0 || q.t[j] > q.t[j - 1]);
    }
}

/* The grid of a mixture resolves its heaviest components however far apart they are. */
static void mixture_of_normals(void **state)
{
    (void)state;
    static double normals[2 * QUANTILE_GRID];
    const double weight[] = {.4, .6}, mean[] = {0, 200}, sd[] = {1, 1};
    struct fixture f;
    make(&f);
    quantile_mixture(2, weight, mean, sd, &f.q);
    assert_true(quantile_map(&f.q, &f.T));
    assert_in_range(f.q.n, 2, QUANTILE_GRID);
    assert_in_range((uintmax_t)(1e6 * fmax(0, kl_of(&f, &densities[4]))), 0, 20000); /* 12 points each: h = .7 */
    double most[12], none[12];                                                       /* all of the room */
    for (size_t k = 0; k < 12; k++) {
        most[k] = 1.0 / 12;
        none[k] = .1;
    }
    support_normals(1, 12, normals);
    quantile_mixture(12, most, normals, none, &f.q);
    assert_int_equal(f.q.n, QUANTILE_GRID);
    assert_true(quantile_map(&f.q, &f.T));
    arena_free(&f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_has_the_distribution),
        cmocka_unit_test(map_rises_and_its_tails_go_on),
        cmocka_unit_test(tails_reach_far),
        cmocka_unit_test(constant_does_not_matter),
        cmocka_unit_test(no_mass_is_refused_and_changes_nothing),
        cmocka_unit_test(sorting_parts_ties),
        cmocka_unit_test(mixture_of_normals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
