/* SPDX-License-Identifier: BSD-3-Clause */
/* Pairs: draws along two axes at a time, a colour for each mode; with three axes or more, their densities between. */
#include <math.h>

#include "cli/picture/plot_panels.h"

#define LEGEND 24 /* pixels above the panels */
#define GAP    10 /* between them */

#define MARKED_COLOUR    "#777777"
#define ALL_MODES_COLOUR "#737b84" /* of densities beside points whose colours are those of modes */

static const char *const mode_colours[PAIR_MODES] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"};

const char *panel_mode_colour(const struct pairs *pairs, size_t group)
{
    return group < pairs->mode_count ? mode_colours[group] : "#888888";
}

/* ---- data ---- */

/* Modes beyond the fit: those that are missed, and the others. */
static void print_marks(const struct pairs *pairs, size_t index, FILE *stream)
{
    fprintf(stream, "$marks%zu << EOD\n", index);
    for (int missed = 1; missed >= 0; missed--) {
        for (size_t k = 0; k < pairs->shown; k++)
            fputs("NaN ", stream);
        fputc('\n', stream);
        for (size_t m = 0; m < pairs->mark_count; m++) {
            for (size_t k = 0; k < pairs->shown && pairs->mark[m].missed == missed; k++)
                fprintf(stream, "%.5g%s", pairs->mark[m].at[k], k + 1 < pairs->shown ? " " : "\n");
        }
        fputs("\n\n", stream);
    }
    fputs("EOD\n", stream);
}

/* One block; the modes are parts of it, parted by two empty lines. A part without draws has a point that is none. */
void panel_pairs_data(const struct column *column, size_t index, FILE *stream)
{
    const struct pairs *pairs = &column->pairs;
    fprintf(stream, "$pairs%zu << EOD\n", index);
    for (size_t g = 0; g < pairs->group_count; g++) {
        bool any = false;
        for (size_t i = 0; i < pairs->count; i++) {
            if (pairs->group[i] != g)
                continue;
            for (size_t k = 0; k < pairs->shown; k++)
                fprintf(stream, "%s%.5g", k ? " " : "", pairs->value[i * pairs->shown + k]);
            fputc('\n', stream);
            any = true;
        }
        for (size_t k = 0; k < pairs->shown && !any; k++)
            fputs("NaN ", stream);
        fputs(any ? "\n\n" : "\n\n\n", stream);
    }
    fputs("EOD\n", stream);
    print_marks(pairs, index, stream);
    for (size_t k = 0; k < pairs->shown && pairs->shown != 2; k++)
        canvas_curve("axis", index, k, &pairs->axis[k].density, stream);
}

/* ---- panels ---- */

static void print_legend(const struct canvas *canvas, struct frame frame, const struct pairs *pairs)
{
    FILE *stream = canvas->stream;
    for (size_t g = 0; g < pairs->group_count && pairs->group_count > 1; g++) {
        canvas_begin_label(canvas, frame.left + 66 * (double)g, frame.top - LEGEND / 2.0);
        if (g < pairs->mode_count)
            fprintf(stream, "'{/:Bold ● }%.3f' left font ',11' tc rgb '%s'\n", pairs->weight[g],
                    panel_mode_colour(pairs, g));
        else
            fprintf(stream, "'● other modes' left font ',11' tc rgb '%s'\n", panel_mode_colour(pairs, g));
    }
    bool missed = false;
    for (size_t m = 0; m < pairs->mark_count; m++)
        missed = missed || pairs->mark[m].missed;
    if (pairs->mark_count == 0)
        return;
    canvas_begin_label(canvas, frame.left + frame.width, frame.top - LEGEND / 2.0);
    fprintf(stream, "'{/:Bold ×} %s' right font ',11' tc rgb '%s'\n", missed ? "missed by the fit" : "beyond the fit",
            missed ? MISSED_COLOUR : MARKED_COLOUR);
}

static void print_range(const struct pair_axis *axis, char which, double pixels, FILE *stream)
{
    fprintf(stream, "set %crange [%.8g:%.8g]\nset %ctics %.3g\n", which, axis->lo, axis->hi, which,
            canvas_tic_step(axis->hi - axis->lo, fmax(2, pixels / 36)));
}

/* Goes on with a plot; k = l: on the foot of a density. */
static void plot_marks(const struct pairs *pairs, size_t column_index, size_t k, size_t l, FILE *stream)
{
    char y[24];
    snprintf(y, sizeof y, k == l ? "(0)" : "%zu", l + 1);
    for (int part = 0; part < 2 && pairs->mark_count > 0; part++)
        fprintf(stream, ", \\\n  $marks%zu index %d using %zu:%s with points pt 2 ps 1 lw 2.4 lc rgb '%s'",
                column_index, part, k + 1, y, part == 0 ? MISSED_COLOUR : MARKED_COLOUR);
}

static void draw_density(const struct canvas *canvas, const struct pairs *pairs, size_t column_index, size_t k,
                         const char *colour)
{
    FILE *stream = canvas->stream;
    const struct curve *curve = &pairs->axis[k].density;
    double top = 0;
    for (size_t i = 0; i < curve->count; i++)
        top = fmax(top, curve->value[i]);
    fprintf(stream, "set border 1\nunset ytics\nset yrange [0:%.6g]\n", 1.08 * top);
    fprintf(stream, "plot $axis%zu_%zu using 1:2 with filledcurves y1=0 fc rgb '#A8%s', \\\n", column_index, k,
            colour + 1);
    fprintf(stream, "  $axis%zu_%zu using 1:2 with lines lw 1.6 lc rgb '%s'", column_index, k, colour);
    plot_marks(pairs, column_index, k, k, stream);
}

static void draw_points(const struct canvas *canvas, const struct pairs *pairs, size_t column_index, size_t k, size_t l)
{
    FILE *stream = canvas->stream;
    fputs("set border 15\nplot ", stream);
    for (size_t g = 0; g < pairs->group_count; g++)
        fprintf(stream, "%s$pairs%zu index %zu using %zu:%zu with points pt 7 ps 0.28 lc rgb '#90%s'",
                g ? ", \\\n  " : "", column_index, g, k + 1, l + 1, panel_mode_colour(pairs, g) + 1);
    plot_marks(pairs, column_index, k, l, stream);
}

/* The panel in row l and column k of the triangle, k <= l. */
static void draw_cell(const struct canvas *canvas, struct frame frame, const struct column *column, size_t column_index,
                      size_t k, size_t l)
{
    const struct pairs *pairs = &column->pairs;
    bool lowest = l + 1 == pairs->shown, left = k == 0 && l > 0;
    canvas_open_panel(canvas, frame, lowest ? pairs->axis[k].label : "", left ? pairs->axis[l].label : "");
    print_range(pairs->axis + k, 'x', frame.width, canvas->stream);
    if (k != l)
        print_range(pairs->axis + l, 'y', frame.height, canvas->stream);
    fprintf(canvas->stream, "%s%s", lowest ? "" : "set format x ''\n", left ? "" : "set format y ''\n");
    if (k == l)
        draw_density(canvas, pairs, column_index, k, ALL_MODES_COLOUR);
    else
        draw_points(canvas, pairs, column_index, k, l);
    canvas_close_panel(canvas->stream);
}

static void draw_plane(const struct canvas *canvas, struct frame frame, const struct column *column,
                       size_t column_index, size_t scene_index)
{
    const struct pairs *pairs = &column->pairs;
    FILE *stream = canvas->stream;
    canvas_open_panel(canvas, frame, pairs->axis[0].label, pairs->axis[1].label);
    print_range(pairs->axis, 'x', frame.width / 2, stream);
    print_range(pairs->axis + 1, 'y', frame.height / 2, stream);
    draw_points(canvas, pairs, column_index, 0, 1);
    if (column->scene->has_landscape)
        fprintf(stream, ", \\\n  $contours%zu using 1:2 with lines lw 1.1 lc rgb '" TARGET_COLOUR "'", scene_index);
    canvas_close_panel(stream);
}

static void draw_line(const struct canvas *canvas, struct frame frame, const struct column *column, size_t column_index,
                      size_t scene_index)
{
    canvas_open_panel(canvas, frame, column->pairs.axis[0].label, "density");
    print_range(column->pairs.axis, 'x', frame.width / 2, canvas->stream);
    draw_density(canvas, &column->pairs, column_index, 0, panel_colour(column));
    if (column->scene->has_landscape)
        fprintf(canvas->stream, ", \\\n  $target%zu_0 using 1:2 with lines lw 1.1 lc rgb '" TARGET_COLOUR "'",
                scene_index);
    canvas_close_panel(canvas->stream);
}

void panel_pairs(const struct canvas *canvas, struct frame frame, const struct column *column, size_t column_index,
                 size_t scene_index)
{
    const struct pairs *pairs = &column->pairs;
    double n = (double)pairs->shown, side = (frame.width - (n - 1) * GAP) / n;
    frame.top += LEGEND;
    frame.height -= LEGEND;
    print_legend(canvas, frame, pairs);
    if (pairs->shown == 1)
        draw_line(canvas, frame, column, column_index, scene_index);
    else if (pairs->shown == 2)
        draw_plane(canvas, frame, column, column_index, scene_index);
    for (size_t l = 0; l < pairs->shown && pairs->shown > 2; l++)
        for (size_t k = 0; k <= l; k++) {
            struct frame cell = {frame.left + (double)k * (side + GAP), frame.top + (double)l * (side + GAP), side,
                                 side};
            draw_cell(canvas, cell, column, column_index, k, l);
        }
}
