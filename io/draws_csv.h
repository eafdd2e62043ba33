/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Draws as Stan CSV in Pathfinder's layout: comment lines, then lp_approx__,lp__,x.1,...,x.d, one draw a row.
 * lp_approx__ is log q; lp__ is the target's log density, nan where there is no target.
 */
#ifndef ROVI_IO_DRAWS_CSV_H
#define ROVI_IO_DRAWS_CSV_H

#include "io/fit_file.h"

struct draws_csv {
    const struct fit_file *fit;
    const rovi_target *target; /* NULL: not at hand */
    uint64_t seed, count;
};

/* Draws at hand, of a sampler that knows no log q: lp_approx__ is nan. */
struct draws_table {
    const char *target, *method, *status; /* for the comment lines */
    uint64_t seed;
    size_t count, dim;
    const double *x, *log_p; /* count x dim, count */
};

rovi_status draws_csv_write_table(const struct draws_table *draws, FILE *stream, const char *name, rovi_error *error);

/* CSV is what a name ending in .csv gets, and what has no name to tell: stdout and devices. NULL: no name was given. */
rovi_status draws_csv_check_name(const char *path, rovi_error *error);

rovi_status draws_csv_write(const struct draws_csv *draws, FILE *stream, const char *name, rovi_error *error);

#endif
