/* SPDX-License-Identifier: BSD-3-Clause */
/* Haar draws, the tangent projection and the QR retraction on O(d); products written out as sums. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "family/rotation.h"
#include "support.h"

#define MOST 20

static const size_t dims[] = {1, 2, 5, 20};
#define DIMS (sizeof dims / sizeof *dims)

static double work[8 * MOST * MOST + 40 * MOST];

static int set_up(void **state)
{
    (void)state;
    return rotation_work(MOST) > sizeof work / sizeof *work;
}

/* (A^T B)_ij */
static double product_tn(size_t d, const double *A, const double *B, size_t i, size_t j)
{
    double sum = 0;
    for (size_t k = 0; k < d; k++) {
        sum += A[k * d + i] * B[k * d + j];
    }
    return sum;
}

static double distance_to_orthogonal(size_t d, const double *O)
{
    double most = 0;
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < d; j++) {
            const double off = fabs(product_tn(d, O, O, i, j) - (i == j));
            most = off <= most ? most : off;
        }
    }
    return most;
}

static void haar(size_t d, uint64_t index, double *O)
{
    rotation_haar(d, (struct rng_stream){.seed = 11, .purpose = RNG_START}, index, O, work);
}

static void haar_draws_are_orthogonal(void **state)
{
    (void)state;
    double O[MOST * MOST];
    for (size_t i = 0; i < DIMS; i++) {
        for (uint64_t index = 0; index < 50; index++) {
            haar(dims[i], index, O);
            assert_true(distance_to_orthogonal(dims[i], O) <= 1e-14);
        }
    }
}

/* With Haar measure E O_ij = 0, E O_ij^2 = 1/d, E O_11 O_22 = 0, and E O_11^4 = 3/(d(d + 2)). 4000 draws in d = 3, seed
 * 11; each mean is compared with its own standard error: |z| < 4.5 for 20 numbers (chance 1.4e-4). A QR without the
 * sign rule has E O_11 far from 0. */
static void haar_draws_have_the_moments(void **state)
{
    (void)state;
    enum { D = 3, N = 4000, COUNT = 2 * D * D + 2 };
    double sum[COUNT] = {0}, square[COUNT] = {0}, expected[COUNT] = {0};
    for (uint64_t index = 0; index < N; index++) {
        double O[D * D], f[COUNT];
        haar(D, index, O);
        for (size_t i = 0; i < D * D; i++) {
            f[i] = O[i];
            f[D * D + i] = O[i] * O[i];
            expected[D * D + i] = 1.0 / D;
        }
        f[COUNT - 2] = O[0] * O[D + 1];
        f[COUNT - 1] = pow(O[0], 4);
        expected[COUNT - 1] = 3.0 / (D * (D + 2));
        for (size_t i = 0; i < COUNT; i++) {
            sum[i] += f[i] / N;
            square[i] += f[i] * f[i] / N;
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        const double z = (sum[i] - expected[i]) / sqrt((square[i] - sum[i] * sum[i]) / N);
        if (!(fabs(z) < 4.5)) {
            fail_msg("moment %zu is %g, not %g: z = %g", i, sum[i], expected[i], z);
        }
    }
}

/* det O is 1 or -1 with even odds: both components of O(d) are reached. 1000 draws: 500 +- 4.5 * 15.8. */
static void haar_draws_reach_both_components(void **state)
{
    (void)state;
    int proper = 0;
    for (uint64_t index = 0; index < 1000; index++) {
        double O[4];
        haar(2, index, O);
        proper += O[0] * O[3] - O[1] * O[2] > 0;
    }
    assert_true(abs(proper - 500) <= 71);
}

static void public_haar_is_a_function_of_dimension_and_seed(void **state)
{
    (void)state;
    double A[25], B[25], C[25];
    rovi_error error;
    assert_int_equal(rovi_haar_rotation(5, 7, A, NULL), ROVI_OK);
    assert_int_equal(rovi_haar_rotation(5, 7, B, &error), ROVI_OK);
    assert_int_equal(rovi_haar_rotation(5, 8, C, NULL), ROVI_OK);
    assert_memory_equal(A, B, sizeof A);
    assert_memory_not_equal(A, C, sizeof A);
    assert_true(distance_to_orthogonal(5, A) <= 1e-14);
    assert_refused(rovi_haar_rotation(0, 7, A, &error), &error, ROVI_BAD_INPUT, "dimension");
    assert_refused(rovi_haar_rotation(2, 7, NULL, &error), &error, ROVI_BAD_INPUT, "room");
}

/* A tangent has skew O^T G; what is left out, O sym(O^T G), is orthogonal to it; projecting again changes nothing. */
static void projection_is_onto_the_tangent_space(void **state)
{
    (void)state;
    for (size_t n = 0; n < DIMS; n++) {
        const size_t d = dims[n];
        double O[MOST * MOST], G[MOST * MOST], tangent[MOST * MOST], again[MOST * MOST], dot = 0;
        haar(d, n, O);
        support_normals(n, d * d, G);
        memcpy(tangent, G, d * d * sizeof *G);
        rotation_project_tangent(d, O, tangent, work);
        memcpy(again, tangent, d * d * sizeof *G);
        rotation_project_tangent(d, O, again, work);
        for (size_t i = 0; i < d; i++) {
            for (size_t j = 0; j < d; j++) {
                const double S = product_tn(d, O, G, i, j), St = product_tn(d, O, G, j, i);
                assert_close(product_tn(d, O, tangent, i, j), 0.5 * (S - St), 1e-13);
                assert_close(again[i * d + j], tangent[i * d + j], 1e-13);
                dot += tangent[i * d + j] * (G[i * d + j] - tangent[i * d + j]);
            }
        }
        assert_close(dot, 0, 1e-12);
    }
}

static void ten_thousand_steps_stay_orthogonal(void **state)
{
    (void)state;
    for (size_t n = 1; n < DIMS; n++) {
        const size_t d = dims[n];
        double O[MOST * MOST], G[MOST * MOST], worst = 0;
        haar(d, n, O);
        for (uint64_t step = 0; step < 10000; step++) {
            support_normals(step % 100, d * d, G);
            rotation_project_tangent(d, O, G, work);
            assert_true(rotation_retract(d, O, G, 0.05, work));
            worst = step % 100 == 99 ? fmax(worst, distance_to_orthogonal(d, O)) : worst;
        }
        assert_true(worst <= 1e-14);
    }
}

/* retract(O, t) = O - t G + O(t^2): the remainder over t^2 settles as t falls. */
static void retraction_is_of_first_order(void **state)
{
    (void)state;
    for (size_t n = 1; n < DIMS; n++) {
        const size_t d = dims[n];
        double O[MOST * MOST], G[MOST * MOST], remainder[2] = {0};
        haar(d, n, O);
        support_normals(n, d * d, G);
        rotation_project_tangent(d, O, G, work);
        for (int level = 0; level < 2; level++) {
            const double t = level == 0 ? 1e-3 : 1e-4;
            double moved[MOST * MOST];
            memcpy(moved, O, d * d * sizeof *O);
            assert_true(rotation_retract(d, moved, G, t, work));
            for (size_t i = 0; i < d * d; i++) {
                remainder[level] = fmax(remainder[level], fabs(moved[i] - (O[i] - t * G[i])) / (t * t));
            }
        }
        assert_true(remainder[0] <= 10 * (double)d);
        assert_relative(remainder[1], remainder[0], 0.1); /* next term: t times a number like |G| */
    }
}

static void a_zero_step_keeps_the_rotation(void **state)
{
    (void)state;
    double O[25], before[25], G[25] = {0};
    haar(5, 1, O);
    memcpy(before, O, sizeof O);
    assert_true(rotation_retract(5, O, G, 1, work));
    for (size_t i = 0; i < 25; i++) {
        assert_close(O[i], before[i], 1e-15); /* the sign rule keeps columns from flipping */
    }
}

static void steps_that_are_not_finite_are_refused(void **state)
{
    (void)state;
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t b = 0; b < 3; b++) {
        double O[25], before[25], G[25];
        haar(5, 1, O);
        memcpy(before, O, sizeof O);
        support_normals(1, 25, G);
        G[7] = bad[b];
        assert_false(rotation_retract(5, O, G, 0.1, work));
        assert_memory_equal(O, before, sizeof O);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(haar_draws_are_orthogonal),
        cmocka_unit_test(haar_draws_have_the_moments),
        cmocka_unit_test(haar_draws_reach_both_components),
        cmocka_unit_test(public_haar_is_a_function_of_dimension_and_seed),
        cmocka_unit_test(projection_is_onto_the_tangent_space),
        cmocka_unit_test(ten_thousand_steps_stay_orthogonal),
        cmocka_unit_test(retraction_is_of_first_order),
        cmocka_unit_test(a_zero_step_keeps_the_rotation),
        cmocka_unit_test(steps_that_are_not_finite_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
