/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a fit can begin: there is memory for it, and what it goes on from is of its problem. */
#ifndef ROVI_FIT_ADMIT_H
#define ROVI_FIT_ADMIT_H

#include "base/settings.h"
#include "target/target.h"

/* rovi_fit_check_start for the input's start, and more of its kind. */
rovi_status admit(const rovi_target *target, const rovi_settings *settings, const rovi_fit_input *input,
                  rovi_error *error);

#endif
