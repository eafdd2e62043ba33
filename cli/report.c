/* SPDX-License-Identifier: BSD-3-Clause */
/* rovi report: a page about one fit. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/cli.h"
#include "cli/common/interrupt.h"
#include "cli/common/saved_target.h"
#include "cli/picture/gnuplot.h"
#include "cli/report/page.h"
#include "io/output.h"
#include "io/report.h"

struct request {
    const char *fit, *output;
};

/* ---- the command line ---- */

static rovi_status apply(const struct arguments *arguments, void *context, rovi_error *error)
{
    struct request *request = context;
    return take_only("fit", arguments->value, &request->fit, error);
}

static rovi_status check_request(void *context, rovi_error *error)
{
    struct request *request = context;
    if (!request->fit)
        return report(error, ROVI_BAD_INPUT, "found no fit, allowed: a file that `rovi fit` wrote");
    if (!request->output)
        request->output = "report.html";
    rovi_status status = output_spare(request->output, 1, &request->fit, error);
    return status ? status : output_check(request->output, error);
}

/* ---- pictures, in memory ---- */

static rovi_status draw_into(struct report_figure *figure, FILE *script, rovi_error *error)
{
    if (fflush(script) != 0 || ferror(script) || fseek(script, 0, SEEK_SET) != 0)
        return report(error, ROVI_IO_FAILED, "a temporary file cannot be written: %s", strerror(errno));
    FILE *memory = open_memstream(&figure->svg, &figure->size);
    if (!memory)
        return report_no_memory(error);
    rovi_status status = gnuplot_run(script, memory, error);
    if (fclose(memory) != 0 && !status)
        status = report_no_memory(error);
    return status;
}

static rovi_status draw_figure(const struct picture *picture, struct report_figure *figure, rovi_error *error)
{
    FILE *script = tmpfile();
    if (!script)
        return report(error, ROVI_IO_FAILED, "a temporary file cannot be made: %s", strerror(errno));
    plot_script_bare(picture, figure->kind, script);
    rovi_status status = draw_into(figure, script, error);
    fclose(script);
    return status;
}

static rovi_status draw_figures(struct report_page *page, rovi_error *error)
{
    static const enum plot_kind kinds[FIGURES_MOST] = {PLOT_PAIRS, PLOT_MARGINALS, PLOT_TRACE, PLOT_RESTARTS};
    rovi_status status = ROVI_OK;
    for (size_t i = 0; i < FIGURES_MOST && !status; i++) {
        page->figure[page->figure_count].kind = kinds[i];
        status = draw_figure(page->picture, page->figure + page->figure_count++, error);
    }
    return status;
}

/* ---- the run ---- */

static rovi_status write_page(const struct report_page *page, const char *path, rovi_error *error)
{
    struct output output;
    rovi_status status = output_open(&output, path, error);
    if (status)
        return status;
    status = report_page_write(page, output.stream, error);
    return output_finish(&output, status, error);
}

/* Without gnuplot the page is written all the same, and the command fails saying so. */
static rovi_status make_page(struct report_page *page, const char *path, rovi_error *error)
{
    bool pictures = gnuplot_installed();
    rovi_status status = pictures ? draw_figures(page, error) : ROVI_OK;
    if (!status)
        status = write_page(page, path, error);
    if (!status && !pictures)
        status = report(
            error, ROVI_IO_FAILED,
            "gnuplot is not installed (Debian, Ubuntu: apt-get install gnuplot-nox); %.200s has no pictures", path);
    for (size_t i = 0; i < page->figure_count; i++)
        free(page->figure[i].svg);
    return status;
}

/* The parameters of a library, as long as it is where it was. */
static rovi_status summarise(const struct command *self, const struct fit_file *file, rovi_target **target,
                             struct summary *summary, rovi_error *why)
{
    CHECK(saved_target_open(self, file, target, why));
    const struct summary_request wanted = {.fit = file->fit,
                                           .diagnosis = file->context.diagnosis,
                                           .target = *target,
                                           .seed = file->context.seed,
                                           .most = PARAMETERS_SHOWN};
    return summary_make(&wanted, summary, why);
}

static rovi_status report_on(const struct command *self, const struct request *request, struct picture *picture,
                             rovi_error *error)
{
    rovi_modes *modes = NULL;
    struct verdict verdict;
    rovi_status status = picture_open(picture, 1, &request->fit, PICTURE_PAIRS, error);
    if (status)
        return status;
    const struct fit_file *file = &picture->column[0].file;
    status = saved_target_spare(file, request->output, error);
    if (!status)
        status = rovi_approximation_modes(rovi_fit_approximation(file->fit), MODES_SHOWN, &modes, error);
    struct report_page page = {.picture = picture, .verdict = &verdict, .modes = modes};
    rovi_target *library = NULL;
    struct summary summary = {0};
    rovi_error why = {0};
    if (!status && file->context.is_library && !summarise(self, file, &library, &summary, &why))
        page.summary = &summary;
    page.no_summary = why.status ? why.message : NULL;
    struct k_hat k_hat = {0};
    if (!status && file->context.diagnosis) {
        k_hat = summary_k_hat(page.summary, file->context.diagnosis);
        page.k_hat = &k_hat;
    }
    if (!status)
        status = verdict_make(file, request->fit, page.k_hat, &picture->pool, &verdict, error);
    if (!status)
        status = make_page(&page, request->output, error);
    rovi_modes_free(modes);
    summary_clear(&summary);
    rovi_target_free(library);
    return status;
}

static int run(const struct command *self, int argc, char **argv)
{
    rovi_error error = {0};
    struct request request = {0};
    struct picture picture = {0};
    int code;
    if (!command_read(self, argc, argv, (struct reader){apply, check_request}, &request, &code))
        return code;
    interrupt_catch(NULL);
    rovi_status status = report_on(self, &request, &picture, &error);
    picture_clear(&picture);
    return status ? say_error(self, &error) : EXIT_DONE;
}

static const struct option options[] = {
    {"output", 'o', "FILE.html", NULL, "the page, - for stdout (default report.html)", PLACE(output)},
    OPTION_HELP,
    {0}};

const struct command report_command = {
    .name = "report",
    .summary = "Write a page about a fit: the verdict, modes, pictures, settings. One file, nothing loaded.",
    .usage = "rovi report FIT.json [-o FILE.html]",
    .options = options,
    .run = run};
