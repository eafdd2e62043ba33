/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Joint diagonalisation (Cardoso and Souloumiac 1996): the orthogonal O that makes all O^T C_k O as diagonal as may be.
 * Where the target is a rotated product, all its Hessians have the rotation's columns as eigenvectors.
 */
#ifndef ROVI_BASE_DIAGONALIZE_H
#define ROVI_BASE_DIAGONALIZE_H

#include <stddef.h>

/* C: count symmetric matrices d x d, used up. O (d x d): start, then result. */
void diagonalize_jointly(size_t d, size_t count, double *C, double *O);

#endif
