/* SPDX-License-Identifier: BSD-3-Clause */
/* Mean, sd and quantiles of draws against known laws, with weights and without, and their errors. */
#include "test_io_support.h"

#include "io/describe.h"

#define N    1000
#define RUNS 200

static void of_few_by_hand(void **state)
{
    (void)state;
    double values[] = {4, 1, 3}, again[] = {4, 1, 3};
    const double weight[] = {0.25, 0.5, 0.25}; /* mean 2.25, squares about it 1.6875, concentration .375 */
    struct weighed work[3];
    const struct described equal = describe(3, values, NULL, NULL), weighted = describe(3, again, weight, work);
    assert_close(equal.mean.value, 8 / 3.0, 1e-14);
    assert_close(equal.sd.value, sqrt(7 / 3.0), 1e-14);
    assert_close(equal.mean.mcse, sqrt(7 / 9.0), 1e-14);
    assert_close(equal.quantile[1].value, 3, 1e-14);
    assert_close(weighted.mean.value, 2.25, 1e-14);
    assert_close(weighted.sd.value, sqrt(1.6875 / 0.625), 1e-14);
    assert_close(weighted.mean.mcse, sqrt((0.0625 * (3.0625 + 0.5625) + 0.25 * 1.5625) / 0.625), 1e-14);
    assert_close(weighted.quantile[0].value, 1, 1e-14);
    assert_close(weighted.quantile[1].value, 1 + 2 * 0.25 / 0.375, 1e-14); /* from .25 at 1 to .625 at 3 */
    assert_close(weighted.quantile[2].value, 4, 1e-14);
}

/* Moments need no order, and quantiles of sorted and of selected values differ by less than a step between values. */
static void equal_weights_are_no_weights(void **state)
{
    (void)state;
    double values[N], again[N], weight[N];
    struct weighed work[N];
    support_normals(1, N, values);
    for (size_t i = 0; i < N; i++) {
        again[i] = values[i];
        weight[i] = 1.0 / N;
    }
    const struct described equal = describe(N, values, NULL, NULL), weighted = describe(N, again, weight, work);
    assert_close(weighted.mean.value, equal.mean.value, 1e-13);
    assert_close(weighted.mean.mcse, equal.mean.mcse, 1e-13);
    assert_close(weighted.sd.value, equal.sd.value, 1e-13);
    assert_close(weighted.sd.mcse, equal.sd.mcse, 1e-13);
    for (size_t k = 0; k < DESCRIBED_QUANTILES; k++) {
        assert_close(weighted.quantile[k].value, equal.quantile[k].value, 0.01);
        assert_close(weighted.quantile[k].mcse, equal.quantile[k].mcse, 0.01);
    }
}

struct scores {
    double sum, squares;
};

static void score(rovi_estimate estimate, double exact, struct scores *scores)
{
    const double z = (estimate.value - exact) / estimate.mcse;
    scores->sum += z;
    scores->squares += z * z;
}

/* Draws of a standard normal that stand for one about 1/2: z-scores of 200 estimates have mean 0 and variance 1, within
 * 4.5 of their standard errors, and a tenth more for the bias of ratios and the noise of the errors themselves. */
static void errors_are_honest(void **state)
{
    (void)state;
    static const double quantile[] = {0.5 - 1.644853627, 0.5, 0.5 + 1.644853627};
    struct scores scores[2 + DESCRIBED_QUANTILES] = {0};
    double values[N], weight[N];
    struct weighed work[N];
    for (uint64_t run = 0; run < RUNS; run++) {
        double sum = 0;
        support_normals(run, N, values);
        for (size_t i = 0; i < N; i++)
            sum += weight[i] = exp(values[i] / 2);
        for (size_t i = 0; i < N; i++)
            weight[i] /= sum;
        const struct described is = describe(N, values, weight, work);
        score(is.mean, 0.5, &scores[0]);
        score(is.sd, 1, &scores[1]);
        for (size_t k = 0; k < DESCRIBED_QUANTILES; k++)
            score(is.quantile[k], quantile[k], &scores[2 + k]);
    }
    for (size_t k = 0; k < sizeof scores / sizeof *scores; k++) {
        assert_true(fabs(scores[k].sum / RUNS) < 4.5 / sqrt(RUNS) + 0.1);
        assert_true(fabs(scores[k].squares / RUNS - 1) < 4.5 * sqrt(2.0 / RUNS) + 0.1);
    }
}

static void what_is_constant_is_exact(void **state)
{
    (void)state;
    double values[4 * N], again[N], weight[N];
    struct weighed work[N];
    for (size_t i = 0; i < 4 * N; i++)
        values[i] = 17647.3;
    for (size_t i = 0; i < N; i++) {
        again[i] = 17647.3;
        weight[i] = 2 * ((double)i + 0.5) / N / N;
    }
    const struct described equal = describe((size_t)4 * N, values, NULL, NULL),
                           weighted = describe(N, again, weight, work);
    assert_true(equal.mean.value == 17647.3 && equal.mean.mcse == 0 && equal.sd.value == 0 && equal.sd.mcse == 0);
    assert_true(weighted.mean.value == 17647.3 && weighted.mean.mcse == 0 && weighted.sd.value == 0);
    assert_true(weighted.quantile[1].value == 17647.3 && weighted.quantile[1].mcse == 0);
}

static void what_is_not_known_is_nan(void **state)
{
    (void)state;
    double values[] = {1, NAN, 2};
    assert_true(isnan(describe(3, values, NULL, NULL).mean.value));
    assert_true(isnan(describe(1, values, NULL, NULL).quantile[1].value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(of_few_by_hand), cmocka_unit_test(equal_weights_are_no_weights),
                                       cmocka_unit_test(errors_are_honest), cmocka_unit_test(what_is_constant_is_exact),
                                       cmocka_unit_test(what_is_not_known_is_nan)};
    return cmocka_run_group_tests_name("io/describe", tests, NULL, NULL);
}
