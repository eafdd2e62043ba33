/* SPDX-License-Identifier: BSD-3-Clause */
/* What a running fit, or another long command, says on stderr: a bar on a terminal, a line now and then elsewhere,
 * nothing when quiet. */
#ifndef ROVI_CLI_COMMON_PROGRESS_H
#define ROVI_CLI_COMMON_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/memory.h"
#include "rovi.h"

/* When to speak, and how much of the work is done: what every long command shows in the same way. */
struct pace {
    bool quiet, terminal, shown;
    double next; /* seconds since it began at which to speak again */
};

struct pace pace_begin(bool quiet);
bool pace_due(struct pace *pace, double seconds); /* true: say something */
/* `share` of the work is done, NaN where there is no telling: then there is no bar. */
void pace_say(struct pace *pace, double share, double seconds, const char *what);
void pace_end(const struct pace *pace); /* wipes the bar */

/* What a restart has shown of itself. */
struct restart_part {
    double share; /* of its iterations */
    uint64_t evaluations;
};

struct progress {
    struct pace pace;
    bool planned;    /* every restart makes all of its iterations, so that the share of them says when it ends */
    size_t restarts; /* but for a mixture, which is the last part */
    struct restart_part *part; /* restarts + 1 */
    double best;               /* ELBO, NaN before the first */
    struct pool pool;
};

/* ROVI_NO_MEMORY is the only failure. */
rovi_status progress_begin(struct progress *progress, const rovi_settings *settings, bool quiet, rovi_error *error);
void progress_end(struct progress *progress); /* wipes the bar */

/* The monitor of rovi_fit_run; `data` is the struct progress. Ends the fit when Ctrl-C was seen. */
int progress_monitor(const rovi_progress *now, void *data);

/* The monitor of rovi_diagnosis_run, likewise; `data` is a struct pace, which the caller ends. */
int search_monitor(const rovi_progress *now, void *data);

#endif
