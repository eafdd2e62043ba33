/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/fit_further.h"

#include <string.h>

#include "cli/common/options.h"
#include "cli/fit_start.h"
#include "io/memory.h"
#include "io/report.h"

/* Who sets a limit wants no more than that. */
static bool is_unlimited(const rovi_settings *settings)
{
    return setting_is(settings, "max_time", "inf") && setting_is(settings, "max_evaluations", "0");
}

size_t fit_further_regions(const rovi_settings *settings, const rovi_diagnosis_parts *diagnosis)
{
    size_t missed = 0;
    if (!diagnosis || !setting_is(settings, "method", "auto") || !setting_is(settings, "solver", "coordinate") ||
        !is_unlimited(settings))
        return 0;
    for (size_t k = 0; k < diagnosis->region_count; k++)
        missed += diagnosis->regions[k].missed != 0;
    return missed;
}

static rovi_evaluations sum_of(rovi_evaluations a, rovi_evaluations b)
{
    return (rovi_evaluations){a.density + b.density, a.gradient + b.gradient, a.rejected + b.rejected};
}

/* The restarts of the fit, and the winner of the one that went on as the last of them. */
static rovi_status join(const rovi_fit_parts *before, const rovi_fit_parts *after, rovi_fit **joined, rovi_error *error)
{
    struct pool pool = {0};
    rovi_restart *restarts = pool_take(&pool, before->restart_count + 1, sizeof *restarts);
    if (!restarts)
        return report_no_memory(error);
    memcpy(restarts, before->restarts, before->restart_count * sizeof *restarts);
    restarts[before->restart_count] = after->restarts[after->winner];
    rovi_fit_parts parts = *after;
    parts.winner = before->restart_count;
    parts.restart_count = before->restart_count + 1;
    parts.restarts = restarts;
    parts.evaluations = sum_of(before->evaluations, after->evaluations);
    parts.wall_s += before->wall_s;
    parts.target_s += before->target_s;
    const rovi_status status = rovi_fit_new(&parts, joined, error);
    pool_free(&pool);
    return status;
}

rovi_status fit_further(const rovi_target *target, const rovi_settings *settings, const rovi_fit *fit,
                        const rovi_diagnosis_parts *diagnosis, rovi_monitor monitor, void *monitor_data,
                        rovi_fit **further, rovi_error *error)
{
    const struct fit_start_of from = {fit, diagnosis};
    rovi_approximation *start = NULL;
    rovi_fit *after = NULL;
    *further = NULL;
    rovi_status status = fit_start_make(&from, settings, &start, error);
    if (!status && start)
        status = rovi_fit_continue(target, settings, start, monitor, monitor_data, &after, error);
    if (!status && after && rovi_fit_parts_of(after)->elbo.value > rovi_fit_parts_of(fit)->elbo.value)
        status = join(rovi_fit_parts_of(fit), rovi_fit_parts_of(after), further, error);
    rovi_fit_free(after);
    rovi_approximation_free(start);
    return status;
}
