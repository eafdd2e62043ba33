/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Draws as NetCDF-4 in the layout of ArviZ's InferenceData: the groups posterior, sample_stats and, when draws are
 * shown on another scale, unconstrained_posterior; in each the dimensions chain and draw, and a variable for each
 * array.
 */
#ifndef ROVI_IO_DRAWS_NETCDF_H
#define ROVI_IO_DRAWS_NETCDF_H

#include "io/draws.h"
#include "io/output.h"

/* Whether netCDF is there; else the sentence says what to install. */
rovi_status draws_netcdf_available(rovi_error *error);

struct draws_netcdf;

/* Writes onto the temporary file of `output`, which stays open and has to be plain (output_is_plain). Ended by
 * draws_netcdf_close, whatever happened in between; on failure there is nothing to close. */
rovi_status draws_netcdf_open(const struct output *output, const struct draws_head *head, struct draws_netcdf **netcdf,
                              rovi_error *error);
rovi_status draws_netcdf_put(void *netcdf, const struct draws_block *block, rovi_error *error); /* a draws_sink */
/* Fails when not everything reached the file; complete: whether all draws were put. */
rovi_status draws_netcdf_close(struct draws_netcdf *netcdf, bool complete, rovi_error *error);

/* All of it: opened, filled and closed. */
rovi_status draws_netcdf_write(const struct output *output, const struct draws_head *head, draws_source each,
                               const void *source, rovi_error *error);

#endif
