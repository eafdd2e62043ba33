/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ROVI_EVIDENCE_WEIGHTS_H
#define ROVI_EVIDENCE_WEIGHTS_H

#include "rovi.h"

/* ROVI_BAD_INPUT when one of n log weights is NaN or +infinity; -infinity, a weight of 0, is allowed. */
rovi_status weights_check(size_t n, const double *log_weight, rovi_error *error);

#endif
