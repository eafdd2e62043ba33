/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A search that comes across a narrow mode far away need not come across it again: what was found is handed on. Of a
 * missed mode the fit file has mean and standard deviations, which make a normal law without correlations; the fit that
 * continues from it sees to the rest.
 */
#include "cli/fit_start.h"

#include <math.h>

#include "cli/common/diagnosis.h"
#include "cli/common/options.h"
#include "io/report.h"

#define REST 1e-9 /* of the mass: what is left beside a region, at least */

/* Independent normals, in the form that the fit's components have. */
static rovi_status make_normal(size_t d, const double *mean, const double *sd, bool compact, rovi_approximation **q,
                               rovi_error *error)
{
    struct pool pool = {0};
    static const double knot = 0;
    double *rotation = compact ? NULL : pool_take(&pool, d, d * sizeof *rotation);
    rovi_map *maps = pool_take(&pool, d, sizeof *maps);
    rovi_status status = (rotation || compact) && maps ? ROVI_OK : report_no_memory(error);
    for (size_t j = 0; maps && j < d; j++) {
        if (rotation)
            rotation[j * d + j] = 1;
        maps[j] = (rovi_map){.knots = &knot, .alpha = sd[j] > 0 ? sd[j] : 1};
    }
    const rovi_approximation_parts parts = {.dim = d, .center = mean, .rotation = rotation, .maps = maps};
    if (!status)
        status = rovi_approximation_new(&parts, q, error);
    pool_free(&pool);
    return status;
}

struct parts {
    size_t count, borrowed; /* the first ones are the fit's own */
    double *weight;
    rovi_approximation **component;
};

static rovi_status collect(const struct fit_start_of *from, struct parts *parts, rovi_error *error)
{
    const rovi_approximation *q = rovi_fit_approximation(from->fit);
    const rovi_diagnosis_parts *diagnosis = from->diagnosis;
    double whole = 1; /* the fit's own, and of each region its odds to that */
    const bool compact = fit_is_compact(from->fit);
    rovi_status status = ROVI_OK;
    for (; parts->count < rovi_approximation_components(q); parts->count++) {
        const rovi_approximation *own = rovi_approximation_component(q, parts->count, parts->weight + parts->count);
        parts->component[parts->count] = (rovi_approximation *)own; /* not to be changed, as of a mixture's parts */
    }
    parts->borrowed = parts->count;
    for (size_t k = 0; !status && k < diagnosis->region_count; k++) {
        const rovi_region *region = diagnosis->regions + k;
        if (!region->missed)
            continue;
        parts->weight[parts->count] = region->mass.value / fmax(1 - region->mass.value, REST);
        whole += parts->weight[parts->count];
        status = make_normal(diagnosis->dim, region->mean, region->sd, compact, parts->component + parts->count, error);
        parts->count += !status;
    }
    for (size_t k = 0; k < parts->count; k++)
        parts->weight[k] /= whole;
    return status;
}

static bool takes_mixtures(const rovi_settings *settings)
{
    return setting_is(settings, "method", "mixture") || setting_is(settings, "method", "auto");
}

rovi_status fit_start_make(const struct fit_start_of *from, const rovi_settings *settings, rovi_approximation **start,
                           rovi_error *error)
{
    const rovi_diagnosis_parts *diagnosis = from->diagnosis;
    struct pool pool = {0};
    *start = NULL;
    if (!diagnosis || !takes_mixtures(settings))
        return ROVI_OK;
    const size_t room = rovi_approximation_components(rovi_fit_approximation(from->fit)) + diagnosis->region_count;
    struct parts parts = {.weight = pool_take(&pool, room, sizeof *parts.weight),
                          .component = pool_take(&pool, room, sizeof *parts.component)};
    rovi_status status = parts.weight && parts.component ? collect(from, &parts, error) : report_no_memory(error);
    if (!status && parts.count > parts.borrowed)
        status = rovi_approximation_new_mixture(parts.count, parts.weight,
                                                (const rovi_approximation *const *)parts.component, start, error);
    for (size_t k = parts.borrowed; k < parts.count; k++)
        rovi_approximation_free(parts.component[k]);
    pool_free(&pool);
    return status;
}
