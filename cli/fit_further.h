/* SPDX-License-Identifier: BSD-3-Clause */
/* A fit whose own search shows that it lacks modes goes on with them. */
#ifndef ROVI_CLI_FIT_FURTHER_H
#define ROVI_CLI_FIT_FURTHER_H

#include <stdbool.h>

#include "rovi.h"

/* Whether a fit misses regions that it may go on with: where the settings leave the family and the costs to it.
 * diagnosis: of the fit, or NULL. */
bool fit_further_may(const rovi_settings *settings, const rovi_diagnosis_parts *diagnosis);

/* A mixture of the fit and these, fitted: *further is the fit with what that made as further restarts, or NULL where
 * its ELBO is no greater. */
rovi_status fit_further(const rovi_target *target, const rovi_settings *settings, const rovi_fit *fit,
                        const rovi_diagnosis_parts *diagnosis, rovi_monitor monitor, void *monitor_data,
                        rovi_fit **further, rovi_error *error);

/* Whether it is greater by more than noise. */
bool fit_further_is_clear(const rovi_fit *fit, const rovi_fit *further);

/* How many of the regions that the fit missed are not missed by the one that went on. */
size_t fit_further_taken_in(const rovi_diagnosis_parts *before, const rovi_diagnosis_parts *after);

#endif
