/* SPDX-License-Identifier: BSD-3-Clause */
/* The target that a saved fit is of, to be asked again. */
#ifndef ROVI_CLI_COMMON_SAVED_TARGET_H
#define ROVI_CLI_COMMON_SAVED_TARGET_H

#include "cli/common/cli.h"
#include "io/fit_file.h"

/* From the description in the fit file, or the library where it was. *target is NULL where the fit keeps none. A file
 * that has changed since the fit is said on stderr, with what follows from it; a crash of a library is caught. */
rovi_status saved_target_open(const struct command *self, const struct fit_file *fit, rovi_target **target,
                              rovi_error *error);

/* ROVI_BAD_INPUT when the output would replace the target's file, or its data. */
rovi_status saved_target_spare(const struct fit_file *fit, const char *output, rovi_error *error);

#endif
