/* SPDX-License-Identifier: BSD-3-Clause */
/* rovi sample: draws from a fit, as Stan CSV or NetCDF. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/common/cli.h"
#include "cli/common/interrupt.h"
#include "cli/common/saved_target.h"
#include "io/draws_csv.h"
#include "io/draws_name.h"
#include "io/draws_netcdf.h"
#include "io/draws_target.h"
#include "io/output.h"
#include "io/report.h"

struct request {
    const char *fit, *output, *count_text, *seed_text, *proposals_text, *chains_text, *layout_text;
    uint64_t count, seed, proposals;
    enum draws_layout layout;
    bool netcdf, generated, unconstrained, by_restarts;
};

static rovi_status apply(const struct arguments *arguments, void *context, rovi_error *error)
{
    struct request *request = context;
    return take_only("fit", arguments->value, &request->fit, error);
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

/* Chains of restarts are for ArviZ, whose rhat then shows restarts that disagree. */
static rovi_status check_chains(struct request *request, rovi_error *error)
{
    if (!request->chains_text)
        return ROVI_OK;
    request->by_restarts = strcmp(request->chains_text, "restarts") == 0;
    if (!request->by_restarts && strcmp(request->chains_text, "fit") != 0)
        return report(error, ROVI_BAD_INPUT, "--chains: found \"%.60s\", allowed: fit, restarts", request->chains_text);
    if (!request->by_restarts || (request->netcdf && !request->proposals_text))
        return ROVI_OK;
    return report(error, ROVI_BAD_INPUT,
                  "found --chains restarts and %.200s, allowed: a NetCDF file, without --resample",
                  request->netcdf ? "--resample" : request->output);
}

/* Unconstrained draws do without the library: there is no log density then to resample by. */
static rovi_status check_scale(const struct request *request, rovi_error *error)
{
    if (!request->unconstrained || (!request->generated && !request->proposals_text))
        return ROVI_OK;
    return report(error, ROVI_BAD_INPUT, "found --unconstrained and --%s, allowed: one of them",
                  request->generated ? "generated-quantities" : "resample");
}

static rovi_status check_request(void *context, rovi_error *error)
{
    struct request *request = context;
    if (!request->fit)
        return report(error, ROVI_BAD_INPUT, "found no fit, allowed: a file that `rovi fit` wrote");
    if (!request->count_text)
        return report(error, ROVI_BAD_INPUT, "-n: found nothing, allowed: the number of draws, at least 1");
    rovi_status status = draws_name_check(request->output, &request->netcdf, error);
    if (!status)
        status = check_layout(request, error);
    if (!status)
        status = check_chains(request, error);
    if (!status)
        status = check_scale(request, error);
    if (!status)
        status = parse_count("-n", request->count_text, (struct count_range){1, COUNT_MOST}, &request->count, error);
    if (!status)
        status = parse_count("--seed", request->seed_text ? request->seed_text : "1",
                             (struct count_range){0, COUNT_MOST}, &request->seed, error);
    if (!status && request->proposals_text)
        status = parse_count("--resample", request->proposals_text, (struct count_range){request->count, COUNT_MOST},
                             &request->proposals, error);
    return status;
}

/* Draws on their way into a file, how many of them hold any number, and how many lie outside the support. */
struct watched {
    const struct draws *draws;
    draws_sink take;
    void *sink;
    uint64_t *usable, *outside;
};

static bool is_usable(size_t n, const double *x)
{
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            return true;
    return false;
}

static rovi_status put_watched(void *sink, const struct draws_block *block, rovi_error *error)
{
    const struct watched *watched = sink;
    const size_t columns = watched->draws->head.shown.count;
    for (size_t i = 0; i < block->n; i++) {
        const bool usable = is_usable(columns, block->x + i * columns);
        *watched->usable += usable;
        *watched->outside += usable && block->lp[i] == -INFINITY;
    }
    return watched->take(watched->sink, block, error);
}

static rovi_status each_watched(const void *source, draws_sink take, void *sink, rovi_error *error)
{
    struct watched watched = *(const struct watched *)source;
    watched.take = take;
    watched.sink = sink;
    return draws_each(watched.draws, put_watched, &watched, error);
}

static rovi_status write_csv(const struct request *request, const struct watched *watched, const struct output *output,
                             rovi_error *error)
{
    struct draws_csv csv = {.layout = request->layout, .stream = output->stream, .name = request->output};
    draws_csv_begin(&csv, &watched->draws->head);
    return each_watched(watched, draws_csv_put, &csv, error);
}

/* How often the model could not constrain a point so far. */
static rovi_failures failures_of(const struct draws *draws)
{
    rovi_failures failures = {0};
    if (draws->request.target)
        rovi_target_failures(draws->request.target, &failures);
    return failures;
}

static void say_failures(const struct request *request, const struct draws *draws, uint64_t failed_before)
{
    const rovi_failures failures = failures_of(draws);
    if (failures.outputs > failed_before)
        fprintf(stderr,
                "rovi sample: %" PRIu64 " of %" PRIu64
                " draws could not be constrained, their rows hold NaN; the model "
                "said first: %s\n",
                failures.outputs - failed_before, draws->head.count * draws->head.chains, failures.outputs_message);
    if (failed_before && !request->netcdf && request->layout == DRAWS_ADVI)
        fprintf(stderr, "rovi sample: the mean could not be constrained, the first row holds NaN; the model said: %s\n",
                failures.outputs_message);
}

static void say_outside(const struct draws *draws, uint64_t outside)
{
    if (outside > 0)
        fprintf(stderr,
                "rovi sample: %" PRIu64 " of %" PRIu64 " draws lie outside the target's support, where lp__ is -inf; "
                "--resample leaves them out\n",
                outside, draws->head.count * draws->head.chains);
}

/* A file of nothing but NaN is of no use to anyone. */
static rovi_status check_outputs(const struct draws *draws, uint64_t usable, rovi_error *error)
{
    if (usable > 0)
        return ROVI_OK;
    return report(error, ROVI_TARGET_FAILED, "none of the draws could be constrained; the model said: %.300s",
                  failures_of(draws).outputs_message);
}

static rovi_status write_draws(const struct request *request, const struct draws *draws, rovi_error *error)
{
    const uint64_t failed_before = failures_of(draws).outputs; /* at the mean */
    uint64_t usable = 0, outside = 0;
    const struct watched watched = {.draws = draws, .usable = &usable, .outside = &outside};
    struct output output;
    rovi_status status = output_open(&output, request->output, error);
    if (status)
        return status;
    status = request->netcdf ? draws_netcdf_write(&output, &draws->head, each_watched, &watched, error)
                             : write_csv(request, &watched, &output, error);
    if (!status)
        status = check_outputs(draws, usable, error);
    status = output_finish(&output, status, error);
    if (!status) {
        say_failures(request, draws, failed_before);
        say_outside(draws, outside);
    }
    return status;
}

static rovi_status open_target(const struct command *self, const struct request *request, const struct fit_file *fit,
                               rovi_target **target, rovi_error *error)
{
    *target = NULL;
    if (!fit->context.is_library && (request->generated || request->unconstrained))
        return report(error, ROVI_BAD_INPUT, "--%s: allowed for the fit of a .so library, which this is not",
                      request->generated ? "generated-quantities" : "unconstrained");
    if (request->unconstrained)
        return ROVI_OK;
    rovi_error why = {0};
    rovi_status status = saved_target_open(self, fit, target, &why);
    if (!status)
        return ROVI_OK;
    return report(error, status, "%.440s%s", why.message,
                  fit->context.is_library ? "; --unconstrained draws do without the library" : "");
}

static rovi_status sample_from(const struct request *request, const struct fit_file *fit, const rovi_target *target,
                               rovi_error *error)
{
    struct draws_request wanted = {.fit = fit,
                                   .target = target,
                                   .seed = request->seed,
                                   .count = request->count,
                                   .proposals = request->proposals,
                                   .by_restarts = request->by_restarts};
    const unsigned include = ROVI_TRANSFORMED | (request->generated ? ROVI_GENERATED : 0);
    struct draws_target shown = {.target = target, .include = include, .seed = request->seed};
    struct pool pool = {0};
    struct draws draws;
    rovi_status status = target ? draws_target_scale(&shown, &pool, &wanted.scale, error) : ROVI_OK;
    if (!status)
        status = report_in_file(error, draws_open(&draws, &wanted, error), request->fit);
    if (!status) {
        status = write_draws(request, &draws, error);
        draws_close(&draws);
    }
    pool_free(&pool);
    return status;
}

static int sample(const struct command *self, const struct request *request)
{
    rovi_error error = {0};
    struct fit_file fit;
    rovi_target *target = NULL;
    if (fit_file_open(request->fit, &fit, &error))
        return say_error(self, &error);
    rovi_status status = saved_target_spare(&fit, request->output, &error);
    if (!status)
        status = report_in_file(&error, open_target(self, request, &fit, &target, &error), request->fit);
    if (!status)
        status = sample_from(request, &fit, target, &error);
    rovi_target_free(target);
    fit_file_clear(&fit);
    return status ? say_error(self, &error) : EXIT_DONE;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct request request = {0};
    int code;
    if (!command_read(self, argc, argv, (struct reader){apply, check_request}, &request, &code))
        return code;
    interrupt_catch(NULL);
    return sample(self, &request);
}

static const struct option options[] = {
    {"draws", 'n', "N", NULL, "how many draws (of each chain), at least 1", PLACE(count_text)},
    {"output", 'o', "FILE", NULL, "where they go: a .csv (Stan's), a .nc (NetCDF, for ArviZ), - for CSV to stdout",
     PLACE(output)},
    {"seed", 0, "N", NULL, "of the draws (default 1); more draws of one seed begin with the same ones",
     PLACE(seed_text)},
    {"resample", 0, "M", NULL, "of M draws keep N, by their importance weights, never one twice",
     PLACE(proposals_text)},
    {"chains", 0, "WHAT", NULL, "of a .nc: fit (default), one chain; restarts, one of each restart, for ArviZ's rhat",
     PLACE(chains_text)},
    {"layout", 0, "NAME", NULL, "of a .csv: pathfinder (default), or advi, which cmdstanpy reads", PLACE(layout_text)},
    {"generated-quantities", 0, NULL, NULL, "of a Stan model, behind the parameters", PLACE(generated)},
    {"unconstrained", 0, NULL, NULL, "the coordinates that were fitted, without log density; needs no library",
     PLACE(unconstrained)},
    OPTION_HELP,
    {0}};

const struct command sample_command = {
    .name = "sample",
    .summary = "Draw from a fit: x with log q, and the log density where the target is at hand.",
    .usage =
        "rovi sample FIT.json -n N -o draws.csv|draws.nc [--seed N] [--resample M] [--chains WHAT] [--layout NAME] "
        "[--generated-quantities | --unconstrained]",
    .options = options,
    .run = run};
