/* SPDX-License-Identifier: BSD-3-Clause */
/* The mass of the modes that a fit knows: by weights of its draws, as parts of one mode, missed, beside what lies
 * beyond it. */
#include <math.h>

#include "diagnose/masses.h"
#include "diagnose/probe.h"
#include "support.h"

enum { DRAWS = 1000 };

/* The standard normal law about a place on the line. */
static rovi_approximation *normal_about(double center)
{
    static const double one = 1, knot = 0;
    const rovi_map map = {.knots = &knot, .alpha = 1};
    const rovi_approximation_parts parts = {.dim = 1, .center = &center, .rotation = &one, .maps = &map};
    rovi_approximation *q = NULL;
    assert_int_equal(rovi_approximation_new(&parts, &q, NULL), ROVI_OK);
    return q;
}

static rovi_approximation *two_normals(double distance, const double *weights)
{
    rovi_approximation *part[2] = {normal_about(0), normal_about(distance)};
    rovi_approximation *q = approximation_mix(2, weights, (const rovi_approximation *const *)part);
    assert_non_null(q);
    rovi_approximation_free(part[0]);
    rovi_approximation_free(part[1]);
    return q;
}

/* Two modes far apart, to which the fit gives other weights than the target does: all draws of a mode have one weight,
 * so that its mass is told without an error. */
static void weights_of_draws_tell_the_mass(void **state)
{
    (void)state;
    const double fitted[] = {0.7, 0.3}, true_mass[] = {0.2, 0.8}, means[] = {0, 40};
    rovi_approximation *q = two_normals(40, fitted);
    rovi_target *target = support_mixture(1, 2, true_mass, means, 0, NULL);
    rovi_modes *modes = NULL;
    struct support_rig rig;
    struct draws draws;
    double log_ratio[DRAWS];
    rovi_diagnosed_mode out[2];
    support_rig_make(&rig, target);
    assert_true(draws_take(&draws, &rig.arena, law_of(q), DRAWS, &rig.meter, (struct rng_stream){.seed = 1}, NULL));
    assert_int_equal(rovi_approximation_modes(q, 2, &modes, NULL), ROVI_OK);
    for (size_t i = 0; i < DRAWS; i++) {
        log_ratio[i] = draws.logp[i] - draws.log_q[i];
    }
    const struct masses masses = {q, modes, &draws, log_ratio, target->log_z};
    assert_int_equal(masses_weigh(&masses, &rig.arena, out, NULL), ROVI_OK);
    for (size_t k = 0; k < 2; k++) {
        assert_close(out[k].mean[0], means[k], 1e-9);
        assert_close(out[k].sd[0], 1, 1e-9);
        assert_close(out[k].weight, fitted[k], 1e-9);
        assert_close(out[k].mass.value, true_mass[k], 1e-9);
        assert_close(out[k].mass.mcse, 0, 1e-6);
        assert_int_equal(out[k].part_of, k);
    }
    rovi_modes_free(modes);
    support_rig_free(&rig);
    rovi_approximation_free(q);
    rovi_target_free(target);
}

/* The first half's mass by log weights of that spread, the same in both halves, and its error. */
static rovi_estimate half_by_weights(const rovi_approximation *q, const rovi_modes *modes, double spread, uint64_t seed)
{
    static double x[DRAWS], log_q[DRAWS], log_ratio[DRAWS];
    struct arena arena = {0};
    struct draws draws = {.dim = 1, .n = DRAWS, .x = x, .log_q = log_q};
    rovi_diagnosed_mode out[2];
    assert_int_equal(rovi_approximation_draw(q, seed, 0, DRAWS, x, log_q, NULL), ROVI_OK);
    for (size_t i = 0; i < DRAWS; i++) {
        rng_normals((struct rng_stream){.seed = seed, .purpose = RNG_PROBE}, i, 1, &log_ratio[i]);
        log_ratio[i] *= spread;
    }
    const struct masses masses = {q, modes, &draws, log_ratio, 0};
    assert_int_equal(masses_weigh(&masses, &arena, out, NULL), ROVI_OK);
    assert_close(out[0].mass.value + out[1].mass.value, 1, 1e-12);
    arena_free(&arena);
    return out[0].mass;
}

/* Where a few weights decide, what they say of two halves is chance; where they do not, they alone are asked. */
static void heavy_weights_do_not_decide(void **state)
{
    (void)state;
    const double half[] = {0.5, 0.5};
    rovi_approximation *q = two_normals(40, half);
    rovi_modes *modes = NULL;
    double widest = 0, error = 0;
    assert_int_equal(rovi_approximation_modes(q, 2, &modes, NULL), ROVI_OK);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const rovi_estimate heavy = half_by_weights(q, modes, 5, seed), light = half_by_weights(q, modes, 0.5, seed);
        assert_true(fabs(heavy.value - 0.5) < 3 * heavy.mcse && fabs(heavy.value - 0.5) < 0.35);
        assert_true(fabs(light.value - 0.5) < 4 * light.mcse && light.mcse < 0.02);
        widest = fmax(widest, fabs(heavy.value - 0.5));
        error = fmax(error, heavy.mcse);
    }
    assert_true(widest > 0.1 && error > 0.2); /* and the error says so */
    rovi_modes_free(modes);
    rovi_approximation_free(q);
}

static void modes_of_one_owner_are_one(void **state)
{
    (void)state;
    const size_t owner[] = {3, 5, 3, PROBE_ROOM, 5, PROBE_ROOM, 3}, expected[] = {0, 1, 0, 3, 1, 5, 0};
    rovi_diagnosed_mode modes[7] = {{0}};
    for (size_t k = 0; k < 7; k++) {
        modes[k].part_of = k;
    }
    masses_join(7, owner, modes);
    for (size_t k = 0; k < 7; k++) {
        assert_int_equal(modes[k].part_of, expected[k]);
    }
}

/* Two parts hold 2 % together of what has 40 %, which each of them alone does not tell; the errors of their masses add
 * up, too. */
static void parts_are_missed_together(void **state)
{
    (void)state;
    rovi_diagnosed_mode modes[] = {{.weight = 0.98, .mass = {0.6, 0.1}, .part_of = 0},
                                   {.weight = 0.017, .mass = {0.01, 0.1}, .part_of = 1},
                                   {.weight = 0.003, .mass = {0.39, 0.1}, .part_of = 1}};
    masses_find_missed(3, modes);
    assert_false(modes[0].missed);
    assert_true(modes[1].missed);
    assert_false(modes[2].missed);
    modes[1].mass.mcse = 0.2;
    masses_find_missed(3, modes);
    assert_false(modes[1].missed);
}

static void what_lies_beyond_is_shared_out(void **state)
{
    (void)state;
    rovi_diagnosed_mode modes[] = {{.mass = {0.75, 0.1}}, {.mass = {0.25, 0.1}}};
    masses_share(2, modes, (rovi_estimate){0.2, 0.05});
    assert_close(modes[0].mass.value, 0.6, 1e-15);
    assert_close(modes[0].mass.mcse, hypot(0.8 * 0.1, 0.05 * 0.75), 1e-15);
    assert_close(modes[1].mass.value, 0.2, 1e-15);
    assert_close(modes[1].mass.mcse, hypot(0.8 * 0.1, 0.05 * 0.25), 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_of_draws_tell_the_mass), cmocka_unit_test(heavy_weights_do_not_decide),
        cmocka_unit_test(modes_of_one_owner_are_one),     cmocka_unit_test(parts_are_missed_together),
        cmocka_unit_test(what_lies_beyond_is_shared_out),
    };
    return cmocka_run_group_tests(tests, support_hold_blas, support_release_blas);
}
