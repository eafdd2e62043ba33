/* SPDX-License-Identifier: BSD-3-Clause */
/* What a running fit, or another long command, says on stderr: a bar on a terminal, a line now and then elsewhere,
 * nothing when quiet. */
#ifndef ROVI_CLI_PROGRESS_H
#define ROVI_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "io/memory.h"
#include "rovi.h"

/* When to speak, and how much of the work is done: what every long command shows in the same way. */
struct pace {
    bool quiet, terminal, shown;
    double next; /* seconds since it began at which to speak again */
};

struct pace pace_begin(bool quiet);
bool pace_due(struct pace *pace, double seconds); /* true: speak, between the next two */
void pace_open(struct pace *pace, double share);
void pace_close(const struct pace *pace, double share, double seconds); /* "at most N s to go" */
void pace_end(const struct pace *pace);                                 /* wipes the bar */

struct progress {
    struct pace pace;
    double *share; /* per restart: of its iterations done, 0 before it began */
    size_t restarts;
    size_t threads;
    double best; /* ELBO, NaN before the first */
    struct pool pool;
};

/* ROVI_NO_MEMORY is the only failure. */
rovi_status progress_begin(struct progress *progress, const rovi_settings *settings, bool quiet, rovi_error *error);
void progress_end(struct progress *progress); /* wipes the bar */

/* The monitor of rovi_fit_run; `data` is the struct progress. Ends the fit when Ctrl-C was seen. */
int progress_monitor(const rovi_progress *now, void *data);

#endif
