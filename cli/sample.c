/* SPDX-License-Identifier: BSD-3-Clause */
/* rovi sample: draws from a fit, as Stan CSV. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/model_log.h"
#include "io/draws_csv.h"
#include "io/output.h"
#include "io/report.h"
#include "io/target_file.h"

struct request {
    const char *fit, *output, *count_text, *seed_text;
    uint64_t count, seed;
    bool help, generated, unconstrained;
};

static rovi_status apply(const struct arguments *arguments, struct request *request, rovi_error *error)
{
    const char *name = arguments->option ? arguments->option->name : NULL;
    if (!name)
        return take_only("fit", arguments->value, &request->fit, error);
    if (strcmp(name, "output") == 0)
        return take_only("output", arguments->value, &request->output, error);
    if (strcmp(name, "draws") == 0)
        return take_only("number of draws", arguments->value, &request->count_text, error);
    if (strcmp(name, "seed") == 0)
        return take_only("seed", arguments->value, &request->seed_text, error);
    request->generated = request->generated || strcmp(name, "generated-quantities") == 0;
    request->unconstrained = request->unconstrained || strcmp(name, "unconstrained") == 0;
    request->help = request->help || strcmp(name, "help") == 0;
    return ROVI_OK;
}

/* CSV is what a name ending in .csv gets, and what has no name to tell: stdout and devices. */
static rovi_status check_suffix(const char *path, rovi_error *error)
{
    size_t length = strlen(path);
    if ((length > 4 && strcmp(path + length - 4, ".csv") == 0) || strcmp(path, "-") == 0 ||
        strncmp(path, "/dev/", 5) == 0)
        return ROVI_OK;
    return report(error, ROVI_BAD_INPUT, "-o: found \"%.200s\", allowed: a name ending in .csv, or - for stdout", path);
}

static rovi_status check_request(struct request *request, rovi_error *error)
{
    if (!request->fit)
        return report(error, ROVI_BAD_INPUT, "found no fit, allowed: a file that `rovi fit` wrote");
    if (!request->count_text)
        return report(error, ROVI_BAD_INPUT, "-n: found nothing, allowed: the number of draws, at least 1");
    if (!request->output)
        return report(error, ROVI_BAD_INPUT, "-o: found nothing, allowed: a name ending in .csv, or - for stdout");
    rovi_status status = check_suffix(request->output, error);
    if (!status && request->generated && request->unconstrained)
        status =
            report(error, ROVI_BAD_INPUT, "found --generated-quantities and --unconstrained, allowed: one of them");
    if (!status)
        status = parse_count("-n", request->count_text, 1, &request->count, error);
    if (!status)
        status = parse_count("--seed", request->seed_text ? request->seed_text : "1", 0, &request->seed, error);
    return status;
}

static rovi_status read_request(const struct command *self, int argc, char **argv, struct request *request,
                                rovi_error *error)
{
    struct arguments arguments = {.count = argc, .list = argv, .options = self->options};
    enum argument_kind kind;
    while ((kind = arguments_next(&arguments, error)) != ARGUMENT_END) {
        if (kind == ARGUMENT_ERROR)
            return error->status;
        rovi_status status = apply(&arguments, request, error);
        if (status)
            return status;
    }
    return request->help ? ROVI_OK : check_request(request, error);
}

static void warn_if_changed(const char *path, const char *fingerprint, bool is_library)
{
    if (path && fingerprint && target_file_changed(path, fingerprint))
        fprintf(stderr, "rovi sample: %s has changed since the fit; lp__ is of the target %s\n", path,
                is_library ? "as it is now, and so is the constrained scale" : "that was fitted");
}

static void say_failures(const struct request *request, const rovi_target *target)
{
    rovi_failures failures = {0};
    if (target)
        rovi_target_failures(target, &failures);
    if (failures.outputs)
        fprintf(stderr,
                "rovi sample: %" PRIu64 " of %" PRIu64 " draws could not be constrained, their rows are nan; the model "
                "said first: %s\n",
                failures.outputs, request->count, failures.outputs_message);
}

/* A file of nothing but nan is of no use to anyone. */
static rovi_status check_outputs(const struct draws_csv *draws, rovi_error *error)
{
    rovi_failures failures = {0};
    if (draws->target)
        rovi_target_failures(draws->target, &failures);
    if (failures.outputs < draws->count)
        return ROVI_OK;
    return report(error, ROVI_TARGET_FAILED, "none of the draws could be constrained; the model said: %.300s",
                  failures.outputs_message);
}

static rovi_status write_draws(const struct request *request, const struct draws_csv *draws, rovi_error *error)
{
    struct output output;
    rovi_status status = output_open(&output, request->output, error);
    if (status)
        return status;
    status = draws_csv_write(draws, output.stream, request->output, error);
    if (!status)
        status = check_outputs(draws, error);
    if (!status)
        return output_commit(&output, error);
    output_abandon(&output);
    return status;
}

static rovi_status open_target(const struct request *request, const struct fit_file *fit, rovi_target **target,
                               rovi_error *error)
{
    *target = NULL;
    warn_if_changed(fit->context.target_path, fit->context.target_fingerprint, fit->context.is_library);
    warn_if_changed(fit->context.data_path, fit->context.data_fingerprint, fit->context.is_library);
    if (!fit->context.is_library && (request->generated || request->unconstrained))
        return report(error, ROVI_BAD_INPUT, "--%s: allowed for the fit of a .so library, which this is not",
                      request->generated ? "generated-quantities" : "unconstrained");
    if (!fit->context.is_library)
        return fit_file_target(fit, target, error);
    return request->unconstrained ? ROVI_OK : fit_file_library(fit, model_log, target, error);
}

static int sample(const struct command *self, const struct request *request)
{
    rovi_error error = {0};
    struct fit_file fit;
    rovi_target *target = NULL;
    if (fit_file_open(request->fit, &fit, &error))
        return say_error(self, &error);
    rovi_status status = report_in_file(&error, open_target(request, &fit, &target, &error), request->fit);
    struct draws_csv draws = {.fit = &fit,
                              .target = target,
                              .seed = request->seed,
                              .count = request->count,
                              .include = ROVI_TRANSFORMED | (request->generated ? ROVI_GENERATED : 0)};
    if (!status)
        status = write_draws(request, &draws, &error);
    if (!status)
        say_failures(request, target);
    rovi_target_free(target);
    fit_file_clear(&fit);
    return status ? say_error(self, &error) : EXIT_DONE;
}

static int run(const struct command *self, int argc, char **argv)
{
    rovi_error error = {0};
    struct request request = {0};
    if (read_request(self, argc, argv, &request, &error))
        return say_error(self, &error);
    if (request.help) {
        print_help(self);
        return EXIT_DONE;
    }
    interrupt_catch(false);
    return sample(self, &request);
}

static const struct option options[] = {
    {"draws", 'n', "N", NULL, "how many draws, at least 1"},
    {"output", 'o', "FILE.csv", NULL, "where they go, - for stdout"},
    {"seed", 0, "N", NULL, "of the draws (default 1); more draws of one seed begin with the same ones"},
    {"generated-quantities", 0, NULL, NULL, "of a Stan model, behind the parameters"},
    {"unconstrained", 0, NULL, NULL, "the coordinates that were fitted, without log density; needs no library"},
    {"help", 'h', NULL, NULL, "this text"},
    {0}};

const struct command sample_command = {
    .name = "sample",
    .summary = "Draw from a fit: x with log q, and the log density where the target is at hand.",
    .usage = "rovi sample FIT.json -n N -o draws.csv [--seed N] [--generated-quantities | --unconstrained]",
    .options = options,
    .run = run};
