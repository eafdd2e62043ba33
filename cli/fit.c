/* SPDX-License-Identifier: BSD-3-Clause */
/* rovi fit: read the target, fit, write the fit file, show the result. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/cli.h"
#include "cli/common/crash.h"
#include "cli/common/interrupt.h"
#include "cli/common/last_words.h"
#include "cli/common/model_log.h"
#include "cli/common/progress.h"
#include "cli/common/summary.h"
#include "cli/fit_further.h"
#include "cli/fit_restarts.h"
#include "cli/fit_result.h"
#include "cli/fit_start.h"
#include "io/builtin.h"
#include "io/fit_file.h"
#include "io/init.h"
#include "io/output.h"
#include "io/report.h"

#define FURTHER    3  /* times that a fit goes on with what its search has found, at most */
#define ROWS_SHOWN 20 /* of the summary, in the table; in JSON as many as matrices are shown up to */

struct request {
    const char *target, *output, *start, *data, *init;
    const char *json; /* NULL: a table; "full": with the matrices of any dimension */
    bool quiet, unchecked, no_probe, resume;
    char *command_line;
    double began; /* seconds_now() */
    rovi_settings *settings;
    struct pool pool;
};

/* ---- the command line ---- */

static rovi_status apply_setting(const struct arguments *arguments, struct request *request, rovi_error *error)
{
    if (rovi_settings_set(request->settings, arguments->setting->name, arguments->value, NULL) == ROVI_OK)
        return ROVI_OK;
    return refuse_setting(arguments, error);
}

static bool is_preset(const struct arguments *arguments)
{
    return arguments->setting && strcmp(arguments->setting->name, "preset") == 0;
}

/* The presets are the base that the other flags change, wherever they stand: they are read before the rest. */
static rovi_status apply_preset(const struct arguments *arguments, void *request, rovi_error *error)
{
    return is_preset(arguments) ? apply_setting(arguments, request, error) : ROVI_OK;
}

static rovi_status apply(const struct arguments *arguments, void *context, rovi_error *error)
{
    struct request *request = context;
    if (is_preset(arguments))
        return ROVI_OK;
    return arguments->setting ? apply_setting(arguments, request, error)
                              : take_only("target", arguments->value, &request->target, error);
}

static rovi_status check_request(void *context, rovi_error *error)
{
    struct request *request = context;
    if (!request->target)
        return report(error, ROVI_BAD_INPUT,
                      "found no target, allowed: a .json description, a .so library or the name of a built-in target");
    if (!request->output)
        request->output = "fit.json";
    if (request->json && strcmp(request->output, "-") == 0)
        return report(error, ROVI_BAD_INPUT, "found -o - and --json, allowed: one of them, as both write to stdout");
    if (request->resume && !output_is_plain(request->output))
        return report(error, ROVI_BAD_INPUT,
                      "found --resume and -o %.200s, allowed: an output that is a file, beside which restarts are kept",
                      request->output);
    return ROVI_OK;
}

/* What the command line is read into; of it, the presets. */
static rovi_status begin(const struct command *self, int argc, char **argv, struct request *request, rovi_error *error)
{
    struct arguments arguments = {
        .count = argc, .list = argv, .options = self->options, .setting_at = self->setting_at};
    request->began = seconds_now();
    request->settings = rovi_settings_new();
    request->command_line = join_command_line(&request->pool, self, argc, argv);
    if (!request->settings || !request->command_line)
        return report_no_memory(error);
    return arguments_each(&arguments, apply_preset, request, error);
}

/* ---- the result ---- */

static uint64_t seed_of(const rovi_settings *settings)
{
    char text[32] = "0";
    uint64_t seed = 0;
    rovi_settings_get(settings, "seed", text, sizeof text, NULL);
    parse_count("--seed", text, (struct count_range){0, COUNT_MOST}, &seed, NULL); /* it is a valid setting */
    return seed;
}

struct texts {
    char method[32], preset[32];
};

/* For auto, the family that was taken. */
static void describe_settings(const rovi_settings *settings, const rovi_fit *fit, struct texts *texts)
{
    rovi_settings_get(settings, "method", texts->method, sizeof texts->method, NULL);
    rovi_settings_get(settings, "preset", texts->preset, sizeof texts->preset, NULL);
    if (strcmp(texts->method, "auto") == 0)
        strcpy(texts->method, rovi_approximation_components(rovi_fit_approximation(fit)) > 1 ? "mixture" : "rovi");
}

static rovi_status save(const struct fit_context *context, const rovi_fit *fit, const char *path, rovi_error *error)
{
    struct output output;
    rovi_status status = output_open(&output, path, error);
    if (status)
        return status;
    status = fit_write(context, fit, output.stream, path, error);
    return output_finish(&output, status, error);
}

static bool in_full(const struct request *request)
{
    return request->json && strcmp(request->json, "full") == 0;
}

static rovi_status show(const struct request *request, const struct fit_context *context, const rovi_fit *fit,
                        const struct summary *summary, bool saved, rovi_error *error)
{
    bool taken = strcmp(request->output, "-") == 0; /* by the fit itself */
    FILE *stream = taken ? stderr : stdout;
    if (request->json)
        return fit_print_json(context, fit, summary, in_full(request), stdout, error);
    if (taken && request->quiet)
        return ROVI_OK;
    return fit_print_table(context, fit, summary, saved ? request->output : NULL, stream, error);
}

/* With the summary of a library's parameters, which are what its user knows. */
static rovi_status show_all(const struct request *request, const struct fit_context *context, const rovi_fit *fit,
                            const struct target_source *source, bool saved, rovi_error *error)
{
    struct summary summary = {0};
    size_t most = !request->json ? ROWS_SHOWN : in_full(request) ? SIZE_MAX : MATRICES_UP_TO;
    const struct summary_request wanted = {
        .fit = fit, .diagnosis = context->diagnosis, .target = source->target, .seed = context->seed, .most = most};
    rovi_status status = source->is_library ? summary_make(&wanted, &summary, error) : ROVI_OK;
    if (!status)
        status = show(request, context, fit, source->is_library ? &summary : NULL, saved, error);
    summary_clear(&summary);
    return status;
}

/* A collapse that is suspected wins over a fit that did not converge. */
static int exit_code_of(rovi_stop stop, const rovi_diagnosis_parts *diagnosis)
{
    bool collapsed = diagnosis && diagnosis->verdict == ROVI_COLLAPSE_SUSPECTED;
    if (diagnosis && diagnosis->stop == ROVI_STOP_INTERRUPTED)
        stop = ROVI_STOP_INTERRUPTED;
    switch (stop) {
    case ROVI_STOP_CONVERGED:
    case ROVI_STOP_SAME_MODES:
        return collapsed ? EXIT_COLLAPSED : EXIT_DONE;
    case ROVI_STOP_INTERRUPTED:
        return EXIT_INTERRUPTED;
    case ROVI_STOP_MAX_ITERATIONS:
    case ROVI_STOP_MAX_TIME:
    case ROVI_STOP_MAX_EVALUATIONS:
        return collapsed ? EXIT_COLLAPSED : EXIT_NOT_CONVERGED;
    case ROVI_STOP_FAILED:
        break;
    }
    return EXIT_FAILED;
}

/* A fit, and what a search beyond it has found. */
struct outcome {
    rovi_fit *fit;
    rovi_diagnosis *diagnosis; /* NULL: there is none */
    size_t taken_in;           /* modes that searches beyond earlier fits had found */
    bool in_vain;              /* it went on with more of them, and nothing came of it */
    bool failed;               /* a diagnosis was wanted */
};

static void clear(struct outcome *outcome)
{
    rovi_fit_free(outcome->fit);
    rovi_diagnosis_free(outcome->diagnosis);
    *outcome = (struct outcome){0};
}

static const rovi_diagnosis_parts *seen_in(const struct outcome *outcome)
{
    return outcome->diagnosis ? rovi_diagnosis_parts_of(outcome->diagnosis) : NULL;
}

/* Clear its JSON afterwards; texts are in `texts`. */
static struct fit_context context_of(const struct request *request, const struct target_source *source,
                                     const struct outcome *outcome, struct texts *texts)
{
    describe_settings(request->settings, outcome->fit, texts);
    return (struct fit_context){.version = rovi_version(),
                                .command = request->command_line,
                                .method = texts->method,
                                .preset = texts->preset,
                                .target = request->target,
                                .total_s = seconds_now() - request->began,
                                .settings = fit_settings_to_json(request->settings),
                                .target_description = source->description,
                                .target_path = source->path,
                                .target_fingerprint = source->fingerprint,
                                .data_path = source->data_path,
                                .data_fingerprint = source->data_fingerprint,
                                .seed = seed_of(request->settings),
                                .names = fit_names_to_json(source->target),
                                .diagnosis = seen_in(outcome),
                                .is_library = source->is_library,
                                .taken_in = outcome->taken_in,
                                .in_vain = outcome->in_vain};
}

static void clear_context(struct fit_context *context)
{
    json_decref(context->settings);
    json_decref(context->names);
}

/* A fit that cannot be saved is shown nevertheless: it may have taken hours. */
static int deliver(const struct command *self, const struct request *request, const struct target_source *source,
                   const struct outcome *outcome)
{
    rovi_error error = {0};
    struct texts texts = {0};
    int code = exit_code_of(rovi_fit_parts_of(outcome->fit)->stop, seen_in(outcome));
    struct fit_context context = context_of(request, source, outcome, &texts);
    bool saved = !save(&context, outcome->fit, request->output, &error);
    if (!saved)
        code = say_error(self, &error);
    if (show_all(request, &context, outcome->fit, source, saved, &error))
        code = say_error(self, &error);
    clear_context(&context);
    return code;
}

/* What is there before more is tried, should that end the program. What is wrong with the file is said in the end. */
static void save_for_now(const struct request *request, const struct target_source *source,
                         const struct outcome *outcome)
{
    rovi_error error = {0};
    struct texts texts = {0};
    struct fit_context context = context_of(request, source, outcome, &texts);
    if (output_is_plain(request->output))
        save(&context, outcome->fit, request->output, &error);
    clear_context(&context);
}

/* ---- the second look ---- */

static double real_of(const rovi_settings *settings, const char *name)
{
    char text[64] = "0";
    rovi_settings_get(settings, name, text, sizeof text, NULL);
    return strtod(text, NULL);
}

/* Of a time limit, what the fit has left, and a tenth at least. */
static double time_left(const struct request *request)
{
    double most = real_of(request->settings, "max_time"), left = most - (seconds_now() - request->began);
    return !isfinite(most) ? 0 : left > 0.1 * most ? left : 0.1 * most > 0 ? 0.1 * most : 1e-9;
}

/* A fit that cannot be diagnosed is delivered nevertheless, and says so. */
static void look_beyond(const struct command *self, const struct request *request, const struct target_source *source,
                        struct outcome *outcome)
{
    rovi_error error = {0};
    const rovi_diagnosis_options options = {.seed = seed_of(request->settings),
                                            .threads = (int)real_of(request->settings, "threads"),
                                            .max_time = time_left(request),
                                            .start_spread = real_of(request->settings, "start_spread")};
    struct pace pace = pace_begin(request->quiet);
    if (!request->no_probe && !interrupt_seen())
        rovi_diagnosis_run(source->target, outcome->fit, &options, search_monitor, &pace, &outcome->diagnosis, &error);
    pace_end(&pace);
    outcome->failed = error.status != ROVI_OK;
    if (outcome->failed)
        say_error(self, &error);
}

/* The fit with what its search has found; *next is empty when nothing came of it. */
static void try_further(const struct command *self, const struct request *request, const struct target_source *source,
                        const struct outcome *outcome, struct outcome *next)
{
    rovi_error error = {0};
    struct progress progress = {0};
    rovi_status status = progress_begin(&progress, request->settings, request->quiet, &error);
    if (!status)
        status = fit_further(source->target, request->settings, outcome->fit, seen_in(outcome), progress_monitor,
                             &progress, &next->fit, &error);
    progress_end(&progress);
    if (status) {
        rovi_error said = {0};
        report(&said, status, "the fit stands as it was, as going on with what its search has found failed: %.380s",
               error.message);
        say_error(self, &said);
    }
}

/* Once more, with the modes that the search has found; false when nothing comes of it. What is clearly better stays,
 * whatever ends the search beyond it. */
static bool go_on(const struct command *self, const struct request *request, const struct target_source *source,
                  struct outcome *outcome)
{
    struct outcome next = {0};
    if (!fit_further_may(request->settings, seen_in(outcome)) || interrupt_seen())
        return false;
    save_for_now(request, source, outcome);
    last_words_phase(
        "in going on with what its search has found, which --no-probe leaves out; the fit before it is written");
    try_further(self, request, source, outcome, &next);
    if (next.fit)
        look_beyond(self, request, source, &next);
    const size_t taken = next.diagnosis ? fit_further_taken_in(seen_in(outcome), seen_in(&next)) : 0;
    const bool better = next.fit && (taken > 0 || fit_further_is_clear(outcome->fit, next.fit));
    if (better) {
        next.taken_in = outcome->taken_in + taken;
        next.in_vain = next.diagnosis && taken == 0;
        clear(outcome);
        *outcome = next;
    } else {
        outcome->in_vain = !interrupt_seen();
        clear(&next);
    }
    return taken > 0;
}

/* The search beyond a fit, and the fits that go on from it. */
static int conclude(const struct command *self, const struct request *request, const struct target_source *source,
                    rovi_fit *fit)
{
    struct outcome outcome = {.fit = fit};
    last_words_phase("in the search beyond the fit, which --no-probe leaves out");
    look_beyond(self, request, source, &outcome);
    int times = 0;
    while (times < FURTHER && go_on(self, request, source, &outcome))
        times++;
    const bool cut = interrupt_seen(), failed = outcome.failed;
    const int code = deliver(self, request, source, &outcome);
    clear(&outcome);
    if (code == EXIT_DONE && failed)
        return EXIT_FAILED;
    return cut && code != EXIT_FAILED ? EXIT_INTERRUPTED : code;
}

/* ---- the run ---- */

/* The fit of --start; what is wrong with it is said with its name. */
static rovi_status open_start(const struct request *request, const rovi_target *target, struct fit_file *start,
                              rovi_error *error)
{
    if (!request->start)
        return ROVI_OK;
    CHECK(fit_file_open(request->start, start, error));
    return report_in_file(error,
                          rovi_fit_check_start(target, request->settings, rovi_fit_approximation(start->fit), error),
                          request->start);
}

/* A start that is the fit file to be replaced is read whole before anything is written. */
static rovi_status fit_from(const struct request *request, const rovi_target *target, struct fit_restarts *restarts,
                            struct progress *progress, rovi_fit **fit, rovi_error *error)
{
    struct fit_file start = {0};
    rovi_approximation *with_missed = NULL;
    rovi_status status = open_start(request, target, &start, error);
    const struct fit_start_of from = {start.fit, start.context.diagnosis};
    if (!status && start.fit)
        status = fit_start_make(&from, request->settings, &with_missed, error);
    const rovi_fit_input input = {.start = with_missed ? with_missed
                                           : start.fit ? rovi_fit_approximation(start.fit)
                                                       : NULL,
                                  .finished_count = restarts->file.count,
                                  .finished = restarts->file.restarts,
                                  .keep = fit_restarts_keep,
                                  .keep_data = restarts};
    if (!status)
        status = rovi_fit_resume(target, request->settings, &input, progress_monitor, progress, fit, error);
    rovi_approximation_free(with_missed);
    fit_file_clear(&start);
    return status;
}

static rovi_status open_restarts(const struct request *request, const struct target_source *source,
                                 struct fit_restarts *restarts, rovi_error *error)
{
    const struct partial_key key = {.dim = rovi_target_dim(source->target),
                                    .target_fingerprint = source->fingerprint,
                                    .data_fingerprint = source->data_path ? source->data_fingerprint : NULL,
                                    .start = request->start,
                                    .init = request->init,
                                    .settings = request->settings};
    return output_is_plain(request->output) ? fit_restarts_open(restarts, request->output, &key, request->resume, error)
                                            : ROVI_OK;
}

static int fit_target(const struct command *self, const struct request *request, const struct target_source *source)
{
    rovi_error error = {0};
    struct progress progress = {0};
    struct fit_restarts restarts = {.command = self, .quiet = request->quiet};
    rovi_fit *fit = NULL;
    interrupt_catch("rovi fit");
    rovi_status status = open_restarts(request, source, &restarts, &error);
    if (!status)
        status = progress_begin(&progress, request->settings, request->quiet, &error);
    last_words_phase(NULL);
    if (!status)
        status = fit_from(request, source->target, &restarts, &progress, &fit, &error);
    progress_end(&progress);
    int code = status ? say_error(self, &error) : conclude(self, request, source, fit);
    const bool ended = code == EXIT_FAILED || code == EXIT_BAD_INPUT || code == EXIT_INTERRUPTED;
    fit_restarts_close(&restarts, !ended || status == ROVI_TARGET_IMPROPER); /* of which no restart is of use */
    if (!request->quiet && code != EXIT_BAD_INPUT)
        say_closing_line(request->command_line, seconds_now() - request->began);
    return status && interrupt_seen() ? EXIT_INTERRUPTED : code;
}

/* What a user should know of a library before it is fitted. */
static void say_limits(const struct request *request, const rovi_target *target)
{
    char threads[32] = "0";
    rovi_settings_get(request->settings, "threads", threads, sizeof threads, NULL);
    if (!rovi_target_is_concurrent(target) && strcmp(threads, "1") != 0)
        fprintf(stderr,
                "rovi fit: %s is asked from one thread, as it does not say that it stands more (a Stan model does when "
                "it is built with STAN_THREADS=true)\n",
                request->target);
    if (!rovi_target_has_gradient(target))
        fprintf(stderr,
                "rovi fit: %s has no gradient: central differences take its place, %zu log densities for each, counted "
                "as one\n",
                request->target, 2 * rovi_target_dim(target));
}

/* All that can be found wrong before the fit. */
static rovi_status check_target(const struct request *request, const struct target_source *source, rovi_error *error)
{
    bool user = source->is_library && rovi_target_has_gradient(source->target);
    const char *const inputs[] = {request->target, request->data, request->init};
    rovi_status status = output_check(request->output, error);
    if (!status)
        status = output_spare(request->output, sizeof inputs / sizeof *inputs, inputs, error);
    if (!status && request->init)
        status = init_read(request->init, source->target, error);
    if (!status && user && !request->unchecked) {
        status = rovi_target_check_gradient(source->target, seed_of(request->settings), error);
        status = report_in_file(error, status, request->target);
    }
    return status;
}

static int fit_request(const struct command *self, const struct request *request)
{
    rovi_error error = {0};
    struct target_source source;
    const struct target_request wanted = {.name = request->target,
                                          .data = request->data,
                                          .seed = seed_of(request->settings),
                                          .log = request->quiet ? NULL : model_log};
    if (target_is_library(request->target)) {
        crash_catch("rovi fit", request->target);
        last_words_phase("before the fit");
    }
    if (target_source_open(&wanted, &source, &error))
        return say_error(self, &error);
    if (source.is_library && !request->quiet)
        say_limits(request, source.target);
    rovi_status status = check_target(request, &source, &error);
    int code = status ? say_error(self, &error) : fit_target(self, request, &source);
    target_source_clear(&source);
    return code;
}

static int run(const struct command *self, int argc, char **argv)
{
    rovi_error error = {0};
    struct request request = {0};
    int code;
    if (begin(self, argc, argv, &request, &error))
        code = say_error(self, &error);
    else if (command_read(self, argc, argv, (struct reader){apply, check_request}, &request, &code))
        code = fit_request(self, &request);
    rovi_settings_free(request.settings);
    pool_free(&request.pool);
    return code;
}

static void list_builtins(void)
{
    puts("\nBuilt-in targets:");
    for (size_t i = 0; builtin_at(i); i++)
        printf("  %-28s%s\n", builtin_at(i)->name, builtin_at(i)->about);
}

static const struct option options[] = {
    {"output", 'o', "FILE", NULL, "where the fit goes, - for stdout (default fit.json)", PLACE(output)},
    {"data", 0, "DATA.json", NULL, "data of a target that is a .so library", PLACE(data)},
    {"init", 0, "FILE.json", NULL, "a point to begin at (a Stan model: parameters on their constrained scale)",
     PLACE(init)},
    {"no-gradient-check", 0, NULL, NULL, "do not compare the gradient of a .so library with finite differences first",
     PLACE(unchecked)},
    {"start", 0, "FIT.json", NULL,
     "the first restart continues from this fit (in many dimensions one from each part of a mixture), and a mixture "
     "from the modes that it misses, too",
     PLACE(start)},
    {"resume", 0, NULL, NULL, "go on with the finished restarts that an earlier run left in FIT.json.partial",
     PLACE(resume)},
    {"json", 0, NULL, "full", "print one JSON object; above 100 dimensions matrices only with full", PLACE(json)},
    {"no-probe", 0, NULL, NULL, "do not search for modes that the fit has lost", PLACE(no_probe)},
    {"quiet", 'q', NULL, NULL, "no progress and no log on stderr", PLACE(quiet)},
    OPTION_HELP,
    {0}};

const struct command fit_command = {
    .name = "fit",
    .summary =
        "Fit an approximation to a target: a .json description, a .so library (Stan model, plugin) or a built-in name.",
    .usage = "rovi fit TARGET [--data DATA.json] [--init FILE.json] [-o FIT.json] [--start FIT.json] "
             "[--resume] [--SETTING VALUE ...] [--json [full]] [--no-probe] [--quiet]",
    .options = options,
    .setting_at = rovi_settings_at,
    .run = run,
    .more_help = list_builtins,
    .outcomes = ENDS_NOT_CONVERGED | ENDS_COLLAPSED};
