/* SPDX-License-Identifier: BSD-3-Clause */
/* Targets of infinite mass are told from proper ones, however wide, heavy in the tails, or far away these are. */
#include <math.h>
#include <string.h>

#include "supervise/improper.h"
#include "support.h"
#include "target/target.h"

/* A callback with the numbers that it needs */
struct law {
    double mean, sd, power; /* sd 0: log density -power log|x - mean| far out */
};

static int one(size_t d, const double *x, double *grad, double *logp, void *data)
{
    const struct law *law = data;
    const double off = x[0] - law->mean, z = off / law->sd;
    (void)grad;
    *logp = law->sd > 0 ? -z * z / 2 : -law->power / 2 * log1p(off * off);
    for (size_t j = 1; j < d; j++) {
        *logp -= x[j] * x[j] / 2;
    }
    return 0;
}

static struct improper along(const rovi_target *target, const double *u, double scale)
{
    struct meter meter;
    struct improper improper = {.found = false};
    meter_init(&meter, target);
    assert_true(improper_along(&meter, u, scale, &improper));
    assert_true(atomic_load(&meter.density) <= 30);
    return improper;
}

static void laws_of_finite_mass_are_left_alone(void **state)
{
    (void)state;
    static const double axis[] = {1, 0}, skew[] = {1, 1e-9}, other[] = {0, 1};
    const struct {
        struct law law;
        double scale; /* as a local normal would have it */
    } cases[] = {{{0, 1, 0}, 1},       {{0, 1e6, 0}, 1},   {{0, 1e6, 0}, 1e6},      {{0, 1e13, 0}, 1e13},
                 {{1e11, 1, 0}, 1e11}, {{1e9, 1e3, 0}, 1}, {{-1e12, 1e9, 0}, 1e12}, {{0, 0, 2}, 1}, /* Cauchy */
                 {{0, 0, 1.1}, 1e9},   {{5, 0, 3}, 1e4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct law law = cases[i].law;
        rovi_target *target;
        assert_int_equal(rovi_target_new(2, one, &law, &target, NULL), ROVI_OK);
        assert_false(along(target, axis, cases[i].scale).found);
        assert_false(along(target, skew, cases[i].scale).found);
        assert_false(along(target, other, cases[i].scale).found);
        rovi_target_free(target);
    }
}

static void tails_too_heavy_for_a_finite_mass_are_found(void **state)
{
    (void)state;
    static const double axis[] = {-3, 0}, other[] = {0, 1};
    for (double power = 0; power <= 1; power += 0.5) {
        struct law law = {2, 0, power};
        rovi_target *target;
        assert_int_equal(rovi_target_new(2, one, &law, &target, NULL), ROVI_OK);
        const struct improper improper = along(target, axis, 1);
        assert_true(improper.found);
        assert_int_equal(improper.count, 1);
        assert_int_equal(improper.coordinate[0], 0);
        assert_close(improper.part[0], 1, 0); /* of two directions that are as bad, the one along which it rises */
        assert_close(improper.change, -power * log(1e3), 1e-6);
        assert_false(along(target, other, 1).found);
        rovi_target_free(target);
    }
}

/* The funnel widens and narrows, eight schools have a pole: neither is improper, along no axis and no diagonal. */
static void funnels_and_poles_are_left_alone(void **state)
{
    (void)state;
    rovi_target *targets[2];
    assert_int_equal(rovi_target_new_funnel(10, &targets[0], NULL), ROVI_OK);
    targets[1] = support_schools();
    for (size_t t = 0; t < 2; t++) {
        for (size_t j = 0; j < 20; j++) {
            double u[10] = {0};
            u[j % 10] = 1;
            u[(j * 3 + 1) % 10] += j < 10 ? 0 : 0.5;
            for (double scale = 1; scale < 1e9; scale *= 1e4) {
                assert_false(along(targets[t], u, scale).found);
            }
        }
        rovi_target_free(targets[t]);
    }
}

/* Only the sum of four coordinates is known, and one more is flat. */
static int sums(size_t d, const double *x, double *grad, double *logp, void *data)
{
    const double sum = x[0] + x[1] + x[2] + x[3];
    (void)d;
    (void)grad;
    (void)data;
    *logp = -sum * sum / 2;
    return 0;
}

static void the_direction_is_named(void **state)
{
    (void)state;
    static const double skew[] = {3, -2, -1, 1e-13, 0}, level[] = {1, -1, 1, -1, 0}, flat[] = {0, 0, 0, 0, 7};
    rovi_target *target;
    char text[128];
    assert_int_equal(rovi_target_new(5, sums, NULL, &target, NULL), ROVI_OK);
    struct improper improper = along(target, skew, 1);
    assert_true(improper.found);
    improper_say(&improper, target, sizeof text, text);
    assert_string_equal(text, "+0.80 x.1 - 0.53 x.2 - 0.27 x.3");
    improper = along(target, level, 1);
    improper_say(&improper, target, sizeof text, text);
    assert_string_equal(text, "+0.50 x.1 - 0.50 x.2 + 0.50 x.3 and 1 more");
    improper = along(target, flat, 1);
    improper_say(&improper, target, sizeof text, text);
    assert_string_equal(text, "+x.5");
    improper_say(&improper, target, 3, text); /* what there is room for */
    assert_string_equal(text, "+x");
    rovi_target_free(target);
}

static void no_direction_is_no_finding(void **state)
{
    (void)state;
    static const double none[5] = {0}, infinite[5] = {INFINITY, 0, 0, 0, 0};
    rovi_target *target;
    assert_int_equal(rovi_target_new(5, sums, NULL, &target, NULL), ROVI_OK);
    assert_false(along(target, none, 1).found);
    assert_false(along(target, infinite, 1).found);
    rovi_target_free(target);
}

/* What was never asked is no slow fall: the fit says that the target failed. */
static void a_target_that_fails_for_good_is_no_finding(void **state)
{
    (void)state;
    static const double axis[] = {1, 0};
    int fatal = -1;
    rovi_target *target;
    assert_int_equal(rovi_target_new(2, support_answer, &fatal, &target, NULL), ROVI_OK);
    assert_false(along(target, axis, 1).found);
    rovi_target_free(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(laws_of_finite_mass_are_left_alone),
        cmocka_unit_test(tails_too_heavy_for_a_finite_mass_are_found),
        cmocka_unit_test(funnels_and_poles_are_left_alone),
        cmocka_unit_test(the_direction_is_named),
        cmocka_unit_test(no_direction_is_no_finding),
        cmocka_unit_test(a_target_that_fails_for_good_is_no_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
