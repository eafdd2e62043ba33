/* SPDX-License-Identifier: BSD-3-Clause */
/* What a running fit says on stderr. */
#include "cli/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/crash.h"
#include "cli/interrupt.h"
#include "cli/last_words.h"
#include "io/report.h"

#define BAR_WIDTH  24
#define BAR_EVERY  0.1 /* seconds */
#define LINE_EVERY 5.0

struct pace pace_begin(bool quiet)
{
    struct pace pace = {.quiet = quiet, .terminal = isatty(STDERR_FILENO)};
    pace.next = pace.terminal ? BAR_EVERY : LINE_EVERY;
    return pace;
}

bool pace_due(struct pace *pace, double seconds)
{
    if (pace->quiet || seconds < pace->next)
        return false;
    pace->next = seconds + (pace->terminal ? BAR_EVERY : LINE_EVERY);
    return true;
}

static void print_bar(double share)
{
    int filled = (int)(share * BAR_WIDTH);
    fputs("\r\033[K[", stderr);
    for (int i = 0; i < BAR_WIDTH; i++)
        fputc(i < filled ? '#' : '.', stderr);
    fputs("] ", stderr);
}

void pace_open(struct pace *pace, double share)
{
    if (pace->terminal)
        print_bar(share);
    fprintf(stderr, "%3.0f %%", 100 * share);
    pace->shown = true;
}

void pace_close(const struct pace *pace, double share, double seconds)
{
    if (share > 0.02)
        fprintf(stderr, ", at most %.0f s to go", ceil(seconds / share * (1 - share)));
    if (!pace->terminal)
        fputc('\n', stderr);
    fflush(stderr);
}

void pace_end(const struct pace *pace)
{
    if (pace->shown && pace->terminal)
        fputs("\r\033[K", stderr);
}

rovi_status progress_begin(struct progress *progress, const rovi_settings *settings, bool quiet, rovi_error *error)
{
    char restarts[32] = "1", threads[32] = "0";
    rovi_settings_get(settings, "restarts", restarts, sizeof restarts, NULL);
    rovi_settings_get(settings, "threads", threads, sizeof threads, NULL);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *progress = (struct progress){.pace = pace_begin(quiet), .best = NAN};
    progress->restarts = strtoul(restarts, NULL, 10);
    progress->threads = strtoul(threads, NULL, 10);
    if (progress->threads == 0)
        progress->threads = processors > 0 ? (size_t)processors : 1;
    progress->share = pool_take(&progress->pool, progress->restarts, sizeof(double));
    return progress->share ? ROVI_OK : report_no_memory(error);
}

void progress_end(struct progress *progress)
{
    pace_end(&progress->pace);
    pool_free(&progress->pool);
}

/* Restarts begin in order and at most `threads` of them run: the others that began have ended, perhaps early. */
static size_t count_done(const struct progress *progress, double *share)
{
    size_t begun = 0, full = 0;
    *share = 0;
    for (size_t i = 0; i < progress->restarts; i++) {
        begun += progress->share[i] > 0;
        full += progress->share[i] >= 1;
        *share += progress->share[i] / (double)progress->restarts;
    }
    size_t ended = begun > progress->threads ? begun - progress->threads : 0;
    return full > ended ? full : ended;
}

static void speak(struct progress *progress, double seconds)
{
    double share;
    size_t done = count_done(progress, &share);
    pace_open(&progress->pace, share);
    fprintf(stderr, ", %zu of %zu restarts done", done, progress->restarts);
    if (!isnan(progress->best))
        fprintf(stderr, ", best ELBO %.4g", progress->best);
    pace_close(&progress->pace, share, seconds);
}

static void record(struct progress *progress, const rovi_progress *now)
{
    if (now->restart < progress->restarts && now->iterations > 0)
        progress->share[now->restart] = ((double)now->iteration + 1e-9) / (double)now->iterations;
    if (!isnan(now->elbo) && !(now->elbo <= progress->best))
        progress->best = now->elbo;
}

int progress_monitor(const rovi_progress *now, void *data)
{
    struct progress *progress = data;
    crash_guard_thread();
    last_words_restart(now->restart, now->restarts);
    record(progress, now);
    if (pace_due(&progress->pace, now->seconds))
        speak(progress, now->seconds);
    return interrupt_seen();
}
