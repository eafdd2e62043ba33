/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Masses of pieces: setting them keeps each piece's shape, and the best ones are those of the target where it is a
 * product, and those of quadrature where it is not.
 */
#include <math.h>
#include <string.h>

#include "base/normal.h"
#include "coordinate/weigh.h"
#include "family/pieces.h"
#include "family/quantile.h"
#include "support.h"

#define DIM 2

static const struct rng_stream stream = {.seed = 3, .purpose = RNG_FIT, .substream = 1};

/* The maps of the two normals N(-3, 1), N(3, 1) with this share of the left one, along each coordinate of O. */
static rovi_approximation *two_by_two(const double *left, const double *O)
{
    static const double knots[2] = {-1, 1}, lambda[1] = {0}, center[DIM] = {0};
    const rovi_map line = {.cells = 1, .knots = knots, .lambda = lambda, .alpha = 1}, maps[DIM] = {line, line};
    const rovi_approximation_parts parts = {.dim = DIM, .center = center, .rotation = O, .maps = maps};
    rovi_approximation *q = approximation_make(&parts, QUANTILE_KNOTS);
    assert_non_null(q);
    for (size_t i = 0; i < DIM; i++) {
        struct log_density density;
        quantile_mixture(2, (const double[]){left[i], 1 - left[i]}, (const double[]){-3, 3}, (const double[]){1, 1},
                         &density);
        assert_true(quantile_map(&density, &q->maps[i]));
    }
    return q;
}

static double share_below(const struct map *T, double t)
{
    size_t segment = 0;
    return normal_cdf(map_inverse(T, t, &segment));
}

/* P(-3 + shift < T(X) <= -2 + shift | T(X) on that side of 0): the shape of a piece. */
static double share_within(const struct map *T, double shift)
{
    const double side = shift > 3 ? 1 - share_below(T, 0) : share_below(T, 0);
    return (share_below(T, -2 + shift) - share_below(T, -3 + shift)) / side;
}

/* Knots are dense (a cell's log density deviates by .3 from the normal's): within them the shape moves by little. */
static void new_masses_keep_the_shapes(void **state)
{
    (void)state;
    const double half[DIM] = {.5, .5}, O[] = {1, 0, 0, 1}, mass[] = {.93, .07};
    rovi_approximation *q = two_by_two(half, O);
    struct map *T = &q->maps[0];
    double edges[2 * QUANTILE_KNOTS + 5], work[4 * QUANTILE_KNOTS + 10];
    const double left = share_within(T, 0), right = share_within(T, 6);
    assert_int_equal(pieces_cut(T, edges, work), 2);
    assert_close(edges[1], 0, .05);
    pieces_reweigh(T, 2, edges, mass, work);
    assert_close(share_below(T, 0), .93, 3e-3);   /* the cell across the cut, of mass .0027, belongs to both */
    assert_close(share_within(T, 0), left, 1e-2); /* a cell of .05, whose log density bends by .3, is shared out anew */
    assert_close(share_within(T, 6), right, 1e-2);
    for (size_t k = 0; k < T->D.cells; k++) {
        assert_true(T->lambda[k] >= 0);
    }
    rovi_approximation_free(q);
}

static void weigh(rovi_approximation *q, const rovi_target *target, size_t threads, double error)
{
    struct support_rig rig;
    struct team *team = threads > 1 ? team_new(threads) : NULL;
    support_rig_make(&rig, target);
    assert_true(weigh_pieces(q, &rig.meter, team, stream, &(struct weigh_limits){.most = 65536, .error = error}));
    team_free(team);
    support_rig_free(&rig);
}

/* The four modes (+-3, +-3) of a product with these shares at -3: log p - log q is constant on each piece up to the
 * interpolation of the map, so that both coordinates are right at once. */
static void masses_of_a_product_are_exact(void **state)
{
    (void)state;
    const double half[DIM] = {.5, .3}, O[] = {1, 0, 0, 1}, a = .2, b = .8;
    const double weights[] = {a * b, a * (1 - b), (1 - a) * b, (1 - a) * (1 - b)};
    const double means[] = {-3, -3, -3, 3, 3, -3, 3, 3};
    rovi_target *target = support_mixture(DIM, 4, weights, means, 0, NULL);
    rovi_approximation *q = two_by_two(half, O);
    weigh(q, target, 1, .003);
    assert_close(share_below(&q->maps[0], 0), a, 5e-3);
    assert_close(share_below(&q->maps[1], 0), b, 5e-3);
    rovi_approximation_free(q);
    rovi_target_free(target);
}

/* E[log p - log q] over the side of 0 of coordinate 0, plus the log of the side's mass, by the trapezoidal rule in x.
 */
static double level(const rovi_approximation *q, const rovi_target *target, int side, double edge)
{
    double total = 0, mass = 0;
    for (int a = 0; a < 300; a++) {
        for (int b = 0; b < 300; b++) {
            const double x[DIM] = {-6 + .04 * (a + .5), -6 + .04 * (b + .5)};
            double y[DIM], z[DIM], log_q = 0;
            if ((x[0] > edge) == (side == 1)) {
                approximation_maps_density(q, 1, x, y, &log_q);
                approximation_place(q, 1, y, z);
                const double p = normal_density(x[0]) * normal_density(x[1]);
                total += p * (support_logp(target, z) - log_q);
                mass += p;
            }
        }
    }
    return total / mass + log(mass);
}

/* Components of different shapes: no frame makes the target a product, and log ratios vary on each piece. */
static void masses_are_those_of_quadrature(void **state)
{
    (void)state;
    const double left[DIM] = {.5, .5}, O[] = {1, 0, 0, 1};
    const double weights[] = {.35, .65}, means[] = {-3, -2, 3, 1}, C[] = {1, .6, .6, 1.5, .7, -.2, -.2, .5};
    rovi_target *target = support_mixture(DIM, 2, weights, means, 2, C);
    rovi_approximation *q = two_by_two(left, O);
    const struct log_density one = {.n = 3, .t = {-8, -.5, 7}, .log_q = {-25, 0, -25}};
    assert_true(quantile_map(&one, &q->maps[1])); /* one piece: coordinate 0 alone has masses */
    double edges[2 * QUANTILE_KNOTS + 5], work[4 * QUANTILE_KNOTS + 10];
    assert_int_equal(pieces_cut(&q->maps[0], edges, work), 2);
    const double step = level(q, target, 1, edges[1]) - level(q, target, 0, edges[1]), expected = 1 / (1 + exp(step));
    assert_true(fabs(expected - .5) > .05);
    weigh(q, target, 1, .002);
    assert_close(share_below(&q->maps[0], 0), expected, .008); /* four standard errors */
    rovi_approximation_free(q);
    rovi_target_free(target);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    const double left[DIM] = {.5, .4}, O[] = {.8, -.6, .6, .8};
    const double weights[] = {.35, .65}, means[] = {-3, -2, 3, 1};
    rovi_target *target = support_mixture(DIM, 2, weights, means, 0, NULL);
    rovi_approximation *q[2];
    for (size_t k = 0; k < 2; k++) {
        q[k] = two_by_two(left, O);
        weigh(q[k], target, k == 0 ? 1 : 3, .01);
    }
    for (size_t i = 0; i < DIM; i++) {
        assert_int_equal(q[0]->maps[i].D.cells, q[1]->maps[i].D.cells);
        assert_memory_equal(q[0]->maps[i].lambda, q[1]->maps[i].lambda,
                            q[0]->maps[i].D.cells * sizeof *q[0]->maps[i].lambda);
    }
    rovi_approximation_free(q[0]);
    rovi_approximation_free(q[1]);
    rovi_target_free(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_masses_keep_the_shapes),
        cmocka_unit_test(masses_of_a_product_are_exact),
        cmocka_unit_test(masses_are_those_of_quadrature),
        cmocka_unit_test(threads_do_not_change_a_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
