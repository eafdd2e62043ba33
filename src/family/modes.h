/* SPDX-License-Identifier: BSD-3-Clause */
/* The modes of q: of a rotated product by its structure, of a mixture by the valleys between those of its components.
 */
#ifndef ROVI_FAMILY_MODES_H
#define ROVI_FAMILY_MODES_H

#include "family/approximation.h"

/* The heaviest cells of a rotated product, at most `most`, in memory of the arena, which may fail. */
void modes_of_product(const rovi_approximation *q, size_t most, struct arena *arena, rovi_modes *out);

#endif
