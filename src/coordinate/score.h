/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The coordinate update by gradients: with w = grad_y log p, the exact update of coordinate i has the log derivative
 * E[w_i | y_i = t], equation (23a), and one batch of gradients tells those of all coordinates. It asks for far less
 * than lines do, but knows nothing of a gap that no draw falls into, or of an edge of the support: it is for
 * coordinates of one piece.
 */
#ifndef ROVI_COORDINATE_SCORE_H
#define ROVI_COORDINATE_SCORE_H

#include "coordinate/density_mean.h"
#include "restart/batch.h"

struct scores {
    size_t dim;
    struct team *team; /* or NULL */
    double *noise;     /* d: of each coordinate's mean, as a KL in nats; infinite where a batch could not tell it */
};

/* Takes its memory from the arena, which may fail. */
void scores_init(struct scores *scores, struct arena *arena, size_t d, struct team *team);

/* Adds the densities that a batch of q tells of the coordinates that are not `skipped` (d) to their means (d), by
 * the number of draws. False when the target rejected too many of them. */
bool scores_plan(struct scores *scores, const rovi_approximation *q, const struct batch *batch, const bool *skipped,
                 struct density_mean *means);

/* The means become the maps of q, which have room for QUANTILE_KNOTS. */
void scores_apply(struct scores *scores, rovi_approximation *q, const bool *skipped, struct density_mean *means);

#endif
