/* SPDX-License-Identifier: BSD-3-Clause */
#include "family/reference.h"

#include <math.h>
#include <string.h>

#include "base/normal.h"

void reference_points(struct rng_stream stream, uint64_t first, size_t n, size_t d, double *x)
{
    for (size_t i = 0; i < n; i++) {
        rng_normals(stream, first + i, d, x + i * d);
    }
}

/* The middles of m strata of |X|, by mass, scaled to mean square 1. */
static void strata(size_t m, double *size)
{
    double square = 0;
    for (size_t k = 0; k < m; k++) {
        size[k] = normal_quantile(0.5 + 0.5 * ((double)k + 0.5) / (double)m);
        square += size[k] * size[k] / (double)m;
    }
    for (size_t k = 0; k < m; k++) {
        size[k] /= sqrt(square);
    }
}

void reference_balanced(struct rng_stream stream, size_t n, size_t d, double *x)
{
    const size_t m = n / 2;
    double all[REFERENCE_BALANCED / 2], size[REFERENCE_BALANCED / 2], u[REFERENCE_BALANCED];
    strata(m, all);
    for (size_t i = 0; i < d; i++) {
        memcpy(size, all, m * sizeof *size);
        rng_uniforms(stream, i, 2 * m, u);
        for (size_t p = m; p-- > 0;) { /* Fisher and Yates */
            const size_t k = (size_t)(u[p] * (double)(p + 1));
            const double value = u[m + p] < 0.5 ? -size[k] : size[k];
            size[k] = size[p];
            x[2 * p * d + i] = value;
            x[(2 * p + 1) * d + i] = -value;
        }
    }
}
