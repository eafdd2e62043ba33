/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Points from a CSV file, one a row: plain numbers, or a file of draws as `rovi sample` writes it. Empty lines and
 * those that begin with # are skipped; a first line that is no row of numbers names the columns, and when names begin
 * with "x." those columns are the point, otherwise all are.
 */
#ifndef ROVI_IO_POINTS_CSV_H
#define ROVI_IO_POINTS_CSV_H

#include "io/memory.h"
#include "rovi.h"

/* count points of dimension d in `pool`, at least one, all numbers finite. */
rovi_status points_csv_read(const char *path, size_t d, struct pool *pool, double **points, size_t *count,
                            rovi_error *error);

#endif
