/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a fit that continues from another one begins. */
#ifndef ROVI_CLI_FIT_START_H
#define ROVI_CLI_FIT_START_H

#include "rovi.h"

struct fit_start_of {
    const rovi_fit *fit;
    const rovi_diagnosis_parts *diagnosis; /* of the fit; or NULL */
};

/* A mixture of the fit and of the modes that its diagnosis says it misses, by their masses, where the settings leave
 * room for a mixture; else NULL: the fit itself. */
rovi_status fit_start_make(const struct fit_start_of *from, const rovi_settings *settings, rovi_approximation **start,
                           rovi_error *error);

#endif
