/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a fit that continues from another one begins. */
#ifndef ROVI_CLI_FIT_START_H
#define ROVI_CLI_FIT_START_H

#include "io/fit_file.h"

/* A mixture of the fit and of the modes that its diagnosis says it misses, by their masses, where the settings leave
 * room for a mixture; else NULL: the fit itself. */
rovi_status fit_start_make(const struct fit_file *file, const rovi_settings *settings, rovi_approximation **start,
                           rovi_error *error);

#endif
