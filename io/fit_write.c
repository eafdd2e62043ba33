/* SPDX-License-Identifier: BSD-3-Clause */
/* FIT.json, written. Every helper returns a new value or NULL for want of memory. */
#include <math.h>
#include <stdlib.h>

#include "io/diagnosis.h"
#include "io/fit_file.h"
#include "io/report.h"

/* ---- settings ---- */

static json_t *setting_to_json(const rovi_settings *settings, const rovi_setting *setting)
{
    char text[64];
    if (rovi_settings_get(settings, setting->name, text, sizeof text, NULL))
        return NULL;
    if (setting->type == ROVI_SETTING_INTEGER)
        return json_from_uint64(strtoull(text, NULL, 10)); /* no setting is negative */
    double value = strtod(text, NULL);
    return setting->type == ROVI_SETTING_REAL && isfinite(value) ? json_real(value) : json_from_text(text);
}

json_t *fit_settings_to_json(const rovi_settings *settings)
{
    json_t *object = json_object();
    bool ok = object != NULL;
    for (size_t i = 0; ok && i < rovi_settings_count(); i++) {
        const rovi_setting *setting = rovi_settings_at(i);
        ok = json_put(object, setting->name, setting_to_json(settings, setting));
    }
    return json_whole(object, ok);
}

json_t *fit_names_to_json(const rovi_target *target)
{
    const size_t d = rovi_target_dim(target);
    if (!rovi_target_coordinate_name(target, 0))
        return NULL;
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t j = 0; ok && j < d; j++)
        ok = json_array_append_new(array, json_from_text(rovi_target_coordinate_name(target, j))) == 0;
    return json_whole(array, ok);
}

/* ---- the keys shared with --json ---- */

static json_t *time_to_json(const struct fit_context *context, const rovi_fit_parts *parts)
{
    json_t *object = json_object();
    return json_whole(object, json_put(object, "wall_s", json_from_double(parts->wall_s)) &&
                                  json_put(object, "target_s", json_from_double(parts->target_s)) &&
                                  json_put(object, "total_s", json_from_double(context->total_s)));
}

static bool put_origin(json_t *head, const struct fit_context *context, const rovi_fit *fit)
{
    return json_put(head, "rovi", json_from_text(context->version)) &&
           json_put(head, "method", json_from_text(context->method)) &&
           json_put(head, "preset", json_from_text(context->preset)) &&
           json_put(head, "target", json_from_text(context->target)) &&
           json_put(head, "dim", json_from_uint64(rovi_approximation_dim(rovi_fit_approximation(fit)))) &&
           json_put(head, "seed", json_from_uint64(context->seed));
}

static bool put_result(json_t *head, const struct fit_context *context, const rovi_fit_parts *parts)
{
    return json_put(head, "threads", json_integer(parts->threads)) &&
           json_put(head, "status", json_from_text(rovi_stop_text(parts->stop))) &&
           json_put(head, "elbo", json_from_estimate(parts->elbo)) &&
           json_put(head, "kl", json_from_estimate(parts->kl)) &&
           json_put(head, "log_z", json_from_double(parts->log_z)) &&
           json_put(head, "evaluations", json_from_evaluations(&parts->evaluations)) &&
           json_put(head, "time", time_to_json(context, parts)) &&
           json_put_share(head, "outside", "outside_mcse", parts->outside) &&
           json_put(head, "collapse", json_from_collapse(context->diagnosis)) &&
           json_put(head, "taken_in", json_from_uint64(context->taken_in));
}

json_t *fit_head_to_json(const struct fit_context *context, const rovi_fit *fit)
{
    json_t *head = json_object();
    return json_whole(head,
                      head && put_origin(head, context, fit) && put_result(head, context, rovi_fit_parts_of(fit)));
}

/* ---- restarts ---- */

static json_t *map_to_json(const rovi_map *map)
{
    json_t *object = json_object();
    return json_whole(object, json_put(object, "alpha", json_real(map->alpha)) &&
                                  json_put(object, "v", json_real(map->v)) &&
                                  json_put(object, "knots", json_from_doubles(map->cells + 1, map->knots)) &&
                                  json_put(object, "lambda", json_from_doubles(map->cells, map->lambda)));
}

static json_t *maps_to_json(const rovi_approximation_parts *q)
{
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < q->dim; i++)
        ok = json_array_append_new(array, map_to_json(q->maps + i)) == 0;
    return json_whole(array, ok);
}

bool fit_put_matrices(json_t *object, const rovi_approximation_parts *q)
{
    const size_t d = q->dim;
    if (!q->rotation)
        return json_put(object, "scale", json_from_doubles(d, q->scale)) &&
               json_put(object, "reflectors", json_from_matrix(q->reflections, d, q->reflectors));
    return json_put(object, "whitening", q->whitening ? json_from_matrix(d, d, q->whitening) : json_null()) &&
           json_put(object, "rotation", json_from_matrix(d, d, q->rotation));
}

static json_t *product_to_json(const rovi_approximation_parts *q)
{
    json_t *object = json_object();
    return json_whole(object, json_put(object, "center", json_from_doubles(q->dim, q->center)) &&
                                  fit_put_matrices(object, q) && json_put(object, "maps", maps_to_json(q)));
}

static json_t *mixture_to_json(const rovi_approximation *q)
{
    json_t *weights = json_array(), *components = json_array(), *object = json_object();
    bool ok = weights && components;
    for (size_t k = 0; ok && k < rovi_approximation_components(q); k++) {
        double weight = 0;
        const rovi_approximation *component = rovi_approximation_component(q, k, &weight);
        ok = json_array_append_new(weights, json_from_double(weight)) == 0 &&
             json_array_append_new(components, product_to_json(rovi_approximation_parts_of(component))) == 0;
    }
    ok &= json_put(object, "weights", weights); /* both, so that each has an owner */
    ok &= json_put(object, "components", components);
    return json_whole(object, ok);
}

static json_t *approximation_to_json(const rovi_approximation *q)
{
    if (!q)
        return json_null();
    const rovi_approximation_parts *product = rovi_approximation_parts_of(q);
    return product ? product_to_json(product) : mixture_to_json(q);
}

/* A trace is stored by columns: five arrays instead of many small objects. */
static json_t *trace_to_json(const rovi_restart *restart)
{
    json_t *iteration = json_array(), *evaluations = json_array(), *seconds = json_array(), *elbo = json_array(),
           *mcse = json_array(), *object = json_object();
    bool ok = object != NULL;
    for (size_t i = 0; ok && i < restart->trace_length; i++) {
        const rovi_trace_point *point = restart->trace + i;
        ok = json_array_append_new(iteration, json_from_uint64(point->iteration)) == 0 &&
             json_array_append_new(evaluations, json_from_uint64(point->evaluations)) == 0 &&
             json_array_append_new(seconds, json_from_double(point->seconds)) == 0 &&
             json_array_append_new(elbo, json_from_double(point->elbo)) == 0 &&
             json_array_append_new(mcse, json_from_double(point->mcse)) == 0;
    }
    ok &= json_put(object, "iteration", iteration); /* all five, so that each array has an owner */
    ok &= json_put(object, "evaluations", evaluations);
    ok &= json_put(object, "seconds", seconds);
    ok &= json_put(object, "elbo", elbo);
    ok &= json_put(object, "mcse", mcse);
    return json_whole(object, ok);
}

json_t *fit_restart_to_json(const rovi_restart *restart)
{
    json_t *object = json_object();
    return json_whole(object, json_put(object, "seed", json_from_uint64(restart->seed)) &&
                                  json_put(object, "elbo", json_from_double(restart->elbo.value)) &&
                                  json_put(object, "mcse", json_from_double(restart->elbo.mcse)) &&
                                  json_put(object, "status", json_from_text(rovi_stop_text(restart->stop))) &&
                                  json_put(object, "iterations", json_from_uint64(restart->iterations)) &&
                                  json_put(object, "evaluations", json_from_evaluations(&restart->evaluations)) &&
                                  json_put(object, "divergence", json_from_double(restart->divergence)) &&
                                  json_put(object, "promise", json_from_double(restart->promise)) &&
                                  json_put(object, "degenerate", json_from_uint64(restart->degenerate)) &&
                                  json_put(object, "trace", trace_to_json(restart)) &&
                                  json_put(object, "approximation", approximation_to_json(restart->approximation)));
}

static json_t *restarts_to_json(const rovi_fit_parts *parts)
{
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < parts->restart_count; i++)
        ok = json_array_append_new(array, fit_restart_to_json(parts->restarts + i)) == 0;
    return json_whole(array, ok);
}

/* ---- the file ---- */

static json_t *source_to_json(const struct fit_context *context)
{
    json_t *object = json_object();
    json_t *description = context->target_description ? json_incref(context->target_description) : json_null();
    bool ok = json_put(object, "path", json_from_text(context->target_path)) &&
              json_put(object, "fingerprint", json_from_text(context->target_fingerprint));
    if (context->is_library)
        ok =
            ok && json_put(object, "library", json_true()) &&
            json_put(object, "data", json_from_text(context->data_path)) &&
            json_put(object, "data_fingerprint", json_from_text(context->data_path ? context->data_fingerprint : NULL));
    if (context->names)
        ok = ok && json_put(object, "names", json_incref(context->names));
    return json_whole(object, json_put(object, "description", description) && ok);
}

static json_t *diagnosis_to_json(const rovi_diagnosis_parts *parts)
{
    if (!parts)
        return json_null();
    json_t *object = json_object();
    return json_whole(object, diagnosis_put(object, parts));
}

static json_t *fit_to_json(const struct fit_context *context, const rovi_fit *fit)
{
    const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
    json_t *head = fit_head_to_json(context, fit), *root = json_object();
    bool ok = json_put(root, "format", json_integer(FIT_FORMAT)) && head && json_object_update(root, head) == 0 &&
              json_put(root, "command", json_from_text(context->command)) &&
              json_object_set(root, "settings", context->settings) == 0 &&
              json_put(root, "target_source", source_to_json(context)) &&
              json_put(root, "diagnosis", diagnosis_to_json(context->diagnosis)) &&
              json_put(root, "winner", json_from_uint64(parts->winner)) &&
              json_put(root, "restarts", restarts_to_json(parts));
    json_decref(head);
    return json_whole(root, ok);
}

rovi_status fit_write(const struct fit_context *context, const rovi_fit *fit, FILE *stream, const char *name,
                      rovi_error *error)
{
    json_t *root = fit_to_json(context, fit);
    rovi_status status = root ? document_write(root, stream, name, error) : report_no_memory(error);
    json_decref(root);
    return status;
}
