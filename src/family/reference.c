/* SPDX-License-Identifier: BSD-3-Clause */
#include "family/reference.h"

void reference_points(struct rng_stream stream, uint64_t first, size_t n, size_t d, double *x)
{
    for (size_t i = 0; i < n; i++) {
        rng_normals(stream, first + i, d, x + i * d);
    }
}
