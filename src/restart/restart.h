/* SPDX-License-Identifier: BSD-3-Clause */
/* One restart: what a solver is given, and what it leaves. */
#ifndef ROVI_RESTART_RESTART_H
#define ROVI_RESTART_RESTART_H

#include "base/parallel.h"
#include "base/settings.h"
#include "evidence/elbo.h"
#include "explore/explored.h"
#include "supervise/supervisor.h"

struct restart;

/* What a solver is given. */
struct problem {
    const struct rovi_target *target;
    const rovi_settings *settings;
    bool rotate;                     /* RoVI; else MFVI, O = I */
    struct team *team;               /* for the inside of a restart, or NULL */
    const struct known_modes *known; /* a restart that finds no others ends at once: ROVI_STOP_SAME_MODES; or NULL */
    const struct restart *first;     /* so does one by directions that comes to where the fit of this lies; or NULL */
};

/* What it begins with, what it runs by, and what it leaves. */
struct restart {
    uint64_t seed;
    const rovi_approximation *start; /* to continue from, borrowed; or NULL */

    struct meter meter;
    struct progress progress; /* set by the caller; points at the meter */
    double begin;             /* by clock_seconds */
    struct arena memory;      /* owns the trace and the modes */

    rovi_approximation *approximation;
    rovi_stop stop;
    uint64_t iterations;
    rovi_trace_point *trace;
    size_t trace_length, trace_room;
    rovi_estimate elbo;       /* on the draws that choose; NaN when it failed */
    double divergence;        /* of the approximation from the target, about */
    double promise;           /* log of the sum of exp(ELBO) over the local normals it found, when it looked for any */
    struct known_modes modes; /* that it found, by local normals */
    uint64_t degenerate;      /* components of a mixture that were dropped as such */
    bool no_memory;
};

/* Makes room for trace points; false when out of memory. */
bool restart_trace_room(struct restart *restart, size_t points);

/* The ELBO of q on n draws that no step uses, their log ratios into ratio (n): the same reference points at every call.
 * False when out of memory. */
bool restart_measure(const struct problem *problem, struct restart *restart, const rovi_approximation *q, size_t n,
                     double *ratio, struct elbo *elbo);

/* Adds a trace point with this ELBO, and shows it to the monitor. */
void restart_record(struct restart *restart, rovi_estimate elbo);

/* Whether it has an approximation and came to its own end, so that another run would end it with the same bits. */
bool restart_is_finished(const struct restart *restart);

/* As others see it; borrows from the restart. */
rovi_restart restart_show(const struct restart *restart);

/* Takes over what an earlier run showed of it, as a copy; sets no_memory when there is none. */
void restart_adopt(struct restart *restart, const rovi_restart *finished);

#endif
