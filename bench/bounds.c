/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/bounds.h"

#include <math.h>

/* Component of u along column k of R. */
static double along(size_t d, const double *R, size_t k, const double *u)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        sum += R[i * d + k] * u[i];
    }
    return sum;
}

struct direction direction_in_frame(size_t d, const double *R, const double *value, const double *u)
{
    struct direction direction = {0, 0};
    for (size_t k = 0; k < d; k++) {
        const double c = along(d, R, k, u);
        direction.variance += c * c * value[k];
        direction.precision += c * c / value[k];
    }
    return direction;
}

double least_bound(size_t d, const double *R, const double *value, const double *u, double apart)
{
    const struct direction direction = direction_in_frame(d, R, value, u);
    const double turned = 0.5 * log(direction.variance * direction.precision), collapsed = log(2);
    double largest = 0;
    for (size_t k = 0; k < d; k++) {
        const double shift = apart * along(d, R, k, u);
        largest = fmax(largest, shift * shift / value[k]);
    }
    const double absorbed = 0.5 * 0.25 * (apart * apart * direction.precision - largest);
    return fmin(collapsed, fmin(turned, absorbed));
}
