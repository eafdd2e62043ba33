/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Figures of the experiments: a title with a line of explanation, panels with a heading each, and labels in the colour
 * of what they name instead of legends. The script is the body alone; the kind of file is put before it when it is
 * drawn.
 */
#ifndef ROVI_CLI_REPRODUCE_FIGURE_H
#define ROVI_CLI_REPRODUCE_FIGURE_H

#include "cli/picture/canvas.h"
#include "cli/reproduce/study.h"

/* Okabe and Ito: told apart with any colour vision. */
#define MFVI_COLOUR     "#D55E00"
#define ROVI_COLOUR     "#0072B2"
#define WHITENED_COLOUR "#009E73"
#define SAMPLER_COLOUR  "#CC79A7"
#define FOURTH_COLOUR   "#E69F00"
#define MIXTURE_COLOUR  "#56B4E9"
#define QUIET_COLOUR    "#999999"

#define FIGURE_LEFT 70 /* pixels: of the title, and where the first panel's axis usually stands */
#define FIGURE_HEAD 92 /* below it panels begin */

void figure_begin(struct study *study, double width, double height, const char *title,
                  const char *explanation); /* of one line or two */
void figure_end(struct study *study);

/* Open a panel with a heading above it; a plot command is to follow, and figure_close. */
void figure_open(struct study *study, struct frame frame, const char *heading, const char *x_label,
                 const char *y_label);
void figure_close(struct study *study);

/* A label at (x, y) in the coordinates of the next panel: for text beside a curve. */
void figure_label(struct study *study, double x, double y, const char *colour, const char *text);
/* The same at pixels. */
void figure_note(struct study *study, double x, double y, const char *colour, const char *text);

/* The name of a row of panels, turned, its middle at pixels; and a small label above one of many panels. */
void figure_row_name(struct study *study, double x, double y, const char *colour, const char *text);
void figure_small_note(struct study *study, double x, double y, const char *text);

/* Lines across the next panel, at x or at y. */
void figure_vertical(struct study *study, double x, const char *colour);
void figure_horizontal(struct study *study, double y, const char *colour);

/* A data block $name; rows are printed in between to the canvas's stream. */
void figure_data(struct study *study, const char *name);
void figure_data_end(struct study *study);

/* "SVG and PNG" of the finished study into DIR/NAME.* by gnuplot, written to `stream`. */
rovi_status figure_draw(const struct study *study, enum plot_format format, FILE *stream, rovi_error *error);

/* The whole script, as a user would run it. */
void figure_script(const struct study *study, enum plot_format format, const char *output, FILE *stream);

#endif
