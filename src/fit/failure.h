/* SPDX-License-Identifier: BSD-3-Clause */
/* Why there is no fit. */
#ifndef ROVI_FIT_FAILURE_H
#define ROVI_FIT_FAILURE_H

#include "fit/job.h"

/* Of a job that no restart of has an approximation, or whose target failed fatally: the status and its sentence, with
 * what the target gave instead, what to do about it, and what it said itself. */
rovi_status failure_explain(struct fit_job *job, rovi_error *error);

#endif
