/* SPDX-License-Identifier: BSD-3-Clause */
/* Ctrl-C and SIGTERM. */
#ifndef ROVI_CLI_INTERRUPT_H
#define ROVI_CLI_INTERRUPT_H

#include <stdbool.h>

/* From now on the first signal only sets a flag and the second ends the program at once, with no temporary file left.
 * Without `patient` the first one ends it already. */
void interrupt_catch(bool patient);

bool interrupt_seen(void);

#endif
