/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page of `rovi report`: everything inside, nothing loaded. The verdict comes first, then what it rests on, then
 * how the fit was made. Pictures follow the page into the dark: their few greys are told apart by value in the style.
 */
#define _XOPEN_SOURCE 700
#include "cli/report_page.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/agreement.h"
#include "cli/estimate.h"
#include "cli/html.h"
#include "cli/plot_panels.h"
#include "io/report.h"

#define COORDINATES_SHOWN 6
#define RESTARTS_SHOWN    24
#define DESCRIPTION_MOST  20000 /* characters of a target that are shown */

static const char style[] =
    ":root { color-scheme: light dark; --ink: #1f2328; --soft: #626a73; --line: #d9dde2; --page: #fff; --card: "
    "#f6f7f9;\n"
    "  --link: #0072b2; --good: #00795a; --open: #5b6b7b; --doubt: #9a6200; --bad: #b3401f; --target: #222; --label: "
    "#444 }\n"
    "@media (prefers-color-scheme: dark) { :root { --ink: #e4e7ea; --soft: #a0a8b1; --line: #363c43; --page: #16191d;\n"
    "  --card: #1f2429; --link: #5ab4e5; --good: #3fc19a; --open: #9fb2c4; --doubt: #e6ac4a; --bad: #f4845f;\n"
    "  --target: #eceff1; --label: #c3c9cf }\n"
    "  svg [stroke='rgb(  0, 114, 178)'] { stroke: #48a5e0 } svg [color='rgb(  0, 114, 178)'] { color: #48a5e0 }\n"
    "  svg g[fill='rgb(0,114,178)'] { fill: #48a5e0 } }\n"
    "* { box-sizing: border-box }\n"
    "body { font: 16px/1.55 -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; color: var(--ink);\n"
    "  background: var(--page); max-width: 60rem; margin: 0 auto; padding: 1.6rem 1.2rem 3rem }\n"
    "h1 { font-size: 1.55rem; line-height: 1.25; margin: .2rem 0 .3rem; overflow-wrap: anywhere }\n"
    "h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; padding-top: .9rem; border-top: 1px solid var(--line) }\n"
    "p { margin: .4rem 0; max-width: 46rem } .soft, figcaption { color: var(--soft); font-size: .9rem }\n"
    ".verdict { border-left: 5px solid var(--open); background: var(--card); padding: .9rem 1.1rem; margin: 1.3rem 0;\n"
    "  border-radius: 0 6px 6px 0 } .verdict > :first-child { font-size: 1.2rem; font-weight: 650; margin-top: 0 }\n"
    ".good { border-color: var(--good) } .good > :first-child { color: var(--good) }\n"
    ".doubt { border-color: var(--doubt) } .doubt > :first-child { color: var(--doubt) }\n"
    ".bad { border-color: var(--bad) } .bad > :first-child { color: var(--bad) }\n"
    "code, pre { font: .86em/1.5 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere }\n"
    "pre { background: var(--card); padding: .8rem; overflow-x: auto; border-radius: 6px; white-space: pre-wrap }\n"
    ".scroll { overflow-x: auto } table { border-collapse: collapse; font-size: .9rem; margin: .4rem 0 }\n"
    "th { text-align: left; font-weight: 550; color: var(--soft); vertical-align: top }\n"
    "th, td { padding: .28rem 1.1rem .28rem 0; border-bottom: 1px solid var(--line) }\n"
    "td { font-variant-numeric: tabular-nums } .n { text-align: right; white-space: nowrap }\n"
    "figure { margin: 0; overflow-x: auto } figure svg { display: block; width: 100%; height: auto }\n"
    ".narrow svg { max-width: 33rem } .wide svg { max-width: 47rem; min-width: 34rem }\n"
    ".two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.2rem }\n"
    ".settings { columns: 3 13rem; font-size: .86rem } .settings div { display: flex; justify-content: space-between;\n"
    "  gap: .6rem; border-bottom: 1px solid var(--line); break-inside: avoid; padding: .12rem 0 }\n"
    ".swatch { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .5em }\n"
    "svg text, svg tspan { font-family: Helvetica, Arial, sans-serif } svg rect[fill='#ffffff'] { fill: none }\n"
    "svg g[fill='rgb(68,68,68)'] { fill: var(--label) } svg path[stroke='rgb( 34,  34,  34)'] { stroke: var(--target) "
    "}\n"
    "@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --page: #fff; --card: "
    "#f4f4f4;\n"
    "    --link: #000; --good: #00795a; --open: #5b6b7b; --doubt: #9a6200; --bad: #b3401f; --target: #222; --label: "
    "#444 }\n"
    "  body { font-size: 10.5pt; max-width: none; padding: 0 } figure, .scroll { overflow: visible }\n"
    "  figure, tr, .verdict { break-inside: avoid } h2 { break-after: avoid } .wide svg { min-width: 0 }\n"
    "  .two { grid-template-columns: 1fr 1fr } }\n";

static const struct column *column_of(const struct report_page *page)
{
    return page->picture->column;
}

static const struct fit_context *context_of(const struct report_page *page)
{
    return &column_of(page)->file.context;
}

static const rovi_fit_parts *parts_of(const struct report_page *page)
{
    return rovi_fit_parts_of(column_of(page)->file.fit);
}

static size_t dim_of(const struct report_page *page)
{
    return column_of(page)->scene->d;
}

/* ---- pieces ---- */

static void print_row(const char *name, const char *value, FILE *stream)
{
    fprintf(stream, "<tr><th>%s</th><td>", name);
    html_text(value, stream);
    fputs("</td></tr>\n", stream);
}

static void print_estimate(const char *name, rovi_estimate estimate, const char *note, FILE *stream)
{
    char text[ESTIMATE_ROOM];
    fprintf(stream, "<tr><th>%s</th><td>%s%s</td></tr>\n", name, estimate_text(estimate, text), note);
}

static void print_command(const char *command, FILE *stream)
{
    fputs("<code>", stream);
    html_text(command, stream);
    fputs("</code>", stream);
}

/* ---- the head and the verdict ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void print_method(const struct report_page *page, FILE *stream)
{
    size_t components = rovi_approximation_components(rovi_fit_approximation(column_of(page)->file.fit));
    fputs(panel_method(column_of(page)), stream);
    if (components > 1)
        fprintf(stream, " (%zu rotated products)", components);
}

static void print_head(const struct report_page *page, FILE *stream)
{
    const char *target = context_of(page)->target ? base_name(context_of(page)->target) : "a target without a name";
    fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          stream);
    html_text(target, stream);
    fprintf(stream, ": variational fit</title>\n<style>\n%s</style></head><body>\n<h1>Variational fit of ", style);
    html_text(target, stream);
    fputs("</h1>\n<p class=\"soft\">", stream);
    print_method(page, stream);
    fprintf(stream, ", %zu dimension%s, rovi ", dim_of(page), dim_of(page) == 1 ? "" : "s");
    html_text(context_of(page)->version ? context_of(page)->version : "of unknown version", stream);
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
        html_text(verdict->sentence[i], stream);
        fputs("</p>\n", stream);
    }
    if (verdict->next) {
        fputs("<p>To try next: ", stream);
        print_command(verdict->next, stream);
        fputs("</p>\n", stream);
    }
    fputs("</section>\n", stream);
}

/* ---- modes and evidence ---- */

/* The mean by as many decimals as three digits of the standard deviation take. */
static void print_moments(double mean, double sd, FILE *stream)
{
    int decimals = sd > 0 && isfinite(sd) ? (int)(2 - floor(log10(sd))) : 3;
    decimals = decimals < 0 ? 0 : decimals > 12 ? 12 : decimals;
    fprintf(stream, "<td class=\"n\">%.*f (%.3g)</td>", decimals, mean, sd);
}

static void print_mode(const struct report_page *page, size_t i, FILE *stream)
{
    const rovi_mode *mode = page->modes->mode + i;
    size_t d = dim_of(page), shown = d < COORDINATES_SHOWN ? d : COORDINATES_SHOWN;
    fprintf(stream, "<tr><td><span class=\"swatch\" style=\"background:%s\"></span>%zu</td><td class=\"n\">%.4f</td>",
            panel_mode_colour(&column_of(page)->pairs, i), i + 1, mode->weight);
    for (size_t j = 0; j < shown; j++)
        print_moments(mode->mean[j], mode->sd[j], stream);
    fprintf(stream, "%s</tr>\n", shown < d ? "<td>…</td>" : "");
}

static void print_modes(const struct report_page *page, FILE *stream)
{
    const rovi_modes *modes = page->modes;
    size_t d = dim_of(page), shown = d < COORDINATES_SHOWN ? d : COORDINATES_SHOWN;
    fputs("<h2>Modes</h2>\n<p class=\"soft\">Mass, and mean (standard deviation) of each coordinate "
          "within the mode. These are exact for the approximation, not sampled; how far it is from the target is "
          "below.</p>\n<div class=\"scroll\"><table><tr><th>mode</th><th class=\"n\">mass</th>",
          stream);
    for (size_t j = 0; j < shown; j++)
        fprintf(stream, "<th class=\"n\">x<sub>%zu</sub></th>", j + 1);
    fprintf(stream, "%s</tr>\n", shown < d ? "<th></th>" : "");
    for (size_t i = 0; i < modes->listed; i++)
        print_mode(page, i, stream);
    fputs("</table></div>\n", stream);
    if ((double)modes->listed < modes->total)
        fprintf(stream, "<p class=\"soft\">The heaviest %zu of %.6g; together they hold %.3g %% of the mass.</p>\n",
                modes->listed, modes->total, 100 * modes->listed_weight);
    if (context_of(page)->is_library)
        fputs(
            "<p class=\"soft\">Coordinates, here and in the pictures, are those that were fitted: of a Stan model its "
            "unconstrained parameters, in its order.</p>\n",
            stream);
    if (shown < d)
        fprintf(stream, "<p class=\"soft\">The first %zu of %zu coordinates; the fit file has all.</p>\n", shown, d);
}

static void print_evidence(const struct report_page *page, FILE *stream)
{
    const rovi_fit_parts *parts = parts_of(page);
    fputs("<h2>Evidence</h2>\n<p class=\"soft\">In nats, with Monte Carlo standard errors, on draws "
          "that nothing else used.</p>\n<div class=\"scroll\"><table>\n",
          stream);
    print_estimate("ELBO", parts->elbo, "", stream);
    if (isnan(parts->kl.value))
        print_row("log Z", "not known, and so no KL", stream);
    else {
        print_estimate("log Z", (rovi_estimate){parts->log_z, NAN}, " (known)", stream);
        print_estimate("KL to the target", parts->kl, "", stream);
    }
    fprintf(stream, "<tr><th>mass outside the support</th><td>%.2g</td></tr>\n", parts->outside);
    fputs("</table></div>\n", stream);
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
    const struct scene *scene = column_of(page)->scene;
    if (scene->d == 2 && scene->has_landscape)
        return "Draws, a colour for each mode of the fit. Lines: the smallest regions that hold 50, 80, 95 and 99 % of "
               "the target.";
    if (scene->d <= PAIR_AXES)
        return "Draws, a colour for each mode of the fit, and the densities of the coordinates.";
    if (column_of(page)->pairs.rotated)
        return "Draws along five of the fit's own coordinates y = O' L^-1 (x - center), those that modes part or that "
               "are least normal; a colour for each of the heaviest modes.";
    return "Draws along five coordinates, those that modes part or that are least normal; a colour for each of the "
           "heaviest modes.";
}

static void print_shape(const struct report_page *page, FILE *stream)
{
    const struct scene *scene = column_of(page)->scene;
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
    print_figure(page, PLOT_MARGINALS, "narrow",
                 scene->has_landscape      ? "Densities of the fit (filled) and of the target (line)."
                 : scene->d > scene->shown ? "Densities of the fit, of the first coordinates."
                                           : "Densities of the fit.",
                 stream);
}

/* ---- the way there ---- */

static void print_restart(const rovi_fit_parts *parts, size_t r, FILE *stream)
{
    static const char *const standings[] = {
        [STANDING_AGREES] = "agrees", [STANDING_DIFFERS] = "differs", [STANDING_NONE] = "none"};
    const rovi_restart *restart = parts->restarts + r;
    char elbo[ESTIMATE_ROOM], gap[ESTIMATE_ROOM];
    bool mixture = restart->approximation && rovi_approximation_components(restart->approximation) > 1;
    enum standing standing = restart_standing(parts, r);
    fprintf(stream, "<tr><td>%zu%s</td><td class=\"n\">%s</td><td class=\"n\">%s</td><td>%s</td>", r + 1,
            mixture ? " (mixture)" : "", standing == STANDING_NONE ? "" : estimate_text(restart->elbo, elbo),
            standing == STANDING_NONE || r == parts->winner ? "" : estimate_text(restart_gap(parts, r), gap),
            r == parts->winner ? "the best" : standings[standing]);
    fprintf(stream, "<td class=\"n\">%" PRIu64 "</td><td>%s</td><td class=\"n\">%" PRIu64 "</td></tr>\n",
            restart->iterations, rovi_stop_text(restart->stop), restart->seed);
}

static void print_way(const struct report_page *page, FILE *stream)
{
    const rovi_fit_parts *parts = parts_of(page);
    size_t shown = parts->restart_count < RESTARTS_SHOWN ? parts->restart_count : RESTARTS_SHOWN;
    fputs("<h2>The way there</h2>\n<div class=\"two\">\n", stream);
    print_figure(page, PLOT_TRACE, "narrow",
                 isnan(parts->kl.value) ? "ELBO against the iteration, of every restart; bold: the fit."
                                        : "KL to the target against the iteration, of every restart; bold: the fit.",
                 stream);
    print_figure(page, PLOT_RESTARTS, "narrow",
                 "Restarts against the best, with the standard error of the difference. Green: they agree, within 0.05 "
                 "nat (the band) or three standard errors.",
                 stream);
    fputs("</div>\n<div class=\"scroll\"><table><tr><th>restart</th><th class=\"n\">ELBO</th><th class=\"n\">below the "
          "best</th><th></th><th class=\"n\">iterations</th><th>status</th><th class=\"n\">seed</th></tr>\n",
          stream);
    for (size_t r = 0; r < shown; r++)
        print_restart(parts, r, stream);
    fputs("</table></div>\n", stream);
    if (shown < parts->restart_count)
        fprintf(stream, "<p class=\"soft\">The first %zu of %zu restarts.</p>\n", shown, parts->restart_count);
}

/* ---- how it was made ---- */

static void print_costs(const struct report_page *page, FILE *stream)
{
    const rovi_fit_parts *parts = parts_of(page);
    fprintf(
        stream,
        "<tr><th>time</th><td>%.2f s on %d thread%s, %.2f thread-seconds inside the target; %.2f s in all</td></tr>\n",
        parts->wall_s, parts->threads, parts->threads == 1 ? "" : "s", parts->target_s, context_of(page)->total_s);
    fprintf(stream,
            "<tr><th>asked</th><td>%" PRIu64 " densities, %" PRIu64 " of them with gradient, %" PRIu64
            " rejected</td></tr>\n",
            parts->evaluations.density, parts->evaluations.gradient, parts->evaluations.rejected);
}

static void print_origin(const struct report_page *page, FILE *stream)
{
    const struct fit_context *context = context_of(page);
    fputs("<h2>How it was made</h2>\n<div class=\"scroll\"><table>\n<tr><th>command</th><td>", stream);
    print_command(context->command ? context->command : "not recorded", stream);
    fputs("</td></tr>\n", stream);
    print_row("fitted by", context->version ? context->version : "rovi of unknown version", stream);
    print_row("page by", rovi_version(), stream);
    print_row("target", context->target_path ? context->target_path : context->target ? context->target : "", stream);
    if (context->target_fingerprint)
        print_row("its fingerprint", context->target_fingerprint, stream);
    if (context->data_path)
        print_row("its data", context->data_path, stream);
    print_row("fit file", column_of(page)->path, stream);
    fprintf(stream, "<tr><th>seed</th><td>%" PRIu64 "</td></tr>\n", context->seed);
    print_row("status", rovi_stop_text(parts_of(page)->stop), stream);
    print_costs(page, stream);
    fputs("</table></div>\n", stream);
}

static bool is_default(const rovi_setting *setting, const json_t *value)
{
    if (json_is_string(value))
        return strcmp(json_string_value(value), setting->default_value) == 0;
    return json_number_value(value) == strtod(setting->default_value, NULL);
}

static void print_setting(const rovi_setting *setting, const json_t *value, FILE *stream)
{
    bool changed = !is_default(setting, value);
    fprintf(stream, "<div><span>%s</span><%s>", setting->name, changed ? "strong" : "span");
    if (json_is_string(value))
        html_text(json_string_value(value), stream);
    else
        fprintf(stream, "%.10g", json_number_value(value));
    fprintf(stream, "</%s></div>\n", changed ? "strong" : "span");
}

static void print_settings(const struct report_page *page, FILE *stream)
{
    fputs("<h2>Settings</h2>\n<p class=\"soft\">Bold: other than by default.</p>\n<div class=\"settings\">\n", stream);
    for (size_t i = 0; i < rovi_settings_count(); i++) {
        const json_t *value = json_object_get(context_of(page)->settings, rovi_settings_at(i)->name);
        if (json_is_string(value) || json_is_number(value))
            print_setting(rovi_settings_at(i), value, stream);
    }
    fputs("</div>\n", stream);
}

static rovi_status print_description(const struct report_page *page, FILE *stream, rovi_error *error)
{
    char *text = NULL;
    size_t size = 0;
    if (!context_of(page)->target_description)
        return ROVI_OK;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return report_no_memory(error);
    rovi_status status = document_write(context_of(page)->target_description, memory, "the target", error);
    if (fclose(memory) != 0 && !status)
        status = report_no_memory(error);
    if (!status && size <= DESCRIPTION_MOST) {
        fputs("<h2>Target</h2>\n<pre>", stream);
        html_text(text, stream);
        fputs("</pre>\n", stream);
    }
    free(text);
    return status;
}

rovi_status report_page_write(const struct report_page *page, FILE *stream, rovi_error *error)
{
    print_head(page, stream);
    print_verdict(page->verdict, stream);
    print_modes(page, stream);
    print_evidence(page, stream);
    print_shape(page, stream);
    print_way(page, stream);
    print_origin(page, stream);
    print_settings(page, stream);
    rovi_status status = print_description(page, stream, error);
    fputs("</body></html>\n", stream);
    return status;
}
