/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/common/rows.h"

void row_estimate(const char *label, rovi_estimate estimate, const char *note, FILE *stream)
{
    char text[ROVI_ESTIMATE_ROOM];
    fprintf(stream, "  %-10s%s%s\n", label, rovi_estimate_text(estimate, 0, text), note);
}

void row_outside(rovi_estimate outside, FILE *stream)
{
    if (outside.value > 0)
        row_estimate("outside", outside, " of the fit's mass lies outside the target's support", stream);
}

void print_coordinates(const double *values, size_t d, FILE *stream)
{
    size_t shown = d < COORDINATES_SHOWN ? d : COORDINATES_SHOWN;
    for (size_t i = 0; i < shown; i++)
        fprintf(stream, " %8.4g", values[i]);
    if (shown < d)
        fputs(" ...", stream);
}
