/* SPDX-License-Identifier: BSD-3-Clause */
#include "solve/metric.h"

#include "base/linalg.h"

static void multiply(struct metric m, size_t d, double *x)
{
    for (size_t i = 0; m.scale != NULL && i < d; i++) {
        x[i] *= m.scale[i];
    }
}

static void divide(struct metric m, size_t d, double *x)
{
    for (size_t i = 0; m.scale != NULL && i < d; i++) {
        x[i] /= m.scale[i];
    }
}

void metric_to_x(struct metric m, size_t d, double *x)
{
    if (m.L != NULL) {
        linalg_multiply_lower_transposed(1, d, m.L, x);
    } else {
        multiply(m, d, x);
    }
}

void metric_to_gradient(struct metric m, size_t d, double *grad)
{
    if (m.L != NULL) {
        linalg_multiply_lower(1, d, m.L, grad);
    } else {
        multiply(m, d, grad);
    }
}

void metric_to_u(struct metric m, size_t d, double *x)
{
    if (m.L != NULL) {
        linalg_solve_lower(1, d, m.L, x);
    } else {
        divide(m, d, x);
    }
}

void metric_to_normal(struct metric m, size_t d, double *u)
{
    if (m.L != NULL) {
        linalg_solve_lower_transposed(1, d, m.L, u);
    } else {
        divide(m, d, u);
    }
}
