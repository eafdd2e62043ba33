/* SPDX-License-Identifier: BSD-3-Clause */
/* What a running fit says on stderr: a bar on a terminal, a line now and then elsewhere, nothing when quiet. */
#ifndef ROVI_CLI_PROGRESS_H
#define ROVI_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "io/memory.h"
#include "rovi.h"

struct progress {
    bool quiet, terminal, shown;
    double *share; /* per restart: of its iterations done, 0 before it began */
    size_t restarts;
    size_t threads;
    double best; /* ELBO, NaN before the first */
    double next; /* seconds into the fit at which to speak again */
    struct pool pool;
};

/* ROVI_NO_MEMORY is the only failure. */
rovi_status progress_begin(struct progress *progress, const rovi_settings *settings, bool quiet, rovi_error *error);
void progress_end(struct progress *progress); /* wipes the bar */

/* The monitor of rovi_fit_run; `data` is the struct progress. Ends the fit when Ctrl-C was seen. */
int progress_monitor(const rovi_progress *now, void *data);

#endif
