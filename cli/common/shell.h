/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that are shown so that they can be typed again: whatever a shell would take apart is quoted. */
#ifndef ROVI_CLI_COMMON_SHELL_H
#define ROVI_CLI_COMMON_SHELL_H

#include "io/fit_file.h"
#include "io/memory.h"

/* Text as one word, in the pool; NULL when out of memory. */
char *shell_word(struct pool *pool, const char *text);

/* "rovi fit TARGET --data DATA", of what a fit was made from; likewise. */
char *shell_fit(struct pool *pool, const struct fit_context *context);

#endif
