/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/admit.h"

#include <math.h>

#include "base/arena.h"
#include "base/linalg.h"
#include "base/status.h"
#include "family/approximation.h"
#include "family/rotation.h"
#include "restart/start.h"

/* d x d matrices that a restart holds at once, going by the memory that runs took. */
#define MATRICES_COORDINATE 100
#define MATRICES_GRADIENT   12

/* Full rotations keep matrices, of which there is no room for in many dimensions. */
static rovi_status check_size(const rovi_target *target, const rovi_settings *settings, rovi_error *error)
{
    const size_t d = target->dim, directions = settings_directions(settings, d);
    const double matrices = settings->solver == SOLVER_GRADIENT ? MATRICES_GRADIENT : MATRICES_COORDINATE;
    const double need = matrices * (double)d * (double)d * sizeof(double), have = arena_machine_bytes();
    if (directions < d && directions > REFLECTIONS_MOST) {
        return error_set(error, ROVI_BAD_INPUT, "directions is %zu; allowed are up to %d, or all %zu", directions,
                         REFLECTIONS_MOST, d);
    }
    return directions < d || have == 0 || need < have
               ? ROVI_OK
               : error_set(error, ROVI_NO_MEMORY,
                           "a full rotation of %zu dimensions takes about %.0f GB for each restart that runs, and this "
                           "machine has %.0f: rotate the leading directions only (solver coordinate, method rovi, "
                           "directions 32, say)",
                           d, need / 1e9, have / 1e9);
}

/* A fit is continued in the form it has. */
static rovi_status check_form(const rovi_settings *settings, const rovi_approximation *start, rovi_error *error)
{
    if (start_is_gathered(start) && (settings->method != METHOD_AUTO || !settings_low_rank(settings, start->dim))) {
        return error_set(
            error, ROVI_BAD_INPUT,
            "the start is a mixture of fits that rotate leading directions only, which only method auto "
            "continues, in the same form: solver coordinate, a precondition, and fewer directions than the "
            "%zu of the target",
            start->dim);
    }
    if (start->count == 0 && start->compact != settings_low_rank(settings, start->dim)) {
        return error_set(
            error, ROVI_BAD_INPUT,
            start->compact
                ? "the start rotates %zu leading directions of %zu only: set directions to that to continue it"
                : "the start rotates all of its %zu dimensions: set directions to %zu to continue it",
            start->compact ? start->reflections.count : start->dim, start->dim);
    }
    return ROVI_OK;
}

static bool is_identity(size_t d, const double *O)
{
    for (size_t i = 0; i < d; i++) {
        if (fabs(O[i * d + i] - 1) > ROTATION_TOLERANCE) {
            return false;
        }
    }
    return linalg_is_diagonal(d, O, ROTATION_TOLERANCE);
}

rovi_status rovi_fit_check_start(const rovi_target *target, const rovi_settings *settings,
                                 const rovi_approximation *start, rovi_error *error)
{
    if (start == NULL) {
        return ROVI_OK;
    }
    const size_t d = start->dim;
    if (d != target->dim) {
        return error_set(error, ROVI_BAD_INPUT, "the start has dimension %zu, the target %zu", d, target->dim);
    }
    const rovi_status form = check_form(settings, start, error);
    if (form != ROVI_OK) {
        return form;
    }
    if (start->count > 0) {
        return settings->method == METHOD_MIXTURE || settings->method == METHOD_AUTO
                   ? ROVI_OK
                   : error_set(error, ROVI_BAD_INPUT,
                               "the start is a mixture, which only methods mixture and auto continue");
    }
    if (start->whitening != NULL && settings->precondition == PRECONDITION_NONE) {
        return error_set(error, ROVI_BAD_INPUT, "the start is whitened, which precondition none does not allow");
    }
    if (settings->method == METHOD_MFVI &&
        (start->compact ? start->reflections.count > 0 : !is_identity(d, start->rotation))) {
        return error_set(error, ROVI_BAD_INPUT, "the start's rotation is not the identity, which method mfvi needs");
    }
    if (settings->method == METHOD_MFVI && start->whitening != NULL && !linalg_is_diagonal(d, start->whitening, 0)) {
        return error_set(error, ROVI_BAD_INPUT, "the start's whitening is not diagonal, which method mfvi needs");
    }
    return ROVI_OK;
}

static rovi_status check_finished(const rovi_target *target, const rovi_fit_input *input, rovi_error *error)
{
    for (size_t i = 0; i < input->finished_count; i++) {
        const rovi_approximation *q = input->finished[i].approximation;
        if (q != NULL && q->dim != target->dim) {
            return error_set(error, ROVI_BAD_INPUT, "finished restart %zu has dimension %zu, the target %zu", i, q->dim,
                             target->dim);
        }
    }
    return ROVI_OK;
}

rovi_status admit(const rovi_target *target, const rovi_settings *settings, const rovi_fit_input *input,
                  rovi_error *error)
{
    rovi_status status = check_size(target, settings, error);
    status = status == ROVI_OK ? rovi_fit_check_start(target, settings, input->start, error) : status;
    return status == ROVI_OK ? check_finished(target, input, error) : status;
}
