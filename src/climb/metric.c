/* SPDX-License-Identifier: BSD-3-Clause */
#include "climb/metric.h"

#include <stdbool.h>

#include "base/linalg.h"

/* x by L as `by_matrix` has it, or times or divided by the scale. */
static void apply(struct metric m, size_t d, void (*by_matrix)(size_t, size_t, const double *, double *), bool divide,
                  double *x)
{
    if (m.L != NULL) {
        by_matrix(1, d, m.L, x);
        return;
    }
    for (size_t i = 0; m.scale != NULL && i < d; i++) {
        x[i] = divide ? x[i] / m.scale[i] : x[i] * m.scale[i];
    }
}

void metric_to_x(struct metric m, size_t d, double *x)
{
    apply(m, d, linalg_multiply_lower_transposed, false, x);
}

void metric_to_gradient(struct metric m, size_t d, double *grad)
{
    apply(m, d, linalg_multiply_lower, false, grad);
}

void metric_to_u(struct metric m, size_t d, double *x)
{
    apply(m, d, linalg_solve_lower, true, x);
}

void metric_to_normal(struct metric m, size_t d, double *u)
{
    apply(m, d, linalg_solve_lower_transposed, true, u);
}
