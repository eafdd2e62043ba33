/* SPDX-License-Identifier: BSD-3-Clause */
/* What a Langevin run came to, and how it got there. */
#include "cli/langevin_result.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "io/json.h"
#include "io/report.h"

#define MODES_SHOWN  8
#define COLUMNS      4 /* modes whose mass is shown over time */
#define POINTS_SHOWN 8 /* points in time */

const char *langevin_status(const rovi_langevin_parts *parts)
{
    return parts->stop == ROVI_STOP_MAX_ITERATIONS ? "completed" : rovi_stop_text(parts->stop);
}

/* ---- for people ---- */

static void print_estimate(rovi_estimate estimate, int decimals, FILE *stream)
{
    fprintf(stream, "%.*f", decimals, estimate.value);
    if (isfinite(estimate.mcse))
        fprintf(stream, " ± %.*f", decimals, estimate.mcse);
}

/* Above its bound a step is unstable; below, it makes variances 1/(1 - h L/2) times what they should be, at most. */
static void print_step(const rovi_langevin_parts *parts, FILE *stream)
{
    double bias = 1 / (1 - parts->step * parts->curvature / 2) - 1;
    if (isnan(parts->step)) {
        fprintf(stream, "  %-10snone was made\n", "step");
        return;
    }
    fprintf(stream, "  %-10s%.6g", "step", parts->step);
    if (isfinite(parts->curvature))
        fprintf(stream, "   (unstable above %.3g, as the potential's curvature is about %.3g; ", 2 / parts->curvature,
                parts->curvature);
    if (isfinite(parts->curvature))
        fprintf(stream, "makes variances up to %.2g %% too large)", 100 * bias);
    fputc('\n', stream);
}

static void print_moves(const rovi_langevin_parts *parts, FILE *stream)
{
    double share = parts->moves ? (double)(parts->moves - parts->outside) / (double)parts->moves : 1;
    fprintf(stream, "  %-10s%.4g %% of %" PRIu64 " moves", "accepted", 100 * share, parts->moves);
    if (parts->outside)
        fprintf(stream, ", %" PRIu64 " led outside the support", parts->outside);
    fputc('\n', stream);
}

static void print_mass(const struct langevin_context *context, const rovi_langevin_parts *parts, FILE *stream)
{
    size_t shown = parts->mode_count < MODES_SHOWN ? parts->mode_count : MODES_SHOWN;
    for (size_t k = 0; k < shown; k++) {
        fprintf(stream, "  %-10s%s %-4zu", k ? "" : "mass", context->by_components ? "component" : "center", k);
        print_estimate(parts->mass[k], 4, stream);
        fputc('\n', stream);
    }
    if (shown < parts->mode_count)
        fprintf(stream, "  %-10sand %zu more, which --json shows\n", "", parts->mode_count - shown);
}

static void print_point(const rovi_langevin_parts *parts, const rovi_langevin_point *point, FILE *stream)
{
    size_t columns = parts->mode_count < COLUMNS ? parts->mode_count : COLUMNS;
    fprintf(stream, "  %-10s%10" PRIu64 " %10.4g %10.3f ± %-8.3f", "", point->step, point->time,
            point->log_density.value, point->log_density.mcse);
    for (size_t k = 0; k < columns; k++)
        fprintf(stream, " %8.4f", point->mass[k].value);
    fputc('\n', stream);
}

/* The start, the end, and points at even distances between. */
static void print_trace(const rovi_langevin_parts *parts, FILE *stream)
{
    size_t last = parts->trace_length - 1, shown = last < POINTS_SHOWN ? last : POINTS_SHOWN;
    fprintf(stream, "  %-10s%10s %10s %21s%s\n", "over time", "step", "time", "mean log density",
            parts->mode_count ? "     mass" : "");
    for (size_t i = 0; i <= shown; i++)
        print_point(parts, &parts->trace[shown ? i * last / shown : 0], stream);
}

static void print_costs(const struct langevin_context *context, const rovi_langevin_parts *parts, FILE *stream)
{
    fprintf(stream, "  %-10s%.2f s on %d thread%s (%.2f thread-seconds inside the target), %.2f s in all\n", "time",
            parts->wall_s, parts->threads, parts->threads == 1 ? "" : "s", parts->target_s, context->total_s);
    fprintf(stream, "  %-10s%" PRIu64 " gradients\n", "asked", parts->evaluations.gradient);
    if (!context->saved)
        fprintf(stream, "  %-10snothing: see the message above\n", "saved");
    else if (strcmp(context->saved, "-") != 0)
        fprintf(stream, "  %-10s%zu draws in %s\n", "saved", parts->draw_count, context->saved);
}

rovi_status langevin_print_table(const struct langevin_context *context, const rovi_langevin_parts *parts, FILE *stream,
                                 rovi_error *error)
{
    fprintf(stream, "%s, %zu dimension%s\n\n", context->target, parts->dim, parts->dim == 1 ? "" : "s");
    fprintf(stream, "  %-10sLangevin Monte Carlo, %zu particle%s, seed %" PRIu64 "\n", "method", parts->particles,
            parts->particles == 1 ? "" : "s", context->seed);
    fprintf(stream, "  %-10s%s, %" PRIu64 " steps\n", "status", langevin_status(parts), parts->steps);
    print_step(parts, stream);
    print_moves(parts, stream);
    fprintf(stream, "  %-10s", "log p");
    print_estimate(parts->mean_log_density, 3, stream);
    fputs("   (mean over the draws)\n", stream);
    print_mass(context, parts, stream);
    print_trace(parts, stream);
    print_costs(context, parts, stream);
    return ferror(stream) ? report(error, ROVI_IO_FAILED, "standard output: cannot be written") : ROVI_OK;
}

/* ---- JSON ---- */

static json_t *mass_to_json(const rovi_langevin_parts *parts)
{
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t k = 0; ok && k < parts->mode_count; k++)
        ok = json_array_append_new(array, json_from_estimate(parts->mass[k])) == 0;
    return json_whole(array, ok);
}

static json_t *point_to_json(const rovi_langevin_parts *parts, const rovi_langevin_point *point)
{
    json_t *object = json_object(), *mass = json_array(), *errors = json_array();
    bool ok = object && mass && errors;
    for (size_t k = 0; ok && k < parts->mode_count; k++)
        ok = json_array_append_new(mass, json_from_double(point->mass[k].value)) == 0 &&
             json_array_append_new(errors, json_from_double(point->mass[k].mcse)) == 0;
    ok = json_put(object, "step", json_from_uint64(point->step)) && ok;
    ok = json_put(object, "time", json_from_double(point->time)) && ok;
    ok = json_put(object, "log_density", json_from_double(point->log_density.value)) && ok;
    ok = json_put(object, "mcse", json_from_double(point->log_density.mcse)) && ok;
    ok = json_put(object, "mass", mass) && ok;
    ok = json_put(object, "mass_mcse", errors) && ok;
    return json_whole(object, ok);
}

static json_t *trace_to_json(const rovi_langevin_parts *parts)
{
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t t = 0; ok && t < parts->trace_length; t++)
        ok = json_array_append_new(array, point_to_json(parts, parts->trace + t)) == 0;
    return json_whole(array, ok);
}

static json_t *time_to_json(const struct langevin_context *context, const rovi_langevin_parts *parts)
{
    json_t *object = json_object();
    return json_whole(object, json_put(object, "wall_s", json_from_double(parts->wall_s)) &&
                                  json_put(object, "target_s", json_from_double(parts->target_s)) &&
                                  json_put(object, "total_s", json_from_double(context->total_s)));
}

static bool put_origin(json_t *root, const struct langevin_context *context, const rovi_langevin_parts *parts)
{
    return json_put(root, "rovi", json_from_text(rovi_version())) &&
           json_put(root, "method", json_from_text("langevin")) &&
           json_put(root, "target", json_from_text(context->target)) &&
           json_put(root, "dim", json_from_uint64(parts->dim)) &&
           json_put(root, "seed", json_from_uint64(context->seed)) &&
           json_put(root, "threads", json_integer(parts->threads)) &&
           json_put(root, "status", json_from_text(langevin_status(parts))) &&
           json_put(root, "draws", json_from_uint64(parts->draw_count)) &&
           json_put(root, "particles", json_from_uint64(parts->particles)) &&
           json_put(root, "steps", json_from_uint64(parts->steps));
}

static bool put_result(json_t *root, const struct langevin_context *context, const rovi_langevin_parts *parts)
{
    return json_put(root, "step", json_from_double(parts->step)) &&
           json_put(root, "curvature", json_from_double(parts->curvature)) &&
           json_put(root, "step_bound", json_from_double(2 / parts->curvature)) &&
           json_put(root, "moves", json_from_uint64(parts->moves)) &&
           json_put(root, "outside", json_from_uint64(parts->outside)) &&
           json_put(root, "log_density", json_from_estimate(parts->mean_log_density)) &&
           json_put(root, "mass", mass_to_json(parts)) && json_put(root, "trace", trace_to_json(parts)) &&
           json_put(root, "evaluations", json_from_evaluations(&parts->evaluations)) &&
           json_put(root, "time", time_to_json(context, parts));
}

rovi_status langevin_print_json(const struct langevin_context *context, const rovi_langevin_parts *parts, FILE *stream,
                                rovi_error *error)
{
    json_t *root = json_object();
    bool ok = root && put_origin(root, context, parts) && put_result(root, context, parts);
    rovi_status status = ok ? document_write(root, stream, "standard output", error) : report_no_memory(error);
    json_decref(root);
    return status;
}
