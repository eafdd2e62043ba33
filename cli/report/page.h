/* SPDX-License-Identifier: BSD-3-Clause */
/* The page of `rovi report`, and the parts that it is made of. */
#ifndef ROVI_CLI_REPORT_PAGE_H
#define ROVI_CLI_REPORT_PAGE_H

#include <stdio.h>

#include "cli/common/summary.h"
#include "cli/picture/picture.h"
#include "cli/picture/plot_script.h"
#include "cli/report/verdict.h"

#define FIGURES_MOST     4
#define MODES_SHOWN      16
#define PARAMETERS_SHOWN 60

struct report_figure {
    enum plot_kind kind;
    char *svg;
    size_t size;
};

struct report_page {
    const struct picture *picture; /* of one fit */
    const struct verdict *verdict;
    const rovi_modes *modes;
    const struct summary *summary; /* of a library's parameters; NULL where there is none */
    const char *no_summary;        /* why there is none; NULL where none is wanted */
    const struct k_hat *k_hat;     /* by the most draws there are; NULL where nobody has looked */
    size_t figure_count;           /* 0 where there is no gnuplot */
    struct report_figure figure[FIGURES_MOST];
};

/* ROVI_NO_MEMORY is the only failure: what the stream does not take, its owner finds. */
rovi_status report_page_write(const struct report_page *page, FILE *stream, rovi_error *error);

/* ---- its parts ---- */

extern const char report_style[], report_print_style[]; /* CSS; the second comes after the first */

void report_modes(const struct report_page *page, FILE *stream);      /* of the fit, and beyond it */
void report_parameters(const struct report_page *page, FILE *stream); /* on the user's scale */
void report_evidence(const struct report_page *page, FILE *stream);
void report_restarts(const struct report_page *page, FILE *stream);
void report_origin(const struct report_page *page, FILE *stream); /* command, files, costs, settings */
rovi_status report_target(const struct report_page *page, FILE *stream, rovi_error *error);

/* Rows of tables with a name and a value; the second escapes, the first does not. */
void report_row(const char *name, const char *html, FILE *stream);
void report_row_text(const char *name, const char *text, FILE *stream);

const struct column *report_column(const struct report_page *page);
const struct fit_context *report_context(const struct report_page *page);
const rovi_fit_parts *report_fit(const struct report_page *page);
size_t report_dim(const struct report_page *page);

#endif
