/* SPDX-License-Identifier: BSD-3-Clause */
#include "diagnose/reason.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define COORDINATES 3 /* of a place in the sentence */

/* Appends; what does not fit is cut off. */
__attribute__((format(printf, 2, 3))) static void say(rovi_diagnosis_parts *parts, const char *format, ...)
{
    size_t used = 0;
    while (parts->reason[used] != '\0') {
        used++;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(parts->reason + used, sizeof parts->reason - used, format, arguments);
    va_end(arguments);
}

static void say_place(rovi_diagnosis_parts *parts, const double *mean)
{
    const size_t shown = parts->dim < COORDINATES ? parts->dim : COORDINATES;
    for (size_t j = 0; j < shown; j++) {
        say(parts, "%s%.3g", j == 0 ? "(" : ", ", mean[j]);
    }
    say(parts, shown < parts->dim ? ", ...)" : ")");
}

/* A share and its error in percent, as many decimals as the error is worth. */
static void say_percent(rovi_diagnosis_parts *parts, rovi_estimate share)
{
    const double error = 100 * share.mcse, digits = error > 0 ? 1 - floor(log10(error)) : 1;
    const int decimals = (int)fmin(fmax(digits, 1), 2);
    say(parts, "%.*f ± %.*f %%", decimals, 100 * share.value, decimals, fmax(error, pow(10, -decimals)));
}

static void say_region(rovi_diagnosis_parts *parts, const rovi_region *region, size_t missed)
{
    say(parts, "the mode at ");
    say_place(parts, region->mean);
    say(parts, " has ");
    say_percent(parts, region->mass);
    say(parts, " of the mass, of which the fit holds %.2g %%; ", 100 * region->held.value / region->mass.value);
    say(parts, "it lies %.3g sd away", region->distance);
    if (isfinite(region->depth)) {
        say(parts, " behind a valley %.3g nats deep", region->depth);
    }
    say(parts, ", and a mixture of fit and mode gains %.3g ± %.1g nats", region->gain.value, region->gain.mcse);
    if (missed > 1) {
        say(parts, "; %zu regions are missed in all", missed);
    }
}

static void say_mode(rovi_diagnosis_parts *parts, const rovi_diagnosed_mode *mode)
{
    say(parts, "the fit gives the mode at ");
    say_place(parts, mode->mean);
    say(parts, " %.3g %% of the mass, but it has ", 100 * mode->weight);
    say_percent(parts, mode->mass);
}

static void say_none(rovi_diagnosis_parts *parts)
{
    if (parts->stop != ROVI_STOP_CONVERGED) {
        say(parts, "the search was cut short (%s); ", rovi_stop_text(parts->stop));
    }
    say(parts, "%zu climbs from dispersed starts ", parts->climbs);
    if (parts->region_count > 0) {
        say(parts, "found %zu mode%s beyond the fit, the heaviest with ", parts->found, parts->found == 1 ? "" : "s");
        say_percent(parts, parts->regions[0].mass);
        say(parts, " of the mass, of which the fit holds %.2g %%",
            100 * fmin(1, parts->regions[0].held.value / parts->regions[0].mass.value));
    } else if (parts->found > 0) {
        say(parts, "found %zu mode%s beyond the fit that could not be weighed", parts->found,
            parts->found == 1 ? "" : "s");
    } else {
        say(parts, "found no mode beyond those of the fit");
    }
}

void reason_conclude(rovi_diagnosis_parts *parts, int probed, size_t vague)
{
    const rovi_region *region = NULL;
    const rovi_diagnosed_mode *mode = NULL;
    size_t missed = 0;
    for (size_t k = parts->region_count; k-- > 0;) {
        missed += parts->regions[k].missed != 0;
        region = parts->regions[k].missed ? &parts->regions[k] : region;
    }
    for (size_t k = 0; k < parts->mode_count; k++) {
        mode = mode == NULL && parts->modes[k].missed ? &parts->modes[k] : mode;
    }
    parts->reason[0] = '\0';
    parts->verdict = region != NULL || mode != NULL               ? ROVI_COLLAPSE_SUSPECTED
                     : !probed || parts->climbs == 0 || vague > 0 ? ROVI_COLLAPSE_UNKNOWN
                                                                  : ROVI_COLLAPSE_NONE;
    if (!probed) {
        say(parts, "nothing was searched for beyond the fit");
    } else if (region != NULL) {
        say_region(parts, region, missed);
    } else if (mode != NULL) {
        say_mode(parts, mode);
    } else if (parts->climbs == 0) {
        say(parts, "the search was cut short (%s) before it began", rovi_stop_text(parts->stop));
    } else {
        say_none(parts);
    }
}
