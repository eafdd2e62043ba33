/* SPDX-License-Identifier: BSD-3-Clause */
/* Draws of a fit along the few axes that show most of it. */
#ifndef ROVI_CLI_PICTURE_PAIRS_H
#define ROVI_CLI_PICTURE_PAIRS_H

#include "cli/picture/picture.h"

/* Fill column->pairs from its draws. Up to PAIR_AXES dimensions: all coordinates. Above: of a rotated product those of
 * its own coordinates, of a mixture those of the target's, that are parted by modes or far from normal. */
rovi_status pairs_make(struct column *column, struct pool *pool, rovi_error *error);

#endif
