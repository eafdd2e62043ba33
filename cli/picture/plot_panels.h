/* SPDX-License-Identifier: BSD-3-Clause */
/* The panels of a picture, each a few gnuplot commands inside a frame; and the data blocks they draw. */
#ifndef ROVI_CLI_PICTURE_PLOT_PANELS_H
#define ROVI_CLI_PICTURE_PLOT_PANELS_H

#include <stdio.h>

#include "cli/picture/canvas.h"
#include "cli/picture/picture.h"

#define MISSED_COLOUR "#B3401F" /* of modes beyond the fit that it misses */

struct trace_axis {            /* what all traces of the picture share */
    bool kl;                   /* KL is shown, else by how much the ELBO is below the best */
    double best[COLUMNS_MOST]; /* log Z, or the best ELBO of all traces of the same target, by column */
    double lo, hi;             /* of a logarithmic axis */
    double first, last;        /* evaluations of a restart so far, on a logarithmic axis too */
};

const char *panel_colour(const struct column *column); /* "#rrggbb" by method, safe for the colour-blind */
const char *panel_method(const struct column *column); /* its name for people */
const char *panel_preset(const struct column *column); /* what to add to it: "" for the default */

struct trace_axis panel_trace_axis(const struct picture *picture);

/* Data blocks: of a scene, and of the column with this index. */
void panel_scene_data(const struct scene *scene, size_t index, FILE *stream);
void panel_column_data(const struct column *column, size_t index, FILE *stream);
void panel_pairs_data(const struct column *column, size_t index, FILE *stream);
void panel_restarts_data(const struct column *column, size_t index, FILE *stream);
void panel_trace_data(const struct column *column, size_t index, const struct trace_axis *axis, FILE *stream);

/* Panels. */
void panel_contours(const struct canvas *canvas, struct frame frame, const struct column *column, size_t column_index,
                    size_t scene_index);
void panel_marginal(const struct canvas *canvas, struct frame frame, const struct column *column, size_t column_index,
                    size_t scene_index, size_t coordinate);
void panel_trace(const struct canvas *canvas, struct frame frame, const struct column *column, size_t column_index,
                 const struct trace_axis *axis, bool labelled);

/* All pairs of the column's leading axes: the frame is square, but for a line with the modes' colours above it. */
void panel_pairs(const struct canvas *canvas, struct frame frame, const struct column *column, size_t column_index,
                 size_t scene_index);

/* How far each restart's ELBO is below the best, with its error. */
void panel_restarts(const struct canvas *canvas, struct frame frame, const struct column *column, size_t column_index,
                    bool labelled);

const char *panel_mode_colour(const struct pairs *pairs, size_t group); /* "#rrggbb" */

#endif
