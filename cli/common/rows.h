/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tables for people share: rows that begin with a label, and points. */
#ifndef ROVI_CLI_COMMON_ROWS_H
#define ROVI_CLI_COMMON_ROWS_H

#include <stddef.h>
#include <stdio.h>

#include "rovi.h"

#define COORDINATES_SHOWN 4 /* of a point */

/* "  KL        0.00112 ± 0.00056" and the note */
void row_estimate(const char *label, rovi_estimate estimate, const char *note, FILE *stream);

/* The share of the fit's mass outside the target's support; no row where there is none. */
void row_outside(rovi_estimate outside, FILE *stream);

/* The first coordinates, in columns, and " ..." where there are more. */
void print_coordinates(const double *values, size_t d, FILE *stream);

#endif
