/* SPDX-License-Identifier: BSD-3-Clause */
#include "restart/restart.h"

#include <math.h>
#include <string.h>

#include "family/approximation.h"

bool restart_trace_room(struct restart *restart, size_t points)
{
    restart->trace_room = points;
    restart->trace = arena_take(&restart->memory, points, sizeof *restart->trace);
    return restart->trace != NULL;
}

bool restart_measure(const struct problem *problem, struct restart *restart, const rovi_approximation *q, size_t n,
                     double *ratio, struct elbo *elbo)
{
    const struct rng_stream stream = {.seed = restart->seed, .purpose = RNG_TRACE};
    if (!elbo_log_ratios(q, &restart->meter, stream, problem->team, 0, n, ratio)) {
        return false;
    }
    *elbo = elbo_of_ratios(n, ratio);
    return true;
}

void restart_record(struct restart *restart, rovi_estimate elbo)
{
    if (restart->meter.target->through == NULL) { /* else it is no ELBO of the target */
        restart->progress.shown.elbo = elbo.value;
        restart->progress.shown.mcse = elbo.mcse;
    }
    if (restart->trace_length < restart->trace_room) {
        restart->trace[restart->trace_length++] = (rovi_trace_point){.iteration = restart->iterations,
                                                                     .evaluations = restart->meter.density,
                                                                     .seconds = clock_seconds() - restart->begin,
                                                                     .elbo = elbo.value,
                                                                     .mcse = elbo.mcse};
    }
}

bool restart_is_finished(const struct restart *restart)
{
    return restart->approximation != NULL && !restart->no_memory && !atomic_load(&restart->meter.failed) &&
           restart->stop != ROVI_STOP_INTERRUPTED && restart->stop != ROVI_STOP_MAX_TIME &&
           atomic_load(&restart->progress.supervisor->verdict) == SUPERVISOR_GO; /* else fewer draws measured it */
}

rovi_restart restart_show(const struct restart *restart)
{
    return (rovi_restart){.seed = restart->seed,
                          .elbo = restart->elbo,
                          .stop = restart->stop,
                          .iterations = restart->iterations,
                          .trace_length = restart->trace_length,
                          .trace = restart->trace,
                          .approximation = restart->approximation,
                          .evaluations = meter_evaluations(&restart->meter),
                          .divergence = restart->divergence,
                          .promise = isfinite(restart->promise) ? restart->promise : NAN,
                          .degenerate = restart->degenerate};
}

void restart_adopt(struct restart *restart, const rovi_restart *finished)
{
    const size_t points = finished->trace_length;
    if (restart_trace_room(restart, points) && points > 0) {
        memcpy(restart->trace, finished->trace, points * sizeof *restart->trace);
        restart->trace_length = points;
    }
    if (finished->approximation != NULL) {
        restart->approximation = approximation_copy(finished->approximation);
        restart->no_memory = restart->approximation == NULL;
    }
    restart->no_memory = restart->no_memory || restart->trace == NULL;
    restart->elbo = finished->elbo;
    restart->stop = finished->stop;
    restart->iterations = finished->iterations;
    restart->divergence = finished->divergence;
    restart->promise = isnan(finished->promise) ? -INFINITY : finished->promise;
    restart->degenerate = finished->degenerate;
    meter_recall(&restart->meter, &finished->evaluations);
}
