/* SPDX-License-Identifier: BSD-3-Clause */
/* Products on teams against those of one thread, which test_linalg.c holds against sums: sizes of less than a block, of
 * one, and of several with a rest. */
#include <string.h>

#include "base/linalg.h"
#include "base/team_linalg.h"
#include "support.h"

#define MOST 150

static double A[MOST * MOST], B[MOST * MOST], L[MOST * MOST], expected[MOST * MOST], C[4][MOST * MOST];

static void fill(size_t d)
{
    support_normals(41, d * d, A);
    support_normals(42, d * d, B);
    support_normals(43, d * d, L);
    for (size_t i = 0; i < d; i++) {
        memset(L + i * d + i + 1, 0, (d - i - 1) * sizeof *L);
        L[i * d + i] = 3 + (double)i;
        for (size_t j = 0; j < i; j++) {
            L[i * d + j] /= (double)d;
        }
    }
}

/* Sums of d <= 150 products of numbers of size one. */
static void check(size_t d, size_t results)
{
    for (size_t r = 0; r < results; r++) {
        assert_memory_equal(C[r], C[0], d * d * sizeof *C[0]);
    }
    for (size_t p = 0; p < d * d; p++) {
        assert_close(C[0][p], expected[p], 1e-13);
    }
}

/* Nobody, and teams of one to three. */
static void each_product(void **state)
{
    (void)state;
    static const size_t dims[] = {1, 5, 64, 65, MOST};
    struct team *teams[4] = {NULL, team_new(1), team_new(2), team_new(3)};
    for (size_t at = 0; at < sizeof dims / sizeof *dims; at++) {
        const size_t d = dims[at];
        fill(d);
        linalg_multiply(d, d, d, A, B, expected);
        for (size_t k = 0; k < 4; k++) {
            team_multiply(teams[k], d, d, d, A, B, C[k]);
        }
        check(d, 4);
        linalg_multiply_nt(d, d, d, A, B, expected);
        for (size_t k = 0; k < 4; k++) {
            team_multiply_nt(teams[k], d, d, d, A, B, C[k]);
        }
        check(d, 4);
        memcpy(expected, L, sizeof expected);
        linalg_add_multiply_tn(d, d, d, -2, A, B, expected);
        for (size_t k = 0; k < 4; k++) {
            memcpy(C[k], L, sizeof C[k]);
            team_add_multiply_tn(teams[k], &(struct linalg_tn){d, d, d, -2, A, B, C[k]});
        }
        check(d, 4);
    }
    for (size_t k = 0; k < 4; k++) {
        team_free(teams[k]);
    }
}

static void symmetric_and_triangular(void **state)
{
    (void)state;
    static const size_t dims[] = {1, 5, 64, 65, MOST};
    struct team *teams[4] = {NULL, team_new(1), team_new(2), team_new(3)};
    for (size_t at = 0; at < sizeof dims / sizeof *dims; at++) {
        const size_t d = dims[at];
        fill(d);
        memset(expected, 0, sizeof expected);
        linalg_add_multiply_tn(d, d, d, 1, A, A, expected);
        for (size_t i = 0; i < d; i++) {
            memset(expected + i * d + i + 1, 0, (d - i - 1) * sizeof *expected);
        }
        for (size_t k = 0; k < 4; k++) {
            support_normals(44, d * d, C[k]); /* what was there does not matter */
            team_gram(teams[k], d, d, A, C[k]);
        }
        check(d, 4);
        memcpy(expected, A, sizeof expected);
        linalg_solve_lower(d, d, L, expected);
        for (size_t k = 0; k < 4; k++) {
            memcpy(C[k], A, sizeof C[k]);
            team_solve_lower(teams[k], d, d, L, C[k]);
        }
        check(d, 4);
        memcpy(expected, A, sizeof expected);
        linalg_solve_lower_transposed(d, d, L, expected);
        for (size_t k = 0; k < 4; k++) {
            memcpy(C[k], A, sizeof C[k]);
            team_solve_lower_transposed(teams[k], d, d, L, C[k]);
        }
        check(d, 4);
    }
    for (size_t k = 0; k < 4; k++) {
        team_free(teams[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_product),
        cmocka_unit_test(symmetric_and_triangular),
    };
    return cmocka_run_group_tests(tests, support_hold_blas, support_release_blas);
}
