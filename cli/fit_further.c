/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/fit_further.h"

#include <math.h>
#include <string.h>

#include "cli/common/options.h"
#include "cli/fit_start.h"
#include "io/memory.h"
#include "io/report.h"

#define CLEAR 3   /* standard errors */
#define NEAR  2.0 /* standard deviations */

/* Who sets a limit wants no more than that. */
static bool is_unlimited(const rovi_settings *settings)
{
    return setting_is(settings, "max_time", "inf") && setting_is(settings, "max_evaluations", "0");
}

bool fit_further_may(const rovi_settings *settings, const rovi_diagnosis_parts *diagnosis)
{
    return diagnosis && setting_is(settings, "method", "auto") && setting_is(settings, "solver", "coordinate") &&
           is_unlimited(settings) && rovi_diagnosis_missed(diagnosis).value > 0;
}

static rovi_evaluations sum_of(rovi_evaluations a, rovi_evaluations b)
{
    return (rovi_evaluations){a.density + b.density, a.gradient + b.gradient, a.rejected + b.rejected};
}

/* The restarts of the fit, and those that went on from it, of which one wins. */
static rovi_status join(const rovi_fit_parts *before, const rovi_fit_parts *after, rovi_fit **joined, rovi_error *error)
{
    const size_t first = before->restart_count;
    struct pool pool = {0};
    rovi_restart *restarts = pool_take(&pool, first + after->restart_count, sizeof *restarts);
    if (!restarts)
        return report_no_memory(error);
    memcpy(restarts, before->restarts, first * sizeof *restarts);
    memcpy(restarts + first, after->restarts, after->restart_count * sizeof *restarts);
    rovi_fit_parts parts = *after;
    parts.winner = first + after->winner;
    parts.restart_count = first + after->restart_count;
    parts.restarts = restarts;
    parts.evaluations = sum_of(before->evaluations, after->evaluations);
    parts.wall_s += before->wall_s;
    parts.target_s += before->target_s;
    const rovi_status status = rovi_fit_new(&parts, joined, error);
    pool_free(&pool);
    return status;
}

bool fit_further_is_clear(const rovi_fit *fit, const rovi_fit *further)
{
    const rovi_estimate old = rovi_fit_parts_of(fit)->elbo, new = rovi_fit_parts_of(further)->elbo;
    return new.value > old.value + CLEAR *hypot(old.mcse, new.mcse);
}

/* By their means, in the greater of the sds of each coordinate, in the root of the mean square. */
static bool is_same(size_t d, const rovi_region *a, const rovi_region *b)
{
    double sum = 0;
    for (size_t j = 0; j < d; j++) {
        const double sd = fmax(a->sd[j], b->sd[j]);
        sum += sd > 0 ? pow((a->mean[j] - b->mean[j]) / sd, 2) : 0;
    }
    return sum < NEAR * NEAR * (double)d;
}

size_t fit_further_taken_in(const rovi_diagnosis_parts *before, const rovi_diagnosis_parts *after)
{
    size_t taken = 0;
    for (size_t k = 0; k < before->region_count; k++) {
        bool missed = false;
        for (size_t i = 0; i < after->region_count; i++)
            missed |= after->regions[i].missed && is_same(before->dim, before->regions + k, after->regions + i);
        taken += before->regions[k].missed && !missed;
    }
    return taken;
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
