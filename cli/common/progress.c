/* SPDX-License-Identifier: BSD-3-Clause */
/* What a running fit says on stderr. */
#include "cli/common/progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/common/crash.h"
#include "cli/common/interrupt.h"
#include "cli/common/last_words.h"
#include "cli/common/options.h"
#include "io/report.h"

#define BAR_WIDTH  16
#define BAR_EVERY  0.1 /* seconds */
#define LINE_EVERY 5.0
#define NARROW     80 /* columns, where a terminal does not say */

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

static size_t columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > BAR_WIDTH + 4 ? size.ws_col : NARROW;
}

static void print_bar(double share)
{
    int filled = (int)(share * BAR_WIDTH);
    fputc('[', stderr);
    for (int i = 0; i < BAR_WIDTH; i++)
        fputc(i < filled ? '#' : '.', stderr);
    fputs("] ", stderr);
}

/* To so many characters at most, by whole items: half of a number is another number. */
static void cut(char *line, size_t most)
{
    char *comma;
    if (strlen(line) <= most)
        return;
    line[most + 1] = '\0';
    comma = strrchr(line, ',');
    line[comma ? (size_t)(comma - line) : most] = '\0';
}

/* A line that is wider than the terminal would go on in a second one, and only that would be wiped. */
void pace_say(struct pace *pace, double share, double seconds, const char *what)
{
    char line[256], part[16] = "";
    const bool known = !isnan(share);
    if (known)
        snprintf(part, sizeof part, "%3.0f %%, ", 100 * share);
    if (known && share > 0.02)
        snprintf(line, sizeof line, "%sabout %.0f s to go, %s", part, ceil(seconds / share * (1 - share)), what);
    else
        snprintf(line, sizeof line, "%s%.0f s, %s", part, seconds, what);
    if (pace->terminal) {
        cut(line, columns() - 1 - (known ? BAR_WIDTH + 3 : 0));
        fputs("\r\033[K", stderr);
        if (known)
            print_bar(share);
    }
    fprintf(stderr, "%s%s", line, pace->terminal ? "" : "\n");
    fflush(stderr);
    pace->shown = true;
}

void pace_end(const struct pace *pace)
{
    if (pace->shown && pace->terminal)
        fputs("\r\033[K", stderr);
}

rovi_status progress_begin(struct progress *progress, const rovi_settings *settings, bool quiet, rovi_error *error)
{
    char restarts[32] = "1";
    rovi_settings_get(settings, "restarts", restarts, sizeof restarts, NULL);
    *progress = (struct progress){.pace = pace_begin(quiet), .best = NAN};
    progress->restarts = setting_is(settings, "method", "mixture") ? 0 : strtoul(restarts, NULL, 10);
    progress->planned = setting_is(settings, "solver", "gradient") && progress->restarts > 0;
    progress->part = pool_take(&progress->pool, progress->restarts + 1, sizeof *progress->part);
    return progress->part ? ROVI_OK : report_no_memory(error);
}

void progress_end(struct progress *progress)
{
    pace_end(&progress->pace);
    pool_free(&progress->pool);
}

/* A part of a restart may speak of itself alone, and then of less than what was asked before. */
static void record(struct progress *progress, const rovi_progress *now)
{
    struct restart_part *part =
        progress->part + (now->restart < progress->restarts ? now->restart : progress->restarts);
    if (now->iterations > 0)
        part->share = (double)now->iteration / (double)now->iterations;
    if (now->evaluations > part->evaluations)
        part->evaluations = now->evaluations;
    if (!isnan(now->elbo) && !(now->elbo <= progress->best))
        progress->best = now->elbo;
}

static void speak(struct progress *progress, const rovi_progress *now)
{
    char done[64] = "", elbo[32] = "", what[192];
    const char *phase = now->restart >= progress->restarts ? "a mixture" : now->phase ? now->phase : "starting";
    double share = 0;
    uint64_t evaluations = 0;
    for (size_t i = 0; i <= progress->restarts; i++) {
        evaluations += progress->part[i].evaluations;
        share += i < progress->restarts ? progress->part[i].share / (double)progress->restarts : 0;
    }
    if (now->restarts > 1)
        snprintf(done, sizeof done, "%zu of %zu restarts done, ", now->finished, now->restarts);
    if (!isnan(progress->best))
        snprintf(elbo, sizeof elbo, ", ELBO %.4g", progress->best);
    snprintf(what, sizeof what, "%s%s, %" PRIu64 " evaluations%s", done, phase, evaluations, elbo);
    pace_say(&progress->pace, progress->planned ? share : NAN, now->seconds, what);
}

int progress_monitor(const rovi_progress *now, void *data)
{
    struct progress *progress = data;
    crash_guard_thread();
    last_words_restart(now->restart, now->restarts);
    record(progress, now);
    if (pace_due(&progress->pace, now->seconds))
        speak(progress, now);
    return interrupt_seen();
}

int search_monitor(const rovi_progress *now, void *data)
{
    struct pace *pace = data;
    char what[64];
    if (pace_due(pace, now->seconds)) {
        snprintf(what, sizeof what, "looking beyond the fit, %" PRIu64 " evaluations", now->evaluations);
        pace_say(pace, NAN, now->seconds, what);
    }
    return interrupt_seen();
}
