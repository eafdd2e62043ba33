/* SPDX-License-Identifier: BSD-3-Clause */
/* The page of `rovi report`. */
#ifndef ROVI_CLI_REPORT_PAGE_H
#define ROVI_CLI_REPORT_PAGE_H

#include <stdio.h>

#include "cli/picture.h"
#include "cli/plot_script.h"
#include "cli/verdict.h"

#define FIGURES_MOST 4
#define MODES_SHOWN  16

struct report_figure {
    enum plot_kind kind;
    char *svg;
    size_t size;
};

struct report_page {
    const struct picture *picture; /* of one fit */
    const struct verdict *verdict;
    const rovi_modes *modes;
    size_t figure_count; /* 0 where there is no gnuplot */
    struct report_figure figure[FIGURES_MOST];
};

/* ROVI_NO_MEMORY is the only failure: what the stream does not take, its owner finds. */
rovi_status report_page_write(const struct report_page *page, FILE *stream, rovi_error *error);

#endif
