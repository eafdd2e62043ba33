/* SPDX-License-Identifier: BSD-3-Clause */
/* Decides when a fit has to end early: the clock, the budget of evaluations, the caller's monitor. */
#ifndef ROVI_SUPERVISE_SUPERVISOR_H
#define ROVI_SUPERVISE_SUPERVISOR_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "rovi.h"
#include "supervise/improper.h"
#include "target/meter.h"

/* One for all restarts of a fit. */
struct supervisor {
    rovi_monitor monitor; /* or NULL */
    void *monitor_data;
    pthread_mutex_t monitor_lock; /* held while the caller's own functions run */
    double begin, deadline;       /* by clock_seconds */
    atomic_size_t finished;       /* restarts that have ended */
    struct improper improper;     /* once a restart has found the target to be; under the lock */
    atomic_int verdict;           /* a rovi_stop once all must end, SUPERVISOR_GO before */
};

#define SUPERVISOR_GO (-1)

/* What a restart shows the supervisor when it asks. */
struct progress {
    struct supervisor *supervisor;
    rovi_progress shown;
    struct meter *meter; /* of the restart */
    uint64_t budget;     /* evaluations it may make in steps; 0: no limit */
};

void supervisor_init(struct supervisor *supervisor, rovi_monitor monitor, void *data, double max_time);
void supervisor_destroy(struct supervisor *supervisor);

/* A restart has found that the target is improper: all end, and the fit fails. */
void supervisor_note_improper(struct supervisor *supervisor, const struct improper *improper);

/* True when all restarts have to end (clock, monitor, a target that failed for good); *stop is then why. Cheap enough
 * to be asked before every block of points. */
bool supervisor_ends_all(const struct progress *progress, rovi_stop *stop);

/* The same or, before a batch, this restart's budget is spent. Not to be asked within a batch: where it cuts must not
 * depend on how many blocks run at once. */
bool supervisor_ends(const struct progress *progress, rovi_stop *stop);

#endif
