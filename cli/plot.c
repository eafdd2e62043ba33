/* SPDX-License-Identifier: BSD-3-Clause */
/* rovi plot: a picture of one fit, or of several side by side. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/common/cli.h"
#include "cli/common/interrupt.h"
#include "cli/picture/gnuplot.h"
#include "cli/picture/plot_script.h"
#include "io/output.h"
#include "io/report.h"

struct request {
    const char *fits[COLUMNS_MOST], *output, *script, *kind_text;
    size_t fit_count;
    enum plot_kind kind;
    enum plot_format format;
};

/* ---- the command line ---- */

static rovi_status apply(const struct arguments *arguments, void *context, rovi_error *error)
{
    struct request *request = context;
    if (request->fit_count == COLUMNS_MOST)
        return report(error, ROVI_BAD_INPUT, "found more than %d fits, allowed: 1 to %d", COLUMNS_MOST, COLUMNS_MOST);
    request->fits[request->fit_count++] = arguments->value;
    return ROVI_OK;
}

static rovi_status read_kind(struct request *request, rovi_error *error)
{
    static const char *const kinds[] = {[PLOT_FIT] = "fit",
                                        [PLOT_MARGINALS] = "marginals",
                                        [PLOT_PAIRS] = "pairs",
                                        [PLOT_TRACE] = "trace",
                                        [PLOT_RESTARTS] = "restarts"};
    if (!request->kind_text)
        return ROVI_OK;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        request->kind = (enum plot_kind)i;
        if (strcmp(kinds[i], request->kind_text) == 0)
            return ROVI_OK;
    }
    return report(error, ROVI_BAD_INPUT, "--kind: found \"%.60s\", allowed: fit, marginals, pairs, trace, restarts",
                  request->kind_text);
}

static rovi_status read_suffix(struct request *request, rovi_error *error)
{
    static const char *const suffixes[] = {[PLOT_SVG] = ".svg", [PLOT_PNG] = ".png", [PLOT_PDF] = ".pdf"};
    size_t length = strlen(request->output);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        request->format = (enum plot_format)i;
        if (length > 4 && strcmp(request->output + length - 4, suffixes[i]) == 0)
            return ROVI_OK;
    }
    return report(error, ROVI_BAD_INPUT, "-o: found \"%.200s\", allowed: a name ending in .svg, .png or .pdf",
                  request->output);
}

/* A script of another ending might replace a fit, or the picture. */
static rovi_status check_script(const struct request *request, rovi_error *error)
{
    size_t length = request->script ? strlen(request->script) : 0;
    if (!request->script || (length > 3 && strcmp(request->script + length - 3, ".gp") == 0))
        return ROVI_OK;
    return report(error, ROVI_BAD_INPUT, "--script: found \"%.200s\", allowed: a name ending in .gp", request->script);
}

static rovi_status check_request(void *context, rovi_error *error)
{
    struct request *request = context;
    if (request->fit_count == 0)
        return report(error, ROVI_BAD_INPUT, "found no fit, allowed: a file that `rovi fit` wrote");
    if (!request->output)
        return report(error, ROVI_BAD_INPUT, "-o: found nothing, allowed: a name ending in .svg, .png or .pdf");
    rovi_status status = read_kind(request, error);
    if (!status)
        status = read_suffix(request, error);
    return status ? status : check_script(request, error);
}

/* ---- the run ---- */

static rovi_status keep_script(const struct request *request, const struct picture *picture, const char *path,
                               rovi_error *error)
{
    struct output output;
    rovi_status status = output_open(&output, path, error);
    if (status)
        return status;
    plot_script_write(picture, request->kind, request->format, request->output, output.stream);
    return output_commit(&output, error);
}

static rovi_status render(const struct request *request, FILE *script, rovi_error *error)
{
    struct output output;
    rovi_status status = output_open(&output, request->output, error);
    if (status)
        return status;
    status = gnuplot_run(script, output.stream, error);
    return output_finish(&output, status, error);
}

static rovi_status draw_picture(const struct request *request, const struct picture *picture, rovi_error *error)
{
    FILE *script = tmpfile();
    if (!script)
        return report(error, ROVI_IO_FAILED, "a temporary file cannot be made: %s", strerror(errno));
    plot_script_write(picture, request->kind, request->format, NULL, script);
    rovi_status status = ROVI_OK;
    if (fflush(script) != 0 || ferror(script) || fseek(script, 0, SEEK_SET) != 0)
        status = report(error, ROVI_IO_FAILED, "a temporary file cannot be written: %s", strerror(errno));
    if (!status)
        status = render(request, script, error);
    fclose(script);
    return status;
}

/* The script is left beside where the picture would be: picture.png gives picture.gp. */
static rovi_status leave_script(const struct request *request, const struct picture *picture, rovi_error *error)
{
    struct pool pool = {0};
    const char *path = request->script;
    if (!path)
        path = pool_format(&pool, "%.*s.gp", (int)(strlen(request->output) - 4), request->output);
    rovi_status status = path ? keep_script(request, picture, path, error) : report_no_memory(error);
    if (!status)
        status = report(error, ROVI_IO_FAILED,
                        "gnuplot is not installed (Debian, Ubuntu: apt-get install gnuplot-nox); the script is in "
                        "%.200s: `gnuplot %.200s` draws %.200s",
                        path, path, request->output);
    pool_free(&pool);
    return status;
}

static enum picture_depth depth_of(enum plot_kind kind)
{
    if (kind == PLOT_TRACE || kind == PLOT_RESTARTS)
        return PICTURE_FITS;
    return kind == PLOT_PAIRS ? PICTURE_PAIRS : PICTURE_DRAWS;
}

static rovi_status plot(const struct request *request, rovi_error *error)
{
    struct picture picture;
    rovi_status status = picture_open(&picture, request->fit_count, request->fits, depth_of(request->kind), error);
    if (!status && !gnuplot_installed())
        status = leave_script(request, &picture, error);
    else if (!status && request->script)
        status = keep_script(request, &picture, request->script, error);
    if (!status)
        status = draw_picture(request, &picture, error);
    picture_clear(&picture);
    return status;
}

static int run(const struct command *self, int argc, char **argv)
{
    rovi_error error = {0};
    struct request request = {0};
    int code;
    if (!command_read(self, argc, argv, (struct reader){apply, check_request}, &request, &code))
        return code;
    interrupt_catch(NULL);
    return plot(&request, &error) ? say_error(self, &error) : EXIT_DONE;
}

static const struct option options[] = {
    {"output", 'o', "FILE", NULL, "the picture; its suffix says which kind of file: .svg, .png or .pdf", PLACE(output)},
    {"kind", 0, "KIND", NULL, "fit (draws, marginals and trace, the default), marginals, pairs, trace or restarts",
     PLACE(kind_text)},
    {"script", 0, "FILE.gp", NULL, "keep the gnuplot script, to be edited and run again", PLACE(script)},
    OPTION_HELP,
    {0}};

const struct command plot_command = {
    .name = "plot",
    .summary = "Draw fits side by side: draws over the target's contours, marginals, and the way there.",
    .usage = "rovi plot FIT.json [MORE.json ...] -o FILE.svg|png|pdf [--kind KIND] [--script FILE.gp]",
    .options = options,
    .run = run};
