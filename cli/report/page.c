/* SPDX-License-Identifier: BSD-3-Clause */
/* The page of `rovi report`: everything inside, nothing loaded. The verdict comes first, then what there is to see,
 * then what it rests on, then how the fit was made. */
#include "cli/report/page.h"

#include <math.h>
#include <string.h>

#include "cli/common/agreement.h"
#include "cli/common/diagnosis.h"
#include "cli/picture/plot_panels.h"
#include "cli/report/html.h"

const struct column *report_column(const struct report_page *page)
{
    return page->picture->column;
}

const struct fit_context *report_context(const struct report_page *page)
{
    return &report_column(page)->file.context;
}

const rovi_fit_parts *report_fit(const struct report_page *page)
{
    return rovi_fit_parts_of(report_column(page)->file.fit);
}

size_t report_dim(const struct report_page *page)
{
    return report_column(page)->scene->d;
}

void report_row(const char *name, const char *html, FILE *stream)
{
    fprintf(stream, "<tr><th>%s</th><td>%s</td></tr>\n", name, html);
}

void report_row_text(const char *name, const char *text, FILE *stream)
{
    fprintf(stream, "<tr><th>%s</th><td>", name);
    html_text(text, stream);
    fputs("</td></tr>\n", stream);
}

/* ---- the head and the verdict ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void print_method(const struct report_page *page, FILE *stream)
{
    size_t components = rovi_approximation_components(rovi_fit_approximation(report_column(page)->file.fit));
    fputs(panel_method(report_column(page)), stream);
    if (components > 1)
        fprintf(stream, " (%zu rotated products)", components);
}

static void print_head(const struct report_page *page, FILE *stream)
{
    const char *target =
        report_context(page)->target ? base_name(report_context(page)->target) : "a target without a name";
    fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          stream);
    html_text(target, stream);
    fprintf(stream, ": variational fit</title>\n<style>\n%s%s</style></head><body>\n<h1>Variational fit of ",
            report_style, report_print_style);
    html_text(target, stream);
    fputs("</h1>\n<p class=\"soft\">", stream);
    print_method(page, stream);
    fprintf(stream, ", %zu dimension%s, rovi ", report_dim(page), report_dim(page) == 1 ? "" : "s");
    html_text(report_context(page)->version ? report_context(page)->version : "of unknown version", stream);
    fputs("</p>\n", stream);
}

static void print_verdict(const struct verdict *verdict, FILE *stream)
{
    static const char *const levels[] = {
        [VERDICT_GOOD] = "good", [VERDICT_OPEN] = "open", [VERDICT_DOUBT] = "doubt", [VERDICT_BAD] = "bad"};
    fprintf(stream, "<section class=\"verdict %s\" aria-label=\"verdict\"><p>%s</p>\n", levels[verdict->level],
            verdict->headline);
    for (size_t i = 0; i < verdict->count; i++) {
        fputs("<p>", stream);
        html_sentence(verdict->sentence[i], stream);
        fputs("</p>\n", stream);
    }
    if (verdict->next) {
        fputs("<p>To try next: ", stream);
        html_code(verdict->next, stream);
        fputs("</p>\n", stream);
    }
    fputs("</section>\n", stream);
}

/* ---- the numbers at a glance ---- */

static void print_fact(const char *name, const char *value, const char *note, FILE *stream)
{
    fprintf(stream, "<div><dt>%s</dt><dd><b>%s</b> <span>%s</span></dd></div>\n", name, value, note);
}

static void print_divergence(const rovi_fit_parts *parts, FILE *stream)
{
    const bool known = !isnan(parts->kl.value);
    char text[ROVI_ESTIMATE_ROOM], *error;
    rovi_estimate_text(known ? parts->kl : parts->elbo, 0, text);
    error = strstr(text, " ±");
    if (error)
        *error++ = '\0';
    print_fact(known ? "KL to the target, nats" : "ELBO, nats", text, error ? error : "", stream);
}

static void print_found(const struct report_page *page, FILE *stream)
{
    const rovi_diagnosis_parts *diagnosis = report_context(page)->diagnosis;
    const size_t confirmed = diagnosis ? diagnosis_confirmed(diagnosis) : 0;
    char value[48], note[64] = "";
    size_t missed = 0;
    for (size_t k = 0; diagnosis && k < diagnosis->region_count; k++)
        missed += diagnosis->regions[k].missed != 0;
    snprintf(value, sizeof value, "%.6g", page->modes->total);
    if (missed)
        snprintf(note, sizeof note, "%zu missed, with %.3g %%", missed, 100 * rovi_diagnosis_missed(diagnosis).value);
    else if (confirmed)
        snprintf(note, sizeof note, "%zu of the target", confirmed);
    else if (diagnosis && diagnosis->verdict != ROVI_COLLAPSE_UNKNOWN)
        snprintf(note, sizeof note, "no other was found");
    print_fact("modes of the fit", value, note, stream);
}

static void print_facts(const struct report_page *page, FILE *stream)
{
    const struct agreement agreement = agreement_of(report_fit(page));
    char value[48], note[80];
    fputs("<dl>\n", stream);
    print_divergence(report_fit(page), stream);
    print_found(page, stream);
    if (page->k_hat && !isnan(page->k_hat->value)) {
        snprintf(value, sizeof value, "%.2f", page->k_hat->value);
        snprintf(note, sizeof note, "%s %.2f", k_hat_is_within(*page->k_hat) ? "within" : "above",
                 page->k_hat->threshold);
        print_fact("Pareto k-hat", value, note, stream);
    }
    snprintf(value, sizeof value, "%zu of %zu", agreement.reaching, agreement.fitted);
    if (agreement.spared)
        snprintf(note, sizeof note, "reach the best ELBO; %zu more found the same modes", agreement.spared);
    print_fact("restarts", value, agreement.spared ? note : "reach the best ELBO", stream);
    fputs("</dl>\n", stream);
}

/* ---- figures ---- */

static const struct report_figure *find_figure(const struct report_page *page, enum plot_kind kind)
{
    for (size_t i = 0; i < page->figure_count; i++)
        if (page->figure[i].kind == kind)
            return page->figure + i;
    return NULL;
}

static void print_figure(const struct report_page *page, enum plot_kind kind, const char *look, const char *caption,
                         FILE *stream)
{
    static const char *const names[] = {
        [PLOT_PAIRS] = "pairs", [PLOT_MARGINALS] = "marginals", [PLOT_TRACE] = "trace", [PLOT_RESTARTS] = "restarts"};
    const struct report_figure *figure = find_figure(page, kind);
    if (!figure)
        return;
    fprintf(stream, "<figure class=\"%s\">", look);
    html_svg(figure->svg, names[kind], caption, stream);
    fputs("<figcaption>", stream);
    html_text(caption, stream);
    fputs("</figcaption></figure>\n", stream);
}

static const char *pairs_caption(const struct report_page *page)
{
    const struct scene *scene = report_column(page)->scene;
    if (scene->d == 2 && scene->has_landscape)
        return "Draws, a colour for each mode of the fit. Lines: the smallest regions that hold 50, 80, 95 and 99 % of "
               "the target.";
    if (scene->d <= PAIR_AXES)
        return "Draws, a colour for each mode of the fit, and the densities of the coordinates.";
    if (report_column(page)->pairs.rotated)
        return "Draws along five of the fit's own coordinates y = O' L^-1 (x - center), those that modes part or that "
               "are least normal; a colour for each of the heaviest modes.";
    return "Draws along five coordinates, those that modes part or that are least normal; a colour for each of the "
           "heaviest modes.";
}

static bool misses(const struct column *column)
{
    const rovi_region *region;
    for (size_t k = 0; (region = picture_region(column, k)); k++)
        if (region->missed)
            return true;
    return false;
}

static const char *marginals_caption(const struct report_page *page)
{
    static const char *const captions[][2] = {
        {"Densities of the fit (filled) and of the target (line).",
         "Densities of the fit (filled) and of the target (line). Crosses: modes that the fit misses."},
        {"Densities of the fit, of the first coordinates as they were fitted.",
         "Densities of the fit, of the first coordinates as they were fitted. Crosses: modes that it misses."},
        {"Densities of the fit, of the first coordinates.",
         "Densities of the fit, of the first coordinates. Crosses: modes that it misses."},
        {"Densities of the fit.", "Densities of the fit. Crosses: modes that it misses."}};
    const struct scene *scene = report_column(page)->scene;
    const size_t which = scene->has_landscape               ? 0
                         : report_context(page)->is_library ? 1
                         : scene->d > scene->shown          ? 2
                                                            : 3;
    return captions[which][misses(report_column(page))];
}

static void print_shape(const struct report_page *page, FILE *stream)
{
    const struct scene *scene = report_column(page)->scene;
    if (page->figure_count == 0) {
        fputs("<p class=\"soft\">There are no pictures: gnuplot was not installed when this page was made.</p>\n",
              stream);
        return;
    }
    if (scene->d > 1) {
        fputs("<h2>Pairs</h2>\n", stream);
        print_figure(page, PLOT_PAIRS, scene->d == 2 ? "narrow" : "wide", pairs_caption(page), stream);
    }
    fputs("<h2>Marginals</h2>\n", stream);
    print_figure(page, PLOT_MARGINALS, scene->shown > 2 ? "wide" : "narrow", marginals_caption(page), stream);
}

/* ---- the way there ---- */

static void print_way(const struct report_page *page, FILE *stream)
{
    fputs("<h2>The way there</h2>\n<div class=\"two\">\n", stream);
    print_figure(
        page, PLOT_TRACE, "narrow",
        isnan(report_fit(page)->kl.value)
            ? "Nats below the best ELBO against the evaluations of each restart; bold, or the large point: the fit."
            : "KL to the target against the evaluations of each restart; bold, or the large point: the fit.",
        stream);
    print_figure(
        page, PLOT_RESTARTS, "narrow",
        "Restarts against the best, with the standard error of the difference. Green: they agree, " AGREEMENT_RULE
        " (the band: 0.05 nat).",
        stream);
    fputs("</div>\n", stream);
    report_restarts(page, stream);
}

rovi_status report_page_write(const struct report_page *page, FILE *stream, rovi_error *error)
{
    print_head(page, stream);
    print_verdict(page->verdict, stream);
    print_facts(page, stream);
    print_shape(page, stream);
    report_modes(page, stream);
    report_parameters(page, stream);
    print_way(page, stream);
    report_evidence(page, stream);
    report_origin(page, stream);
    rovi_status status = report_target(page, stream, error);
    fputs("</body></html>\n", stream);
    return status;
}
