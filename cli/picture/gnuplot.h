/* SPDX-License-Identifier: BSD-3-Clause */
/* Running gnuplot. */
#ifndef ROVI_CLI_PICTURE_GNUPLOT_H
#define ROVI_CLI_PICTURE_GNUPLOT_H

#include <stdbool.h>
#include <stdio.h>

#include "rovi.h"

bool gnuplot_installed(void); /* somewhere in PATH */

/* Run gnuplot on the script (a file that is open for reading, at its start) and copy its stdout into `picture`. */
rovi_status gnuplot_run(FILE *script, FILE *picture, rovi_error *error);

#endif
