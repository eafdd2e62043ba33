/* SPDX-License-Identifier: BSD-3-Clause */
/* The best product density on a grid, reached from a start by coordinate updates. */
#ifndef ROVI_THEORY_PRODUCT_H
#define ROVI_THEORY_PRODUCT_H

#include "theory/grid.h"

/* q(y) = q_1(y_1) q_2(y_2) on the points of a grid: densities, n[i] each; and E[log q - log p] */
struct product {
    double *q[2];
    double F;
};

/* Updates of q_1, then q_2, from q_2 on: until a sweep gains less than tolerance, at most `sweeps`. work: the larger n.
 */
void product_ascend(const struct grid *grid, size_t sweeps, double tolerance, struct product *q, double *work);

/* q_2 of a start: normals of the pieces' means and variances, mixed by weight (one per piece) */
void product_start(const struct view *view, const struct grid *grid, const double *weight, struct product *q);

/* q_2 of a start: the marginal of the target itself */
void product_start_wide(const struct grid *grid, struct product *q);

#endif
