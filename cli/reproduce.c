/* SPDX-License-Identifier: BSD-3-Clause */
/* rovi reproduce: the paper's claims as experiments that anyone can run. */
#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <string.h>

#include "cli/common/cli.h"
#include "cli/common/interrupt.h"
#include "cli/picture/gnuplot.h"
#include "cli/reproduce/experiments.h"
#include "cli/reproduce/files.h"
#include "io/report.h"

#define EXPERIMENTS_MOST 16

struct request {
    const char *name, *folder;
    bool quick, quiet;
};

/* ---- the command line ---- */

static rovi_status apply(const struct arguments *arguments, void *context, rovi_error *error)
{
    struct request *request = context;
    return take_only("experiment", arguments->value, &request->name, error);
}

static rovi_status check_name(const char *name, rovi_error *error)
{
    struct suggestion suggestion = {.typed = name};
    char meant[SUGGESTION_ROOM];
    if (strcmp(name, "all") == 0)
        return ROVI_OK;
    for (size_t i = 0; experiment_at(i); i++) {
        if (strcmp(name, experiment_at(i)->name) == 0)
            return ROVI_OK;
        suggestion_consider(&suggestion, experiment_at(i)->name);
    }
    return report(error, ROVI_BAD_INPUT,
                  "found experiment \"%.80s\"%s, allowed: all, or one that `rovi reproduce` lists", name,
                  suggestion_text(&suggestion, meant));
}

static rovi_status check_request(void *context, rovi_error *error)
{
    struct request *request = context;
    if (!request->name && request->folder)
        return report(error, ROVI_BAD_INPUT, "found no experiment, allowed: all, or one that `rovi reproduce` lists");
    if (!request->folder)
        request->folder = "reproduce";
    if (request->folder[0] == '\0')
        return report(error, ROVI_BAD_INPUT, "-o: found an empty name, allowed: a folder, or a new name");
    return request->name ? check_name(request->name, error) : ROVI_OK;
}

static void list_experiments(void)
{
    for (size_t i = 0; experiment_at(i); i++)
        printf("%-12s%s\n", experiment_at(i)->name, experiment_at(i)->title);
}

/* ---- the run ---- */

static rovi_status run_one(const struct experiment *experiment, const struct request *request, bool pictures,
                           struct study *study, rovi_error *error)
{
    if (!study_begin(study, experiment, request->quick, request->quiet))
        experiment->run(study);
    study_stopped(study);
    study_finish(study);
    *error = study->error;
    if (study->status)
        return study->status;
    rovi_status status = files_write(study, request->folder, pictures, error);
    if (status)
        return status;
    printf("%-12s%zu of %zu checks hold%s, %.1f s: %s\n", experiment->name, study_held(study), study->check_count,
           request->quick ? " (in small, where they say nothing)" : "", seconds_now() - study->began, study->outcome);
    fflush(stdout);
    return ROVI_OK;
}

static rovi_status run_all(const struct request *request, bool pictures, rovi_error *error)
{
    struct study studies[EXPERIMENTS_MOST] = {0};
    size_t count = 0;
    bool all = strcmp(request->name, "all") == 0;
    rovi_status status = ROVI_OK;
    for (size_t i = 0; experiment_at(i) && !status; i++)
        if (all || strcmp(request->name, experiment_at(i)->name) == 0)
            status = run_one(experiment_at(i), request, pictures, studies + count++, error);
    if (!status && all)
        status = files_write_index(studies, count, request->folder, pictures, error);
    for (size_t i = 0; i < count; i++)
        study_clear(studies + i);
    return status;
}

static int reproduce(const struct command *self, const struct request *request, const char *line)
{
    rovi_error error = {0};
    bool pictures = gnuplot_installed();
    double began = seconds_now();
    if (files_check_folder(request->folder, &error))
        return say_error(self, &error);
    interrupt_catch("rovi reproduce");
    rovi_status status = run_all(request, pictures, &error);
    if (!request->quiet && !status)
        say_closing_line(line, seconds_now() - began);
    if (interrupt_seen())
        return EXIT_INTERRUPTED;
    if (!status && !pictures)
        status = report(&error, ROVI_IO_FAILED,
                        "gnuplot is not installed (Debian, Ubuntu: apt-get install gnuplot-nox); the scripts are in "
                        "%.200s: `gnuplot NAME.gp` draws NAME.png",
                        request->folder);
    return status ? say_error(self, &error) : EXIT_DONE;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct request request = {0};
    char line[64];
    int code;
    if (!command_read(self, argc, argv, (struct reader){apply, check_request}, &request, &code))
        return code;
    if (!request.name) {
        list_experiments();
        return EXIT_DONE;
    }
    snprintf(line, sizeof line, "rovi reproduce %s", request.name);
    return reproduce(self, &request, line);
}

static const struct option options[] = {
    {"output", 'o', "DIR", NULL, "folder for pictures, numbers and summaries, made if need be (default reproduce)",
     PLACE(folder)},
    {"quick", 0, NULL, NULL, "fits and grids in small: to see what comes of it; the checks then say nothing",
     PLACE(quick)},
    {"quiet", 'q', NULL, NULL, "no progress and no log on stderr", PLACE(quiet)},
    OPTION_HELP,
    {0}};

const struct command reproduce_command = {
    .name = "reproduce",
    .summary = "Test the paper's claims: one experiment, or all with a page about them; without a name, their list.",
    .usage = "rovi reproduce [NAME|all] [-o DIR] [--quick] [--quiet]",
    .options = options,
    .run = run};
