/* SPDX-License-Identifier: BSD-3-Clause */
/* The modes of q: of a rotated product by its structure, of a mixture by the valleys between those of its components.
 */
#ifndef ROVI_FAMILY_MODES_H
#define ROVI_FAMILY_MODES_H

#include "family/approximation.h"

/* Where a point falls among the listed cells of a rotated product. */
struct cells {
    size_t listed, splits;
    struct split *split; /* splits: the coordinates that are cut */
    struct code *code;   /* of the listed cells, sorted for the search */
};

/* The heaviest cells of a rotated product, at most `most`, in memory of the arena, which may fail. */
void modes_of_product(const rovi_approximation *q, size_t most, struct arena *arena, rovi_modes *out,
                      struct cells *cells);

/* The place of y (d), a value of T, in the list; cells->listed when it is not there. Pieces are told apart in y, where
 * no map needs to be inverted. piece: `splits` bytes of work. */
size_t cells_find(const struct cells *cells, const double *y, unsigned char *piece);

/* Which mode the cells of a component belong to: of each listed cell, a place among the listed modes, or none of them
 * (rovi_modes.listed or more). NULL: cells are modes. */
struct membership {
    struct cells cells;
    size_t *mode;
};

/* The modes of a mixture, at most `most`, and the membership of each component (q->count), in memory of the arena,
 * which may fail. */
void modes_of_mixture(const rovi_approximation *q, size_t most, struct arena *arena, rovi_modes *out,
                      struct membership *of);

#endif
