/* SPDX-License-Identifier: BSD-3-Clause */
/* Coordinate updates by gradients: against closed forms, against lines, and what they refuse. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/normal.h"
#include "coordinate/line.h"
#include "coordinate/score.h"
#include "family/quantile.h"
#include "support.h"

#define D 2

static const bool nothing_skipped[D] = {false, false};

struct fixture {
    rovi_target *target;
    rovi_approximation *q;
    struct support_rig rig;
    struct batch batch;
    struct scores scores;
    struct density_mean means[D];
};

/* Coordinates N(center_i, slope_i^2), turned by `angle`. */
static rovi_approximation *normal_product(const double center[D], const double slope[D], double angle)
{
    static const double knots[2] = {-1, 1}, lambda[1] = {0};
    const double O[] = {cos(angle), -sin(angle), sin(angle), cos(angle)};
    rovi_map maps[D];
    for (size_t i = 0; i < D; i++) {
        maps[i] = (rovi_map){.cells = 1, .knots = knots, .lambda = lambda, .alpha = slope[i]};
    }
    return approximation_make(&(rovi_approximation_parts){.dim = D, .center = center, .rotation = O, .maps = maps},
                              QUANTILE_KNOTS);
}

/* Takes the target. */
static void make(struct fixture *f, rovi_target *target, const double center[D], const double slope[D], double angle,
                 size_t n)
{
    *f = (struct fixture){.target = target, .q = normal_product(center, slope, angle)};
    assert_non_null(f->q);
    support_rig_make(&f->rig, target);
    batch_init(&f->batch, &f->rig.arena, n, target, NULL);
    scores_init(&f->scores, &f->rig.arena, D, NULL);
    assert_false(f->rig.arena.failed);
}

static void drop(struct fixture *f)
{
    rovi_approximation_free(f->q);
    rovi_target_free(f->target);
    support_rig_free(&f->rig);
}

static bool plan(struct fixture *f, uint64_t substream)
{
    const struct rng_stream stream = {.seed = 3, .purpose = RNG_FIT, .substream = substream};
    rovi_stop stop;
    assert_true(batch_evaluate(&f->batch, f->q, stream, &f->rig.progress, &stop));
    return scores_plan(&f->scores, f->q, &f->batch, nothing_skipped, f->means);
}

/* A normal that is a product in the frame: the score is linear, so that any draws tell it to rounding, and the map is
 * that of N(mean - center, sd^2), but for the grid's log-linear cells. */
static void a_product_of_normals_is_exact(void **state)
{
    (void)state;
    const double weight = 1, means[] = {3, -1}, C[] = {4, 0, 0, .25};
    const double center[] = {1, 0}, slope[] = {1.5, 1};
    struct fixture f;
    make(&f, support_mixture(D, 1, &weight, means, 1, C), center, slope, 0, 512);
    assert_true(plan(&f, 1));
    for (size_t i = 0; i < D; i++) {
        assert_close(f.scores.noise[i], 0, 1e-20);
    }
    scores_apply(&f.scores, f.q, nothing_skipped, f.means);
    for (double x = -2.5; x <= 2.5; x += .5) {
        assert_close(map_at(&f.q->maps[0], x), 2 + 2 * x, .02);
        assert_close(map_at(&f.q->maps[1], x), -1 + .5 * x, .01);
    }
    drop(&f);
}

/* Correlated: the update of coordinate i, given the other's mean, is a normal of variance 1/A_ii, A the precision; its
 * mean is off by what the noise allows. 8192 draws: its error is A_12 sd_2/A_11/sqrt(n), about .004. */
static void a_correlated_normal_is_updated_given_the_other_coordinate(void **state)
{
    (void)state;
    const double weight = 1, means[] = {0, 0}, C[] = {1, .6, .6, 1}, A = 1 / (1 - .36);
    const double center[] = {0, .5}, slope[] = {.8, .8};
    struct fixture f;
    make(&f, support_mixture(D, 1, &weight, means, 1, C), center, slope, 0, 8192);
    assert_true(plan(&f, 1));
    assert_true(f.scores.noise[0] > 0 && f.scores.noise[0] < .01);
    scores_apply(&f.scores, f.q, nothing_skipped, f.means);
    for (double x = -2; x <= 2; x += .5) { /* E[x_1 | x_2 = .5] = .3 */
        assert_close(map_at(&f.q->maps[0], x), .3 + x / sqrt(A), .04);
    }
    drop(&f);
}

/* Two normals that overlap, in a turned frame: no product, no normal. The oracle is the update along 2048 lines; both
 * have noise below .01 of a standard deviation, and the cells of the grids differ. */
static void agrees_with_lines(void **state)
{
    (void)state;
    const double weights[] = {.35, .65}, means[] = {-.8, -.6, .8, .4}, center[] = {.2, 0}, slope[] = {1.2, 1.1};
    struct fixture f, g;
    struct lines lines = {0};
    const struct rng_stream stream = {.seed = 9, .purpose = RNG_FIT};
    make(&f, support_mixture(D, 2, weights, means, 0, NULL), center, slope, .4, 65536);
    make(&g, support_mixture(D, 2, weights, means, 0, NULL), center, slope, .4, 64);
    lines_init(&lines, &g.rig.arena, 2048, &g.rig.progress, NULL);
    assert_true(plan(&f, 1));
    scores_apply(&f.scores, f.q, nothing_skipped, f.means);
    assert_true(isfinite(lines_update(&lines, g.q, 0, 2048, stream, NULL)));
    for (double x = -2; x <= 2; x += .5) {
        assert_close(map_at(&f.q->maps[0], x), map_at(&g.q->maps[0], x), .03);
    }
    drop(&f);
    drop(&g);
}

/* Estimates are averaged by their draws: the noise of the mean of four is a quarter of the noise of one, or up to twice
 * that, where others of the four have twice as many knots. */
static void noise_falls_with_the_rounds(void **state)
{
    (void)state;
    const double weight = 1, means[] = {0, 0}, C[] = {1, .6, .6, 1}, center[] = {0, 0}, slope[] = {.8, .8};
    struct fixture f;
    make(&f, support_mixture(D, 1, &weight, means, 1, C), center, slope, 0, 4096);
    assert_true(plan(&f, 1));
    const double first = f.scores.noise[0];
    for (uint64_t k = 2; k <= 4; k++) {
        assert_true(plan(&f, k));
    }
    assert_close(f.means[0].weight, 4 * 4096, 0);
    assert_true(f.scores.noise[0] > first / 8 && f.scores.noise[0] < first / 2);
    drop(&f);
}

static int half_plane(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)data;
    *logp = 0;
    for (size_t j = 0; j < d; j++) {
        *logp -= .5 * x[j] * x[j];
        if (grad != NULL) {
            grad[j] = -x[j];
        }
    }
    return x[0] < 0;
}

/* Half of the draws are outside the support, whose edge gradients know nothing of. */
static void an_edge_is_left_to_lines(void **state)
{
    (void)state;
    const double center[] = {0, 0}, slope[] = {1, 1};
    rovi_target *target;
    struct fixture f;
    assert_int_equal(rovi_target_new(D, half_plane, NULL, &target, NULL), ROVI_OK);
    make(&f, target, center, slope, 0, 512);
    assert_false(plan(&f, 1));
    drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_of_normals_is_exact),
        cmocka_unit_test(a_correlated_normal_is_updated_given_the_other_coordinate),
        cmocka_unit_test(agrees_with_lines),
        cmocka_unit_test(noise_falls_with_the_rounds),
        cmocka_unit_test(an_edge_is_left_to_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
