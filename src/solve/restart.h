/* SPDX-License-Identifier: BSD-3-Clause */
/* One restart: RoVI's alternation from one start. Another solver is another function of this signature. */
#ifndef ROVI_SOLVE_RESTART_H
#define ROVI_SOLVE_RESTART_H

#include "base/settings.h"
#include "solve/supervisor.h"

/* What a solver is given. */
struct problem {
    const struct rovi_target *target;
    const rovi_settings *settings;
    bool rotate;       /* RoVI; else MFVI, O = I */
    struct team *team; /* for the inside of a restart, or NULL */
};

/* What it leaves; the arena `memory` owns the trace. */
struct restart {
    uint64_t seed;
    struct meter meter;
    struct progress progress; /* set by the caller; points at the meter */
    rovi_approximation *approximation;
    rovi_stop stop;
    uint64_t iterations;
    rovi_trace_point *trace;
    size_t trace_length;
    bool no_memory;
    struct arena memory;
};

/* The method of the paper from the start that restart->seed gives. */
void restart_run(const struct problem *problem, struct restart *restart);

#endif
