/* SPDX-License-Identifier: BSD-3-Clause */
/* The best pair of axis-orthogonal half-spaces that separates two Gaussian components. */
#ifndef ROVI_THEORY_SIDES_H
#define ROVI_THEORY_SIDES_H

#include "target/gaussians.h"

/* Components a and b of `all`, d >= 2. *definition: of least epsilon; *mass: of least pi(E) in the mixture of the two.
 */
void sides_find(const struct gaussians *all, size_t a, size_t b, rovi_sides *definition, rovi_sides *mass);

#endif
