/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dictionary of one coordinate, equation (2): knots a_0 < ... < a_J, hat integrals
 * psi_k(x) = clip((x - a_k)/h_k, 0, 1), centred M_k = psi_k - E[psi_k], and their Gram matrix Q under N(0,1).
 *
 * Q is never formed. A combination sum_k lambda_k psi_k is a piecewise-linear function with nodal values u_0..u_J,
 * lambda_k = u_{k+1} - u_k, and in nodal values the Gram matrix is the tridiagonal mass matrix B of equation (13): with
 * it Q^-1 g and the projection onto the cone cost O(J) instead of O(J^2) and O(J^3).
 */
#ifndef ROVI_FAMILY_DICTIONARY_H
#define ROVI_FAMILY_DICTIONARY_H

#include <stddef.h>

#include "base/arena.h"

struct dictionary {
    size_t cells;     /* J */
    double *knots;    /* a: J + 1 */
    double *width;    /* h: J */
    double *mass;     /* P_k = P(a_k < X <= a_{k+1}): J */
    double *mean;     /* E[psi_k]: J */
    double *diagonal; /* B_jj: J + 1 */
    double *off;      /* B_j,j+1: J */
    double outside;   /* P_out = 1 - sum_k P_k */
};

/* Takes arrays for `room` cells from the arena, which may fail. */
void dictionary_init(struct dictionary *D, struct arena *arena, size_t room);

/* Copies the J + 1 <= room + 1 knots, which must increase, and makes the rest from them. */
void dictionary_set(struct dictionary *D, size_t cells, const double *knots);

/* The uniform dictionary's knots on [-range, range]: as many cells of width `mesh` as fit best, at least one. */
size_t dictionary_uniform_cells(double mesh, double range);
void dictionary_uniform_knots(size_t cells, double range, double *knots);

/* Upsilon: the largest eigenvalue of Q^-1 diag(P_k/h_k^2), the smoothness of the entropy term at slope 1 in the norm of
 * Q (equation 14). work: 4 J + 2 doubles. */
double dictionary_entropy_smoothness(const struct dictionary *D, double *work);

#endif
