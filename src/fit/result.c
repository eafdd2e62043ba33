/* SPDX-License-Identifier: BSD-3-Clause */
/* The result of a fit: plain data, every piece of it copied into memory of its own. */
#include <string.h>

#include "base/arena.h"
#include "base/status.h"
#include "family/approximation.h"

struct rovi_fit {
    rovi_fit_parts parts;
    rovi_restart *restarts;
    rovi_approximation **approximations; /* restart_count; some may be NULL */
    struct arena memory;
};

static rovi_status check_parts(const rovi_fit_parts *parts, rovi_error *error)
{
    if (parts == NULL || parts->restarts == NULL || parts->winner >= parts->restart_count) {
        return error_set(error, ROVI_BAD_INPUT, "a fit needs at least one restart, and the winner must be one of them");
    }
    const rovi_approximation *winner = parts->restarts[parts->winner].approximation;
    if (winner == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "restart %zu is the winner but has no approximation", parts->winner);
    }
    for (size_t i = 0; i < parts->restart_count; i++) {
        const rovi_approximation *q = parts->restarts[i].approximation;
        if (q != NULL && q->dim != winner->dim) {
            return error_set(error, ROVI_BAD_INPUT, "restart %zu has dimension %zu, the winner %zu", i, q->dim,
                             winner->dim);
        }
    }
    return ROVI_OK;
}

static void copy_restart(rovi_fit *fit, size_t i, const rovi_restart *from)
{
    rovi_trace_point *trace = arena_take(&fit->memory, from->trace_length, sizeof *trace);
    if (trace != NULL && from->trace_length > 0) {
        memcpy(trace, from->trace, from->trace_length * sizeof *trace);
    }
    if (from->approximation != NULL) {
        fit->approximations[i] = approximation_copy(from->approximation);
        fit->memory.failed = fit->memory.failed || fit->approximations[i] == NULL;
    }
    fit->restarts[i] = *from;
    fit->restarts[i].trace = trace;
    fit->restarts[i].approximation = fit->approximations[i];
}

rovi_status rovi_fit_new(const rovi_fit_parts *parts, rovi_fit **fit, rovi_error *error)
{
    *fit = NULL;
    const rovi_status status = check_parts(parts, error);
    if (status != ROVI_OK) {
        return status;
    }
    struct arena memory = {0};
    rovi_fit *made = arena_take(&memory, 1, sizeof *made);
    rovi_restart *restarts = arena_take(&memory, parts->restart_count, sizeof *restarts);
    rovi_approximation **approximations = arena_take(&memory, parts->restart_count, sizeof(void *));
    if (memory.failed) {
        arena_free(&memory);
        return error_no_memory(error);
    }
    *made = (rovi_fit){.parts = *parts, .restarts = restarts, .approximations = approximations, .memory = memory};
    made->parts.restarts = restarts;
    for (size_t i = 0; i < parts->restart_count && !made->memory.failed; i++) {
        copy_restart(made, i, &parts->restarts[i]);
    }
    if (made->memory.failed) {
        rovi_fit_free(made);
        return error_no_memory(error);
    }
    *fit = made;
    return ROVI_OK;
}

void rovi_fit_free(rovi_fit *fit)
{
    if (fit != NULL) {
        for (size_t i = 0; i < fit->parts.restart_count; i++) {
            rovi_approximation_free(fit->approximations[i]);
        }
        struct arena memory = fit->memory;
        arena_free(&memory);
    }
}

const rovi_fit_parts *rovi_fit_parts_of(const rovi_fit *fit)
{
    return &fit->parts;
}

const rovi_approximation *rovi_fit_approximation(const rovi_fit *fit)
{
    return fit->approximations[fit->parts.winner];
}
