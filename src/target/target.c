/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What all targets share, and targets from the user's callbacks.
 *
 * A target is asked for blocks of points. Whatever it says is tidied in one place, target_evaluate: a log density or a
 * gradient that is not a finite number becomes "outside the support" and is counted, so that nothing downstream ever
 * averages a NaN.
 */
#include "target/target.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "base/status.h"

rovi_status target_accept(size_t d, struct rovi_target **target, rovi_error *error)
{
    if (target == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "target is NULL; it must point to where the new target goes");
    }
    *target = NULL;
    if (d < 1 || d > TARGET_DIM_MOST) {
        return error_set(error, ROVI_BAD_INPUT, "the dimension is %zu; it must be between 1 and %d", d,
                         TARGET_DIM_MOST);
    }
    return ROVI_OK;
}

struct rovi_target *target_make(size_t d)
{
    struct arena memory = {0};
    struct rovi_target *target = arena_take(&memory, 1, sizeof *target);
    if (target != NULL) {
        target->dim = d;
        target->log_z = NAN;
        target->memory = memory; /* which holds the target itself */
    }
    return target;
}

double target_origin(const struct rovi_target *target, size_t j)
{
    return target->start == NULL ? 0 : target->start[j];
}

rovi_status target_finish(struct rovi_target *made, struct rovi_target **target, rovi_error *error)
{
    if (made == NULL || made->memory.failed) {
        rovi_target_free(made);
        return error_no_memory(error);
    }
    *target = made;
    return ROVI_OK;
}

void rovi_target_free(rovi_target *target)
{
    while (target != NULL) { /* a view, then what it views */
        struct rovi_target *base = target->base;
        struct arena memory = target->memory;
        if (target->close != NULL) {
            target->close(target->closed);
        }
        arena_free(&memory);
        target = base;
    }
}

static struct target_rejected tidy(size_t n, size_t d, double *logp, double *grad)
{
    struct target_rejected rejected = {0};
    for (size_t i = 0; i < n; i++) {
        if (isfinite(logp[i]) && (grad == NULL || linalg_all_finite(d, grad + i * d))) {
            continue;
        }
        rejected.count++;
        rejected.undefined += logp[i] != -INFINITY;
        logp[i] = -INFINITY;
        if (grad != NULL) {
            memset(grad + i * d, 0, d * sizeof *grad);
        }
    }
    return rejected;
}

int target_evaluate(const struct rovi_target *target, size_t n, const double *x, double *logp, double *grad,
                    double *scratch, struct target_rejected *rejected)
{
    const int code = target->evaluate(target, n, x, logp, grad, scratch);
    if (code != 0) {
        return code;
    }
    const struct target_rejected counted = tidy(n, target->dim, logp, grad);
    if (rejected != NULL) {
        *rejected = counted;
    }
    return 0;
}

static int place_lines(const struct rovi_target *target, const struct target_lines *along, double *logp,
                       double *scratch)
{
    const size_t d = target->dim, m = along->points;
    int code = 0;
    for (size_t s = 0; s < along->lines && code == 0; s++) {
        for (size_t j = 0; j < m; j++) {
            for (size_t r = 0; r < d; r++) {
                scratch[j * d + r] = along->x[s * d + r] + along->t[j] * along->u[r];
            }
        }
        code = target->evaluate(target, m, scratch, logp + s * m, NULL, scratch + m * d);
    }
    return code;
}

size_t target_lines_scratch(const struct rovi_target *target)
{
    return target->lines != NULL ? target->lines_scratch : TARGET_BLOCK * target->dim + target->scratch;
}

int target_evaluate_lines(const struct rovi_target *target, const struct target_lines *along, double *logp,
                          double *scratch, struct target_rejected *rejected)
{
    const int code = (target->lines != NULL ? target->lines : place_lines)(target, along, logp, scratch);
    if (code != 0) {
        return code;
    }
    const struct target_rejected counted = tidy(along->lines * along->points, target->dim, logp, NULL);
    if (rejected != NULL) {
        *rejected = counted;
    }
    return 0;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Targets from callbacks
 */

struct callback {
    rovi_logp one; /* NULL when there is the other */
    rovi_logp_batch batch;
    void *data; /* borrowed */
};

static int evaluate_one_by_one(const struct rovi_target *target, size_t n, const double *x, double *logp, double *grad,
                               double *scratch)
{
    (void)scratch;
    const struct callback *self = target->self;
    const size_t d = target->dim;
    for (size_t i = 0; i < n; i++) {
        logp[i] = NAN;
        const int code = self->one(d, x + i * d, grad == NULL ? NULL : grad + i * d, logp + i, self->data);
        if (code < 0) {
            return code;
        }
        if (code > 0) {
            logp[i] = -INFINITY;
        }
    }
    return 0;
}

static int evaluate_batch(const struct rovi_target *target, size_t n, const double *x, double *logp, double *grad,
                          double *scratch)
{
    (void)scratch;
    const struct callback *self = target->self;
    for (size_t i = 0; i < n; i++) {
        logp[i] = NAN; /* a point that the callback forgets is no value left over from before */
    }
    const int code = self->batch(n, target->dim, x, grad, logp, self->data);
    return code > 0 ? -code : code;
}

static rovi_status callback_new(size_t d, struct callback callback, rovi_target **target, rovi_error *error)
{
    const rovi_status status = target_accept(d, target, error);
    if (status != ROVI_OK) {
        return status;
    }
    if (callback.one == NULL && callback.batch == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "logp is NULL; it must be a function that gives the log density");
    }
    struct rovi_target *made = target_make(d);
    struct callback *self = made == NULL ? NULL : arena_take(&made->memory, 1, sizeof *self);
    if (self != NULL) {
        *self = callback;
        made->self = self;
        made->evaluate = callback.one != NULL ? evaluate_one_by_one : evaluate_batch;
    }
    return target_finish(made, target, error);
}

rovi_status rovi_target_new(size_t d, rovi_logp logp, void *data, rovi_target **target, rovi_error *error)
{
    return callback_new(d, (struct callback){.one = logp, .data = data}, target, error);
}

rovi_status rovi_target_new_batch(size_t d, rovi_logp_batch logp, void *data, rovi_target **target, rovi_error *error)
{
    return callback_new(d, (struct callback){.batch = logp, .data = data}, target, error);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Get, set, evaluate
 */

void rovi_target_set_concurrent(rovi_target *target, int concurrent)
{
    target->concurrent = concurrent != 0;
}

void rovi_target_set_log_z(rovi_target *target, double log_z)
{
    target->log_z = isfinite(log_z) ? log_z : NAN;
}

double rovi_target_log_z(const rovi_target *target)
{
    return target->log_z;
}

size_t rovi_target_dim(const rovi_target *target)
{
    return target->dim;
}

size_t rovi_target_components(const rovi_target *target)
{
    return target->components;
}

rovi_status rovi_target_classify(const rovi_target *target, size_t n, const double *x, size_t *component,
                                 rovi_error *error)
{
    if (target == NULL || target->components == 0 || (n > 0 && (x == NULL || component == NULL))) {
        return error_set(error, ROVI_BAD_INPUT, "%s",
                         target == NULL            ? "target is NULL; it must be given"
                         : target->components == 0 ? "the target is no mixture: its points belong to no component"
                         : x == NULL               ? "x is NULL; it must be given"
                                                   : "component is NULL; it must be given");
    }
    struct arena memory = {0};
    double *scratch = arena_doubles(&memory, target->scratch);
    if (scratch == NULL) {
        return error_no_memory(error);
    }
    linalg_hold_threads();
    for (size_t at = 0; at < n; at += TARGET_BLOCK) {
        target->classify(target, n - at < TARGET_BLOCK ? n - at : TARGET_BLOCK, x + at * target->dim, component + at,
                         scratch);
    }
    linalg_release_threads();
    arena_free(&memory);
    return ROVI_OK;
}

int rovi_target_is_concurrent(const rovi_target *target)
{
    return target->concurrent;
}

rovi_status rovi_target_set_start(rovi_target *target, const double *start, rovi_error *error)
{
    for (size_t j = 0; start != NULL && j < target->dim; j++) {
        const char *name = rovi_target_coordinate_name(target, j);
        if (!isfinite(start[j])) {
            return error_set(error, ROVI_BAD_INPUT,
                             "found %g for coordinate %zu of the start%s%.200s, allowed: finite numbers", start[j],
                             j + 1, name == NULL ? "" : ", ", name == NULL ? "" : name);
        }
    }
    double *copy = start == NULL ? NULL : arena_copy(&target->memory, start, target->dim);
    if (start != NULL && copy == NULL) {
        target->memory.failed = false; /* what the target is made of is there */
        return error_no_memory(error);
    }
    target->start = copy;
    return ROVI_OK;
}

static rovi_status evaluate_blocks(const rovi_target *target, size_t n, const double *x, double *logp, double *grad,
                                   double *scratch, rovi_error *error)
{
    const size_t d = target->dim;
    for (size_t at = 0; at < n; at += TARGET_BLOCK) {
        const size_t size = n - at < TARGET_BLOCK ? n - at : TARGET_BLOCK;
        const int code =
            target_evaluate(target, size, x + at * d, logp + at, grad == NULL ? NULL : grad + at * d, scratch, NULL);
        if (code != 0) {
            return error_set(error, ROVI_TARGET_FAILED, "the target failed with code %d within points %zu to %zu", code,
                             at, at + size - 1);
        }
    }
    return ROVI_OK;
}

rovi_status rovi_target_evaluate(const rovi_target *target, size_t n, const double *x, double *logp, double *grad,
                                 rovi_error *error)
{
    if (target == NULL || (n > 0 && (x == NULL || logp == NULL))) {
        return error_set(error, ROVI_BAD_INPUT, "%s is NULL; it must be given",
                         target == NULL ? "target"
                         : x == NULL    ? "x"
                                        : "logp");
    }
    struct arena memory = {0};
    double *scratch = arena_doubles(&memory, target->scratch);
    if (scratch == NULL) {
        return error_no_memory(error);
    }
    linalg_hold_threads(); /* as in a fit, so that the same points get the same bits */
    const rovi_status status = evaluate_blocks(target, n, x, logp, grad, scratch, error);
    linalg_release_threads();
    arena_free(&memory);
    return status;
}
