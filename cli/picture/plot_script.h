/* SPDX-License-Identifier: BSD-3-Clause */
/* A picture as a gnuplot script with its data inside: one column per fit, panels from top to bottom. */
#ifndef ROVI_CLI_PICTURE_PLOT_SCRIPT_H
#define ROVI_CLI_PICTURE_PLOT_SCRIPT_H

#include <stdio.h>

#include "cli/picture/canvas.h"
#include "cli/picture/picture.h"

enum plot_kind { PLOT_FIT, PLOT_MARGINALS, PLOT_PAIRS, PLOT_TRACE, PLOT_RESTARTS };

/* `output` is the picture's name for `set output`; NULL: the picture goes to gnuplot's stdout. */
void plot_script_write(const struct picture *picture, enum plot_kind kind, enum plot_format format, const char *output,
                       FILE *stream);

/* The panels alone as SVG to stdout, without head and titles: for a page that has its own. */
void plot_script_bare(const struct picture *picture, enum plot_kind kind, FILE *stream);

#endif
