/* SPDX-License-Identifier: BSD-3-Clause */
/* What the verdict rests on and how the fit was made, on the page of `rovi report`. */
#define _XOPEN_SOURCE 700
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/agreement.h"
#include "cli/common/diagnosis.h"
#include "cli/report/html.h"
#include "cli/report/page.h"
#include "io/report.h"

#define RESTARTS_SHOWN   24
#define DESCRIPTION_MOST 20000 /* characters of a target that are shown */

/* ---- evidence ---- */

static void print_estimate(const char *name, rovi_estimate estimate, const char *note, FILE *stream)
{
    char text[ROVI_ESTIMATE_ROOM];
    fprintf(stream, "<tr><th>%s</th><td>%s%s</td></tr>\n", name, rovi_estimate_text(estimate, 0, text), note);
}

static void print_diagnosed(const rovi_diagnosis_parts *diagnosis, struct k_hat k_hat, FILE *stream)
{
    fputs("<tr><th>log Z by importance sampling</th><td>", stream);
    diagnosis_print_log_z(diagnosis, stream);
    fputs("</td></tr>\n<tr><th>Pareto k-hat</th><td>", stream);
    k_hat_print(k_hat, stream);
    fprintf(stream,
            "</td></tr>\n<tr><th>effective draws</th><td>%.0f of %zu, by their importance weights</td></tr>\n"
            "<tr><th>search</th><td>%zu climbs, %zu mode%s beyond the fit; %" PRIu64 " densities in %.2f s</td></tr>\n",
            diagnosis->ess, diagnosis->draws, diagnosis->climbs, diagnosis->found, diagnosis->found == 1 ? "" : "s",
            diagnosis->evaluations.density, diagnosis->wall_s);
}

void report_evidence(const struct report_page *page, FILE *stream)
{
    const rovi_fit_parts *parts = report_fit(page);
    fputs("<h2>Evidence</h2>\n<p class=\"soft\">In nats, with Monte Carlo standard errors, on draws "
          "that nothing else used.</p>\n<div class=\"scroll\"><table>\n",
          stream);
    print_estimate("ELBO", parts->elbo, "", stream);
    if (isnan(parts->kl.value))
        report_row("log Z", "not known", stream);
    else {
        print_estimate("log Z", (rovi_estimate){parts->log_z, NAN}, " (known)", stream);
        print_estimate("KL to the target", parts->kl, "", stream);
    }
    if (report_context(page)->diagnosis)
        print_diagnosed(report_context(page)->diagnosis, *page->k_hat, stream);
    print_estimate("mass outside the support", diagnosis_outside(parts, report_context(page)->diagnosis), "", stream);
    fputs("</table></div>\n", stream);
}

/* ---- restarts ---- */

/* Of one ELBO, but in another place or of another shape. */
static bool is_another_fit(const rovi_diagnosis_parts *diagnosis, size_t r)
{
    return diagnosis && r < diagnosis->restart_count && diagnosis->cluster[r] > 0 &&
           diagnosis->cluster[r] < diagnosis->cluster_count;
}

static void print_restart(const struct report_page *page, size_t r, FILE *stream)
{
    static const char *const standings[] = {[STANDING_AGREES] = "agrees",
                                            [STANDING_SPARED] = "found the same modes",
                                            [STANDING_DIFFERS] = "differs",
                                            [STANDING_NONE] = "none"};
    const rovi_fit_parts *parts = report_fit(page);
    const rovi_restart *restart = parts->restarts + r;
    char elbo[ROVI_ESTIMATE_ROOM], gap[ROVI_ESTIMATE_ROOM];
    bool mixture = restart->approximation && rovi_approximation_components(restart->approximation) > 1;
    enum standing standing = restart_standing(parts, r);
    fprintf(stream, "<tr><td>%zu%s</td><td class=\"n\">%s</td><td class=\"n\">%s</td><td>%s</td>", r + 1,
            mixture ? " (mixture)" : "", standing == STANDING_NONE ? "" : rovi_estimate_text(restart->elbo, 0, elbo),
            standing == STANDING_NONE || r == parts->winner ? "" : rovi_estimate_text(restart_gap(parts, r), 0, gap),
            r == parts->winner                                                                  ? "the best"
            : standing == STANDING_AGREES && is_another_fit(report_context(page)->diagnosis, r) ? "another fit"
                                                                                                : standings[standing]);
    fprintf(stream, "<td class=\"n\">%" PRIu64 "</td><td>%s</td><td class=\"n\">%" PRIu64 "</td></tr>\n",
            restart->iterations, rovi_stop_text(restart->stop), restart->seed);
}

static void print_clusters(const rovi_diagnosis_parts *diagnosis, FILE *stream)
{
    for (size_t c = 1; diagnosis && c < diagnosis->cluster_count && c < RESTARTS_SHOWN; c++) {
        fputs("<p class=\"soft\">Another fit: ", stream);
        diagnosis_print_cluster(diagnosis->clusters + c, stream);
        fputs(".</p>\n", stream);
    }
}

void report_restarts(const struct report_page *page, FILE *stream)
{
    const rovi_fit_parts *parts = report_fit(page);
    size_t shown = parts->restart_count < RESTARTS_SHOWN ? parts->restart_count : RESTARTS_SHOWN;
    fputs("<div class=\"scroll\"><table><tr><th>restart</th><th class=\"n\">ELBO</th><th class=\"n\">below the "
          "best</th><th></th><th class=\"n\">iterations</th><th>status</th><th class=\"n\">seed</th></tr>\n",
          stream);
    for (size_t r = 0; r < shown; r++)
        print_restart(page, r, stream);
    fputs("</table></div>\n", stream);
    if (shown < parts->restart_count)
        fprintf(stream, "<p class=\"soft\">The first %zu of %zu restarts.</p>\n", shown, parts->restart_count);
    print_clusters(report_context(page)->diagnosis, stream);
}

/* ---- how it was made ---- */

static void print_costs(const struct report_page *page, FILE *stream)
{
    const rovi_fit_parts *parts = report_fit(page);
    fprintf(
        stream,
        "<tr><th>time</th><td>%.2f s on %d thread%s, %.2f thread-seconds inside the target; %.2f s in all</td></tr>\n",
        parts->wall_s, parts->threads, parts->threads == 1 ? "" : "s", parts->target_s, report_context(page)->total_s);
    fprintf(stream,
            "<tr><th>asked</th><td>%" PRIu64 " densities, %" PRIu64 " of them with gradient, %" PRIu64
            " rejected</td></tr>\n",
            parts->evaluations.density, parts->evaluations.gradient, parts->evaluations.rejected);
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
        const json_t *value = json_object_get(report_context(page)->settings, rovi_settings_at(i)->name);
        if (json_is_string(value) || json_is_number(value))
            print_setting(rovi_settings_at(i), value, stream);
    }
    fputs("</div>\n", stream);
}

void report_origin(const struct report_page *page, FILE *stream)
{
    const struct fit_context *context = report_context(page);
    fputs("<h2>How it was made</h2>\n<div class=\"scroll\"><table>\n<tr><th>command</th><td>", stream);
    html_code(context->command ? context->command : "not recorded", stream);
    fputs("</td></tr>\n", stream);
    report_row_text("fitted by", context->version ? context->version : "rovi of unknown version", stream);
    report_row_text("page by", rovi_version(), stream);
    report_row_text("target",
                    context->target_path ? context->target_path
                    : context->target    ? context->target
                                         : "",
                    stream);
    if (context->target_fingerprint)
        report_row_text("its fingerprint", context->target_fingerprint, stream);
    if (context->data_path)
        report_row_text("its data", context->data_path, stream);
    report_row_text("fit file", report_column(page)->path, stream);
    fprintf(stream, "<tr><th>seed</th><td>%" PRIu64 "</td></tr>\n", context->seed);
    report_row_text("status", rovi_stop_text(report_fit(page)->stop), stream);
    print_costs(page, stream);
    fputs("</table></div>\n", stream);
    print_settings(page, stream);
}

rovi_status report_target(const struct report_page *page, FILE *stream, rovi_error *error)
{
    char *text = NULL;
    size_t size = 0;
    if (!report_context(page)->target_description)
        return ROVI_OK;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return report_no_memory(error);
    rovi_status status = document_write(report_context(page)->target_description, memory, "the target", error);
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
