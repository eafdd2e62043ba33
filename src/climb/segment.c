/* SPDX-License-Identifier: BSD-3-Clause */
#include "climb/segment.h"

#include <string.h>

#define INNER 15

void segment_init(struct segment *s, struct arena *arena, struct meter *meter)
{
    const size_t d = meter->target->dim;
    *s = (struct segment){.meter = meter};
    s->points = arena_doubles(arena, INNER * d);
    s->logp = arena_doubles(arena, INNER);
    s->scratch = arena_doubles(arena, meter->target->scratch);
}

double segment_lowest(struct segment *s, const double *a, const double *b, double *lowest)
{
    const size_t d = s->meter->target->dim;
    size_t at = 0;
    for (size_t p = 0; p < INNER; p++) {
        const double t = (double)(p + 1) / (INNER + 1);
        for (size_t j = 0; j < d; j++) {
            s->points[p * d + j] = a[j] + t * (b[j] - a[j]);
        }
    }
    meter_evaluate(s->meter, INNER, s->points, s->logp, NULL, s->scratch);
    for (size_t p = 1; p < INNER; p++) {
        at = s->logp[p] < s->logp[at] ? p : at;
    }
    if (lowest != NULL) {
        memcpy(lowest, s->points + at * d, d * sizeof *lowest);
    }
    return s->logp[at];
}
