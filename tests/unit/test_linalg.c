/* SPDX-License-Identifier: BSD-3-Clause */
/* Linear algebra against naive loops, and the factorisations against what defines them. */
#include "support.h"

#include <dirent.h>
#include <math.h>
#include <string.h>

#include "base/linalg.h"

enum { MOST = 50 };

static const size_t dims[] = {1, 2, 3, 5, 17, MOST};
enum { DIMS = sizeof dims / sizeof *dims };

/* C (m x n) = alpha op(A) op(B) + beta C, entry by entry; k is the inner size */
static void naive(size_t m, size_t k, size_t n, int a_transposed, const double *A, int b_transposed, const double *B,
                  double *C)
{
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            C[i * n + j] = 0;
            for (size_t l = 0; l < k; l++) {
                C[i * n + j] +=
                    (a_transposed ? A[l * m + i] : A[i * k + l]) * (b_transposed ? B[j * k + l] : B[l * n + j]);
            }
        }
    }
}

static void assert_matrix(size_t count, const double *actual, const double *expected, double tolerance)
{
    for (size_t i = 0; i < count; i++) {
        assert_close(actual[i], expected[i], tolerance);
    }
}

static void test_products(void **state)
{
    (void)state;
    static double A[MOST * MOST], B[MOST * MOST], C[MOST * MOST], expected[MOST * MOST];
    for (size_t at = 0; at < DIMS; at++) {
        const size_t k = dims[at], m = (k + 1) / 2, n = (k + 3) / 2;
        support_normals(at, k * MOST, A);
        support_normals(at + 50, k * MOST, B);
        naive(m, k, n, 0, A, 0, B, expected);
        linalg_multiply(m, k, n, A, B, C);
        assert_matrix(m * n, C, expected, 1e-13);
        naive(m, k, n, 0, A, 1, B, expected);
        linalg_multiply_nt(m, k, n, A, B, C);
        assert_matrix(m * n, C, expected, 1e-13);
        naive(m, k, n, 1, A, 0, B, expected);
        for (size_t i = 0; i < m * n; i++) {
            C[i] = (double)i;
            expected[i] = (double)i - 0.5 * expected[i];
        }
        linalg_add_multiply_tn(m, k, n, -0.5, A, B, C);
        assert_matrix(m * n, C, expected, 1e-13);
    }
}

static void test_small_things(void **state)
{
    (void)state;
    const double A[] = {1, 2, 3, 4, 5, 6}, transposed[] = {1, 4, 2, 5, 3, 6}, identity[] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    double B[9];
    linalg_transpose(2, 3, A, B);
    assert_memory_equal(B, transposed, sizeof transposed);
    linalg_identity(3, B);
    assert_memory_equal(B, identity, sizeof identity);
    assert_true(linalg_is_diagonal(3, B, 0));
    B[5] = -0.1;
    assert_true(linalg_is_diagonal(3, B, 0.1) && !linalg_is_diagonal(3, B, 0.09));
    B[5] = NAN;
    assert_false(linalg_is_diagonal(3, B, 1));
    assert_close(linalg_dot(3, A, A + 3), 32, 0);
    assert_close(linalg_dot(0, A, A), 0, 0);
    double y[] = {1, 2, 3};
    linalg_add(3, 2, (const double[]){1, 0, -1}, y);
    assert_matrix(3, y, (const double[]){3, 2, 1}, 0);
    linalg_add(3, -1, y, y);
    assert_matrix(3, y, (const double[]){0, 0, 0}, 0);
}

static void test_distance_to_orthogonal(void **state)
{
    (void)state;
    double O[25];
    support_orthogonal(1, 5, O);
    assert_close(linalg_distance_to_orthogonal(5, O), 0, 1e-15);
    for (size_t i = 0; i < 5; i++) {
        O[i * 5 + 3] *= 1 + 1e-6; /* column 3: its squared length becomes 1 + 2e-6 */
    }
    assert_relative(linalg_distance_to_orthogonal(5, O), 2e-6, 1e-5);
    for (size_t i = 0; i < 25; i++) { /* one NaN anywhere is never orthogonal */
        support_orthogonal(1, 5, O);
        O[i] = NAN;
        assert_false(linalg_distance_to_orthogonal(5, O) <= 1);
    }
}

static void test_cholesky(void **state)
{
    (void)state;
    static double A[MOST * MOST], L[MOST * MOST], product[MOST * MOST];
    for (size_t at = 0; at < DIMS; at++) {
        const size_t d = dims[at];
        support_positive_definite(at, d, A);
        assert_true(linalg_cholesky(d, A, L));
        for (size_t i = 0; i < d; i++) {
            assert_true(L[i * d + i] > 0);
            for (size_t j = i + 1; j < d; j++) {
                assert_true(L[i * d + j] == 0);
            }
        }
        naive(d, d, d, 0, L, 1, L, product);
        assert_matrix(d * d, product, A, 1e-14);
        assert_true(linalg_cholesky(d, A, A)); /* in place */
        assert_memory_equal(A, L, d * d * sizeof *A);
    }
}

static void test_cholesky_refuses(void **state)
{
    (void)state;
    const double refused[][4] = {{1, 2, 2, 1},   {-1, 0, 0, 1},    {0, 0, 0, 1},       {1, 0, 0, -1},
                                 {NAN, 0, 0, 1}, {1, NAN, NAN, 1}, {INFINITY, 0, 0, 1}};
    double L[4];
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_false(linalg_cholesky(2, refused[i], L));
    }
    double A[25];
    support_positive_definite(3, 5, A);
    A[24] = -1; /* only the last pivot fails */
    assert_false(linalg_cholesky(5, A, A));
}

/* L y = x and L^T y = x for the rows, of which there are many or one, from the product back */
static void test_triangular_solves(void **state)
{
    (void)state;
    enum { N = 7 };
    static double A[MOST * MOST], L[MOST * MOST], Y[N * MOST], X[N * MOST];
    for (size_t at = 0; at < 2 * DIMS; at++) {
        const size_t d = dims[at / 2], n = at % 2 == 0 ? N : 1;
        support_positive_definite(at, d, A);
        assert_true(linalg_cholesky(d, A, L));
        support_normals(at + 20, n * d, Y);
        naive(n, d, d, 0, Y, 1, L, X); /* rows x^T = y^T L^T */
        linalg_solve_lower(n, d, L, X);
        assert_matrix(n * d, X, Y, 1e-12);
        naive(n, d, d, 0, Y, 0, L, X); /* rows x^T = y^T L */
        linalg_solve_lower_transposed(n, d, L, X);
        assert_matrix(n * d, X, Y, 1e-12);
    }
}

/* Q^T Q = I to 1e-14 and R = Q^T A upper triangular with positive diagonal: that makes Q unique */
static void test_qr(void **state)
{
    (void)state;
    static double A[MOST * MOST], Q[MOST * MOST], R[MOST * MOST], work[MOST * MOST + 40 * MOST];
    for (size_t at = 0; at < DIMS; at++) {
        const size_t d = dims[at];
        assert_true(linalg_qr_work(d) <= sizeof work / sizeof *work);
        support_normals(at + 70, d * d, A);
        A[0] = -fabs(A[0]); /* so that a sign needs fixing at d = 1 */
        assert_true(linalg_qr_q(d, A, Q, work));
        naive(d, d, d, 1, Q, 0, Q, R);
        for (size_t i = 0; i < d * d; i++) {
            assert_close(R[i], i % (d + 1) == 0, 1e-14);
        }
        naive(d, d, d, 1, Q, 0, A, R);
        for (size_t i = 0; i < d; i++) {
            assert_true(R[i * d + i] > 0);
            for (size_t j = 0; j < i; j++) {
                assert_close(R[i * d + j], 0, 2e-14); /* rounding of the product, entries of size sqrt(d) */
            }
        }
        assert_true(linalg_qr_q(d, A, A, work)); /* in place */
        assert_memory_equal(A, Q, d * d * sizeof *A);
    }
}

/* The products that know of zeros against the general one: of many rows, and of one. */
static void test_triangular_products(void **state)
{
    (void)state;
    enum { N = 7, D = 11 };
    double A[N * D], L[D * D], X[N * D], expected[N * D];
    support_normals(21, (size_t)N * D, A);
    support_normals(22, (size_t)D * D, L);
    for (size_t i = 0; i < D; i++) {
        memset(L + i * D + i + 1, 0, (D - i - 1) * sizeof *L);
    }
    for (size_t n = 1; n <= N; n += N - 1) {
        memcpy(X, A, sizeof X);
        linalg_multiply_lower(n, D, L, X);
        linalg_multiply(n, D, D, A, L, expected);
        assert_matrix(n * D, X, expected, 1e-14);
        memcpy(X, A, sizeof X);
        linalg_multiply_lower_transposed(n, D, L, X);
        linalg_multiply_nt(n, D, D, A, L, expected);
        assert_matrix(n * D, X, expected, 1e-14);
    }
}

/* 0 where the system does not say */
static size_t count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    size_t count = 0;
    for (const struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;) {
        count += task->d_name[0] != '.';
    }
    if (tasks != NULL) {
        closedir(tasks);
    }
    return count;
}

/* Ended, twice, they are not begun again by a hold, nor by a product that many threads could share. */
static void test_threads_end(void **state)
{
    (void)state;
    enum { LARGE = 300 };
    static double A[LARGE * LARGE], before[LARGE * LARGE], after[LARGE * LARGE];
    support_normals(23, (size_t)LARGE * LARGE, A);
    linalg_hold_threads();
    linalg_multiply(LARGE, LARGE, LARGE, A, A, before);
    linalg_release_threads();
    rovi_end_blas_threads();
    rovi_end_blas_threads();
    const size_t ended = count_threads();
    linalg_hold_threads();
    linalg_release_threads();
    linalg_multiply(LARGE, LARGE, LARGE, A, A, after);
    assert_memory_equal(after, before, sizeof after); /* both on one thread */
    assert_int_equal(count_threads(), ended);
}

/* An orthogonal matrix is its own Q factor, and stays so when the step is repeated many times. */
static void test_qr_keeps_orthogonality(void **state)
{
    (void)state;
    static double O[MOST * MOST], before[MOST * MOST], work[MOST * MOST + 40 * MOST];
    support_orthogonal(5, MOST, O);
    memcpy(before, O, sizeof O);
    for (int i = 0; i < 200; i++) {
        assert_true(linalg_qr_q(MOST, O, O, work));
    }
    assert_true(linalg_distance_to_orthogonal(MOST, O) <= 1e-14);
    assert_matrix((size_t)MOST * MOST, O, before, 1e-12); /* 200 roundings of 1e-15 add up to less */
}

static void test_qr_refuses(void **state)
{
    (void)state;
    const double refused[][4] = {{0, 0, 0, 0}, {0, 1, 0, 2}, {NAN, 0, 0, 1}, {1, INFINITY, 0, 1}};
    double Q[4], work[4 + 40 * 2];
    assert_true(linalg_qr_work(2) <= sizeof work / sizeof *work);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_false(linalg_qr_q(2, refused[i], Q, work));
    }
}

/* Holds nest, and a product is the same inside and outside of one. */
static void test_holds_nest(void **state)
{
    (void)state;
    static double A[MOST * MOST], C[MOST * MOST], D[MOST * MOST];
    support_normals(9, (size_t)MOST * MOST, A);
    linalg_hold_threads();
    linalg_hold_threads();
    linalg_multiply(MOST, MOST, MOST, A, A, C);
    linalg_release_threads();
    linalg_multiply(MOST, MOST, MOST, A, A, D);
    assert_memory_equal(C, D, sizeof C);
    linalg_release_threads();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_small_things),
        cmocka_unit_test(test_distance_to_orthogonal),
        cmocka_unit_test(test_cholesky),
        cmocka_unit_test(test_cholesky_refuses),
        cmocka_unit_test(test_triangular_solves),
        cmocka_unit_test(test_triangular_products),
        cmocka_unit_test(test_qr),
        cmocka_unit_test(test_qr_keeps_orthogonality),
        cmocka_unit_test(test_qr_refuses),
        cmocka_unit_test(test_threads_end),
        cmocka_unit_test(test_holds_nest),
    };
    return cmocka_run_group_tests_name("linalg", tests, NULL, NULL);
}
