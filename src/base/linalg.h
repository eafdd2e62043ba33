/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dense linear algebra on row-major matrices: the only file that knows BLAS and LAPACK.
 * Sizes are m x n and so on as in the comments; no argument may alias another unless it says so.
 */
#ifndef ROVI_BASE_LINALG_H
#define ROVI_BASE_LINALG_H

#include <stdbool.h>
#include <stddef.h>

/* Hold the BLAS at one thread, so that its sums have one order; calls nest and may come from several threads. */
void linalg_hold_threads(void);
void linalg_release_threads(void);

void linalg_identity(size_t d, double *A);                             /* A = I */
void linalg_transpose(size_t m, size_t n, const double *A, double *B); /* B = A^T, A: m x n */
double linalg_dot(size_t n, const double *x, const double *y);         /* x^T y */
void linalg_add(size_t n, double alpha, const double *x, double *y);   /* y += alpha x; x may be y */
bool linalg_all_finite(size_t n, const double *x);                     /* no infinity, no NaN */
bool linalg_is_diagonal(size_t d, const double *A, double tolerance);  /* within it, off the diagonal */
double linalg_distance_to_orthogonal(size_t d, const double *O);       /* max |O^T O - I| */

void linalg_multiply(size_t m, size_t k, size_t n, const double *A, const double *B, double *C); /* C = A B */
void linalg_multiply_nt(size_t m, size_t k, size_t n, const double *A, const double *B,
                        double *C); /* C = A B^T, B: n x k */
void linalg_add_multiply_tn(size_t m, size_t k, size_t n, double alpha, const double *A, const double *B,
                            double *C); /* C += alpha A^T B, A: k x m, B: k x n */

/* The same for rows first..first+count-1 of C, and of them the first `columns` columns. */
struct linalg_tn {
    size_t m, k, n;
    double alpha;
    const double *A, *B;
    double *C;
};
void linalg_add_multiply_tn_rows(const struct linalg_tn *product, size_t first, size_t count, size_t columns);

/* Rows of X (n x d) times a lower triangular matrix: X <- X L, and X <- X L^T. In place. */
void linalg_multiply_lower(size_t n, size_t d, const double *L, double *X);
void linalg_multiply_lower_transposed(size_t n, size_t d, const double *L, double *X);

/* A = L L^T, L lower triangular with zeros above; A may be L. False when A is not positive definite. */
bool linalg_cholesky(size_t d, const double *A, double *L);
/* Rows of X (n x d): X_i <- L^-1 X_i, and X_i <- L^-T X_i. In place. */
void linalg_solve_lower(size_t n, size_t d, const double *L, double *X);
void linalg_solve_lower_transposed(size_t n, size_t d, const double *L, double *X);

/* Q factor of A = Q R with diag(R) > 0. Q may be A. work: linalg_qr_work(d) doubles. False when A is singular or not
 * finite. */
size_t linalg_qr_work(size_t d);
bool linalg_qr_q(size_t d, const double *A, double *Q, double *work);

#endif
