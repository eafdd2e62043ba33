/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether what a caller hands over makes an approximation: ROVI_BAD_INPUT, and what is wrong with it. */
#ifndef ROVI_FAMILY_APPROXIMATION_CHECK_H
#define ROVI_FAMILY_APPROXIMATION_CHECK_H

#include "family/approximation.h"

/* Of rovi_approximation_new. */
rovi_status approximation_check(const rovi_approximation_parts *parts, rovi_error *error);

/* Of rovi_approximation_new_mixture. */
rovi_status approximation_check_mixture(size_t count, const double *weights,
                                        const rovi_approximation *const *components, rovi_error *error);

#endif
