/* SPDX-License-Identifier: BSD-3-Clause */
#include "diagnose/reason.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#define COORDINATES   3    /* of a place in the sentence */
#define LEAST_NATS    1e-3 /* as an error: less is not worth speaking of */
#define LEAST_PERCENT 1e-2

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

static void say_estimate(rovi_diagnosis_parts *parts, rovi_estimate estimate, double least)
{
    char text[ROVI_ESTIMATE_ROOM];
    say(parts, "%s", rovi_estimate_text(estimate, least, text));
}

/* Without its error. */
static void say_number(rovi_diagnosis_parts *parts, double number)
{
    say_estimate(parts, (rovi_estimate){number, NAN}, 0);
}

static void say_percent(rovi_diagnosis_parts *parts, rovi_estimate share)
{
    say_estimate(parts, (rovi_estimate){100 * share.value, 100 * share.mcse}, LEAST_PERCENT);
    say(parts, " %%");
}

/* Of the mass of a region, what the fit holds; with none among its draws, what is likely the most. */
static void say_held(rovi_diagnosis_parts *parts, const rovi_region *region)
{
    const bool none = !(region->held.value > 0);
    const double held = 100 * (none ? 3 * region->held.mcse : region->held.value) / region->mass.value;
    if (none && !(held < 100)) {
        say(parts, " of the mass, too little for %zu draws to tell whether the fit holds it", parts->draws);
        return;
    }
    say(parts, " of the mass, of which the fit holds %s", none || held < LEAST_PERCENT ? "less than " : "");
    say_estimate(parts, (rovi_estimate){fmin(100, fmax(held, LEAST_PERCENT)), NAN}, LEAST_PERCENT);
    say(parts, " %%");
}

static void say_region(rovi_diagnosis_parts *parts, const rovi_region *region, size_t missed)
{
    say(parts, "the mode at ");
    say_place(parts, region->mean);
    say(parts, " has ");
    say_percent(parts, region->mass);
    say_held(parts, region);
    say(parts, "; it lies ");
    say_number(parts, region->distance);
    say(parts, " sd away");
    if (isfinite(region->depth)) {
        say(parts, " behind a valley ");
        say_number(parts, region->depth);
        say(parts, " nats deep");
    }
    say(parts, ", and a mixture of fit and mode gains ");
    say_estimate(parts, region->gain, LEAST_NATS);
    say(parts, " nats");
    if (missed > 1) {
        say(parts, "; %zu regions are missed in all, with ", missed);
        say_percent(parts, rovi_diagnosis_missed(parts));
    }
}

static void say_mode(rovi_diagnosis_parts *parts, const rovi_diagnosed_mode *mode)
{
    say(parts, "the fit gives the mode at ");
    say_place(parts, mode->mean);
    say(parts, " %.3g %% of the mass, but it has ", 100 * mode->weight);
    say_percent(parts, mode->mass);
}

static void say_none(rovi_diagnosis_parts *parts, size_t vague)
{
    if (parts->stop != ROVI_STOP_CONVERGED) {
        say(parts, "the search was cut short (%s); ", rovi_stop_text(parts->stop));
    }
    say(parts, "%zu climbs from dispersed starts ", parts->climbs);
    if (parts->found == 0) {
        say(parts, "found no mode beyond those of the fit");
        return;
    }
    say(parts, "found %zu mode%s beyond the fit", parts->found, parts->found == 1 ? "" : "s");
    if (parts->region_count > 0) {
        say(parts, ", the heaviest%s with ", vague > 0 ? " that could be weighed" : "");
        say_percent(parts, parts->regions[0].mass);
        say_held(parts, &parts->regions[0]);
    }
    if (vague > 0 && parts->region_count > 0) {
        say(parts, "; %zu could not be weighed, and may have any mass", vague);
    } else if (vague > 0) {
        say(parts, " that could not be weighed");
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
    } else if (parts->climbs == 0 && parts->stop == ROVI_STOP_CONVERGED) {
        say(parts, "no climb from a dispersed start came to an end");
    } else if (parts->climbs == 0) {
        say(parts, "the search was cut short (%s) before it began", rovi_stop_text(parts->stop));
    } else {
        say_none(parts, vague);
    }
}
