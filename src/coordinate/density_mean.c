/* SPDX-License-Identifier: BSD-3-Clause */
#include "coordinate/density_mean.h"

#include <math.h>

void density_mean_add(struct density_mean *mean, const struct log_density *density, double weight)
{
    const double share = weight / (mean->weight + weight);
    mean->density = mean->weight > 0 ? mean->density : *density;
    for (size_t j = 0; j < density->n; j++) {
        const double old = mean->density.log_q[j], new = density->log_q[j];
        mean->density.log_q[j] = isfinite(old) && isfinite(new) ? old + share * (new - old) : -INFINITY;
    }
    mean->weight += weight;
}
