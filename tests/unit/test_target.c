/* SPDX-License-Identifier: BSD-3-Clause */
/* Targets from callbacks, what is done with values that are no numbers, and the rotated view. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "target/meter.h"
#include "target/target.h"

/* Standard normal in d dimensions, but for: x_1 > 100 gives `value`, x_1 < -100 returns `code`. */
struct script {
    double value, slope; /* logp and gradient entry where x_1 > 100 */
    int code;            /* where x_1 < -100 */
    size_t calls;
};

static int scripted(size_t d, const double *x, double *grad, double *logp, void *data)
{
    struct script *script = data;
    script->calls++;
    if (x[0] < -100) {
        return script->code;
    }
    *logp = x[0] > 100 ? script->value : 0;
    for (size_t j = 0; j < d; j++) {
        *logp -= x[0] > 100 ? 0 : 0.5 * x[j] * x[j];
        if (grad != NULL) {
            grad[j] = x[0] > 100 ? script->slope : -x[j];
        }
    }
    return 0;
}

static int scripted_batch(size_t n, size_t d, const double *x, double *grad, double *logp, void *data)
{
    for (size_t i = 0; i < n; i++) {
        const int code = scripted(d, x + i * d, grad == NULL ? NULL : grad + i * d, logp + i, data);
        if (code < 0) {
            return code;
        }
        if (code > 0) {
            logp[i] = -INFINITY;
        }
    }
    return 0;
}

static rovi_target *scripted_target(size_t d, struct script *script, int batch)
{
    rovi_target *target;
    const rovi_status status = batch ? rovi_target_new_batch(d, scripted_batch, script, &target, NULL)
                                     : rovi_target_new(d, scripted, script, &target, NULL);
    assert_int_equal(status, ROVI_OK);
    return target;
}

static void test_any_number_of_points(void **state)
{
    (void)state;
    enum { N = 3 * TARGET_BLOCK + 5, D = 3 };
    static double x[N * D], logp[N], grad[N * D];
    support_normals(1, (size_t)N * D, x);
    for (int batch = 0; batch < 2; batch++) {
        struct script script = {.calls = 0};
        rovi_target *target = scripted_target(D, &script, batch);
        assert_int_equal(rovi_target_evaluate(target, N, x, logp, grad, NULL), ROVI_OK);
        assert_int_equal(script.calls, N);
        for (size_t i = 0; i < N; i++) {
            assert_close(logp[i],
                         -0.5 * (x[i * D] * x[i * D] + x[i * D + 1] * x[i * D + 1] + x[i * D + 2] * x[i * D + 2]),
                         1e-15);
            assert_true(grad[i * D] == -x[i * D] && grad[i * D + 2] == -x[i * D + 2]);
        }
        assert_int_equal(rovi_target_evaluate(target, 0, NULL, NULL, NULL, NULL), ROVI_OK);
        rovi_target_free(target);
    }
}

static void test_what_is_not_finite_is_outside(void **state)
{
    (void)state;
    const struct script scripts[] = {{NAN, 1, 0, 0}, {INFINITY, 1, 0, 0}, {-INFINITY, 1, 0, 0},
                                     {0, NAN, 0, 0}, {0, INFINITY, 0, 0}, {0, -INFINITY, 0, 0}};
    const double x[] = {1, 2, 200, 0, 3, 4};
    for (size_t s = 0; s < 2 * sizeof scripts / sizeof *scripts; s++) {
        struct script script = scripts[s / 2];
        rovi_target *target = scripted_target(2, &script, s % 2 == 1);
        double logp[3], grad[6];
        struct target_rejected rejected = {99, 99};
        assert_int_equal(target_evaluate(target, 3, x, logp, grad, NULL, &rejected), 0);
        assert_int_equal(rejected.count, 1);
        assert_int_equal(rejected.undefined, s / 2 != 2); /* all but the point of density 0 */
        assert_true(logp[0] == -2.5 && logp[1] == -INFINITY && logp[2] == -12.5);
        assert_true(grad[0] == -1 && grad[2] == 0 && grad[3] == 0 && grad[5] == -4);
        rovi_target_free(target);
    }
}

static void test_outside_the_support(void **state)
{
    (void)state;
    const double x[] = {-200, 0, 1, 1};
    for (int batch = 0; batch < 2; batch++) {
        struct script script = {.code = 1};
        rovi_target *target = scripted_target(2, &script, batch);
        double logp[2], grad[4] = {7, 7, 7, 7};
        assert_int_equal(rovi_target_evaluate(target, 2, x, logp, grad, NULL), ROVI_OK);
        assert_true(logp[0] == -INFINITY && logp[1] == -1);
        assert_true(grad[0] == 0 && grad[1] == 0 && grad[2] == -1);
        rovi_target_free(target);
    }
}

static int says_nothing(size_t n, size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)n, (void)d, (void)x, (void)grad, (void)logp, (void)data;
    return 0;
}

static void test_a_batch_that_forgets_its_points(void **state)
{
    (void)state;
    rovi_target *target;
    assert_int_equal(rovi_target_new_batch(1, says_nothing, NULL, &target, NULL), ROVI_OK);
    const double x[2] = {0, 1};
    double logp[2] = {5, 5}, grad[2] = {5, 5};
    assert_int_equal(rovi_target_evaluate(target, 2, x, logp, grad, NULL), ROVI_OK);
    assert_true(logp[0] == -INFINITY && logp[1] == -INFINITY && grad[0] == 0);
    rovi_target_free(target);
}

static void test_fatal_failure(void **state)
{
    (void)state;
    const double x[] = {0, 0, -200, 0, 1, 1};
    for (int batch = 0; batch < 2; batch++) {
        struct script script = {.code = -7};
        rovi_target *target = scripted_target(2, &script, batch);
        double logp[3];
        rovi_error error;
        assert_refused(rovi_target_evaluate(target, 3, x, logp, NULL, &error), &error, ROVI_TARGET_FAILED, "code -7");
        assert_int_equal(script.calls, 2); /* nothing more was asked */
        rovi_target_free(target);
    }
}

static void test_attributes(void **state)
{
    (void)state;
    struct script script = {0};
    rovi_target *target = scripted_target(4, &script, 0);
    assert_int_equal(rovi_target_dim(target), 4);
    assert_true(isnan(rovi_target_log_z(target)));
    assert_false(target->concurrent);
    rovi_target_set_log_z(target, 1.5);
    rovi_target_set_concurrent(target, 3);
    assert_true(rovi_target_log_z(target) == 1.5 && target->concurrent);
    rovi_target_set_log_z(target, NAN);
    assert_true(isnan(rovi_target_log_z(target)));
    rovi_target_free(target);
    rovi_target_free(NULL);
}

static void test_bad_input(void **state)
{
    (void)state;
    rovi_error error;
    rovi_target *target = (rovi_target *)&error;
    double number = 0;
    assert_refused(rovi_target_new(0, scripted, NULL, &target, &error), &error, ROVI_BAD_INPUT, "dimension is 0");
    assert_null(target);
    assert_refused(rovi_target_new(SIZE_MAX, scripted, NULL, &target, &error), &error, ROVI_BAD_INPUT, "1000000");
    assert_refused(rovi_target_new(2, NULL, NULL, &target, &error), &error, ROVI_BAD_INPUT, "logp is NULL");
    assert_refused(rovi_target_new_batch(2, NULL, NULL, &target, &error), &error, ROVI_BAD_INPUT, "logp is NULL");
    assert_refused(rovi_target_new(2, scripted, NULL, NULL, &error), &error, ROVI_BAD_INPUT, "target is NULL");
    assert_int_equal(rovi_target_new(0, scripted, NULL, &target, NULL), ROVI_BAD_INPUT); /* no error wanted */
    assert_refused(rovi_target_evaluate(NULL, 1, &number, &number, NULL, &error), &error, ROVI_BAD_INPUT,
                   "target is NULL");
    assert_int_equal(rovi_target_new_banana(&target, NULL), ROVI_OK);
    assert_refused(rovi_target_evaluate(target, 1, NULL, &number, NULL, &error), &error, ROVI_BAD_INPUT, "x is NULL");
    assert_refused(rovi_target_evaluate(target, 1, &number, NULL, NULL, &error), &error, ROVI_BAD_INPUT,
                   "logp is NULL");
    rovi_target_free(target);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * The rotated view
 */

/* y = R^T x by the definition */
static void rotate_back(size_t d, const double *R, const double *x, double *y)
{
    for (size_t j = 0; j < d; j++) {
        y[j] = 0;
        for (size_t i = 0; i < d; i++) {
            y[j] += R[i * d + j] * x[i];
        }
    }
}

static void test_rotated_against_its_base(void **state)
{
    (void)state;
    enum { N = TARGET_BLOCK + 3 };
    static const size_t dims[] = {2, 4, 10};
    static double R[100], x[N * 10], y[N * 10], logp[N], expected[N], grad[N * 10];
    for (size_t at = 0; at < 3; at++) {
        const size_t d = dims[at];
        rovi_target *base, *other, *view;
        assert_int_equal(rovi_target_new_funnel(d, &base, NULL), ROVI_OK);
        assert_int_equal(rovi_target_new_funnel(d, &other, NULL), ROVI_OK);
        support_orthogonal(at, d, R);
        assert_int_equal(rovi_target_new_rotated(base, R, &view, NULL), ROVI_OK);
        support_normals(at + 10, N * d, x);
        for (size_t i = 0; i < N; i++) {
            rotate_back(d, R, x + i * d, y + i * d);
        }
        assert_int_equal(rovi_target_evaluate(view, N, x, logp, grad, NULL), ROVI_OK);
        assert_int_equal(rovi_target_evaluate(other, N, y, expected, NULL, NULL), ROVI_OK);
        for (size_t i = 0; i < N; i++) {
            assert_close(logp[i], expected[i], 1e-12);
        }
        support_check_gradient(view, x, 1e-9);
        support_check_lines(view);
        assert_true(rovi_target_log_z(view) == 0 && view->concurrent && rovi_target_dim(view) == d);
        rovi_target_free(view); /* and with it the base */
        rovi_target_free(other);
    }
}

/* Callbacks, which know no lines, with places outside the support; and views of one. */
static void test_lines(void **state)
{
    (void)state;
    const size_t d = 6;
    struct script script = {.value = NAN, .slope = 1, .code = 1};
    double R[36];
    support_orthogonal(3, d, R);
    for (int batch = 0; batch < 2; batch++) {
        rovi_target *view, *target = scripted_target(d, &script, batch);
        support_check_lines(target);
        assert_int_equal(rovi_target_new_rotated(target, R, &view, NULL), ROVI_OK);
        support_check_lines(view);
        rovi_target_free(view);
    }
}

static void test_lines_of_a_failure(void **state)
{
    (void)state;
    struct script script = {.code = -3};
    const double x[] = {0, 0}, u[] = {1, 0}, t[] = {0, -200, 1};
    const struct target_lines lines = {1, 3, x, u, t};
    double logp[3], scratch[2 * TARGET_BLOCK];
    rovi_target *target = scripted_target(2, &script, 0);
    assert_true(target_lines_scratch(target) <= sizeof scratch / sizeof *scratch);
    assert_int_equal(target_evaluate_lines(target, &lines, logp, scratch, NULL), -3);
    rovi_target_free(target);
}

/* A view of a view, and what the base rejects is counted once. */
/* The call that fails answers as those do that are no longer made: nothing of what was there before is left. */
static void test_a_failure_rejects_all(void **state)
{
    (void)state;
    struct script script = {.code = -7};
    const double x[4] = {1, 2, -200, 0}, u[2] = {1, 0}, t[2] = {-100, -201};
    const struct target_lines along = {.lines = 1, .points = 2, .x = x, .u = u, .t = t};
    rovi_target *target;
    struct meter meter;
    double scratch[2 * TARGET_BLOCK];
    assert_int_equal(rovi_target_new(2, scripted, &script, &target, NULL), ROVI_OK);
    for (int lines = 0; lines < 2; lines++) {
        meter_init(&meter, target);
        for (int call = 0; call < 2; call++) {
            double logp[2] = {5, 5}, grad[4] = {5, 5, 5, 5};
            assert_int_equal(lines ? meter_evaluate_lines(&meter, &along, logp, scratch)
                                   : meter_evaluate(&meter, 2, x, logp, grad, scratch),
                             2);
            assert_true(logp[0] == -INFINITY && logp[1] == -INFINITY);
            for (size_t j = 0; j < 4; j++) {
                assert_true(grad[j] == (lines ? 5 : 0));
            }
        }
        assert_true(atomic_load(&meter.failed) && atomic_load(&meter.rejected) == 0);
        assert_int_equal(atomic_load(&meter.density), 2);
    }
    rovi_target_free(target);
}

static void test_rotated_views_nest(void **state)
{
    (void)state;
    struct script script = {.value = NAN, .code = 1};
    const double quarter[] = {0, -1, 1, 0}; /* x = R y: y_1 = x_2, y_2 = -x_1 */
    const double x[] = {3, 4, -200, 0, 200, 0, 0, 200, 0, -200};
    double logp[5], grad[10];
    struct target_rejected rejected;
    rovi_target *view = scripted_target(2, &script, 0);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(rovi_target_new_rotated(view, quarter, &view, NULL), ROVI_OK);
    }
    double *scratch = test_malloc(view->scratch * sizeof *scratch);
    assert_int_equal(target_evaluate(view, 5, x, logp, grad, scratch, &rejected), 0); /* y = -x */
    assert_int_equal(rejected.count, 2);
    assert_true(logp[0] == -12.5 && logp[1] == -INFINITY && logp[2] == -INFINITY && isfinite(logp[3]));
    assert_true(grad[0] == -3 && grad[1] == -4 && grad[2] == 0 && grad[5] == 0);
    assert_false(view->concurrent);
    assert_true(isnan(rovi_target_log_z(view)));
    test_free(scratch);
    rovi_target_free(view);
}

static void test_rotated_failure_passes_through(void **state)
{
    (void)state;
    struct script script = {.code = -3};
    const double identity[] = {1, 0, 0, 1}, x[] = {-200, 0};
    double logp;
    rovi_error error;
    rovi_target *view;
    assert_int_equal(rovi_target_new_rotated(scripted_target(2, &script, 1), identity, &view, NULL), ROVI_OK);
    assert_refused(rovi_target_evaluate(view, 1, x, &logp, NULL, &error), &error, ROVI_TARGET_FAILED, "code -3");
    rovi_target_free(view);
}

static void test_rotated_bad_input(void **state)
{
    (void)state;
    const double shear[] = {1, 0.1, 0, 1}, broken[] = {NAN, 0, 0, 1}, nearly[] = {1, 1e-9, -1e-9, 1};
    rovi_error error;
    rovi_target *base, *view;
    assert_int_equal(rovi_target_new_ring(&base, NULL), ROVI_OK);
    assert_refused(rovi_target_new_rotated(base, shear, &view, &error), &error, ROVI_BAD_INPUT, "not orthogonal");
    assert_null(view);
    assert_refused(rovi_target_new_rotated(base, broken, &view, &error), &error, ROVI_BAD_INPUT, "nan");
    assert_refused(rovi_target_new_rotated(base, NULL, &view, &error), &error, ROVI_BAD_INPUT, "rotation is NULL");
    assert_refused(rovi_target_new_rotated(NULL, nearly, &view, &error), &error, ROVI_BAD_INPUT, "base is NULL");
    assert_refused(rovi_target_new_rotated(base, nearly, NULL, &error), &error, ROVI_BAD_INPUT, "target is NULL");
    assert_int_equal(rovi_target_new_rotated(base, nearly, &view, &error), ROVI_OK); /* base still is ours to give */
    assert_true(rovi_target_log_z(view) > 0);
    rovi_target_free(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_number_of_points),
        cmocka_unit_test(test_what_is_not_finite_is_outside),
        cmocka_unit_test(test_outside_the_support),
        cmocka_unit_test(test_a_batch_that_forgets_its_points),
        cmocka_unit_test(test_fatal_failure),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_rotated_against_its_base),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_of_a_failure),
        cmocka_unit_test(test_a_failure_rejects_all),
        cmocka_unit_test(test_rotated_views_nest),
        cmocka_unit_test(test_rotated_failure_passes_through),
        cmocka_unit_test(test_rotated_bad_input),
    };
    return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
