/* SPDX-License-Identifier: BSD-3-Clause */
/* Resampling without replacement, equation (34): chances of all pairs by enumeration, order and bounds. */
#include <math.h>
#include <stdlib.h>

#include "support.h"

/* The chance that {a, b} is chosen from four: first one, then the other of those left. */
static double pair_chance(const double *w, size_t a, size_t b)
{
    const double whole = w[0] + w[1] + w[2] + w[3];
    return w[a] / whole * w[b] / (whole - w[a]) + w[b] / whole * w[a] / (whole - w[b]);
}

/* 40000 seeds; shares of the six pairs held to |z| < 4.5. */
static void pairs_have_their_chances(void **state)
{
    (void)state;
    enum { N = 40000 };
    const double w[] = {1, 2, 4, 0.5};
    double log_w[4], count[4][4] = {{0}};
    for (int i = 0; i < 4; i++) {
        log_w[i] = log(w[i]) - 700; /* no weight is a normal number: they must not be exponentiated */
    }
    for (uint64_t seed = 0; seed < N; seed++) {
        size_t chosen[2];
        assert_int_equal(rovi_resample(4, log_w, seed, 2, chosen, NULL), ROVI_OK);
        assert_true(chosen[0] < chosen[1] && chosen[1] < 4);
        count[chosen[0]][chosen[1]]++;
    }
    for (size_t a = 0; a < 4; a++) {
        for (size_t b = a + 1; b < 4; b++) {
            const double p = pair_chance(w, a, b);
            assert_true(fabs(count[a][b] / N - p) < 4.5 * sqrt(p * (1 - p) / N));
        }
    }
}

/* Many of many: increasing, without repetition, the same again, and the fewer are among the more, since an item's key
 * does not depend on k. */
static void the_heap_keeps_the_best(void **state)
{
    (void)state;
    enum { N = 1000 };
    double log_w[N];
    size_t chosen[N], fewer[N], again[N];
    support_normals(3, N, log_w);
    log_w[10] = -INFINITY;
    for (size_t k = 1; k < N; k += 83) {
        assert_int_equal(rovi_resample(N, log_w, 5, k, chosen, NULL), ROVI_OK);
        assert_int_equal(rovi_resample(N, log_w, 5, k, again, NULL), ROVI_OK);
        assert_int_equal(rovi_resample(N, log_w, 5, k - 1, fewer, NULL), ROVI_OK);
        size_t same = 0;
        for (size_t i = 0; i < k; i++) {
            assert_true(chosen[i] < N && chosen[i] != 10 && (i == 0 || chosen[i] > chosen[i - 1]));
            assert_int_equal(chosen[i], again[i]);
            same += same < k - 1 && chosen[i] == fewer[same];
        }
        assert_int_equal(same, k - 1);
    }
    assert_int_equal(rovi_resample(N, log_w, 5, N - 1, chosen, NULL), ROVI_OK);
    assert_int_equal(chosen[10], 11); /* all but the one without weight */
}

static void bad_weights_are_refused(void **state)
{
    (void)state;
    rovi_error error;
    size_t chosen[3] = {9, 9, 9};
    const double none[] = {-INFINITY, 0, -INFINITY}, nan[] = {0, NAN, 0}, infinite[] = {0, 0, INFINITY};
    assert_refused(rovi_resample(3, none, 1, 2, chosen, &error), &error, ROVI_BAD_INPUT, "only 1 of 3");
    assert_refused(rovi_resample(3, nan, 1, 2, chosen, &error), &error, ROVI_BAD_INPUT, "log weight 1 is");
    assert_refused(rovi_resample(3, infinite, 1, 2, chosen, &error), &error, ROVI_BAD_INPUT, "log weight 2 is inf");
    assert_refused(rovi_resample(2, infinite, 1, 3, chosen, &error), &error, ROVI_BAD_INPUT, "only 2 of 2");
    assert_int_equal(chosen[0], 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pairs_have_their_chances),
                                       cmocka_unit_test(the_heap_keeps_the_best),
                                       cmocka_unit_test(bad_weights_are_refused)};
    return cmocka_run_group_tests_name("resample", tests, NULL, NULL);
}
