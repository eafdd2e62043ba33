/* SPDX-License-Identifier: BSD-3-Clause */
/* The law with heavier tails about an approximation: a density of its own draws, and what both tell of log Z. */
#include <math.h>
#include <string.h>

#include "diagnose/wide.h"
#include "family/draw.h"
#include "support.h"

enum { DRAWS = 4096 };

struct taken {
    struct support_rig rig;
    struct wide wide;
    struct draws of_q, of_wide;
    double *wide_at_q, *q_at_wide;
    struct wide_draws both;
};

static void take(struct taken *t, const rovi_target *target, const rovi_approximation *q, uint64_t seed)
{
    support_rig_make(&t->rig, target);
    struct arena *arena = &t->rig.arena;
    struct meter *meter = &t->rig.meter;
    const struct rng_stream one = {.seed = seed, .purpose = RNG_DIAGNOSE}, other = {seed, RNG_DIAGNOSE, 1};
    wide_init(&t->wide, arena, q);
    const struct law law = wide_law(&t->wide);
    t->wide_at_q = arena_doubles(arena, DRAWS);
    t->q_at_wide = arena_doubles(arena, DRAWS);
    assert_false(arena->failed);
    assert_true(draws_take(&t->of_q, arena, law_of(q), DRAWS, meter, one, NULL));
    assert_true(draws_take(&t->of_wide, arena, law, DRAWS, meter, other, NULL));
    assert_true(draws_density(&t->of_q, law, NULL, t->wide_at_q));
    assert_true(draws_density(&t->of_wide, law_of(q), NULL, t->q_at_wide));
    t->both = (struct wide_draws){DRAWS, &t->of_q, &t->of_wide, t->wide_at_q, t->q_at_wide};
}

static rovi_target *standard_normal(size_t d)
{
    static const double one = 1, origin[64] = {0};
    return support_mixture(d, 1, &one, origin, 0, NULL);
}

/* For draws of r, the mean of q/m, m = (q + r)/2, is that over q of r/m: both are the integral of q r/m, and lie
 * between 0 and 2, so that each mean is known to 1/sqrt(n) at worst. Only for densities of mass one do both add up to
 * what E_q[q/m] + E_r[q/m] = 2 says. */
static void draws_have_their_density(void **state)
{
    (void)state;
    const double weights[] = {0.3, 0.7};
    for (uint64_t index = 0; index < 6; index++) {
        const size_t d = 1 + index % 4;
        rovi_approximation *part[2] = {support_approximation(index, d, 1), support_approximation(index + 50, d, 0)};
        rovi_approximation *mixed = approximation_mix(2, weights, (const rovi_approximation *const *)part);
        rovi_target *target = standard_normal(d);
        struct taken t;
        take(&t, target, index % 2 == 0 ? part[0] : mixed, index + 1);
        double sum = 0, across = 0;
        for (size_t i = 0; i < DRAWS; i++) {
            const double own = t.of_q.log_q[i], far = t.q_at_wide[i];
            sum += 2 / (1 + exp(t.wide_at_q[i] - own)) + 2 / (1 + exp(t.of_wide.log_q[i] - far));
            across += 2 / (1 + exp(t.of_wide.log_q[i] - far)) - 2 / (1 + exp(own - t.wide_at_q[i]));
        }
        assert_close(sum / DRAWS, 2, 4.5 * sqrt(2.0 / DRAWS));
        assert_close(across / DRAWS, 0, 4.5 * sqrt(2.0 / DRAWS));
        support_rig_free(&t.rig);
        rovi_target_free(target);
        rovi_approximation_free(mixed);
        rovi_approximation_free(part[0]);
        rovi_approximation_free(part[1]);
    }
}

/* An approximation by the identity. */
static rovi_approximation *identity(size_t d)
{
    static const double knots[2] = {-1, 1}, lambda[1] = {0};
    static double center[64], rotation[64 * 64];
    rovi_map maps[64];
    memset(rotation, 0, sizeof rotation);
    for (size_t i = 0; i < d; i++) {
        rotation[i * d + i] = 1;
        maps[i] = (rovi_map){.cells = 1, .knots = knots, .lambda = lambda, .alpha = 1};
    }
    rovi_approximation *q = approximation_make(
        &(rovi_approximation_parts){.dim = d, .center = center, .rotation = rotation, .maps = maps}, 0);
    assert_non_null(q);
    return q;
}

/* Where q is the target, the control variate leaves nothing: log Z to rounding, whatever the wider law is. */
static void nothing_is_lost_where_q_is_the_target(void **state)
{
    (void)state;
    rovi_target *target = standard_normal(10);
    rovi_approximation *q = identity(10);
    struct wide_evidence evidence;
    struct taken t;
    take(&t, target, q, 3);
    assert_true(wide_weigh(&t.both, &evidence));
    assert_close(evidence.log_z.value, 0, 1e-12);
    assert_true(evidence.log_z.mcse < 1e-8 && isnan(evidence.k_hat));
    assert_true(evidence.effective > 0.5 && evidence.effective <= 1); /* weights below 2 and of mean 1 */
    support_rig_free(&t.rig);
    rovi_approximation_free(q);
    rovi_target_free(target);
}

/* A standard normal as the fit of a Student t law of three degrees of freedom, whose tails it never meets. z-scores of
 * 60 estimates have mean 0 and variance 1 within 4.5 of their standard errors; no bound is above log Z = 0 by more than
 * 4.5 of its own. */
static void heavy_tails_are_met(void **state)
{
    (void)state;
    enum { RUNS = 60 };
    static const size_t dims[] = {1, 5, 20};
    const double one = 1, origin[20] = {0};
    for (size_t c = 0; c < sizeof dims / sizeof *dims; c++) {
        rovi_target *target = NULL;
        rovi_approximation *q = identity(dims[c]);
        double sum = 0, squares = 0;
        assert_int_equal(rovi_target_new_student_t_mixture(dims[c], 1, 3, &one, origin, 0, NULL, &target, NULL),
                         ROVI_OK);
        for (uint64_t seed = 1; seed <= RUNS; seed++) {
            struct wide_evidence evidence;
            struct taken t;
            take(&t, target, q, seed);
            assert_true(wide_weigh(&t.both, &evidence));
            const double z = evidence.log_z.value / evidence.log_z.mcse;
            sum += z;
            squares += z * z;
            assert_true(evidence.k_hat < 0.5 && evidence.log_z.mcse < 0.02);
            assert_true(evidence.bound.value < 4.5 * evidence.bound.mcse && evidence.bound.value > -0.1);
            support_rig_free(&t.rig);
        }
        assert_true(fabs(sum / RUNS) < 4.5 / sqrt(RUNS));
        assert_true(fabs(squares / RUNS - 1) < 4.5 * sqrt(2.0 / RUNS));
        rovi_approximation_free(q);
        rovi_target_free(target);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_have_their_density),
        cmocka_unit_test(nothing_is_lost_where_q_is_the_target),
        cmocka_unit_test(heavy_tails_are_met),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
