/* SPDX-License-Identifier: BSD-3-Clause */
/* Units that points are measured in: x = L u, or coordinate by coordinate x = scale u, or x itself. */
#ifndef ROVI_CLIMB_METRIC_H
#define ROVI_CLIMB_METRIC_H

#include <stddef.h>

struct metric {
    const double *L;     /* d x d, lower triangular; or NULL */
    const double *scale; /* d, where L is NULL; or NULL */
};

/* x <- L x */
void metric_to_x(struct metric m, size_t d, double *x);

/* grad <- L^T grad: with respect to u, from that with respect to x. */
void metric_to_gradient(struct metric m, size_t d, double *grad);

/* x <- L^-1 x */
void metric_to_u(struct metric m, size_t d, double *x);

/* u <- L^-T u */
void metric_to_normal(struct metric m, size_t d, double *u);

#endif
