/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Row-major wrappers of BLAS and LAPACK (OpenBLAS). A row-major matrix is the transpose of a column-major one, so
 * LAPACK, which is column-major, sees A^T: its upper triangle is our lower one.
 */
#include "base/linalg.h"

#include <cblas.h>
#include <dlfcn.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "rovi.h"

#define SMALL 4 /* dimensions up to which a few products are not worth a call */

/* Fortran LAPACK inside OpenBLAS; the last argument is the hidden length of the character one. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_length);
void dgeqrf_(const int *m, const int *n, double *a, const int *lda, double *tau, double *work, const int *lwork,
             int *info);
void dorgqr_(const int *m, const int *n, const int *k, double *a, const int *lda, const double *tau, double *work,
             const int *lwork, int *info);

/* The thread count belongs to the process, not to us: the first holder notes it, the last one puts it back. */
static struct {
    pthread_mutex_t lock;
    int holders, threads_before;
} hold = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Setting a number begins threads that were ended, whatever the number. */
static void set_threads(int count)
{
    if (openblas_get_num_threads() != count) {
        openblas_set_num_threads(count);
    }
}

void linalg_hold_threads(void)
{
    pthread_mutex_lock(&hold.lock);
    if (hold.holders++ == 0) {
        hold.threads_before = openblas_get_num_threads();
        set_threads(1);
    }
    pthread_mutex_unlock(&hold.lock);
}

void linalg_release_threads(void)
{
    pthread_mutex_lock(&hold.lock);
    if (--hold.holders == 0) {
        set_threads(hold.threads_before);
    }
    pthread_mutex_unlock(&hold.lock);
}

void rovi_end_blas_threads(void)
{
    void *program = dlopen(NULL, RTLD_LAZY);
    void *address = program != NULL ? dlsym(program, "blas_thread_shutdown_") : NULL; /* not in a serial OpenBLAS */
    if (address != NULL) {
        int (*shutdown)(void);
        memcpy(&shutdown, &address, sizeof shutdown); /* POSIX: functions fit into void * */
        set_threads(1);
        shutdown();
    }
    if (program != NULL) {
        dlclose(program);
    }
}

void linalg_identity(size_t d, double *A)
{
    memset(A, 0, d * d * sizeof *A);
    for (size_t i = 0; i < d; i++) {
        A[i * d + i] = 1;
    }
}

void linalg_transpose(size_t m, size_t n, const double *A, double *B)
{
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            B[j * m + i] = A[i * n + j];
        }
    }
}

double linalg_dot(size_t n, const double *x, const double *y)
{
    return cblas_ddot((int)n, x, 1, y, 1);
}

void linalg_add(size_t n, double alpha, const double *x, double *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] += alpha * x[i];
    }
}

bool linalg_all_finite(size_t n, const double *x)
{
    bool finite = true;
    for (size_t i = 0; i < n; i++) {
        finite &= fabs(x[i]) <= DBL_MAX; /* without a branch, so that the loop vectorises */
    }
    return finite;
}

bool linalg_is_diagonal(size_t d, const double *A, double tolerance)
{
    for (size_t i = 0; i < d * d; i++) {
        if (i % (d + 1) != 0 && !(fabs(A[i]) <= tolerance)) {
            return false;
        }
    }
    return true;
}

double linalg_distance_to_orthogonal(size_t d, const double *O)
{
    double most = 0;
    for (size_t i = 0; i < d; i++) {
        for (size_t j = i; j < d; j++) {
            const double product = cblas_ddot((int)d, O + i, (int)d, O + j, (int)d);
            const double off = fabs(product - (i == j));
            if (isnan(off)) {
                return off;
            }
            most = fmax(most, off);
        }
    }
    return most;
}

void linalg_multiply(size_t m, size_t k, size_t n, const double *A, const double *B, double *C)
{
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)m, (int)n, (int)k, 1, A, (int)k, B, (int)n, 0, C,
                (int)n);
}

void linalg_multiply_nt(size_t m, size_t k, size_t n, const double *A, const double *B, double *C)
{
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)n, (int)k, 1, A, (int)k, B, (int)k, 0, C, (int)n);
}

void linalg_add_multiply_tn(size_t m, size_t k, size_t n, double alpha, const double *A, const double *B, double *C)
{
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)m, (int)n, (int)k, alpha, A, (int)m, B, (int)n, 1, C,
                (int)n);
}

void linalg_add_multiply_tn_rows(const struct linalg_tn *product, size_t first, size_t count, size_t columns)
{
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)count, (int)columns, (int)product->k, product->alpha,
                product->A + first, (int)product->m, product->B, (int)product->n, 1, product->C + first * product->n,
                (int)product->n);
}

/* X <- X L, X L^T, X L^-T or X L^-1. A single row, as in a climb, as a vector: for a matrix the BLAS would copy L. */

void linalg_multiply_lower(size_t n, size_t d, const double *L, double *X)
{
    if (n == 1) {
        cblas_dtrmv(CblasRowMajor, CblasLower, CblasTrans, CblasNonUnit, (int)d, L, (int)d, X, 1);
        return;
    }
    cblas_dtrmm(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, (int)n, (int)d, 1, L, (int)d, X,
                (int)d);
}

void linalg_multiply_lower_transposed(size_t n, size_t d, const double *L, double *X)
{
    if (n == 1) {
        cblas_dtrmv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, (int)d, L, (int)d, X, 1);
        return;
    }
    cblas_dtrmm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (int)n, (int)d, 1, L, (int)d, X,
                (int)d);
}

bool linalg_cholesky(size_t d, const double *A, double *L)
{
    const int n = (int)d;
    int info = 0;
    if (L != A) {
        memcpy(L, A, d * d * sizeof *L);
    }
    dpotrf_("U", &n, L, &n, &info, 1); /* column-major A = U^T U: row-major A = L L^T, L = U^T in the same memory */
    for (size_t i = 0; i < d; i++) {
        memset(L + i * d + i + 1, 0, (d - i - 1) * sizeof *L);
        if (!isfinite(L[i * d + i])) {
            return false;
        }
    }
    return info == 0;
}

/* x <- L^-1 x */
static void solve_lower_once(size_t d, const double *L, double *x)
{
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < i; j++) {
            x[i] -= L[i * d + j] * x[j];
        }
        x[i] /= L[i * d + i];
    }
}

void linalg_solve_lower(size_t n, size_t d, const double *L, double *X)
{
    if (d <= SMALL) {
        for (size_t p = 0; p < n; p++) {
            solve_lower_once(d, L, X + p * d);
        }
        return;
    }
    if (n == 1) {
        cblas_dtrsv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, (int)d, L, (int)d, X, 1);
        return;
    }
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (int)n, (int)d, 1, L, (int)d, X,
                (int)d); /* X = X L^-T */
}

void linalg_solve_lower_transposed(size_t n, size_t d, const double *L, double *X)
{
    if (n == 1) {
        cblas_dtrsv(CblasRowMajor, CblasLower, CblasTrans, CblasNonUnit, (int)d, L, (int)d, X, 1);
        return;
    }
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, (int)n, (int)d, 1, L, (int)d, X,
                (int)d); /* X = X L^-1 */
}

#define QR_BLOCK 32 /* LAPACK's own block size for dgeqrf */

size_t linalg_qr_work(size_t d)
{
    return d * d + d + d + d * QR_BLOCK; /* A^T, tau, signs, LAPACK's work */
}

bool linalg_qr_q(size_t d, const double *A, double *Q, double *work)
{
    const int n = (int)d, lwork = n * QR_BLOCK;
    double *F = work, *tau = F + d * d, *sign = tau + d, *lapack = sign + d;
    int info = 0;
    linalg_transpose(d, d, A, F); /* column-major A */
    dgeqrf_(&n, &n, F, &n, tau, lapack, &lwork, &info);
    for (size_t i = 0; i < d; i++) {
        const double *r = F + i * d; /* column i of R: r[0..i] */
        if (info != 0 || !isfinite(linalg_dot(i + 1, r, r)) || r[i] == 0) {
            return false;
        }
        sign[i] = r[i] < 0 ? -1 : 1;
    }
    dorgqr_(&n, &n, &n, F, &n, tau, lapack, &lwork, &info);
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < d; j++) {
            Q[i * d + j] = sign[j] * F[j * d + i]; /* Q diag(sign): then diag(R) > 0 */
        }
    }
    return info == 0;
}
