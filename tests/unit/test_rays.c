/* SPDX-License-Identifier: BSD-3-Clause */
/* Rays: nothing stands out where there is one mode, whatever its tail; a narrow mode far away does, which no climb from
 * a dispersed start is likely to find. */
#include <math.h>

#include "diagnose/rays.h"
#include "support.h"

enum { DRAWS = 256, ROOM = 16, MOST = 10 };

/* The standard normal law in d dimensions, without maps. */
static rovi_approximation *standard(size_t d)
{
    double zero[MOST] = {0}, identity[MOST * MOST] = {0}, knot = 0;
    rovi_map maps[MOST];
    rovi_approximation *q = NULL;
    for (size_t j = 0; j < d; j++) {
        identity[j * d + j] = 1;
        maps[j] = (rovi_map){.knots = &knot, .alpha = 1};
    }
    const rovi_approximation_parts parts = {.dim = d, .center = zero, .rotation = identity, .maps = maps};
    assert_int_equal(rovi_approximation_new(&parts, &q, NULL), ROVI_OK);
    return q;
}

/* Looks along every ray of DRAWS draws of q from the centers; asks no more than it says. */
static size_t look(const rovi_target *target, const rovi_approximation *q, size_t center_count, const double *center,
                   double *x)
{
    const double sd[MOST] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct support_rig rig;
    struct draws draws;
    support_rig_make(&rig, target);
    assert_true(draws_take(&draws, &rig.arena, law_of(q), DRAWS, &rig.meter, (struct rng_stream){.seed = 1}, NULL));
    const struct rays rays = {
        .q = q, .draws = &draws, .center_count = center_count, .center = center, .sd = sd, .progress = &rig.progress};
    const size_t found = rays_look(&rays, SIZE_MAX, ROOM, x);
    assert_true(found <= ROOM);
    assert_int_equal(atomic_load(&rig.meter.density), DRAWS + 2 * DRAWS * RAY_POINTS);
    support_rig_free(&rig);
    return found;
}

static void one_mode_shows_nothing(void **state)
{
    (void)state;
    const double weight = 1, zero[MOST] = {0};
    double x[ROOM * MOST];
    for (size_t d = 1; d <= MOST; d += 3) {
        rovi_target *normal = support_mixture(d, 1, &weight, zero, 0, NULL), *heavy;
        assert_int_equal(rovi_target_new_student_t_mixture(d, 1, 3, &weight, zero, 0, NULL, &heavy, NULL), ROVI_OK);
        rovi_approximation *q = standard(d);
        assert_int_equal(look(normal, q, 1, zero, x), 0);
        assert_int_equal(look(heavy, q, 1, zero, x), 0);
        rovi_approximation_free(q);
        rovi_target_free(normal);
        rovi_target_free(heavy);
    }
}

/* Eight away and half as wide in five dimensions: one ray in 60 meets its basin (measured), of 512. */
static void a_narrow_mode_far_away_stands_out(void **state)
{
    (void)state;
    enum { D = 5 };
    const double weights[] = {0.7, 0.3}, zero[D] = {0};
    double means[2 * D] = {0}, covariances[2 * D * D] = {0}, x[ROOM * D];
    size_t component[ROOM], there = 0;
    means[D] = 8;
    for (size_t j = 0; j < D; j++) {
        covariances[j * D + j] = 1;
        covariances[D * D + j * D + j] = 0.25;
    }
    rovi_target *target = support_mixture(D, 2, weights, means, 2, covariances);
    rovi_approximation *q = standard(D);
    const size_t found = look(target, q, 1, zero, x);
    assert_true(found > 0);
    assert_int_equal(rovi_target_classify(target, found, x, component, NULL), ROVI_OK);
    for (size_t i = 0; i < found; i++) {
        there += component[i] == 1;
    }
    assert_int_equal(there, found); /* nothing else stands out */
    rovi_approximation_free(q);
    rovi_target_free(target);
}

/* Rays from either mode of a fit that has both cross the other, and the fit's own bend explains that. */
static void what_the_fit_has_is_no_news(void **state)
{
    (void)state;
    const double half[] = {0.5, 0.5}, means[] = {-3, -3, 3, 3};
    double x[ROOM * 2];
    rovi_target *target = support_mixture(2, 2, half, means, 0, NULL);
    rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "mixture"));
    const rovi_approximation *q = rovi_fit_approximation(fit);
    const size_t alone = look(target, q, 1, means, x), together = look(target, q, 2, means, x);
    assert_int_equal(alone, ROOM);
    assert_int_equal(together, 0);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_mode_shows_nothing),
        cmocka_unit_test(a_narrow_mode_far_away_stands_out),
        cmocka_unit_test(what_the_fit_has_is_no_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
