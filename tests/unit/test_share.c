/* SPDX-License-Identifier: BSD-3-Clause */
/* The target that a component of a mixture sees, equation (36): log p + log r_k, its gradient, shares that sum to 1. */
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "mixture/share.h"
#include "support.h"
#include "target/target.h"

#define DIM    3
#define K      3
#define POINTS 60

static const double weights[K] = {.2, .5, .3};

struct fixture {
    rovi_target *target, *view[K];
    struct support_rig rig;
    rovi_approximation *part[K], *q;
    double x[POINTS * DIM];
};

static rovi_target *two_normals(void)
{
    const double w[] = {.4, .6}, means[2 * DIM] = {-1, 0, 1, 1, .5, -1};
    double C[DIM * DIM];
    support_covariance(5, DIM, 4, C);
    return support_mixture(DIM, 2, w, means, 1, C);
}

/* Takes the target. */
static void make(struct fixture *f, rovi_target *target)
{
    f->target = target;
    support_rig_make(&f->rig, target);
    for (size_t k = 0; k < K; k++) {
        f->part[k] = support_approximation(k + 1, DIM, k != 1);
    }
    assert_int_equal(
        rovi_approximation_new_mixture(K, weights, (const rovi_approximation *const *)f->part, &f->q, NULL), ROVI_OK);
    assert_int_equal(rovi_approximation_draw(f->q, 3, 0, POINTS, f->x, NULL, NULL), ROVI_OK);
    for (size_t k = 0; k < K; k++) {
        f->view[k] = share_new(&f->rig.meter, f->q, k);
        assert_non_null(f->view[k]);
    }
}

static void drop(struct fixture *f)
{
    for (size_t k = 0; k < K; k++) {
        rovi_target_free(f->view[k]);
        rovi_approximation_free(f->part[k]);
    }
    rovi_approximation_free(f->q);
    support_rig_free(&f->rig);
    rovi_target_free(f->target);
}

/* 1e-12: the logarithms are of the size of 10, and three are added. */
static void log_densities_are_those_of_the_definition(void **state)
{
    (void)state;
    struct fixture f;
    double logp[POINTS], log_q[POINTS], part[POINTS], seen[POINTS], sum[POINTS] = {0};
    make(&f, two_normals());
    assert_int_equal(rovi_target_evaluate(f.target, POINTS, f.x, logp, NULL, NULL), ROVI_OK);
    assert_int_equal(rovi_approximation_log_density(f.q, POINTS, f.x, log_q, NULL), ROVI_OK);
    for (size_t k = 0; k < K; k++) {
        assert_int_equal(rovi_approximation_log_density(f.part[k], POINTS, f.x, part, NULL), ROVI_OK);
        assert_int_equal(rovi_target_evaluate(f.view[k], POINTS, f.x, seen, NULL, NULL), ROVI_OK);
        for (size_t p = 0; p < POINTS; p++) {
            assert_close(seen[p], logp[p] + log(weights[k]) + part[p] - log_q[p], 1e-12);
            sum[p] += exp(seen[p] - logp[p]);
        }
    }
    for (size_t p = 0; p < POINTS; p++) {
        assert_close(sum[p], 1, 1e-12);
    }
    drop(&f);
}

/* A map is linear between its knots: where no coordinate of any component is within 1e-2 of one, differences of step
 * 5e-4 stay on the segment. Their error is some 1e-9 of the gradient, and its rounding 1e-12. */
static bool is_away_from_knots(const struct fixture *f, const double *x)
{
    for (size_t k = 0; k < K; k++) {
        const rovi_approximation *q = f->part[k];
        double w[DIM], y[DIM];
        approximation_unplace(q, 1, x, w, y);
        for (size_t i = 0; i < DIM; i++) {
            for (size_t c = 0; c <= q->maps[i].D.cells; c++) {
                if (fabs(y[i] - q->maps[i].value[c]) < 1e-2) {
                    return false;
                }
            }
        }
    }
    return true;
}

static void gradients_are_those_of_differences(void **state)
{
    (void)state;
    struct fixture f;
    size_t checked = 0;
    make(&f, two_normals());
    for (size_t p = 0; p < POINTS; p++) {
        for (size_t k = 0; k < K && is_away_from_knots(&f, f.x + p * DIM); k++, checked++) {
            support_check_gradient(f.view[k], f.x + p * DIM, 1e-6);
        }
    }
    assert_true(checked >= POINTS);
    drop(&f);
}

/* Positive numbers alone are inside. */
static int half(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)data;
    *logp = -x[0] * x[0] / 2;
    for (size_t i = 0; grad != NULL && i < d; i++) {
        grad[i] = i == 0 ? -x[0] : 0;
    }
    return x[0] > 0 ? 0 : 1;
}

static void the_support_is_the_targets_and_evaluations_are_its_own(void **state)
{
    (void)state;
    struct fixture f;
    rovi_target *target = NULL;
    double seen[POINTS], grad[POINTS * DIM];
    assert_int_equal(rovi_target_new(DIM, half, NULL, &target, NULL), ROVI_OK);
    make(&f, target);
    assert_int_equal(rovi_target_evaluate(f.view[1], POINTS, f.x, seen, grad, NULL), ROVI_OK);
    size_t outside = 0;
    for (size_t p = 0; p < POINTS; p++) {
        assert_true(isfinite(seen[p]) == (f.x[p * DIM] > 0));
        outside += !isfinite(seen[p]);
        for (size_t i = 0; i < DIM; i++) {
            assert_true(isfinite(seen[p]) || grad[p * DIM + i] == 0);
        }
    }
    assert_in_range(outside, 1, POINTS - 1);
    assert_int_equal(atomic_load(&f.rig.meter.density), POINTS);
    assert_int_equal(atomic_load(&f.rig.meter.gradient), POINTS);
    drop(&f);
}

static void a_target_that_fails_for_good_fails_the_view(void **state)
{
    (void)state;
    struct fixture f;
    rovi_target *target = NULL;
    double seen[POINTS];
    int fatal = -1;
    assert_int_equal(rovi_target_new(DIM, support_answer, &fatal, &target, NULL), ROVI_OK);
    make(&f, target);
    assert_int_equal(rovi_target_evaluate(f.view[0], POINTS, f.x, seen, NULL, NULL), ROVI_TARGET_FAILED);
    drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_densities_are_those_of_the_definition),
        cmocka_unit_test(gradients_are_those_of_differences),
        cmocka_unit_test(the_support_is_the_targets_and_evaluations_are_its_own),
        cmocka_unit_test(a_target_that_fails_for_good_fails_the_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
