/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The large products of linalg.h on a team: blocks of rows of the result, the same for any number of threads, so that
 * the bits are the same too. Arguments and aliasing are as there; the team may be NULL. Not to be called inside of a
 * loop of that team.
 */
#ifndef ROVI_BASE_TEAM_LINALG_H
#define ROVI_BASE_TEAM_LINALG_H

#include "base/linalg.h"
#include "base/parallel.h"

void team_multiply(struct team *team, size_t m, size_t k, size_t n, const double *A, const double *B, double *C);
void team_multiply_nt(struct team *team, size_t m, size_t k, size_t n, const double *A, const double *B, double *C);
void team_add_multiply_tn(struct team *team, const struct linalg_tn *product);
void team_solve_lower(struct team *team, size_t n, size_t d, const double *L, double *X);
void team_solve_lower_transposed(struct team *team, size_t n, size_t d, const double *L, double *X);

/* The lower triangle of C = A^T A, A: k x m; zeros above. */
void team_gram(struct team *team, size_t k, size_t m, const double *A, double *C);

#endif
