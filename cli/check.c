/* SPDX-License-Identifier: BSD-3-Clause */
/* rovi check: a second look at a fit that was saved. */
#include <stdio.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/common/diagnosis.h"
#include "cli/common/interrupt.h"
#include "cli/common/progress.h"
#include "cli/common/saved_target.h"
#include "io/fit_file.h"
#include "io/report.h"

#define THEORY_COMPONENTS 4    /* at most, beyond which there are too many pairs */
#define THEORY_DIMENSIONS 20   /* at most: above two, theory costs fits */
#define SHARE_DRAWS       4000 /* that tell what the fit holds of each component */
#define THREADS_MOST      1024

struct request {
    const char *fit, *seed, *threads, *evaluations;
    bool json, no_probe;
    rovi_diagnosis_options options;
};

static rovi_status apply(const struct arguments *arguments, void *context, rovi_error *error)
{
    struct request *request = context;
    return take_only("fit", arguments->value, &request->fit, error);
}

static rovi_status check_request(void *context, rovi_error *error)
{
    struct request *request = context;
    uint64_t threads = 0;
    if (!request->fit)
        return report(error, ROVI_BAD_INPUT, "found no fit, allowed: a file that `rovi fit` wrote");
    request->options = (rovi_diagnosis_options){.seed = 1, .no_probe = request->no_probe};
    rovi_status status = ROVI_OK;
    if (request->seed)
        status =
            parse_count("--seed", request->seed, (struct count_range){0, COUNT_MOST}, &request->options.seed, error);
    if (!status && request->threads)
        status = parse_count("--threads", request->threads, (struct count_range){0, THREADS_MOST}, &threads, error);
    if (!status && request->evaluations)
        status = parse_count("--max-evaluations", request->evaluations, (struct count_range){0, COUNT_MOST},
                             &request->options.max_evaluations, error);
    request->options.threads = (int)threads;
    return status;
}

/* ---- the theory of a mixture ---- */

static rovi_status count_shares(const rovi_target *target, const rovi_fit *fit, uint64_t seed, struct pool *pool,
                                double **share, rovi_error *error)
{
    size_t d = rovi_target_dim(target), count = rovi_target_components(target);
    double *x = pool_take(pool, SHARE_DRAWS, d * sizeof *x);
    size_t *component = pool_take(pool, SHARE_DRAWS, sizeof *component);
    *share = pool_take(pool, count, sizeof **share);
    if (!x || !component || !*share)
        return report_no_memory(error);
    rovi_status status = rovi_approximation_draw(rovi_fit_approximation(fit), seed, 0, SHARE_DRAWS, x, NULL, error);
    if (!status)
        status = rovi_target_classify(target, SHARE_DRAWS, x, component, error);
    for (size_t k = 0; k < count; k++)
        (*share)[k] = 0;
    for (size_t i = 0; !status && i < SHARE_DRAWS; i++)
        (*share)[component[i]] += 1.0 / SHARE_DRAWS;
    return status;
}

/* *theory stays NULL where there is none: no mixture, not of Gaussians, or too large. */
static void ask_theory(const rovi_target *target, const rovi_diagnosis_options *options, rovi_separation **theory)
{
    size_t count = rovi_target_components(target), d = rovi_target_dim(target);
    char threads[16], seed[32];
    rovi_settings *settings = rovi_settings_new();
    *theory = NULL;
    snprintf(threads, sizeof threads, "%d", options->threads);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)options->seed);
    if (settings && count >= 2 && count <= THEORY_COMPONENTS && d >= 2 && d <= THEORY_DIMENSIONS &&
        !rovi_settings_set(settings, "threads", threads, NULL) && !rovi_settings_set(settings, "seed", seed, NULL))
        (void)rovi_separation_run(target, settings, theory, NULL);
    rovi_settings_free(settings);
}

/* ---- the run ---- */

static rovi_status open_target(const struct command *self, const struct fit_file *fit, rovi_target **target,
                               rovi_error *error)
{
    rovi_status status = saved_target_open(self, fit, target, error);
    if (!status && !*target)
        status = report(error, ROVI_BAD_INPUT,
                        "the fit keeps no target that can be asked, so that neither its evidence nor its modes can be "
                        "checked; allowed: the fit of a description, a built-in name or a .so library");
    return status;
}

static rovi_status show(const struct request *request, const struct fit_file *file, const rovi_target *target,
                        const rovi_diagnosis_parts *parts, rovi_error *error)
{
    struct pool pool = {0};
    rovi_separation *theory;
    double *share = NULL;
    rovi_status status = ROVI_OK;
    ask_theory(target, &request->options, &theory);
    if (theory)
        status = count_shares(target, file->fit, request->options.seed, &pool, &share, error);
    const struct checked checked = {.file = request->fit,
                                    .context = &file->context,
                                    .fit = file->fit,
                                    .diagnosis = parts,
                                    .theory = theory,
                                    .share = share};
    if (!status)
        status = (request->json ? check_print_json : check_print_table)(&checked, stdout, error);
    rovi_separation_free(theory);
    pool_free(&pool);
    return status;
}

static int exit_code_of(const rovi_diagnosis_parts *parts)
{
    return parts->stop == ROVI_STOP_INTERRUPTED        ? EXIT_INTERRUPTED
           : parts->verdict == ROVI_COLLAPSE_SUSPECTED ? EXIT_COLLAPSED
                                                       : EXIT_DONE;
}

static int check(const struct command *self, const struct request *request)
{
    rovi_error error = {0};
    struct fit_file fit;
    rovi_target *target = NULL;
    rovi_diagnosis *diagnosis = NULL;
    int code = EXIT_DONE;
    if (fit_file_open(request->fit, &fit, &error))
        return say_error(self, &error);
    rovi_status status = report_in_file(&error, open_target(self, &fit, &target, &error), request->fit);
    if (!status) {
        struct pace pace = pace_begin(!isatty(STDERR_FILENO));
        status = rovi_diagnosis_run(target, fit.fit, &request->options, search_monitor, &pace, &diagnosis, &error);
        pace_end(&pace);
        report_in_file(&error, status, request->fit);
    }
    if (!status) {
        code = exit_code_of(rovi_diagnosis_parts_of(diagnosis));
        status = show(request, &fit, target, rovi_diagnosis_parts_of(diagnosis), &error);
    }
    rovi_diagnosis_free(diagnosis);
    rovi_target_free(target);
    fit_file_clear(&fit);
    return status ? say_error(self, &error) : code;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct request request = {0};
    int code;
    if (!command_read(self, argc, argv, (struct reader){apply, check_request}, &request, &code))
        return code;
    interrupt_catch("rovi check");
    return check(self, &request);
}

static const struct option options[] = {
    {"json", 0, NULL, NULL, "print one JSON object", PLACE(json)},
    {"no-probe", 0, NULL, NULL, "measure the fit, but search for no modes beyond it", PLACE(no_probe)},
    {"max-evaluations", 0, "N", NULL, "of the target (default 0: as many as the fit used)", PLACE(evaluations)},
    {"threads", 0, "N", NULL, "0: one per processor (default); the result does not depend on it", PLACE(threads)},
    {"seed", 0, "N", NULL, "of the draws and starts, which are no fit's (default 1)", PLACE(seed)},
    OPTION_HELP,
    {0}};

const struct command check_command = {
    .name = "check",
    .summary = "Diagnose a fit: evidence, modes and what they weigh, modes that it has lost, restarts that disagree.",
    .usage = "rovi check FIT.json [--json] [--no-probe] [--max-evaluations N] [--threads N] [--seed N]",
    .options = options,
    .run = run,
    .outcomes = ENDS_COLLAPSED};
