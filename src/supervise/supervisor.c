/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The budget is each restart's own, so that it cuts at the same place whatever the threads do; the clock and the
 * monitor end all restarts.
 */
#include "supervise/supervisor.h"

void supervisor_init(struct supervisor *supervisor, rovi_monitor monitor, void *data, double max_time)
{
    supervisor->monitor = monitor;
    supervisor->monitor_data = data;
    pthread_mutex_init(&supervisor->monitor_lock, NULL);
    supervisor->begin = clock_seconds();
    supervisor->deadline = supervisor->begin + max_time;
    supervisor->improper = (struct improper){.found = false};
    atomic_init(&supervisor->finished, 0);
    atomic_init(&supervisor->verdict, SUPERVISOR_GO);
}

void supervisor_destroy(struct supervisor *supervisor)
{
    pthread_mutex_destroy(&supervisor->monitor_lock);
}

/* Asks the monitor, unless another thread is asking it now. */
static bool monitor_cancels(struct supervisor *supervisor, const struct progress *progress)
{
    if (supervisor->monitor == NULL || pthread_mutex_trylock(&supervisor->monitor_lock) != 0) {
        return false;
    }
    rovi_progress now = progress->shown;
    now.evaluations = meter_asked(progress->meter);
    now.finished = atomic_load(&supervisor->finished);
    now.seconds = clock_seconds() - supervisor->begin;
    const bool cancels = supervisor->monitor(&now, supervisor->monitor_data) != 0;
    pthread_mutex_unlock(&supervisor->monitor_lock);
    return cancels;
}

void supervisor_note_improper(struct supervisor *supervisor, const struct improper *improper)
{
    pthread_mutex_lock(&supervisor->monitor_lock);
    if (!supervisor->improper.found) {
        supervisor->improper = *improper;
    }
    pthread_mutex_unlock(&supervisor->monitor_lock);
    atomic_store(&supervisor->verdict, ROVI_STOP_FAILED);
}

bool supervisor_ends_all(const struct progress *progress, rovi_stop *stop)
{
    struct supervisor *supervisor = progress->supervisor;
    if (atomic_load(&progress->meter->failed)) {
        atomic_store(&supervisor->verdict, ROVI_STOP_FAILED);
    } else if (monitor_cancels(supervisor, progress)) {
        atomic_store(&supervisor->verdict, ROVI_STOP_INTERRUPTED);
    } else if (clock_seconds() >= supervisor->deadline) {
        int go = SUPERVISOR_GO;
        atomic_compare_exchange_strong(&supervisor->verdict, &go, ROVI_STOP_MAX_TIME);
    }
    const int verdict = atomic_load(&supervisor->verdict);
    *stop = verdict == SUPERVISOR_GO ? *stop : (rovi_stop)verdict;
    return verdict != SUPERVISOR_GO;
}

bool supervisor_ends(const struct progress *progress, rovi_stop *stop)
{
    if (supervisor_ends_all(progress, stop)) {
        return true;
    }
    if (progress->budget > 0 && atomic_load(&progress->meter->density) >= progress->budget) {
        *stop = ROVI_STOP_MAX_EVALUATIONS;
        return true;
    }
    return false;
}
