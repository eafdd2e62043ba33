/* SPDX-License-Identifier: BSD-3-Clause */
/* What a user's model prints goes to the log, but not without end. */
#ifndef ROVI_CLI_COMMON_MODEL_LOG_H
#define ROVI_CLI_COMMON_MODEL_LOG_H

#include <stddef.h>

void model_log(const char *text, size_t size); /* a rovi_log */

#endif
