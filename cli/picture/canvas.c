/* SPDX-License-Identifier: BSD-3-Clause */
/* What all pictures are drawn with. A PNG has twice the pixels. */
#include "cli/picture/canvas.h"

#include <ctype.h>
#include <math.h>

/* ---- the look ---- */

void canvas_terminal(const struct canvas *canvas, enum plot_format format, const char *output, FILE *stream)
{
    static const char font[] = "Helvetica,12";
    double w = canvas->width, h = canvas->height;
    if (format == PLOT_PNG)
        fprintf(stream, "set terminal pngcairo size %.0f,%.0f font '%s' fontscale 2 linewidth 2 pointscale 2\n", 2 * w,
                2 * h, font);
    else if (format == PLOT_SVG)
        fprintf(stream, "set terminal svg size %.0f,%.0f font '%s' fontscale 1.25 linewidth 0.9 background '#ffffff'\n",
                w, h, font);
    else /* 96 pixels to the inch, and points of 1/72 inch */
        fprintf(stream, "set terminal pdfcairo size %.3fin,%.3fin font '%s' fontscale 0.75 linewidth 0.8\n", w / 96,
                h / 96, font);
    if (!output)
        return;
    fputs("set output ", stream);
    canvas_quote(output, stream);
    fputc('\n', stream);
}

void canvas_style(FILE *stream)
{
    fputs("set encoding utf8\nset border 3 lw 0.8 lc rgb '#888888'\n"
          "set xlabel offset 0,0.3 tc rgb '" LABEL_COLOUR "'\n"
          "set ylabel tc rgb '" LABEL_COLOUR "'\nset style fill solid noborder\nset samples 2\n",
          stream);
}

/* In single quotes gnuplot expands nothing; a backquote is replaced all the same. */
void canvas_quote(const char *text, FILE *stream)
{
    fputc('\'', stream);
    for (; *text; text++) {
        if (*text == '\'')
            fputs("''", stream);
        else
            fputc(iscntrl((unsigned char)*text) || *text == '`' ? '?' : *text, stream);
    }
    fputc('\'', stream);
}

void canvas_begin_label(const struct canvas *canvas, double x, double y)
{
    fprintf(canvas->stream, "set label at screen %.5f,%.5f ", x / canvas->width, 1 - y / canvas->height);
}

void canvas_open_panel(const struct canvas *canvas, struct frame frame, const char *x_label, const char *y_label)
{
    FILE *stream = canvas->stream;
    double bottom = canvas->height - frame.top - frame.height;
    fprintf(stream, "\nset lmargin at screen %.5f\nset rmargin at screen %.5f\n", frame.left / canvas->width,
            (frame.left + frame.width) / canvas->width);
    fprintf(stream, "set bmargin at screen %.5f\nset tmargin at screen %.5f\n", bottom / canvas->height,
            (bottom + frame.height) / canvas->height);
    fprintf(stream, "set xlabel '%s'\nset ylabel '%s'\n", x_label, y_label);
    fputs("unset logscale\nunset key\nset format '%g'\n", stream);
    for (const char *axis = "xy"; *axis; axis++)
        fprintf(stream, "set %ctics autofreq nomirror out scale 0.6 font ',10' tc rgb '" LABEL_COLOUR "'\n", *axis);
}

void canvas_close_panel(FILE *stream)
{
    fputs("\nset border 3\nunset label\nunset arrow\n", stream);
}

/* ---- tics ---- */

double canvas_tic_step(double span, double most)
{
    double unit = pow(10, floor(log10(span / most)));
    for (int i = 0; i < 3; i++) {
        double step = unit * (i == 0 ? 1 : i == 1 ? 2 : 5);
        if (span / step <= most)
            return step;
    }
    return 10 * unit;
}

/* Tics of a logarithmic axis: decades, with 2 and 5 named where the axis is short; a tic of level 1 has no name. */
/* 5000, 10k, 2M: names of neighbouring tics are not to touch. */
static const char *tic_name(double at, char text[16])
{
    const bool millions = at >= 1e6, thousands = at >= 1e4;
    snprintf(text, 16, "%g%s", at / (millions ? 1e6 : thousands ? 1e3 : 1), millions ? "M" : thousands ? "k" : "");
    return text;
}

void canvas_log_tics(char axis, double lo, double hi, FILE *stream)
{
    bool few = hi / lo < 300;
    const char *comma = "";
    char name[16];
    fprintf(stream, "set %ctics (", axis);
    for (int decade = (int)floor(log10(lo)); pow(10, decade) <= hi; decade++)
        for (int digit = 1; digit <= 9; digit++) {
            double at = digit * pow(10, decade);
            bool named = digit == 1 || (few && (digit == 2 || digit == 5));
            if (at < lo || at > hi)
                continue;
            if (named)
                fprintf(stream, "%s'%s' %.3g", comma, tic_name(at, name), at);
            else
                fprintf(stream, "%s'' %.3g 1", comma, at);
            comma = ", ";
        }
    fputs(")\n", stream);
}

/* ---- data ---- */

void canvas_curve(const char *name, size_t index, size_t coordinate, const struct curve *curve, FILE *stream)
{
    fprintf(stream, "$%s%zu_%zu << EOD\n", name, index, coordinate);
    for (size_t i = 0; i < curve->count; i++)
        fprintf(stream, "%.6g %.5g\n", curve->lo + (double)i * curve->step, curve->value[i]);
    fputs("EOD\n", stream);
}

/* Every second point of the grid is enough for contours. */
static void print_landscape(const struct landscape *land, size_t index, FILE *stream)
{
    fprintf(stream, "$landscape%zu << EOD\n", index);
    for (size_t j = 0; j < land->side; j += 2) {
        for (size_t i = 0; i < land->side; i += 2)
            fprintf(stream, i ? " %.5g" : "%.5g", land->log_p[j * land->side + i]);
        fputc('\n', stream);
    }
    fputs("EOD\n", stream);
}

static void print_contours(const struct landscape *land, size_t index, FILE *stream)
{
    fprintf(stream, "set table $contours%zu\nset contour base\nunset surface\nset cntrparam levels discrete", index);
    for (size_t i = 0; i < CONTOUR_LEVELS; i++)
        fprintf(stream, "%s %.6g", i ? "," : "", land->level[i]);
    fprintf(stream, "\nsplot $landscape%zu matrix using (%.8g+%.8g*$1):(%.8g+%.8g*$2):3 with lines\n", index,
            land->lo[0], 2 * land->step[0], land->lo[1], 2 * land->step[1]);
    fputs("unset table\nunset contour\nset surface\n", stream);
}

void canvas_landscape(const struct landscape *land, size_t index, FILE *stream)
{
    print_landscape(land, index, stream);
    print_contours(land, index, stream);
}
