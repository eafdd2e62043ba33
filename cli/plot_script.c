/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The layout of a picture, in pixels: a head with the target's name and the legend, then one column per fit with a
 * title and its panels. A PNG has twice the pixels.
 */
#include "cli/plot_script.h"

#include <math.h>
#include <string.h>

#include "cli/plot_panels.h"

enum { /* pixels */
       LEFT = 104,
       RIGHT = 28,
       TOP = 20,
       BOTTOM = 62,
       COLUMN = 400,
       BETWEEN_COLUMNS = 62,
       BETWEEN_PANELS = 26,
       HEAD = 62,
       TITLE = 56,
       AXIS = 62, /* tics and label below a panel */
       CONTOURS = COLUMN,
       MARGINAL = 120,
       LONE_MARGINAL = 280,
       TRACE = 170
};

/* ---- what goes where ---- */

static bool shows_contours(const struct scene *scene, enum plot_kind kind)
{
    return kind == PLOT_FIT && scene->d == 2;
}

static size_t marginal_rows(const struct scene *scene, enum plot_kind kind)
{
    return kind == PLOT_TRACE ? 0 : (scene->shown + 1) / 2;
}

static double marginal_height(const struct scene *scene)
{
    return scene->d == 1 ? LONE_MARGINAL : MARGINAL;
}

static double column_height(const struct scene *scene, enum plot_kind kind)
{
    double height = TITLE;
    if (shows_contours(scene, kind))
        height += CONTOURS + AXIS;
    height += (double)marginal_rows(scene, kind) * (marginal_height(scene) + AXIS);
    return kind == PLOT_MARGINALS ? height : height + TRACE + AXIS;
}

static struct canvas measure(const struct picture *picture, enum plot_kind kind, FILE *stream)
{
    double tallest = 0, columns = (double)picture->column_count;
    for (size_t c = 0; c < picture->column_count; c++)
        tallest = fmax(tallest, column_height(picture->column[c].scene, kind));
    return (struct canvas){.width = LEFT + columns * COLUMN + (columns - 1) * BETWEEN_COLUMNS + RIGHT,
                           .height = TOP + HEAD + tallest,
                           .stream = stream};
}

static size_t scene_index(const struct picture *picture, const struct column *column)
{
    return (size_t)(column->scene - picture->scene);
}

/* ---- words ---- */

static int decimals(double mcse)
{
    int digits = mcse > 0 && isfinite(mcse) ? (int)(1 - floor(log10(mcse))) : 3;
    return digits < 0 ? 0 : digits > 6 ? 6 : digits;
}

static void print_evidence(const rovi_fit_parts *parts, FILE *stream)
{
    bool kl = !isnan(parts->kl.value);
    rovi_estimate estimate = kl ? parts->kl : parts->elbo;
    fprintf(stream, "%s %.*f", kl ? "KL" : "ELBO", decimals(estimate.mcse), estimate.value);
    if (isfinite(estimate.mcse))
        fprintf(stream, " ± %.*f", decimals(estimate.mcse), estimate.mcse);
    fprintf(stream, ", %s",
            parts->stop == ROVI_STOP_CONVERGED     ? "converged"
            : parts->stop == ROVI_STOP_INTERRUPTED ? "interrupted"
                                                   : "not converged");
}

static void print_weights(const struct column *column, FILE *stream)
{
    rovi_modes *modes = NULL;
    if (rovi_approximation_modes(rovi_fit_approximation(column->file.fit), 3, &modes, NULL))
        return;
    fprintf(stream, modes->total == 1 ? ", %.6g mode" : ", %.6g modes", modes->total);
    if (modes->total > 3)
        fprintf(stream, ", the heaviest %.2g", modes->mode[0].weight);
    for (size_t i = 0; i < modes->listed && modes->total > 1 && modes->total <= 3; i++)
        fprintf(stream, "%s %.2f", i ? "," : ":", modes->mode[i].weight);
    rovi_modes_free(modes);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Whose column this is: the file, after the target's name where the columns differ in it. */
static void print_origin(const struct column *column, bool with_target, FILE *stream)
{
    char text[128];
    const char *target = column->file.context.target;
    snprintf(text, sizeof text, "%.50s%s%.50s", with_target && target ? base_name(target) : "",
             with_target && target ? ", " : "", base_name(column->path));
    canvas_quote(text, stream);
}

static void print_title(const struct canvas *canvas, const struct column *column, double x, bool with_target)
{
    FILE *stream = canvas->stream;
    canvas_begin_label(canvas, x, TOP + HEAD + 6);
    fprintf(stream, "'{/:Bold %s%s}' left font ',15' tc rgb '%s'\n", panel_method(column), panel_preset(column),
            panel_colour(column));
    canvas_begin_label(canvas, x + COLUMN, TOP + HEAD + 6);
    print_origin(column, with_target, stream);
    fputs(" right font ',10' tc rgb '#777777' noenhanced\n", stream);
    canvas_begin_label(canvas, x, TOP + HEAD + 28);
    fputc('\'', stream);
    print_evidence(rovi_fit_parts_of(column->file.fit), stream);
    print_weights(column, stream);
    fputs("' left font ',11' tc rgb '" LABEL_COLOUR "'\n", stream);
}

static bool any_landscape(const struct picture *picture)
{
    for (size_t i = 0; i < picture->scene_count; i++)
        if (picture->scene[i].has_landscape)
            return true;
    return false;
}

/* The legend stands in the head, where it covers nothing. */
static void print_legend(const struct canvas *canvas, const struct picture *picture, enum plot_kind kind)
{
    FILE *stream = canvas->stream;
    bool target = kind != PLOT_TRACE && any_landscape(picture);
    bool contours = target && shows_contours(picture->column[0].scene, kind);
    double y = TOP + 34, x = LEFT;
    if (target) {
        fprintf(stream,
                "set arrow from screen %.5f,%.5f to screen %.5f,%.5f nohead lw 1.6 lc rgb '" TARGET_COLOUR "'\n",
                x / canvas->width, 1 - y / canvas->height, (x + 24) / canvas->width, 1 - y / canvas->height);
        canvas_begin_label(canvas, x + 30, y);
        fprintf(stream, "'target%s' left font ',11' tc rgb '" LABEL_COLOUR "'\n",
                contours ? ", with the smallest regions that hold 50, 80, 95 and 99 % of it" : "");
    } else {
        canvas_begin_label(canvas, x, y);
        fprintf(stream, "'%s' left font ',11' tc rgb '" LABEL_COLOUR "'\n",
                kind == PLOT_TRACE ? "the way of every restart" : "marginals of the draws");
    }
}

static void print_head(const struct canvas *canvas, const struct picture *picture, enum plot_kind kind)
{
    FILE *stream = canvas->stream;
    const char *name = picture->scene[0].context->target;
    canvas_begin_label(canvas, LEFT, TOP + 8);
    canvas_quote(picture->scene_count == 1 && name ? base_name(name) : "several targets", stream);
    fputs(" left font ',18' tc rgb '" TARGET_COLOUR "' noenhanced\n", stream);
    print_legend(canvas, picture, kind);
}

/* ---- the script ---- */

static void print_data(const struct picture *picture, enum plot_kind kind, const struct trace_axis *axis, FILE *stream)
{
    for (size_t i = 0; i < picture->scene_count && kind != PLOT_TRACE; i++)
        panel_scene_data(picture->scene + i, i, stream);
    for (size_t c = 0; c < picture->column_count && kind != PLOT_TRACE; c++)
        panel_column_data(picture->column + c, c, stream);
    for (size_t c = 0; c < picture->column_count && kind != PLOT_MARGINALS; c++)
        panel_trace_data(picture->column + c, c, axis, stream);
}

static void print_marginals(const struct canvas *canvas, const struct picture *picture, size_t c, double x, double y)
{
    const struct column *column = picture->column + c;
    double height = marginal_height(column->scene);
    double width = column->scene->shown == 1 ? COLUMN : (COLUMN - BETWEEN_PANELS) / 2.0;
    for (size_t j = 0; j < column->scene->shown; j++) {
        struct frame frame = {x + (double)(j % 2) * (width + BETWEEN_PANELS), y, width, height};
        panel_marginal(canvas, frame, column, c, scene_index(picture, column), j);
        y += j % 2 == 1 || j + 1 == column->scene->shown ? height + AXIS : 0;
    }
}

static void print_column(const struct canvas *canvas, const struct picture *picture, size_t c, enum plot_kind kind,
                         const struct trace_axis *axis)
{
    const struct column *column = picture->column + c;
    double x = LEFT + (double)c * (COLUMN + BETWEEN_COLUMNS), y = TOP + HEAD + TITLE;
    print_title(canvas, column, x, picture->scene_count > 1);
    if (shows_contours(column->scene, kind)) {
        panel_contours(canvas, (struct frame){x, y, COLUMN, CONTOURS}, column, c, scene_index(picture, column));
        y += CONTOURS + AXIS;
    }
    if (kind != PLOT_TRACE)
        print_marginals(canvas, picture, c, x, y);
    y = canvas->height - AXIS - TRACE; /* in one line, whatever stands above */
    if (kind != PLOT_MARGINALS)
        panel_trace(canvas, (struct frame){x, y, COLUMN, TRACE}, column, c, axis, c == 0);
}

void plot_script_write(const struct picture *picture, enum plot_kind kind, enum plot_format format, const char *output,
                       FILE *stream)
{
    struct canvas canvas = measure(picture, kind, stream);
    struct trace_axis axis = panel_trace_axis(picture);
    fprintf(stream, "# Written by rovi %s. Run it with: gnuplot FILE\n", rovi_version());
    canvas_terminal(&canvas, format, output, stream);
    canvas_style(stream);
    print_data(picture, kind, &axis, stream);
    fputs("set multiplot\n", stream);
    print_head(&canvas, picture, kind);
    for (size_t c = 0; c < picture->column_count; c++)
        print_column(&canvas, picture, c, kind, &axis);
    fputs("unset multiplot\n", stream);
}
