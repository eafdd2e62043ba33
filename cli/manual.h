/* SPDX-License-Identifier: BSD-3-Clause */
/* Manual pages in troff, from the tables that --help is made from. */
#ifndef ROVI_CLI_MANUAL_H
#define ROVI_CLI_MANUAL_H

#include "cli/common/cli.h"

void manual_print(const struct command *command);
void manual_print_overview(size_t count, const struct command *const *commands);

#endif
