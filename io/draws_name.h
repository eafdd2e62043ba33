/* SPDX-License-Identifier: BSD-3-Clause */
/* What the name of a file of draws says about its format. */
#ifndef ROVI_IO_DRAWS_NAME_H
#define ROVI_IO_DRAWS_NAME_H

#include <stdbool.h>

#include "rovi.h"

/* A name ending in .nc is NetCDF, which has to be there and needs a plain file; CSV is what a name ending in .csv gets,
 * and what has no name to tell: stdout and devices. NULL: no name was given. */
rovi_status draws_name_check(const char *path, bool *netcdf, rovi_error *error);

#endif
