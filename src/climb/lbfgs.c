/* SPDX-License-Identifier: BSD-3-Clause */
#include "climb/lbfgs.h"

#include <string.h>

#include "base/linalg.h"

#define LEAST_CURVATURE 1e-10 /* s^T y over |y|^2 */

void lbfgs_init(struct lbfgs *l, struct arena *arena, size_t dim)
{
    *l = (struct lbfgs){.dim = dim};
    l->S = arena_doubles(arena, LBFGS_MEMORY * dim);
    l->Y = arena_doubles(arena, LBFGS_MEMORY * dim);
    lbfgs_forget(l);
}

void lbfgs_forget(struct lbfgs *l)
{
    l->pairs = 0;
    l->newest = LBFGS_MEMORY - 1;
}

void lbfgs_direction(const struct lbfgs *l, const double *grad, double *p)
{
    const size_t d = l->dim;
    double weight[LBFGS_MEMORY];
    memcpy(p, grad, d * sizeof *p);
    for (size_t k = 0; k < l->pairs; k++) {
        const size_t i = (l->newest + LBFGS_MEMORY - k) % LBFGS_MEMORY;
        const double *s = l->S + i * d, *y = l->Y + i * d;
        weight[i] = linalg_dot(d, s, p) / linalg_dot(d, s, y);
        linalg_add(d, -weight[i], y, p);
    }
    if (l->pairs > 0) {
        const double *s = l->S + l->newest * d, *y = l->Y + l->newest * d;
        linalg_add(d, linalg_dot(d, s, y) / linalg_dot(d, y, y) - 1, p, p);
    }
    for (size_t k = l->pairs; k-- > 0;) {
        const size_t i = (l->newest + LBFGS_MEMORY - k) % LBFGS_MEMORY;
        const double *s = l->S + i * d, *y = l->Y + i * d;
        linalg_add(d, weight[i] - linalg_dot(d, y, p) / linalg_dot(d, s, y), s, p);
    }
}

void lbfgs_keep(struct lbfgs *l, const struct lbfgs_step *step)
{
    const size_t next = (l->newest + 1) % LBFGS_MEMORY;
    double *s = l->S + next * l->dim, *y = l->Y + next * l->dim;
    for (size_t j = 0; j < l->dim; j++) {
        s[j] = step->to[j] - step->from[j];
        y[j] = step->grad_from[j] - step->grad_to[j];
    }
    if (linalg_dot(l->dim, s, y) > LEAST_CURVATURE * linalg_dot(l->dim, y, y)) {
        l->newest = next;
        l->pairs += l->pairs < LBFGS_MEMORY;
    } else {
        l->pairs = 0;
    }
}
