/* SPDX-License-Identifier: BSD-3-Clause */
/* The pieces of one coordinate: its density is cut at the valleys, equation (16). Their masses can be set anew. */
#ifndef ROVI_FAMILY_PIECES_H
#define ROVI_FAMILY_PIECES_H

#include "family/map.h"

/* Room for the edges of the pieces of a map of so many cells, in doubles. */
size_t pieces_room(size_t cells);

/* Writes -infinity, the cuts in x, +infinity into `edges` (pieces_room); returns how many pieces there are.
 * work: 2 pieces_room. */
size_t pieces_cut(const struct map *T, double *edges, double *work);

/* Gives the pieces these masses (positive, sum 1); each keeps its shape. work: 2 (cells + 1). */
void pieces_reweigh(struct map *T, size_t count, const double *edges, const double *mass, double *work);

#endif
