/* SPDX-License-Identifier: BSD-3-Clause */
/* rovi sample: draws from a fit, as Stan CSV or NetCDF. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/interrupt.h"
#include "io/draws_csv.h"
#include "io/draws_netcdf.h"
#include "io/output.h"
#include "io/report.h"
#include "io/target_file.h"

struct request {
    const char *fit, *output, *count_text, *seed_text, *proposals_text, *layout_text;
    uint64_t count, seed, proposals;
    enum draws_layout layout;
    bool netcdf, help;
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
    if (strcmp(name, "resample") == 0)
        return take_only("number of proposals", arguments->value, &request->proposals_text, error);
    if (strcmp(name, "layout") == 0)
        return take_only("layout", arguments->value, &request->layout_text, error);
    request->help = true;
    return ROVI_OK;
}

static rovi_status check_output(struct request *request, rovi_error *error)
{
    static const char allowed[] = "a name ending in .csv or .nc, or - for stdout";
    const char *path = request->output;
    size_t length = path ? strlen(path) : 0;
    request->netcdf = length > 3 && strcmp(path + length - 3, ".nc") == 0;
    if (request->netcdf && !output_is_plain(path))
        return report(error, ROVI_BAD_INPUT, "-o: found \"%.200s\", a device or pipe, allowed for NetCDF: a file",
                      path);
    if (request->netcdf)
        return draws_netcdf_available(error);
    if (draws_csv_check_name(path, NULL) == ROVI_OK)
        return ROVI_OK;
    if (!path)
        return report(error, ROVI_BAD_INPUT, "-o: found nothing, allowed: %s", allowed);
    return report(error, ROVI_BAD_INPUT, "-o: found \"%.200s\", allowed: %s", path, allowed);
}

static rovi_status check_layout(struct request *request, rovi_error *error)
{
    static const char *const names[] = {[DRAWS_PATHFINDER] = "pathfinder", [DRAWS_ADVI] = "advi"};
    if (!request->layout_text)
        return ROVI_OK;
    if (request->netcdf)
        return report(error, ROVI_BAD_INPUT, "found --layout and a NetCDF file, allowed: a layout of a .csv");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        request->layout = (enum draws_layout)i;
        if (strcmp(request->layout_text, names[i]) == 0)
            return ROVI_OK;
    }
    return report(error, ROVI_BAD_INPUT, "--layout: found \"%.60s\", allowed: pathfinder, advi", request->layout_text);
}

static rovi_status check_request(struct request *request, rovi_error *error)
{
    if (!request->fit)
        return report(error, ROVI_BAD_INPUT, "found no fit, allowed: a file that `rovi fit` wrote");
    if (!request->count_text)
        return report(error, ROVI_BAD_INPUT, "-n: found nothing, allowed: the number of draws, at least 1");
    rovi_status status = check_output(request, error);
    if (!status)
        status = check_layout(request, error);
    if (!status)
        status = parse_count("-n", request->count_text, 1, &request->count, error);
    if (!status)
        status = parse_count("--seed", request->seed_text ? request->seed_text : "1", 0, &request->seed, error);
    if (!status && request->proposals_text)
        status = parse_count("--resample", request->proposals_text, request->count, &request->proposals, error);
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

static void warn_if_changed(const struct fit_context *context)
{
    if (context->target_path && context->target_fingerprint &&
        target_file_changed(context->target_path, context->target_fingerprint))
        fprintf(stderr, "rovi sample: %s has changed since the fit; lp__ is of the target that was fitted\n",
                context->target_path);
}

static rovi_status write_csv(const struct request *request, const struct draws *draws, const struct output *output,
                             rovi_error *error)
{
    struct draws_csv csv = {.layout = request->layout, .stream = output->stream, .name = request->output};
    draws_csv_begin(&csv, &draws->head);
    return draws_each(draws, draws_csv_put, &csv, error);
}

static rovi_status write_netcdf(const struct draws *draws, const struct output *output, rovi_error *error)
{
    struct draws_netcdf *netcdf;
    rovi_status status = draws_netcdf_open(output, &draws->head, &netcdf, error);
    if (status)
        return status;
    status = draws_each(draws, draws_netcdf_put, netcdf, error);
    rovi_status closed = draws_netcdf_close(netcdf, !status, error);
    return status ? status : closed;
}

static rovi_status write_draws(const struct request *request, const struct draws *draws, rovi_error *error)
{
    struct output output;
    rovi_status status = output_open(&output, request->output, error);
    if (status)
        return status;
    status = request->netcdf ? write_netcdf(draws, &output, error) : write_csv(request, draws, &output, error);
    if (!status)
        return output_commit(&output, error);
    output_abandon(&output);
    return status;
}

static int sample(const struct command *self, const struct request *request)
{
    rovi_error error = {0};
    struct fit_file fit;
    rovi_target *target = NULL;
    if (fit_file_open(request->fit, &fit, &error))
        return say_error(self, &error);
    warn_if_changed(&fit.context);
    rovi_status status = report_in_file(&error, fit_file_target(&fit, &target, &error), request->fit);
    const struct draws_request wanted = {
        .fit = &fit, .target = target, .seed = request->seed, .count = request->count, .proposals = request->proposals};
    struct draws draws;
    if (!status)
        status = report_in_file(&error, draws_open(&draws, &wanted, &error), request->fit);
    if (!status) {
        status = write_draws(request, &draws, &error);
        draws_close(&draws);
    }
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
    {"output", 'o', "FILE", NULL, "where they go: a .csv (Stan's), a .nc (NetCDF, for ArviZ), - for CSV to stdout"},
    {"seed", 0, "N", NULL, "of the draws (default 1); more draws of one seed begin with the same ones"},
    {"resample", 0, "M", NULL, "of M draws keep N, by their importance weights, never one twice"},
    {"layout", 0, "NAME", NULL, "of a .csv: pathfinder (default), or advi, which cmdstanpy reads"},
    {"help", 'h', NULL, NULL, "this text"},
    {0}};

const struct command sample_command = {
    .name = "sample",
    .summary = "Draw from a fit: x with log q, and the log density where the target is at hand.",
    .usage = "rovi sample FIT.json -n N -o draws.csv|draws.nc [--seed N] [--resample M] [--layout NAME]",
    .options = options,
    .run = run};
