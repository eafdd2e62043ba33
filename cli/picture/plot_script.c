/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The layout of a picture, in pixels: a head with the target's name and the legend, then one column per fit with a
 * title and its panels. A PNG has twice the pixels.
 */
#include "cli/picture/plot_script.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "cli/picture/plot_panels.h"

#define LINE_MOST 54 /* bytes of the line below a title: as wide as a column in DejaVu, a wide font */

enum { /* pixels */
       LEFT = 104,
       RIGHT = 28,
       TOP = 20,
       COLUMN = 400,
       BETWEEN_COLUMNS = 62,
       BETWEEN_PANELS = 26,
       HEAD = 62,
       TITLE = 56,
       AXIS = 62, /* tics and label below a panel */
       CONTOURS = COLUMN,
       MARGINAL = 120,
       LONE_MARGINAL = 280,
       WIDE = 620, /* a column of pairs in more than two dimensions, or of many marginals */
       ACROSS = 4, /* of these, at most */
       PAIRS_LEGEND = 24,
       TRACE = 170
};

struct sheet {
    const struct picture *picture;
    enum plot_kind kind;
    bool bare; /* neither head nor titles */
    double column_width;
    struct canvas canvas;
    struct trace_axis axis;
};

/* ---- what goes where ---- */

static bool shows_contours(const struct scene *scene, enum plot_kind kind)
{
    return kind == PLOT_FIT && scene->d == 2;
}

static bool shows_marginals(enum plot_kind kind)
{
    return kind == PLOT_FIT || kind == PLOT_MARGINALS;
}

static bool shows_trace(enum plot_kind kind)
{
    return kind == PLOT_FIT || kind == PLOT_TRACE;
}

/* Two fill a column of a picture; in one of their own they may be four. */
static size_t marginals_across(const struct scene *scene, enum plot_kind kind)
{
    if (kind != PLOT_MARGINALS || scene->shown <= 2)
        return 2;
    return scene->shown < ACROSS ? scene->shown : ACROSS;
}

static double marginal_height(const struct scene *scene)
{
    return scene->d == 1 ? LONE_MARGINAL : MARGINAL;
}

static double pairs_height(const struct scene *scene, double width)
{
    return (scene->d == 1 ? LONE_MARGINAL : width) + PAIRS_LEGEND;
}

static double column_height(const struct scene *scene, enum plot_kind kind, double width)
{
    size_t across = marginals_across(scene, kind), rows = (scene->shown + across - 1) / across;
    double height = 0;
    if (shows_contours(scene, kind))
        height += CONTOURS + AXIS;
    if (shows_marginals(kind))
        height += (double)rows * (marginal_height(scene) + AXIS);
    if (kind == PLOT_PAIRS)
        height += pairs_height(scene, width) + AXIS;
    return shows_trace(kind) || kind == PLOT_RESTARTS ? height + TRACE + AXIS : height;
}

static bool is_wide(const struct scene *scene, enum plot_kind kind)
{
    return (kind == PLOT_PAIRS && scene->d > 2) || marginals_across(scene, kind) > 2;
}

static void measure(struct sheet *sheet, FILE *stream)
{
    const struct picture *picture = sheet->picture;
    double tallest = 0, columns = (double)picture->column_count;
    sheet->column_width = COLUMN;
    for (size_t c = 0; c < picture->column_count; c++)
        if (is_wide(picture->column[c].scene, sheet->kind))
            sheet->column_width = WIDE;
    for (size_t c = 0; c < picture->column_count; c++)
        tallest = fmax(tallest, column_height(picture->column[c].scene, sheet->kind, sheet->column_width));
    sheet->canvas =
        (struct canvas){.width = LEFT + columns * sheet->column_width + (columns - 1) * BETWEEN_COLUMNS + RIGHT,
                        .height = TOP + (sheet->bare ? 0 : HEAD + TITLE) + tallest,
                        .stream = stream};
}

static size_t scene_index(const struct picture *picture, const struct column *column)
{
    return (size_t)(column->scene - picture->scene);
}

/* ---- words ---- */

struct line {
    char text[128];
    size_t length;
};

/* Goes on with the line, unless that would make it wider than a column. */
__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const size_t room = sizeof line->text - line->length;
    const int more = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    if (more > 0 && line->length + (size_t)more <= LINE_MOST)
        line->length += (size_t)more;
    else
        line->text[line->length] = '\0';
}

static void add_evidence(const rovi_fit_parts *parts, struct line *line)
{
    bool kl = !isnan(parts->kl.value);
    char text[ROVI_ESTIMATE_ROOM];
    add(line, "%s %s", kl ? "KL" : "ELBO", rovi_estimate_text(kl ? parts->kl : parts->elbo, 0, text));
    add(line, ", %s",
        parts->stop == ROVI_STOP_CONVERGED     ? "converged"
        : parts->stop == ROVI_STOP_INTERRUPTED ? "interrupted"
                                               : "not converged");
}

static void add_modes(const struct column *column, struct line *line)
{
    rovi_modes *modes = NULL;
    if (rovi_approximation_modes(rovi_fit_approximation(column->file.fit), 3, &modes, NULL))
        return;
    const rovi_mode *mode = modes->mode;
    add(line, modes->total == 1 ? ", %.6g mode" : ", %.6g modes", modes->total);
    if (modes->total > 3)
        add(line, ", the heaviest %.2g", mode[0].weight);
    else if (modes->listed == 3)
        add(line, ": %.2f, %.2f, %.2f", mode[0].weight, mode[1].weight, mode[2].weight);
    else if (modes->listed == 2)
        add(line, ": %.2f, %.2f", mode[0].weight, mode[1].weight);
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

static void print_title(const struct sheet *sheet, const struct column *column, double x)
{
    const struct canvas *canvas = &sheet->canvas;
    FILE *stream = canvas->stream;
    canvas_begin_label(canvas, x, TOP + HEAD + 6);
    fprintf(stream, "'{/:Bold %s%s}' left font ',15' tc rgb '%s'\n", panel_method(column), panel_preset(column),
            panel_colour(column));
    canvas_begin_label(canvas, x + sheet->column_width, TOP + HEAD + 6);
    print_origin(column, sheet->picture->scene_count > 1, stream);
    fputs(" right font ',10' tc rgb '#777777' noenhanced\n", stream);
    struct line line = {.length = 0};
    add_evidence(rovi_fit_parts_of(column->file.fit), &line);
    add_modes(column, &line);
    canvas_begin_label(canvas, x, TOP + HEAD + 28);
    fprintf(stream, "'%s' left font ',10' tc rgb '" LABEL_COLOUR "'\n", line.text);
}

static bool any_landscape(const struct picture *picture)
{
    for (size_t i = 0; i < picture->scene_count; i++)
        if (picture->scene[i].has_landscape)
            return true;
    return false;
}

/* What there is to see, where a line of the target does not tell it. */
static const char *describe(const struct picture *picture, enum plot_kind kind)
{
    switch (kind) {
    case PLOT_TRACE:
        return "the way of every restart";
    case PLOT_RESTARTS:
        return "green: agree with the best; open: found its modes";
    case PLOT_PAIRS:
        return picture->column[0].pairs.rotated ? "draws along the fit's own coordinates that are least normal"
                                                : "draws, a colour for each mode";
    case PLOT_FIT:
    case PLOT_MARGINALS:
        break;
    }
    return "marginals of the draws";
}

/* The legend stands in the head, where it covers nothing. */
static void print_legend(const struct canvas *canvas, const struct picture *picture, enum plot_kind kind)
{
    FILE *stream = canvas->stream;
    const struct scene *scene = picture->column[0].scene;
    bool target = (shows_marginals(kind) || kind == PLOT_PAIRS) && any_landscape(picture);
    bool contours = target && (shows_contours(scene, kind) || (kind == PLOT_PAIRS && scene->d == 2));
    double y = TOP + 34, x = LEFT;
    if (target) {
        fprintf(stream,
                "set arrow from screen %.5f,%.5f to screen %.5f,%.5f nohead lw 1.6 lc rgb '" TARGET_COLOUR "'\n",
                x / canvas->width, 1 - y / canvas->height, (x + 24) / canvas->width, 1 - y / canvas->height);
        canvas_begin_label(canvas, x + 30, y);
        fprintf(stream, "'target%s' left font ',11' tc rgb '" LABEL_COLOUR "'\n",
                contours ? ": regions of 50, 80, 95, 99 %" : "");
    } else {
        canvas_begin_label(canvas, x, y);
        canvas_quote(describe(picture, kind), stream);
        fputs(" left font ',11' tc rgb '" LABEL_COLOUR "'\n", stream);
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

static void print_data(const struct sheet *sheet, FILE *stream)
{
    const struct picture *picture = sheet->picture;
    bool draws = shows_marginals(sheet->kind);
    for (size_t i = 0; i < picture->scene_count && (draws || sheet->kind == PLOT_PAIRS); i++)
        panel_scene_data(picture->scene + i, i, stream);
    for (size_t c = 0; c < picture->column_count; c++) {
        const struct column *column = picture->column + c;
        if (draws)
            panel_column_data(column, c, stream);
        if (shows_trace(sheet->kind))
            panel_trace_data(column, c, &sheet->axis, stream);
        if (sheet->kind == PLOT_PAIRS)
            panel_pairs_data(column, c, stream);
        if (sheet->kind == PLOT_RESTARTS)
            panel_restarts_data(column, c, stream);
    }
}

static void print_marginals(const struct sheet *sheet, size_t c, double x, double y)
{
    const struct column *column = sheet->picture->column + c;
    double height = marginal_height(column->scene);
    size_t shown = column->scene->shown, across = shown == 1 ? 1 : marginals_across(column->scene, sheet->kind);
    double width = (sheet->column_width - (double)(across - 1) * BETWEEN_PANELS) / (double)across;
    for (size_t j = 0; j < shown; j++) {
        struct frame frame = {x + (double)(j % across) * (width + BETWEEN_PANELS), y, width, height};
        panel_marginal(&sheet->canvas, frame, column, c, scene_index(sheet->picture, column), j);
        y += (j + 1) % across == 0 || j + 1 == shown ? height + AXIS : 0;
    }
}

static void print_column(const struct sheet *sheet, size_t c)
{
    const struct canvas *canvas = &sheet->canvas;
    const struct column *column = sheet->picture->column + c;
    size_t scene = scene_index(sheet->picture, column);
    double width = sheet->column_width;
    double x = LEFT + (double)c * (width + BETWEEN_COLUMNS), y = sheet->bare ? TOP : TOP + HEAD + TITLE;
    if (!sheet->bare)
        print_title(sheet, column, x);
    if (sheet->kind == PLOT_PAIRS)
        panel_pairs(canvas, (struct frame){x, y, width, pairs_height(column->scene, width)}, column, c, scene);
    if (shows_contours(column->scene, sheet->kind)) {
        panel_contours(canvas, (struct frame){x, y, COLUMN, CONTOURS}, column, c, scene);
        y += CONTOURS + AXIS;
    }
    if (shows_marginals(sheet->kind))
        print_marginals(sheet, c, x, y);
    struct frame last = {x, canvas->height - AXIS - TRACE, width, TRACE}; /* in one line, whatever stands above */
    if (shows_trace(sheet->kind))
        panel_trace(canvas, last, column, c, &sheet->axis, c == 0);
    if (sheet->kind == PLOT_RESTARTS)
        panel_restarts(canvas, last, column, c, c == 0);
}

static void print_script(struct sheet *sheet, enum plot_format format, const char *output, FILE *stream)
{
    const struct picture *picture = sheet->picture;
    measure(sheet, stream);
    sheet->axis = panel_trace_axis(picture);
    fprintf(stream, "# Written by rovi %s. Run it with: gnuplot FILE\n", rovi_version());
    canvas_terminal(&sheet->canvas, format, output, stream);
    canvas_style(stream);
    print_data(sheet, stream);
    fputs("set multiplot\n", stream);
    if (!sheet->bare)
        print_head(&sheet->canvas, picture, sheet->kind);
    for (size_t c = 0; c < picture->column_count; c++)
        print_column(sheet, c);
    fputs("unset multiplot\n", stream);
}

void plot_script_write(const struct picture *picture, enum plot_kind kind, enum plot_format format, const char *output,
                       FILE *stream)
{
    struct sheet sheet = {.picture = picture, .kind = kind};
    print_script(&sheet, format, output, stream);
}

void plot_script_bare(const struct picture *picture, enum plot_kind kind, FILE *stream)
{
    struct sheet sheet = {.picture = picture, .kind = kind, .bare = true};
    print_script(&sheet, PLOT_SVG, NULL, stream);
}
