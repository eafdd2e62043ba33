/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Draws as Stan CSV in Pathfinder's layout: comment lines, then lp_approx__,lp__,x.1,...,x.d, one draw a row.
 * lp_approx__ is log q; lp__ is the target's log density, nan where there is no target. A target that has names, or a
 * constrained scale, has the columns that rovi_target_constrain gives instead of x.
 */
#ifndef ROVI_IO_DRAWS_CSV_H
#define ROVI_IO_DRAWS_CSV_H

#include "io/fit_file.h"

struct draws_csv {
    const struct fit_file *fit;
    const rovi_target *target; /* NULL: not at hand */
    uint64_t seed, count;
    unsigned include; /* ROVI_TRANSFORMED | ROVI_GENERATED */
};

rovi_status draws_csv_write(const struct draws_csv *draws, FILE *stream, const char *name, rovi_error *error);

#endif
