/* SPDX-License-Identifier: BSD-3-Clause */
/* rovi separation: what the theory says of a Gaussian mixture, before anything is fitted. */
#include "cli/separation.h"

#include <stdbool.h>
#include <string.h>

#include "cli/common/cli.h"
#include "cli/common/interrupt.h"
#include "io/report.h"
#include "io/target_file.h"

struct request {
    const char *target, *seed, *threads;
    bool json;
};

static rovi_status apply(const struct arguments *arguments, void *context, rovi_error *error)
{
    struct request *request = context;
    return take_only("target", arguments->value, &request->target, error);
}

static rovi_status check_request(void *context, rovi_error *error)
{
    const struct request *request = context;
    if (request->target)
        return ROVI_OK;
    return report(error, ROVI_BAD_INPUT,
                  "found no target, allowed: a .json description or the name of a built-in target");
}

static rovi_status apply_setting(rovi_settings *settings, const char *name, const char *value, rovi_error *error)
{
    if (!value || rovi_settings_set(settings, name, value, NULL) == ROVI_OK)
        return ROVI_OK;
    for (size_t i = 0; rovi_settings_at(i); i++)
        if (strcmp(rovi_settings_at(i)->name, name) == 0)
            return report(error, ROVI_BAD_INPUT, "--%s: found \"%.60s\", allowed: %s", name, value,
                          rovi_settings_at(i)->allowed);
    return report(error, ROVI_BAD_INPUT, "--%s: found \"%.60s\", allowed: nothing", name, value);
}

static rovi_status separate(const struct request *request, const rovi_target *target, rovi_separation **separation,
                            rovi_error *error)
{
    rovi_settings *settings = rovi_settings_new();
    if (!settings)
        return report_no_memory(error);
    rovi_status status = apply_setting(settings, "seed", request->seed, error);
    if (!status)
        status = apply_setting(settings, "threads", request->threads, error);
    if (!status)
        status = report_in_file(error, rovi_separation_run(target, settings, separation, error), request->target);
    rovi_settings_free(settings);
    return status;
}

static int show(const struct command *self, const struct request *request)
{
    rovi_error error = {0};
    struct target_source source;
    rovi_separation *separation = NULL;
    if (target_source_open(&(struct target_request){.name = request->target}, &source, &error))
        return say_error(self, &error);
    rovi_status status = separate(request, source.target, &separation, &error);
    if (!status)
        status = (request->json ? separation_print_json : separation_print_table)(request->target, separation, stdout,
                                                                                  &error);
    rovi_separation_free(separation);
    target_source_clear(&source);
    return status ? say_error(self, &error) : EXIT_DONE;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct request request = {0};
    int code;
    if (!command_read(self, argc, argv, (struct reader){apply, check_request}, &request, &code))
        return code;
    interrupt_catch(NULL);
    return show(self, &request);
}

static const struct option options[] = {
    {"json", 0, NULL, NULL, "print one JSON object", PLACE(json)},
    {"threads", 0, "N", NULL, "0: one per processor (default); the result does not depend on it", PLACE(threads)},
    {"seed", 0, "N", NULL, "of the mean-field fits that stand in above two dimensions (default 1)", PLACE(seed)},
    OPTION_HELP,
    {0}};

const struct command separation_command = {
    .name = "separation",
    .summary = "What the theory says of a Gaussian mixture: does mean-field VI collapse, what can RoVI reach.",
    .usage = "rovi separation TARGET [--json] [--threads N] [--seed N]",
    .options = options,
    .run = run};
