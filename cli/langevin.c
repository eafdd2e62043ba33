/* SPDX-License-Identifier: BSD-3-Clause */
/* rovi langevin: reference draws by Langevin Monte Carlo, as Stan CSV or NetCDF. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/common/cli.h"
#include "cli/common/crash.h"
#include "cli/common/interrupt.h"
#include "cli/common/model_log.h"
#include "cli/common/progress.h"
#include "cli/langevin_result.h"
#include "io/draws_csv.h"
#include "io/draws_name.h"
#include "io/draws_netcdf.h"
#include "io/output.h"
#include "io/points_csv.h"
#include "io/report.h"
#include "io/target_file.h"

struct request {
    const char *target, *data, *output, *count, *start, *start_file, *centers;
    bool netcdf, json, quiet;
    char *command_line;
    double began; /* seconds_now() */
    rovi_langevin_settings *settings;
    struct pool pool;
};

/* ---- the command line ---- */

static bool is_csv(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".csv") == 0;
}

/* The words of the setting, or a file. */
static rovi_status check_start(struct request *request, rovi_error *error)
{
    if (!request->start)
        return ROVI_OK;
    request->start_file = is_csv(request->start) ? request->start : NULL;
    if (request->start_file || rovi_langevin_settings_set(request->settings, "start", request->start, NULL) == ROVI_OK)
        return ROVI_OK;
    return report(error, ROVI_BAD_INPUT,
                  "--start: found \"%.60s\", allowed: dispersed, origin, or the name of a file ending in .csv",
                  request->start);
}

static rovi_status check_request(void *context, rovi_error *error)
{
    struct request *request = context;
    uint64_t count;
    char text[32];
    if (!request->target)
        return report(error, ROVI_BAD_INPUT,
                      "found no target, allowed: a .json description, a .so library or the name of a built-in target");
    if (!request->count)
        return report(error, ROVI_BAD_INPUT, "-n: found nothing, allowed: the number of draws, at least 1");
    rovi_status status = parse_count("-n", request->count, (struct count_range){1, COUNT_MOST}, &count, error);
    if (!status)
        status = draws_name_check(request->output, &request->netcdf, error);
    if (!status)
        status = check_start(request, error);
    if (status)
        return status;
    if (request->json && strcmp(request->output, "-") == 0)
        return report(error, ROVI_BAD_INPUT, "found -o - and --json, allowed: one of them, as both write to stdout");
    snprintf(text, sizeof text, "%" PRIu64, count);
    return rovi_langevin_settings_set(request->settings, "draws", text, error);
}

static rovi_status apply(const struct arguments *arguments, void *context, rovi_error *error)
{
    struct request *request = context;
    if (!arguments->setting)
        return take_only("target", arguments->value, &request->target, error);
    if (rovi_langevin_settings_set(request->settings, arguments->setting->name, arguments->value, NULL) == ROVI_OK)
        return ROVI_OK;
    return refuse_setting(arguments, error);
}

/* ---- the result ---- */

static rovi_status write_draws(const struct request *request, const struct draws_table *draws,
                               const struct output *output, rovi_error *error)
{
    struct pool pool = {0};
    struct draws_head head;
    struct draws_csv csv = {.stream = output->stream, .name = request->output};
    rovi_status status = draws_table_head(draws, &pool, &head, error);
    if (!status && request->netcdf)
        status = draws_netcdf_write(output, &head, draws_table_each, draws, error);
    else if (!status) {
        draws_csv_begin(&csv, &head);
        status = draws_table_each(draws, draws_csv_put, &csv, error);
    }
    pool_free(&pool);
    return status;
}

static rovi_status save(const struct request *request, const struct draws_table *draws, rovi_error *error)
{
    struct output output;
    rovi_status status = output_open(&output, request->output, error);
    if (status)
        return status;
    status = write_draws(request, draws, &output, error);
    return output_finish(&output, status, error);
}

static rovi_status show(const struct request *request, const struct langevin_context *context,
                        const rovi_langevin_parts *parts, rovi_error *error)
{
    bool taken = strcmp(request->output, "-") == 0; /* by the draws */
    if (request->json)
        return langevin_print_json(context, parts, stdout, error);
    if (taken && request->quiet)
        return ROVI_OK;
    return langevin_print_table(context, parts, taken ? stderr : stdout, error);
}

static int exit_code_of(rovi_stop stop)
{
    return stop == ROVI_STOP_MAX_ITERATIONS ? EXIT_DONE
           : stop == ROVI_STOP_INTERRUPTED  ? EXIT_INTERRUPTED
                                            : EXIT_NOT_CONVERGED;
}

static uint64_t seed_of(const rovi_langevin_settings *settings)
{
    char text[32] = "0";
    uint64_t seed = 0;
    rovi_langevin_settings_get(settings, "seed", text, sizeof text, NULL);
    parse_count("--seed", text, (struct count_range){0, COUNT_MOST}, &seed, NULL); /* it is a valid setting */
    return seed;
}

/* Draws that cannot be saved are spoken of nevertheless: the run may have taken hours. */
static int deliver(const struct command *self, const struct request *request, const rovi_langevin_parts *parts)
{
    rovi_error error = {0};
    struct langevin_context context = {.target = request->target,
                                       .saved = request->output,
                                       .by_components = !request->centers,
                                       .seed = seed_of(request->settings)};
    struct draws_table draws = {.target = request->target,
                                .method = "langevin",
                                .status = langevin_status(parts),
                                .seed = context.seed,
                                .count = parts->draw_count,
                                .dim = parts->dim,
                                .x = parts->draws,
                                .log_p = parts->log_density};
    int code = exit_code_of(parts->stop);
    if (save(request, &draws, &error)) {
        code = say_error(self, &error);
        context.saved = NULL;
    }
    context.total_s = seconds_now() - request->began;
    return show(request, &context, parts, &error) ? say_error(self, &error) : code;
}

/* ---- the run ---- */

static int monitor(const rovi_progress *now, void *data)
{
    struct pace *pace = data;
    char what[64];
    if (pace_due(pace, now->seconds)) {
        snprintf(what, sizeof what, "step %" PRIu64 " of %" PRIu64, now->iteration, now->iterations);
        pace_say(pace, (double)now->iteration / (double)now->iterations, now->seconds, what);
    }
    return interrupt_seen();
}

static rovi_status read_input(struct request *request, size_t d, rovi_langevin_input *input, rovi_error *error)
{
    double *start = NULL, *centers = NULL;
    rovi_status status = ROVI_OK;
    if (request->start_file)
        status = points_csv_read(request->start_file, d, &request->pool, &start, &input->start_count, error);
    if (!status && request->centers)
        status = points_csv_read(request->centers, d, &request->pool, &centers, &input->center_count, error);
    input->start = start;
    input->centers = centers;
    return status;
}

static int run_target(const struct command *self, const struct request *request, const rovi_target *target,
                      const rovi_langevin_input *input)
{
    rovi_error error = {0};
    rovi_langevin *run = NULL;
    struct pace pace = pace_begin(request->quiet);
    interrupt_catch("rovi langevin");
    rovi_status status = rovi_langevin_run(target, request->settings, input, monitor, &pace, &run, &error);
    pace_end(&pace);
    int code = status ? say_error(self, &error) : deliver(self, request, rovi_langevin_parts_of(run));
    rovi_langevin_free(run);
    if (!request->quiet && code != EXIT_BAD_INPUT)
        say_closing_line(request->command_line, seconds_now() - request->began);
    return status && interrupt_seen() ? EXIT_INTERRUPTED : code;
}

static int run_request(const struct command *self, struct request *request)
{
    rovi_error error = {0};
    struct target_source source;
    rovi_langevin_input input = {0};
    const char *const inputs[] = {request->data, request->start_file, request->centers};
    const struct target_request wanted = {.name = request->target,
                                          .data = request->data,
                                          .seed = seed_of(request->settings),
                                          .log = request->quiet ? NULL : model_log};
    if (target_is_library(request->target))
        crash_catch("rovi langevin", request->target);
    if (target_source_open(&wanted, &source, &error))
        return say_error(self, &error);
    rovi_status status = read_input(request, rovi_target_dim(source.target), &input, &error);
    if (!status)
        status = output_check(request->output, &error);
    if (!status)
        status = output_spare(request->output, sizeof inputs / sizeof *inputs, inputs, &error);
    int code = status ? say_error(self, &error) : run_target(self, request, source.target, &input);
    target_source_clear(&source);
    return code;
}

static int run(const struct command *self, int argc, char **argv)
{
    rovi_error error = {0};
    struct request request = {.began = seconds_now(), .settings = rovi_langevin_settings_new()};
    int code;
    request.command_line = join_command_line(&request.pool, self, argc, argv);
    if (!request.settings || !request.command_line) {
        report_no_memory(&error);
        code = say_error(self, &error);
    } else if (command_read(self, argc, argv, (struct reader){apply, check_request}, &request, &code)) {
        code = run_request(self, &request);
    }
    rovi_langevin_settings_free(request.settings);
    pool_free(&request.pool);
    return code;
}

static const struct option options[] = {
    {"draws", 'n', "N", NULL, "how many draws, at least 1", PLACE(count)},
    {"output", 'o', "FILE", NULL, "where they go: a .csv (Stan's), a .nc (NetCDF, for ArviZ), - for CSV to stdout",
     PLACE(output)},
    {"data", 0, "DATA.json", NULL, "data of a target that is a .so library", PLACE(data)},
    {"start", 0, "WHERE", NULL,
     "dispersed: normally about the origin; origin; or FILE.csv with a start a row, as often as needed (default "
     "dispersed)",
     PLACE(start)},
    {"centers", 0, "FILE.csv", NULL,
     "modes are what is nearest to these points, one a row (default: a mixture's components)", PLACE(centers)},
    {"json", 0, NULL, NULL, "print one JSON object, with mean log density and mass per mode over time", PLACE(json)},
    {"quiet", 'q', NULL, NULL, "no progress and no log on stderr", PLACE(quiet)},
    OPTION_HELP,
    {0}};

const struct command langevin_command = {
    .name = "langevin",
    .summary = "Reference draws from a target by Langevin Monte Carlo, and the mass per mode over time.",
    .usage = "rovi langevin TARGET -n N -o draws.csv|draws.nc [--data DATA.json] [--start origin|FILE.csv] "
             "[--centers FILE.csv] [--SETTING VALUE ...] [--json] [--quiet]",
    .options = options,
    .setting_at = rovi_langevin_settings_at,
    .run = run,
    .outcomes = ENDS_NOT_CONVERGED};
