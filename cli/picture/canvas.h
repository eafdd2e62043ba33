/* SPDX-License-Identifier: BSD-3-Clause */
/* What all pictures are drawn with: a canvas in pixels, frames on it, and the look that they share, as gnuplot text. */
#ifndef ROVI_CLI_PICTURE_CANVAS_H
#define ROVI_CLI_PICTURE_CANVAS_H

#include <stdio.h>

#include "cli/picture/picture.h"

#define TARGET_COLOUR "#222222"
#define LABEL_COLOUR  "#444444"

enum plot_format { PLOT_SVG, PLOT_PNG, PLOT_PDF };

struct frame { /* in pixels of the canvas, from its top left corner */
    double left, top, width, height;
};

struct canvas {
    double width, height;
    FILE *stream;
};

/* The head of a script: what kind of file, and the look. `output` is the picture's name for `set output`; NULL: the
 * picture goes to gnuplot's stdout. */
void canvas_terminal(const struct canvas *canvas, enum plot_format format, const char *output, FILE *stream);
void canvas_style(FILE *stream);

/* Text for gnuplot, in quotes: nothing in it is special any more. */
void canvas_quote(const char *text, FILE *stream);

/* A label at pixels from the top left corner; its text and looks are to follow. */
void canvas_begin_label(const struct canvas *canvas, double x, double y);

/* What is plotted in between stands in the frame. Labels belong to the first panel that is drawn after they were set.
 */
void canvas_open_panel(const struct canvas *canvas, struct frame frame, const char *x_label, const char *y_label);
void canvas_close_panel(FILE *stream);

/* The step of at most `most` tics over the span: 1, 2 or 5 times a power of ten. */
double canvas_tic_step(double span, double most);

/* Tics of a logarithmic axis, 'x' or 'y': decades, with 2 and 5 named where the axis is short. */
void canvas_log_tics(char axis, double lo, double hi, FILE *stream);

/* Data blocks: $NAMEindex_coordinate, and $landscapeINDEX with its $contoursINDEX. */
void canvas_curve(const char *name, size_t index, size_t coordinate, const struct curve *curve, FILE *stream);
void canvas_landscape(const struct landscape *land, size_t index, FILE *stream);

#endif
