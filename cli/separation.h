/* SPDX-License-Identifier: BSD-3-Clause */
/* The result of `rovi separation` on stdout: a table for people, or one JSON object. */
#ifndef ROVI_CLI_SEPARATION_H
#define ROVI_CLI_SEPARATION_H

#include <stdio.h>

#include "rovi.h"

rovi_status separation_print_json(const char *target, const rovi_separation *separation, FILE *stream,
                                  rovi_error *error);
rovi_status separation_print_table(const char *target, const rovi_separation *separation, FILE *stream,
                                   rovi_error *error);

#endif
