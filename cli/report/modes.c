/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was found, on the page of `rovi report`: the modes of the fit with what the target says of them, the modes
 * beyond it, and the parameters that a library's user knows.
 */
#include <math.h>
#include <stdlib.h>

#include "cli/picture/plot_panels.h"
#include "cli/report/html.h"
#include "cli/report/page.h"

#define COORDINATES_SHOWN 6
#define BEYOND_SHOWN      8
#define LEAST_ERROR       1e-4 /* of a mass that is shown */
#define LEAST_NATS        1e-3 /* of nats gained */

/* ---- coordinates worth a column ---- */

struct columns {
    size_t count, index[COORDINATES_SHOWN];
    bool chosen; /* for what they show: they are not simply the first */
};

/* By how much a coordinate differs between the heaviest mode and all else that is listed, in its sd. */
static double spread_of(const struct report_page *page, size_t j)
{
    const rovi_mode *heaviest = page->modes->mode;
    const rovi_region *region;
    double most = 0, sd = heaviest->sd[j] > 0 ? heaviest->sd[j] : 1;
    for (size_t k = 1; k < page->modes->listed; k++)
        most = fmax(most, fabs(page->modes->mode[k].mean[j] - heaviest->mean[j]) / sd);
    for (size_t k = 0; (region = picture_region(report_column(page), k)); k++)
        most = fmax(most, fabs(region->mean[j] - heaviest->mean[j]) / sd);
    return most;
}

static int by_index(const void *a, const void *b)
{
    const size_t *p = a, *q = b;
    return (*p > *q) - (*p < *q);
}

/* The coordinates that differ most, in their own order; the first ones where nothing differs. */
static struct columns choose_columns(const struct report_page *page)
{
    const size_t d = report_dim(page);
    struct columns columns = {0};
    double spread[COORDINATES_SHOWN];
    for (size_t j = 0; j < d; j++) {
        const double own = spread_of(page, j);
        size_t at = columns.count < COORDINATES_SHOWN ? columns.count++ : COORDINATES_SHOWN - 1;
        if (j >= COORDINATES_SHOWN && own <= spread[at])
            continue;
        for (; at > 0 && own > spread[at - 1]; at--) {
            spread[at] = spread[at - 1];
            columns.index[at] = columns.index[at - 1];
        }
        spread[at] = own;
        columns.index[at] = j;
    }
    qsort(columns.index, columns.count, sizeof *columns.index, by_index);
    columns.chosen = columns.index[columns.count - 1] + 1 > columns.count;
    return columns;
}

static void print_names(const struct report_page *page, const struct columns *columns, FILE *stream)
{
    for (size_t k = 0; k < columns->count; k++) {
        const char *name = fit_coordinate_name(report_context(page), columns->index[k]);
        fputs("<th class=\"n\">", stream);
        if (name)
            html_text(name, stream);
        else
            fprintf(stream, "x<sub>%zu</sub>", columns->index[k] + 1);
        fputs("</th>", stream);
    }
    fprintf(stream, "%s</tr>\n", columns->count < report_dim(page) ? "<th></th>" : "");
}

/* Means by as many decimals as three digits of the standard deviation take. */
static void print_moments(const double *mean, const double *sd, const struct columns *columns, size_t d, FILE *stream)
{
    for (size_t k = 0; k < columns->count; k++) {
        const size_t j = columns->index[k];
        int decimals = sd[j] > 0 && isfinite(sd[j]) ? (int)(2 - floor(log10(sd[j]))) : 3;
        decimals = decimals < 0 ? 0 : decimals > 12 ? 12 : decimals;
        const double unit = pow(10, -decimals), shown = fabs(mean[j]) < unit / 2 ? 0 : mean[j]; /* no "-0.00" */
        fprintf(stream, "<td class=\"n\">%.*f (%.3g)</td>", decimals, shown, sd[j]);
    }
    fprintf(stream, "%s</tr>\n", columns->count < d ? "<td>…</td>" : "");
}

/* ---- modes ---- */

static void print_mass(rovi_estimate mass, FILE *stream)
{
    char text[ROVI_ESTIMATE_ROOM];
    const rovi_estimate shown = {mass.value, mass.mcse > 0 ? mass.mcse : NAN};
    fprintf(stream, "<td class=\"n\">%s</td>", isnan(mass.value) ? "" : rovi_estimate_text(shown, LEAST_ERROR, text));
}

static void print_mode(const struct report_page *page, size_t i, const struct columns *columns, FILE *stream)
{
    const rovi_mode *mode = page->modes->mode + i;
    const rovi_diagnosis_parts *diagnosis = report_context(page)->diagnosis;
    const rovi_diagnosed_mode *seen = diagnosis && i < diagnosis->mode_count ? diagnosis->modes + i : NULL;
    fprintf(stream, "<tr%s><td><span class=\"swatch\" style=\"background:%s\"></span>%zu%s",
            seen && seen->missed ? " class=\"missed\"" : "", panel_mode_colour(&report_column(page)->pairs, i), i + 1,
            seen && seen->missed ? ", all but lost" : "");
    if (seen && seen->part_of != i)
        fprintf(stream, ", part of %zu", seen->part_of + 1);
    fprintf(stream, "</td><td class=\"n\">%.4f</td>", mode->weight);
    if (diagnosis)
        print_mass(seen ? seen->mass : (rovi_estimate){NAN, NAN}, stream);
    print_moments(mode->mean, mode->sd, columns, report_dim(page), stream);
}

static void print_beyond(const struct report_page *page, const struct columns *columns, FILE *stream)
{
    const rovi_diagnosis_parts *diagnosis = report_context(page)->diagnosis;
    for (size_t k = 0; diagnosis && k < diagnosis->region_count && k < BEYOND_SHOWN; k++) {
        const rovi_region *region = diagnosis->regions + k;
        fprintf(stream, "<tr%s><td><span class=\"cross\">×</span>%s %zu</td><td class=\"n\">%.4f</td>",
                region->missed ? " class=\"missed\"" : "", region->missed ? "missed" : "found", k + 1,
                region->held.value);
        print_mass(region->mass, stream);
        print_moments(region->mean, region->sd, columns, report_dim(page), stream);
    }
}

/* How far off what was found beyond the fit is, and what it is worth. */
static void print_ways(const rovi_diagnosis_parts *diagnosis, FILE *stream)
{
    for (size_t k = 0; diagnosis && k < diagnosis->region_count && k < BEYOND_SHOWN; k++) {
        const rovi_region *region = diagnosis->regions + k;
        char text[ROVI_ESTIMATE_ROOM];
        fprintf(stream, "<p class=\"soft\">× %zu lies %s sd from the nearest mode of the fit", k + 1,
                rovi_estimate_text((rovi_estimate){region->distance, NAN}, 0, text));
        if (isfinite(region->depth))
            fprintf(stream, ", behind a valley %s nats deep",
                    rovi_estimate_text((rovi_estimate){region->depth, NAN}, 0, text));
        fprintf(stream, "; a mixture of fit and mode gains %s nats.</p>\n",
                rovi_estimate_text(region->gain, LEAST_NATS, text));
    }
}

static void print_notes(const struct report_page *page, const struct columns *columns, FILE *stream)
{
    const rovi_modes *modes = page->modes;
    const rovi_diagnosis_parts *diagnosis = report_context(page)->diagnosis;
    if ((double)modes->listed < modes->total)
        fprintf(stream, "<p class=\"soft\">The heaviest %zu of %.6g; together they hold %.3g %% of the mass.</p>\n",
                modes->listed, modes->total, 100 * modes->listed_weight);
    if (diagnosis && diagnosis->region_count > BEYOND_SHOWN)
        fprintf(stream, "<p class=\"soft\">The heaviest %d of %zu modes beyond the fit.</p>\n", BEYOND_SHOWN,
                diagnosis->found);
    if (report_context(page)->is_library)
        fputs(
            "<p class=\"soft\">Coordinates, here and in the pictures, are those that were fitted: of a Stan model its "
            "unconstrained parameters, in its order.</p>\n",
            stream);
    if (columns->count < report_dim(page))
        fprintf(stream, "<p class=\"soft\">%s %zu of %zu coordinates; the fit file has all.</p>\n",
                columns->chosen ? "Those that differ most," : "The first", columns->count, report_dim(page));
}

void report_modes(const struct report_page *page, FILE *stream)
{
    const bool diagnosed = report_context(page)->diagnosis != NULL;
    const struct columns columns = choose_columns(page);
    fprintf(stream,
            "<h2>Modes</h2>\n<p class=\"soft\">%s; then mean (standard deviation) of each coordinate within the mode. "
            "What is said of the fit is exact for it, not sampled.</p>\n<div class=\"scroll\"><table><tr><th>mode</th>"
            "<th class=\"n\">%s</th>%s",
            diagnosed ? "The mass that the fit gives each, and that the target has there" : "The mass of each",
            diagnosed ? "in the fit" : "mass", diagnosed ? "<th class=\"n\">in the target</th>" : "");
    print_names(page, &columns, stream);
    for (size_t i = 0; i < page->modes->listed; i++)
        print_mode(page, i, &columns, stream);
    print_beyond(page, &columns, stream);
    fputs("</table></div>\n", stream);
    print_ways(report_context(page)->diagnosis, stream);
    print_notes(page, &columns, stream);
}

/* ---- parameters ---- */

static void print_parameter(const struct summary_row *row, FILE *stream)
{
    const struct summary_cells cells = summary_cells(row);
    fputs("<tr><td class=\"name\">", stream);
    html_text(row->name, stream);
    fputs("</td>", stream);
    for (size_t k = 0; k < SUMMARY_CELLS; k++)
        fprintf(stream, "<td class=\"n\">%s</td>", cells.text[k]);
    fputs("</tr>\n", stream);
}

void report_parameters(const struct report_page *page, FILE *stream)
{
    const struct summary *summary = page->summary;
    if (!summary && !page->no_summary)
        return;
    fputs("<h2>Parameters</h2>\n", stream);
    if (!summary) {
        fputs("<p class=\"soft\">Not shown, as the model could not be asked: ", stream);
        html_text(page->no_summary, stream);
        fputs("</p>\n", stream);
        return;
    }
    fputs("<p class=\"soft\">By ", stream);
    summary_print_origin(summary, stream);
    fputs("; ± is the Monte Carlo error of the mean.</p>\n"
          "<div class=\"scroll\"><table><tr><th></th><th class=\"n\">mean</th><th class=\"n\">±</th><th class=\"n\">sd"
          "</th><th class=\"n\">5 %</th><th class=\"n\">50 %</th><th class=\"n\">95 %</th></tr>\n",
          stream);
    for (size_t r = 0; r < summary->rows; r++)
        print_parameter(summary->row + r, stream);
    fputs("</table></div>\n", stream);
    if (summary->rows < summary->outputs)
        fprintf(stream, "<p class=\"soft\">The first %zu of %zu; <code>rovi sample</code> draws all.</p>\n",
                summary->rows, summary->outputs);
}
