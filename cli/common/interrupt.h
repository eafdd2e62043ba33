/* SPDX-License-Identifier: BSD-3-Clause */
/* Ctrl-C and SIGTERM. */
#ifndef ROVI_CLI_COMMON_INTERRUPT_H
#define ROVI_CLI_COMMON_INTERRUPT_H

#include <stdbool.h>

/* From now on the first signal only sets a flag, which the speaker ("rovi fit") says at once, and the second ends the
 * program, with no temporary file left. NULL: the first one ends it already. */
void interrupt_catch(const char *speaker);

bool interrupt_seen(void);

#endif
