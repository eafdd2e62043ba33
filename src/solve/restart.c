/* SPDX-License-Identifier: BSD-3-Clause */
#include "solve/restart.h"

#include "evidence/elbo.h"

bool restart_trace_room(struct restart *restart, size_t points)
{
    restart->trace_room = points;
    restart->trace = arena_take(&restart->memory, points, sizeof *restart->trace);
    return restart->trace != NULL;
}

bool restart_measure(const struct problem *problem, struct restart *restart, const rovi_approximation *q, size_t n,
                     double *ratio, rovi_estimate *elbo)
{
    const struct rng_stream stream = {.seed = restart->seed, .purpose = RNG_TRACE};
    if (!elbo_log_ratios(q, &restart->meter, stream, problem->team, n, ratio)) {
        return false;
    }
    *elbo = elbo_of_ratios(n, ratio).estimate;
    return true;
}

void restart_record(struct restart *restart, rovi_estimate elbo)
{
    restart->progress.shown.elbo = elbo.value;
    restart->progress.shown.mcse = elbo.mcse;
    if (restart->trace_length < restart->trace_room) {
        restart->trace[restart->trace_length++] = (rovi_trace_point){.iteration = restart->iterations,
                                                                     .evaluations = restart->meter.density,
                                                                     .seconds = clock_seconds() - restart->begin,
                                                                     .elbo = elbo.value,
                                                                     .mcse = elbo.mcse};
    }
}
