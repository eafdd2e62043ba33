/* SPDX-License-Identifier: BSD-3-Clause */
/* Pieces of HTML pages. */
#ifndef ROVI_CLI_REPORT_HTML_H
#define ROVI_CLI_REPORT_HTML_H

#include <stdio.h>

/* Text, also inside of double quotes: nothing in it is markup any more. */
void html_text(const char *text, FILE *stream);

void html_sentence(const char *text, FILE *stream); /* with no line between a number and its sign of percent or error */

void html_code(const char *command, FILE *stream); /* text of a command, as such, its flags each on one line */

/* A picture that gnuplot drew as SVG, as part of a page: its names begin with `prefix` (unique in the page), it scales
 * with its place, and `label` is read to those who do not see it. */
void html_svg(const char *svg, const char *prefix, const char *label, FILE *stream);

#endif
