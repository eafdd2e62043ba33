/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A rotated view of another target: the law of x = R y where y has the base's law. R is orthogonal, so volumes stay
 * and log p(x) = log p_base(R^T x), gradient R (grad log p_base)(R^T x); log Z is the base's. For points in rows,
 * y^T = x^T R and the gradient's row is that of y times R^T: two matrix products per block. Lines
 * stay lines.
 */

#include "base/linalg.h"
#include "base/status.h"
#include "target/target.h"

#define ORTHOGONAL_WITHIN 1e-8 /* of the public contract: what a matrix printed with 9 digits keeps */

static int evaluate(const struct rovi_target *target, size_t n, const double *x, double *logp, double *grad,
                    double *scratch)
{
    const size_t d = target->dim;
    const double *R = target->self; /* d x d */
    double *y = scratch, *grad_y = y + TARGET_BLOCK * d, *rest = grad_y + TARGET_BLOCK * d;
    linalg_multiply(n, d, d, x, R, y);
    const int code = target->base->evaluate(target->base, n, y, logp, grad == NULL ? NULL : grad_y, rest);
    if (code == 0 && grad != NULL) {
        linalg_multiply_nt(n, d, d, grad_y, R, grad);
    }
    return code;
}

static void classify(const struct rovi_target *target, size_t n, const double *x, size_t *component, double *scratch)
{
    const size_t d = target->dim;
    linalg_multiply(n, d, d, x, target->self, scratch);
    target->base->classify(target->base, n, scratch, component, scratch + TARGET_BLOCK * d);
}

static int evaluate_lines(const struct rovi_target *target, const struct target_lines *along, double *logp,
                          double *scratch)
{
    const size_t d = target->dim;
    const double *R = target->self;
    double *y = scratch, *v = y + TARGET_LINES * d, *rest = v + d;
    linalg_multiply(along->lines, d, d, along->x, R, y);
    linalg_multiply(1, d, d, along->u, R, v);
    const struct target_lines below = {along->lines, along->points, y, v, along->t};
    return target_evaluate_lines(target->base, &below, logp, rest, NULL);
}

rovi_status rovi_target_new_rotated(rovi_target *base, const double *rotation, rovi_target **target, rovi_error *error)
{
    const rovi_status status = target_accept(base == NULL ? 1 : base->dim, target, error);
    if (status != ROVI_OK) {
        return status;
    }
    if (base == NULL || rotation == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "%s is NULL; it must be given", base == NULL ? "base" : "rotation");
    }
    const size_t d = base->dim;
    const double distance = linalg_distance_to_orthogonal(d, rotation);
    if (!(distance <= ORTHOGONAL_WITHIN)) {
        return error_set(error, ROVI_BAD_INPUT,
                         "rotation is not orthogonal: max |R^T R - I| is %g, at most %g is allowed", distance,
                         ORTHOGONAL_WITHIN);
    }
    struct rovi_target *made = target_make(d);
    double *R = made == NULL ? NULL : arena_copy(&made->memory, rotation, d * d);
    if (R != NULL) {
        made->log_z = base->log_z;
        made->concurrent = base->concurrent;
        made->evaluate = evaluate;
        made->components = base->components;
        made->classify = base->components > 0 ? classify : NULL;
        made->scratch = 2 * (TARGET_BLOCK * d) + base->scratch;
        made->lines = evaluate_lines;
        made->lines_scratch = (TARGET_LINES + 1) * d + target_lines_scratch(base);
        made->self = R;
        made->base = base;
    }
    return target_finish(made, target, error);
}
