/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Restarts against the best of them. Gaps lie between thousandths of a nat and thousands: the axis is linear about 0
 * and logarithmic beyond, asinh(gap/0.05).
 */
#include <math.h>

#include "cli/common/agreement.h"
#include "cli/picture/plot_panels.h"

#define AGREES_COLOUR  "#009E73"
#define DIFFERS_COLOUR "#D55E00"

static double place(double gap)
{
    return asinh(gap / AGREEMENT_NATS);
}

/* Where the axis ends below: beyond the worst gap, or its error. */
static double deepest(const rovi_fit_parts *parts)
{
    double lo = place(2 * AGREEMENT_NATS);
    for (size_t r = 0; r < parts->restart_count; r++) {
        rovi_estimate gap = restart_gap(parts, r);
        if (restart_standing(parts, r) != STANDING_NONE)
            lo = fmax(lo, place(gap.value + (isfinite(gap.mcse) ? gap.mcse : 0)));
    }
    return lo + 0.3;
}

/* A part for each standing; those without an ELBO stand at the foot. */
void panel_restarts_data(const struct column *column, size_t index, FILE *stream)
{
    const rovi_fit_parts *parts = rovi_fit_parts_of(column->file.fit);
    fprintf(stream, "$restarts%zu << EOD\n", index);
    for (int part = STANDING_AGREES; part <= STANDING_NONE; part++) {
        fputs("NaN NaN NaN NaN\n", stream);
        for (size_t r = 0; r < parts->restart_count; r++) {
            rovi_estimate gap = restart_gap(parts, r);
            double error = isfinite(gap.mcse) ? gap.mcse : 0;
            if ((int)restart_standing(parts, r) != part)
                continue;
            if (part == STANDING_NONE)
                gap.value = AGREEMENT_NATS * sinh(deepest(parts) - 0.1), error = 0;
            fprintf(stream, "%zu %.5g %.5g %.5g\n", r + 1, place(gap.value), place(gap.value - error),
                    place(gap.value + error));
        }
        fputs("\n\n", stream);
    }
    fputs("EOD\n", stream);
}

static void print_tics(double lo, FILE *stream)
{
    static const double gaps[] = {0, 0.05, 0.2, 1, 10, 100, 1e3, 1e4, 1e6, 1e9};
    fputs("set ytics (", stream);
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps && place(gaps[i]) <= lo; i++)
        fprintf(stream, "%s'%g' %.5g", i ? ", " : "", gaps[i], place(gaps[i]));
    fputs(")\n", stream);
}

static void print_part(size_t index, enum standing standing, const char *colour, const char *comma, FILE *stream)
{
    fprintf(stream, "  $restarts%zu index %d using 1:2:3:4 with yerrorbars pt 7 ps 0.7 lw 1.4 lc rgb '%s'%s", index,
            (int)standing, colour, comma);
}

void panel_restarts(const struct canvas *canvas, struct frame frame, const struct column *column, size_t column_index,
                    bool labelled)
{
    const rovi_fit_parts *parts = rovi_fit_parts_of(column->file.fit);
    FILE *stream = canvas->stream;
    double lo = deepest(parts), count = (double)parts->restart_count;
    canvas_open_panel(canvas, frame, "restart", labelled ? "nats below the best ELBO" : "");
    fprintf(stream, "set xrange [0.4:%.8g]\nset xtics %g\nset yrange [%.5g:%.5g]\n", count + 0.6,
            fmax(1, canvas_tic_step(count, 12)), lo, -place(2 * AGREEMENT_NATS));
    print_tics(lo, stream);
    fprintf(stream,
            "set object 1 rectangle from graph 0,first %.5g to graph 1,first %.5g behind fc rgb '#D0" /* see-through */
            "009E73' fs solid noborder\n",
            place(AGREEMENT_NATS), -place(AGREEMENT_NATS));
    fputs("plot \\\n", stream);
    print_part(column_index, STANDING_AGREES, AGREES_COLOUR, ", \\\n", stream);
    print_part(column_index, STANDING_DIFFERS, DIFFERS_COLOUR, ", \\\n", stream);
    fprintf(stream, "  $restarts%zu index %d using 1:2 with points pt 6 ps 0.9 lw 1.4 lc rgb '" AGREES_COLOUR "', \\\n",
            column_index, STANDING_SPARED);
    fprintf(stream, "  $restarts%zu index %d using 1:2 with points pt 2 ps 0.8 lc rgb '#888888'\nunset object",
            column_index, STANDING_NONE);
    canvas_close_panel(stream);
}
