/* SPDX-License-Identifier: BSD-3-Clause */
/* The two steps of RoVI: a projected gradient step on the maps (MFVI), a retracted gradient step on the rotation. */
#ifndef ROVI_GRADIENT_STEPS_H
#define ROVI_GRADIENT_STEPS_H

#include "restart/batch.h"

struct steps {
    struct team *team; /* borrowed */
    double *map_work;  /* map_work_size doubles for each worker */
    size_t map_work_size;
    double *gradient; /* dF/dO: d x d */
    double *rotation_work;
};

/* Takes its memory from the arena, which may fail. `cells`: the most that a map will have. */
void steps_init(struct steps *steps, struct arena *arena, size_t d, size_t cells, struct team *team);

/* Equation (12), for every coordinate: lambda <- Proj(lambda - eta Q^-1 dF/dlambda), v <- v - eta dF/dv. The maps are
 * left prepared. */
void map_step(struct steps *steps, rovi_approximation *q, const struct batch *batch, double eta);

/* Equation (3): O <- qf(O - eta G~). False, with O as it was, when the step is not finite. */
bool rotation_step(struct steps *steps, rovi_approximation *q, const struct batch *batch, double eta);

#endif
