/* SPDX-License-Identifier: BSD-3-Clause */
/* Pareto-smoothed importance sampling against ArviZ, and where there is nothing to smooth. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/psis.h"
#include "psis_reference.h"
#include "support.h"

static double *pareto_weights(const struct reference *r)
{
    double *w = malloc(r->n * sizeof *w);
    assert_non_null(w);
    for (size_t i = 0; i < r->n; i++) {
        const double u = fmod(((double)i + 1) * 0.6180339887498949, 1);
        w[i] = r->level - r->shape * log1p(-u);
    }
    return w;
}

static size_t largest(size_t n, const double *w)
{
    size_t top = 0;
    for (size_t i = 1; i < n; i++) {
        top = w[i] > w[top] ? i : top;
    }
    return top;
}

/* k-hat and smoothed weights to 1e-6, as the two programs round differently. */
static void arviz_agrees(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof reference / sizeof reference[0]; c++) {
        const struct reference *r = &reference[c];
        double *w = pareto_weights(r);
        const size_t item[4] = {largest(r->n, w), 0, r->n / 2, r->n - 1};
        struct psis psis;
        assert_true(psis_smooth(r->n, w, &psis));
        assert_close(psis.k_hat, r->k_hat, 1e-6);
        for (int i = 0; i < 4; i++) {
            const double normalised = w[item[i]] - psis.log_z.value - log((double)r->n);
            assert_close(normalised, r->smoothed[i], 1e-6);
        }
        free(w);
    }
}

static void constant_tails_have_no_k(void **state)
{
    (void)state;
    double w[1000];
    struct psis psis;
    for (size_t i = 0; i < 1000; i++) {
        w[i] = -3 + 1e-13 * (double)(i % 7); /* as rounding leaves it when the fit is the target */
    }
    assert_true(psis_smooth(1000, w, &psis));
    assert_true(isnan(psis.k_hat));
    assert_close(psis.log_z.value, -3, 1e-12);
    assert_close(psis.ess, 1000, 1e-9);
    assert_true(psis.log_z.mcse < 1e-6);
}

static void few_and_no_weights(void **state)
{
    (void)state;
    double few[] = {0, 1, -INFINITY}, none[] = {-INFINITY, -INFINITY};
    struct psis psis;
    assert_true(psis_smooth(3, few, &psis));
    assert_true(isnan(psis.k_hat));
    assert_close(psis.log_z.value, log((1 + exp(1)) / 3), 1e-14);
    assert_true(psis_smooth(2, none, &psis));
    assert_true(isnan(psis.k_hat) && isnan(psis.log_z.value));
    assert_true(psis_smooth(0, NULL, &psis) && isnan(psis.log_z.value));
}

static void threshold(void **state)
{
    (void)state;
    assert_close(psis_threshold(100), 0.5, 1e-15);
    assert_close(psis_threshold(1000000), 0.7, 1e-15);
}

/* 4000 draws have a tail of 190: two standard errors of its shape are 2 (1 + k)/sqrt(190). */
static void errors_hold_for_light_tails(void **state)
{
    (void)state;
    const double most = (0.5 - 2 / sqrt(190)) / (1 + 2 / sqrt(190));
    assert_true(psis_error_holds(most - 1e-9, 4000) && !psis_error_holds(most + 1e-9, 4000));
    assert_true(psis_error_holds(NAN, 4000)); /* equal weights */
    assert_false(psis_error_holds(0, 25));    /* five weights tell nothing of a tail */
}

/* Normal weights of variance .25, whose mean is 1: z-scores of 200 estimates have mean 0 and variance 1, within 4.5 of
 * their standard errors 1/sqrt(200) and sqrt(2/200). */
static void errors_are_honest(void **state)
{
    (void)state;
    enum { RUNS = 200, N = 500 };
    double sum = 0, squares = 0, w[N];
    for (uint64_t run = 0; run < RUNS; run++) {
        struct psis psis;
        support_normals(run, N, w);
        for (size_t i = 0; i < N; i++) {
            w[i] = 0.5 * w[i] - 0.125;
        }
        assert_true(psis_smooth(N, w, &psis));
        const double z = psis.log_z.value / psis.log_z.mcse;
        sum += z;
        squares += z * z;
    }
    assert_true(fabs(sum / RUNS) < 4.5 / sqrt(RUNS));
    assert_true(fabs(squares / RUNS - 1) < 4.5 * sqrt(2.0 / RUNS));
}

static void weights_are_smoothed_for_anyone(void **state)
{
    (void)state;
    const struct reference *r = &reference[0];
    double *w = pareto_weights(r), *same = pareto_weights(r), none[] = {-INFINITY, -INFINITY};
    struct psis psis;
    rovi_smoothing smoothing;
    rovi_error error;
    assert_true(psis_smooth(r->n, same, &psis));
    assert_int_equal(rovi_smooth_weights(r->n, w, &smoothing, &error), ROVI_OK);
    assert_memory_equal(w, same, r->n * sizeof *w);
    assert_true(smoothing.k_hat == psis.k_hat && smoothing.ess == psis.ess);
    assert_true(smoothing.k_threshold == psis_threshold(r->n));
    assert_int_equal(rovi_smooth_weights(2, none, &smoothing, &error), ROVI_OK);
    assert_true(isnan(smoothing.k_hat) && smoothing.ess == 0);
    none[1] = NAN;
    assert_int_equal(rovi_smooth_weights(2, none, &smoothing, &error), ROVI_BAD_INPUT);
    assert_non_null(strstr(error.message, "log weight 1 is"));
    free(w);
    free(same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arviz_agrees),
        cmocka_unit_test(constant_tails_have_no_k),
        cmocka_unit_test(few_and_no_weights),
        cmocka_unit_test(threshold),
        cmocka_unit_test(errors_hold_for_light_tails),
        cmocka_unit_test(errors_are_honest),
        cmocka_unit_test(weights_are_smoothed_for_anyone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
