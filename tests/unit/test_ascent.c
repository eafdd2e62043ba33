/* SPDX-License-Identifier: BSD-3-Clause */
/* Climbs of functions whose maximum is known, and Hessians by differences against exact ones. */
#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "climb/ascent.h"
#include "support.h"

#define D_MOST 20

static const struct metric in_x = {0};

struct fixture {
    rovi_target *target;
    struct support_rig rig;
    struct ascent ascent;
};

/* Takes the target. */
static void make(struct fixture *f, rovi_target *target)
{
    f->target = target;
    support_rig_make(&f->rig, target);
    ascent_init(&f->ascent, &f->rig.arena, &f->rig.progress, NULL);
    assert_false(f->rig.arena.failed);
}

static void drop(struct fixture *f)
{
    support_rig_free(&f->rig);
    rovi_target_free(f->target);
}

static rovi_target *normal(size_t d, double condition, double *mean, double *C)
{
    const double one = 1;
    support_normals(1, d, mean);
    support_covariance(2, d, condition, C);
    return support_mixture(d, 1, &one, mean, 1, C);
}

/* The climb ends when it expects to gain less than 1e-8 nats; on a quadratic of condition c, what a step expects is at
 * least 1/c of what is left for the worst direction. */
static void climbs_an_ill_conditioned_quadratic(void **state)
{
    (void)state;
    double mean[D_MOST], C[D_MOST * D_MOST], x[D_MOST], logp = 0;
    const double condition[] = {1, 1e2, 1e4};
    for (size_t k = 0; k < 3; k++) {
        struct fixture f;
        make(&f, normal(10, condition[k], mean, C));
        support_normals(3, 10, x);
        assert_true(ascent_climb(&f.ascent, in_x, x, &logp));
        assert_true(logp == support_logp(f.target, x));
        assert_true(support_logp(f.target, mean) - logp <= 1e-8 * condition[k]);
        assert_in_range(atomic_load(&f.rig.meter.gradient), 2, 400);
        drop(&f);
    }
}

/* The first step has unit length, five times what it takes; a cubic through a parabola's values and slopes is the
 * parabola, so that the next trial is at its top. */
static void a_step_too_long_is_followed_by_the_right_one(void **state)
{
    (void)state;
    const double one = 1, mean = 0.3, C = 9e-4;
    double x = 0.5, logp = 0;
    struct fixture f;
    make(&f, support_mixture(1, 1, &one, &mean, 1, &C));
    assert_true(ascent_climb(&f.ascent, in_x, &x, &logp));
    assert_close(x, mean, 1e-6);
    assert_in_range(atomic_load(&f.rig.meter.gradient), 3, 4);
    drop(&f);
}

/* -(1-a)^2 - 100 (b - a^2)^2: the maximum, 0, at (1, 1). */
static int rosenbrock(size_t d, const double *x, double *grad, double *logp, void *data)
{
    const double off = x[1] - x[0] * x[0];
    (void)d;
    (void)data;
    *logp = -(1 - x[0]) * (1 - x[0]) - 100 * off * off;
    if (grad != NULL) {
        grad[0] = 2 * (1 - x[0]) + 400 * x[0] * off;
        grad[1] = -200 * off;
    }
    return 0;
}

/* The least curvature at (1,1) is .4: 1e-6 nats below the maximum are 2e-3 in x. */
static void climbs_a_curved_ridge(void **state)
{
    (void)state;
    const double starts[][2] = {{-1.2, 1}, {0, 0}, {3, -2}, {-2, 5}};
    for (size_t k = 0; k < 4; k++) {
        struct fixture f;
        rovi_target *target = NULL;
        double x[2] = {starts[k][0], starts[k][1]}, logp = 0;
        assert_int_equal(rovi_target_new(2, rosenbrock, NULL, &target, NULL), ROVI_OK);
        make(&f, target);
        assert_true(ascent_climb(&f.ascent, in_x, x, &logp));
        assert_true(logp > -1e-6);
        assert_close(x[0], 1, 2e-3);
        assert_close(x[1], 1, 4e-3);
        drop(&f);
    }
}

static void a_climb_that_is_low_goes_on(void **state)
{
    (void)state;
    const double low[] = {-INFINITY, -1e-3};
    for (size_t k = 0; k < 2; k++) {
        struct fixture f;
        rovi_target *target = NULL;
        double x[2] = {-1.2, 1}, logp = 0;
        assert_int_equal(rovi_target_new(2, rosenbrock, NULL, &target, NULL), ROVI_OK);
        make(&f, target);
        f.ascent.most_steps = 3;
        f.ascent.low = low[k];
        assert_true(ascent_climb(&f.ascent, in_x, x, &logp));
        assert_int_equal(logp > -1e-3, k);
        assert_false(f.ascent.cut);
        drop(&f);
    }
}

static void never_ends_below_its_start(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 10; k++) {
        struct fixture f;
        rovi_target *target = NULL;
        double x[5], logp = 0;
        assert_int_equal(rovi_target_new_funnel(5, &target, NULL), ROVI_OK); /* unbounded towards its neck */
        make(&f, target);
        support_normals(10 + k, 5, x);
        const double before = support_logp(target, x);
        assert_true(ascent_climb(&f.ascent, in_x, x, &logp));
        assert_true(isfinite(logp) && logp >= before && logp == support_logp(target, x));
        drop(&f);
    }
}

/* Unit normal about (1, 1, ...), with no value where x_1 < 0 */
static int half(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)data;
    *logp = 0;
    for (size_t i = 0; i < d; i++) {
        *logp -= .5 * (x[i] - 1) * (x[i] - 1);
        if (grad != NULL) {
            grad[i] = 1 - x[i];
        }
    }
    return x[0] < 0;
}

static void a_rejected_start_is_no_climb(void **state)
{
    (void)state;
    struct fixture f;
    rovi_target *target = NULL;
    double inside[] = {.01, 5}, outside[] = {-1, 1}, logp = 0, H[4];
    const double scale[] = {1, 1}, edge[] = {1e-5, 1};
    assert_int_equal(rovi_target_new(2, half, NULL, &target, NULL), ROVI_OK);
    make(&f, target);
    assert_false(ascent_climb(&f.ascent, in_x, outside, &logp));
    assert_true(outside[0] == -1 && outside[1] == 1);
    assert_true(ascent_climb(&f.ascent, in_x, inside, &logp));
    assert_close(logp, 0, 1e-7);
    assert_false(ascent_hessian(&f.ascent, edge, scale, H)); /* a difference crosses the edge */
    assert_true(ascent_hessian(&f.ascent, inside, scale, H));
    drop(&f);
}

static void a_rejected_start_is_pulled_to_where_there_is_support(void **state)
{
    (void)state;
    struct fixture f;
    rovi_target *target = NULL;
    double near[] = {-1, 5}, far[] = {-1, 5}, logp = 0;
    const double toward[] = {2, 3};
    assert_int_equal(rovi_target_new(2, half, NULL, &target, NULL), ROVI_OK);
    make(&f, target);
    assert_true(ascent_climb_nearer(&f.ascent, in_x, toward, near, &logp));
    assert_true(f.ascent.begin[0] == 0.5 && f.ascent.begin[1] == 4);
    assert_close(near[0], 1, 1e-3);
    assert_false(ascent_climb_nearer(&f.ascent, in_x, NULL, far, &logp)); /* never past the origin */
    assert_true(far[0] < 0);
    drop(&f);
}

/* Differences of a linear gradient are exact but for rounding: 1e-16 |x| H/h with h = 1e-4 of the scale. */
static void hessian_of_a_normal_is_its_precision(void **state)
{
    (void)state;
    enum { D = 6 };
    struct fixture f;
    double mean[D], C[D * D], x[D], scale[D], H[D * D];
    make(&f, normal(D, 100, mean, C));
    support_normals(4, D, x);
    for (size_t i = 0; i < D; i++) {
        scale[i] = sqrt(C[i * D + i]);
    }
    assert_true(ascent_hessian(&f.ascent, x, scale, H));
    for (size_t i = 0; i < D; i++) {
        for (size_t j = 0; j < D; j++) {
            double sum = 0;
            for (size_t k = 0; k < D; k++) {
                sum += H[i * D + k] * C[k * D + j];
            }
            assert_close(sum, i == j, 1e-8);
            assert_true(H[i * D + j] == H[j * D + i]);
        }
    }
    drop(&f);
}

/* At (a, b): 2 + 1200 a^2 - 400 b, -400 a, 200. The formula's error is h^2/6 times the fifth derivatives' like: here
 * the third derivative of the gradient, 2400, so 4e-6. */
static void hessian_of_a_curved_function(void **state)
{
    (void)state;
    struct fixture f;
    rovi_target *target = NULL;
    const double x[] = {.7, -.4}, scale[] = {1, 1};
    double H[4];
    assert_int_equal(rovi_target_new(2, rosenbrock, NULL, &target, NULL), ROVI_OK);
    make(&f, target);
    assert_true(ascent_hessian(&f.ascent, x, scale, H));
    assert_close(H[0], 2 + 1200 * .49 + 160, 1e-7);
    assert_close(H[1], -280, 1e-7);
    assert_close(H[3], 200, 1e-7);
    drop(&f);
}

static bool is_high(void *least, const double *x, double logp)
{
    (void)x;
    return logp > *(const double *)least;
}

/* On the way to the maximum, at a point of the climb that is high enough, and for fewer gradients; a climb says whether
 * it did, also when it begins there. */
static void a_climb_ends_where_it_has_arrived(void **state)
{
    (void)state;
    double mean[D_MOST], C[D_MOST * D_MOST], x[D_MOST], y[D_MOST], logp = 0, top = 0;
    struct fixture f;
    make(&f, normal(10, 100, mean, C));
    for (size_t i = 0; i < 10; i++) {
        x[i] = y[i] = 10;
    }
    assert_true(ascent_climb(&f.ascent, in_x, x, &top));
    assert_false(f.ascent.came);
    const uint64_t whole = atomic_load(&f.rig.meter.gradient);
    double least = top - 5;
    assert_true(support_logp(f.target, y) < least);
    f.ascent.arrived = is_high;
    f.ascent.arrived_data = &least;
    assert_true(ascent_climb(&f.ascent, in_x, y, &logp));
    assert_true(logp > least && logp < top - 1e-3 && logp == support_logp(f.target, y));
    assert_true(atomic_load(&f.rig.meter.gradient) - whole < whole);
    assert_true(f.ascent.came);
    memcpy(x, y, 10 * sizeof *x);
    assert_true(ascent_climb(&f.ascent, in_x, y, &logp));
    assert_true(f.ascent.came);
    assert_memory_equal(x, y, 10 * sizeof *x);
    drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(climbs_an_ill_conditioned_quadratic),
        cmocka_unit_test(climbs_a_curved_ridge),
        cmocka_unit_test(a_step_too_long_is_followed_by_the_right_one),
        cmocka_unit_test(a_climb_that_is_low_goes_on),
        cmocka_unit_test(never_ends_below_its_start),
        cmocka_unit_test(a_rejected_start_is_no_climb),
        cmocka_unit_test(a_rejected_start_is_pulled_to_where_there_is_support),
        cmocka_unit_test(a_climb_ends_where_it_has_arrived),
        cmocka_unit_test(hessian_of_a_normal_is_its_precision),
        cmocka_unit_test(hessian_of_a_curved_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
