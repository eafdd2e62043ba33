/* SPDX-License-Identifier: BSD-3-Clause */
/* The best product density for a Gaussian mixture, without and with rotation: exact in the plane, else the best known.
 */
#ifndef ROVI_THEORY_OPTIMUM_H
#define ROVI_THEORY_OPTIMUM_H

#include "base/settings.h"
#include "target/gaussians.h"

struct question {
    const struct rovi_target *target; /* whose components are */
    const struct gaussians *all;
    const double *gap; /* K: least KL of a product density to each component alone */
    const rovi_settings *settings;
};

/* The shares go into `memory`. *rotated has kl NaN unless exact. */
rovi_status optimum_find(const struct question *question, struct arena *memory, rovi_optimum *mean_field,
                         rovi_optimum *rotated, rovi_error *error);

#endif
