/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The panels of a picture. Colours are those of Okabe and Ito, which people with any colour vision tell apart: fits
 * have a colour by method, the target is nearly black.
 */
#include "cli/picture/plot_panels.h"

#include <math.h>
#include <string.h>

#define POINTS_DRAWN 4000
#define TRACES_DRAWN 60 /* restarts beyond are not drawn, but for the winner */
#define LOWEST_KL    1e-4
#define LOWEST_GAP   1e-3 /* nats below the best ELBO: the noise of a trace is not less */

static const struct {
    const char *method, *title, *colour;
} methods[] = {{"mfvi", "Mean-field VI", "#D55E00"},
               {"rovi", "Rotational VI", "#0072B2"},
               {"mixture", "Mixture of fits", "#0072B2"},
               {"", "Fit", "#009E73"}};

static size_t method_of(const struct column *column)
{
    size_t i = 0;
    const char *method = column->file.context.method ? column->file.context.method : "";
    while (methods[i].method[0] && strcmp(method, methods[i].method) != 0)
        i++;
    return i;
}

const char *panel_colour(const struct column *column)
{
    return methods[method_of(column)].colour;
}

const char *panel_method(const struct column *column)
{
    return methods[method_of(column)].title;
}

const char *panel_preset(const struct column *column)
{
    const char *preset = column->file.context.preset ? column->file.context.preset : "default";
    return strcmp(preset, "paper") == 0 ? " (paper)" : strcmp(preset, "default") == 0 ? "" : " (thorough)";
}

/* ---- data ---- */

void panel_scene_data(const struct scene *scene, size_t index, FILE *stream)
{
    if (!scene->has_landscape)
        return;
    for (size_t j = 0; j < scene->d; j++)
        canvas_curve("target", index, j, scene->landscape.marginal + j, stream);
    if (scene->d != 2)
        return;
    canvas_landscape(&scene->landscape, index, stream);
}

void panel_column_data(const struct column *column, size_t index, FILE *stream)
{
    for (size_t j = 0; j < column->scene->shown; j++)
        canvas_curve("fit", index, j, column->marginal + j, stream);
    if (column->scene->d != 2)
        return;
    fprintf(stream, "$draws%zu << EOD\n", index);
    for (size_t i = 0; i < POINTS_DRAWN && i < column->draw_count; i++)
        fprintf(stream, "%.4f %.4f\n", column->draws[2 * i], column->draws[2 * i + 1]);
    fputs("EOD\n", stream);
}

/* ---- traces ---- */

static bool is_drawn(const rovi_fit_parts *parts, size_t restart)
{
    return restart < TRACES_DRAWN || restart == parts->winner;
}

static double best_elbo(const rovi_fit_parts *parts)
{
    double best = -INFINITY;
    for (size_t r = 0; r < parts->restart_count; r++)
        for (size_t i = 0; i < parts->restarts[r].trace_length; i++)
            if (isfinite(parts->restarts[r].trace[i].elbo))
                best = fmax(best, parts->restarts[r].trace[i].elbo);
    return best;
}

/* What the values of a column are below. */
static double level_of(const struct picture *picture, size_t column, bool kl)
{
    double best = -INFINITY;
    for (size_t c = 0; c < picture->column_count; c++)
        if (picture->column[c].scene == picture->column[column].scene)
            best = fmax(best, best_elbo(rovi_fit_parts_of(picture->column[c].file.fit)));
    return kl ? rovi_fit_parts_of(picture->column[column].file.fit)->log_z : best;
}

/* One at least: the axis is logarithmic. */
static double evaluations_at(const rovi_restart *restart, size_t point)
{
    return fmax(1, (double)restart->trace[point].evaluations);
}

static void extend(struct trace_axis *axis, double level, const rovi_restart *restart)
{
    for (size_t i = 0; i < restart->trace_length; i++) {
        double value = level - restart->trace[i].elbo;
        axis->first = fmin(axis->first, evaluations_at(restart, i));
        axis->last = fmax(axis->last, evaluations_at(restart, i));
        if (!isfinite(value))
            continue;
        axis->lo = fmin(axis->lo, value);
        axis->hi = fmax(axis->hi, value);
    }
}

struct trace_axis panel_trace_axis(const struct picture *picture)
{
    struct trace_axis axis = {.kl = true, .lo = INFINITY, .hi = -INFINITY, .first = INFINITY, .last = 1};
    for (size_t c = 0; c < picture->column_count; c++)
        axis.kl = axis.kl && isfinite(rovi_fit_parts_of(picture->column[c].file.fit)->log_z);
    for (size_t c = 0; c < picture->column_count; c++) {
        const rovi_fit_parts *parts = rovi_fit_parts_of(picture->column[c].file.fit);
        axis.best[c] = level_of(picture, c, axis.kl);
        for (size_t r = 0; r < parts->restart_count; r++)
            extend(&axis, axis.best[c], parts->restarts + r);
    }
    axis.first = fmin(axis.first, axis.last / 10) / 1.2;
    axis.last *= 1.2;
    double lowest = axis.kl ? LOWEST_KL : LOWEST_GAP;
    axis.lo = fmax(isfinite(axis.lo) ? axis.lo : 1, lowest) / 1.4;
    axis.hi = fmax(isfinite(axis.hi) ? axis.hi : 1, 10 * axis.lo) * 1.4;
    return axis;
}

void panel_trace_data(const struct column *column, size_t index, const struct trace_axis *axis, FILE *stream)
{
    const rovi_fit_parts *parts = rovi_fit_parts_of(column->file.fit);
    for (size_t r = 0; r < parts->restart_count; r++) {
        if (!is_drawn(parts, r))
            continue;
        fprintf(stream, "$trace%zu_%zu << EOD\n", index, r);
        for (size_t i = 0; i < parts->restarts[r].trace_length; i++) {
            const rovi_trace_point *point = parts->restarts[r].trace + i;
            double value = axis->best[index] - point->elbo;
            if (isfinite(value)) /* noise can carry a small KL below zero: to the rim of the axis */
                fprintf(stream, "%.0f %.6g\n", evaluations_at(parts->restarts + r, i), fmax(value, axis->lo));
        }
        fputs("EOD\n", stream);
    }
}

/* ---- panels ---- */

void panel_contours(const struct canvas *canvas, struct frame frame, const struct column *column, size_t column_index,
                    size_t scene_index)
{
    const struct scene *scene = column->scene;
    FILE *stream = canvas->stream;
    canvas_open_panel(canvas, frame, "x_1", column_index == 0 ? "x_2" : "");
    fprintf(stream, "set border 15\nset xrange [%.8g:%.8g]\nset yrange [%.8g:%.8g]\n", scene->lo[0], scene->hi[0],
            scene->lo[1], scene->hi[1]);
    fprintf(stream, "plot $draws%zu using 1:2 with points pt 7 ps 0.28 lc rgb '#A0%s'", column_index,
            panel_colour(column) + 1);
    if (scene->has_landscape)
        fprintf(stream, ", \\\n  $contours%zu using 1:2 with lines lw 1.1 lc rgb '" TARGET_COLOUR "'", scene_index);
    canvas_close_panel(stream);
}

static double greatest(const struct curve *curve)
{
    double most = 0;
    for (size_t i = 0; i < curve->count; i++)
        most = fmax(most, curve->value[i]);
    return most;
}

/* Modes that the fit misses, on the foot of a density: a data block, and whether there is any. */
static bool mark_missed(const struct column *column, size_t coordinate, FILE *stream)
{
    const rovi_region *region;
    bool any = false;
    fputs("$missed << EOD\n", stream);
    for (size_t k = 0; (region = picture_region(column, k)); k++) {
        if (region->missed)
            fprintf(stream, "%.6g\n", region->mean[coordinate]);
        any = any || region->missed;
    }
    fputs("EOD\n", stream);
    return any;
}

void panel_marginal(const struct canvas *canvas, struct frame frame, const struct column *column, size_t column_index,
                    size_t scene_index, size_t coordinate)
{
    const struct scene *scene = column->scene;
    const char *colour = panel_colour(column);
    FILE *stream = canvas->stream;
    char label[AXIS_ROOM];
    picture_name(scene->context, coordinate, label);
    canvas_open_panel(canvas, frame, label, column_index == 0 && coordinate == 0 ? "density" : "");
    bool missed = mark_missed(column, coordinate, stream);
    double top = greatest(column->marginal + coordinate);
    if (scene->has_landscape)
        top = fmax(top, greatest(scene->landscape.marginal + coordinate));
    fprintf(stream, "set border 1\nunset ytics\nset xtics %.3g\nset xrange [%.8g:%.8g]\nset yrange [0:%.6g]\n",
            canvas_tic_step(scene->hi[coordinate] - scene->lo[coordinate], 6 * frame.width / 180),
            scene->lo[coordinate], scene->hi[coordinate], 1.08 * top);
    fprintf(stream, "plot $fit%zu_%zu using 1:2 with filledcurves y1=0 fc rgb '#A8%s', \\\n", column_index, coordinate,
            colour + 1);
    fprintf(stream, "  $fit%zu_%zu using 1:2 with lines lw 1.6 lc rgb '%s'", column_index, coordinate, colour);
    if (scene->has_landscape)
        fprintf(stream, ", \\\n  $target%zu_%zu using 1:2 with lines lw 1.1 lc rgb '" TARGET_COLOUR "'", scene_index,
                coordinate);
    if (missed)
        fputs(", \\\n  $missed using 1:(0) with points pt 2 ps 1 lw 2.4 lc rgb '" MISSED_COLOUR "'", stream);
    canvas_close_panel(stream);
}

/* Points large enough that a trace of one is seen; the winner's are larger, and its line is bold. */
static void print_trace(size_t column, size_t restart, const char *colour, bool wins, FILE *stream)
{
    fprintf(stream, "  $trace%zu_%zu using 1:2 with linespoints pt 7 ps %s lw %s lc rgb '%s'", column, restart,
            wins ? ".8" : ".4", wins ? "2.6" : "1.0", colour);
}

static size_t traced(const rovi_fit_parts *parts)
{
    size_t count = 0;
    for (size_t r = 0; r < parts->restart_count; r++)
        count += parts->restarts[r].trace_length > 0;
    return count;
}

void panel_trace(const struct canvas *canvas, struct frame frame, const struct column *column, size_t column_index,
                 const struct trace_axis *axis, bool labelled)
{
    const rovi_fit_parts *parts = rovi_fit_parts_of(column->file.fit);
    FILE *stream = canvas->stream;
    char faint[16];
    snprintf(faint, sizeof faint, "#A0%s", panel_colour(column) + 1);
    char label[64];
    snprintf(label, sizeof label, traced(parts) < 2 ? "evaluations" : "evaluations by %zu restarts (bold: the winner)",
             traced(parts));
    canvas_open_panel(canvas, frame, label, !labelled ? "" : axis->kl ? "KL to the target" : "nats below best");
    fprintf(stream, "set xrange [%.6g:%.6g]\nset yrange [%.8g:%.8g]\nset logscale xy\n", axis->first, axis->last,
            axis->lo, axis->hi);
    canvas_log_tics('x', axis->first, axis->last, stream);
    canvas_log_tics('y', axis->lo, axis->hi, stream);
    fputs("plot \\\n", stream);
    for (size_t r = 0; r < parts->restart_count; r++) {
        if (r == parts->winner || !is_drawn(parts, r) || parts->restarts[r].trace_length == 0)
            continue;
        print_trace(column_index, r, faint, false, stream);
        fputs(", \\\n", stream);
    }
    if (parts->restarts[parts->winner].trace_length)
        print_trace(column_index, parts->winner, panel_colour(column), true, stream);
    else
        fputs("  NaN", stream);
    canvas_close_panel(stream);
}
