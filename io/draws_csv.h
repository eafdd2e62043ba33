/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Draws as Stan CSV. Pathfinder's layout: comment lines, the header lp_approx__,lp__,<names>, one draw a row, which
 * every reader of CSV takes that can skip comments. ADVI's: the header lp__,log_p__,log_g__,<names>, the mean of q as
 * the first row, then the draws; cmdstanpy reads it.
 */
#ifndef ROVI_IO_DRAWS_CSV_H
#define ROVI_IO_DRAWS_CSV_H

#include <stdio.h>

#include "io/draws.h"

enum draws_layout { DRAWS_PATHFINDER, DRAWS_ADVI };

struct draws_csv {
    enum draws_layout layout;
    FILE *stream;
    const char *name; /* for messages */
    size_t columns;
};

/* Writes what stands before the draws; `csv` has its first three members. */
void draws_csv_begin(struct draws_csv *csv, const struct draws_head *head);
rovi_status draws_csv_put(void *csv, const struct draws_block *block, rovi_error *error); /* a draws_sink */

#endif
