/* SPDX-License-Identifier: BSD-3-Clause */
/* Restarts agree when their ELBOs differ by less than is worth speaking of, or by less than their noise. */
#include "cli/common/agreement.h"

#include <math.h>
#include <stdbool.h>

rovi_estimate restart_gap(const rovi_fit_parts *parts, size_t restart)
{
    rovi_estimate best = parts->restarts[parts->winner].elbo, own = parts->restarts[restart].elbo;
    if (restart == parts->winner)
        return (rovi_estimate){0, own.mcse};
    return (rovi_estimate){best.value - own.value, hypot(best.mcse, own.mcse)};
}

static bool is_slight(rovi_estimate gap)
{
    return gap.value < AGREEMENT_NATS || gap.value < AGREEMENT_ERRORS * gap.mcse;
}

enum standing restart_standing(const rovi_fit_parts *parts, size_t restart)
{
    rovi_estimate gap = restart_gap(parts, restart);
    if (parts->restarts[restart].stop == ROVI_STOP_FAILED || isnan(gap.value))
        return STANDING_NONE;
    if (parts->restarts[restart].stop == ROVI_STOP_SAME_MODES)
        return STANDING_SPARED;
    return is_slight(gap) ? STANDING_AGREES : STANDING_DIFFERS;
}

struct agreement agreement_of(const rovi_fit_parts *parts)
{
    struct agreement agreement = {0};
    for (size_t i = 0; i < parts->restart_count; i++) {
        enum standing standing = restart_standing(parts, i);
        agreement.failed += parts->restarts[i].stop == ROVI_STOP_FAILED;
        agreement.agreeing += standing != STANDING_NONE && is_slight(restart_gap(parts, i));
        agreement.reaching += standing == STANDING_AGREES;
        agreement.spared += standing == STANDING_SPARED;
        agreement.undone += standing == STANDING_NONE && parts->restarts[i].stop != ROVI_STOP_FAILED;
        if (standing != STANDING_NONE)
            agreement.worst_gap = fmax(agreement.worst_gap, restart_gap(parts, i).value);
    }
    agreement.fitted = parts->restart_count - agreement.spared - agreement.undone;
    return agreement;
}
