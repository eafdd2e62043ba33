/* SPDX-License-Identifier: BSD-3-Clause */
/* The orthogonal group O(d): uniform draws, and the gradient step of equation (3). */
#ifndef ROVI_FAMILY_ROTATION_H
#define ROVI_FAMILY_ROTATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rng.h"

#define ROTATION_TOLERANCE 1e-8 /* how far from orthogonal a matrix that a user gives may be */

/* Doubles of work for each function below. */
size_t rotation_work(size_t d);

/* O <- a Haar draw: the Q factor, diag(R) > 0, of a matrix of standard normals at `index` of the stream. */
void rotation_haar(size_t d, struct rng_stream stream, uint64_t index, double *O, double *work);

/* G <- O skew(O^T G), the part of G tangent to O(d) at O. */
void rotation_project_tangent(size_t d, const double *O, double *G, double *work);

/* O <- qf(O - step G), G tangent: QR retraction. False, with O as it was, when that is not finite. */
bool rotation_retract(size_t d, double *O, const double *G, double step, double *work);

#endif
