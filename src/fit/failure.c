/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/failure.h"

#include <stdio.h>

#include "base/status.h"

/* What a target without any finite value gave instead, what to do about it, and what it said itself. */
static rovi_status explain_nothing(struct fit_job *job, rovi_error *error)
{
    const unsigned long long points = atomic_load(&job->total.rejected), undefined = atomic_load(&job->total.undefined);
    char which[192] = "its log density is -infinity there, so that its support is not where the starts are: see "
                      "start_spread and start_slope, or give it a start";
    rovi_failures said;
    rovi_target_failures(job->problem.target, &said);
    if (undefined > 0) {
        snprintf(which, sizeof which,
                 "it is NaN or +infinity, or its gradient is, at %llu of them, and -infinity at %llu: evaluate it at "
                 "one point, and look for what is not a number",
                 undefined, points - undefined);
    }
    return error_set(error, ROVI_TARGET_FAILED,
                     "the target has no finite value at any of the %llu points tried, from %zu starts: %s%s%.200s",
                     points, job->count, which,
                     said.density_message[0] == '\0' ? "" : "; it said: ", said.density_message);
}

rovi_status failure_explain(struct fit_job *job, rovi_error *error)
{
    const rovi_evaluations e = meter_evaluations(&job->total);
    if (atomic_load(&job->total.failed)) {
        return error_set(error, ROVI_TARGET_FAILED, "the target failed for good within %llu evaluations",
                         (unsigned long long)e.density);
    }
    if (e.rejected == e.density) {
        return explain_nothing(job, error);
    }
    return error_set(error, ROVI_NUMERICS_FAILED, "no restart ended with a finite ELBO: %s",
                     job->problem.settings->solver == SOLVER_GRADIENT
                         ? "the steps are too large for this target (try a smaller step_map and step_rotation)"
                         : "no start led to a place around which half of the draws lie inside the support (try more "
                           "restarts, or another start_spread)");
}
