/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A rotation of d dimensions that moves r directions and hardly any other: a product of r Householder reflections,
 * equation (41). It is orthogonal to rounding whatever the vectors are, takes r d numbers, and O(d r) to apply.
 */
#ifndef ROVI_FAMILY_REFLECTIONS_H
#define ROVI_FAMILY_REFLECTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define REFLECTIONS_MOST 256

/* O = H_1 ... H_r = I - V^T S V, H_k = I - 2 v_k v_k^T/|v_k|^2, V the rows v_k */
struct reflections {
    size_t dim, count;
    double *V;     /* r x d */
    double *S, *R; /* r x r, upper triangular; R its transpose */
};

/* Takes memory for `count` <= REFLECTIONS_MOST reflections from the arena, which may fail. */
void reflections_init(struct reflections *O, struct arena *arena, size_t dim, size_t count);

/* To be called after V changed. False when a row is zero or not finite. */
bool reflections_prepare(struct reflections *O);

/* The reflections for which column place[k] of O is +-u_k, u_k the rows of U (count x d, orthonormal; used up). The
 * places are chosen so that O is near the identity: each is where its direction is largest. */
void reflections_lead(struct reflections *O, double *U, size_t *place);

/* Rows of Y (n x d) in place: y <- O y, and y <- O^T y. */
void reflections_apply(const struct reflections *O, size_t n, double *Y);
void reflections_apply_transposed(const struct reflections *O, size_t n, double *Y);

/* Column i of O, d */
void reflections_column(const struct reflections *O, size_t i, double *column);

/* out_j += sum_i O_ji^2 weight_i (d each), in O(d r^2). work: r^2 + r d. */
void reflections_add_squares(const struct reflections *O, const double *weight, double *out, double *work);

#endif
