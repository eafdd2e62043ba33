/* SPDX-License-Identifier: BSD-3-Clause */
/* FIT.json, read. Sizes and types are checked here, the numbers by the library when it takes them. */
#include <math.h>
#include <string.h>

#include "io/bytes.h"
#include "io/description.h"
#include "io/diagnosis.h"
#include "io/fit_file.h"
#include "io/report.h"

static void *take(struct pool *pool, size_t count, size_t size, rovi_status *status, rovi_error *error)
{
    void *memory = pool_take(pool, count, size);
    *status = memory ? ROVI_OK : report_no_memory(error);
    return memory;
}

static rovi_status take_doubles(struct pool *pool, size_t rows, size_t columns, double **values, rovi_error *error)
{
    rovi_status status;
    *values = take(pool, rows, columns * sizeof(double), &status, error);
    return status;
}

/* ---- approximations ---- */

static rovi_status read_map(const struct field *field, struct pool *pool, rovi_map *map, rovi_error *error)
{
    struct field alpha, v, knots, lambda;
    double *knot_values, *lambda_values;
    CHECK(field_get(field, "alpha", &alpha, error));
    CHECK(field_get(field, "v", &v, error));
    CHECK(field_get(field, "knots", &knots, error));
    CHECK(field_get(field, "lambda", &lambda, error));
    CHECK(field_to_double(&alpha, &map->alpha, error));
    CHECK(field_to_double(&v, &map->v, error));
    if (!json_is_array(lambda.value))
        return field_report(&lambda, "an array of numbers", error);
    map->cells = json_array_size(lambda.value);
    CHECK(take_doubles(pool, map->cells + 1, 1, &knot_values, error));
    CHECK(take_doubles(pool, map->cells, 1, &lambda_values, error));
    map->knots = knot_values;
    map->lambda = lambda_values;
    CHECK(field_to_doubles(&knots, map->cells + 1, knot_values, error));
    return field_to_doubles(&lambda, map->cells, lambda_values, error);
}

static rovi_status read_maps(const struct field *field, size_t d, struct pool *pool, rovi_approximation_parts *q,
                             rovi_error *error)
{
    rovi_status status;
    rovi_map *maps = take(pool, d, sizeof *maps, &status, error);
    q->maps = maps;
    if (!status)
        status = field_check_length(field, d, "map", error);
    for (size_t i = 0; status == ROVI_OK && i < d; i++) {
        struct field item = field_item(field, i);
        status = read_map(&item, pool, maps + i, error);
    }
    return status;
}

static rovi_status read_full(const struct field *field, size_t d, struct pool *pool, rovi_approximation_parts *q,
                             rovi_error *error)
{
    struct field whitening, rotation;
    double *rotation_values, *whitening_values = NULL;
    CHECK(field_get(field, "whitening", &whitening, error));
    CHECK(field_get(field, "rotation", &rotation, error));
    CHECK(field_check_length(&rotation, d, "row", error));
    CHECK(take_doubles(pool, d, d, &rotation_values, error));
    CHECK(field_to_matrix(&rotation, d, d, rotation_values, error));
    if (!json_is_null(whitening.value)) {
        CHECK(take_doubles(pool, d, d, &whitening_values, error));
        CHECK(field_to_matrix(&whitening, d, d, whitening_values, error));
    }
    q->whitening = whitening_values;
    q->rotation = rotation_values;
    return ROVI_OK;
}

static rovi_status read_compact(const struct field *field, size_t d, struct pool *pool, rovi_approximation_parts *q,
                                rovi_error *error)
{
    struct field scale, reflectors;
    double *scale_values, *reflector_values;
    CHECK(field_get(field, "scale", &scale, error));
    CHECK(field_get(field, "reflectors", &reflectors, error));
    if (!json_is_array(reflectors.value))
        return field_report(&reflectors, "an array of rows", error);
    q->reflections = json_array_size(reflectors.value);
    CHECK(field_check_length(&scale, d, "number", error));
    CHECK(take_doubles(pool, d, 1, &scale_values, error));
    CHECK(take_doubles(pool, q->reflections, d, &reflector_values, error));
    CHECK(field_to_doubles(&scale, d, scale_values, error));
    if (q->reflections > 0)
        CHECK(field_to_matrix(&reflectors, q->reflections, d, reflector_values, error));
    q->scale = scale_values;
    q->reflectors = reflector_values;
    return ROVI_OK;
}

static rovi_status read_parts(const struct field *field, size_t d, struct pool *pool, rovi_approximation_parts *q,
                              rovi_error *error)
{
    struct field center, maps;
    double *center_values;
    q->dim = d;
    CHECK(field_get(field, "center", &center, error));
    CHECK(field_get(field, "maps", &maps, error));
    CHECK(field_check_length(&center, d, "number", error)); /* before memory of the claimed size is taken */
    CHECK(take_doubles(pool, d, 1, &center_values, error));
    CHECK(field_to_doubles(&center, d, center_values, error));
    q->center = center_values;
    const bool compact = json_object_get(field->value, "reflectors") != NULL;
    CHECK((compact ? read_compact : read_full)(field, d, pool, q, error));
    return read_maps(&maps, d, pool, q, error);
}

static rovi_status read_product(const struct field *field, size_t d, rovi_approximation **q, rovi_error *error)
{
    struct pool pool = {0};
    rovi_approximation_parts parts = {0};
    *q = NULL;
    rovi_status status = read_parts(field, d, &pool, &parts, error);
    if (!status)
        status = report_in_file(error, rovi_approximation_new(&parts, q, error), field->file);
    pool_free(&pool);
    return status;
}

static void free_all(size_t count, rovi_approximation **q)
{
    for (size_t k = 0; k < count; k++)
        rovi_approximation_free(q[k]);
}

static rovi_status read_mixture(const struct field *field, size_t d, struct pool *pool, rovi_approximation **q,
                                rovi_error *error)
{
    struct field weights, components;
    rovi_status status;
    double *weight;
    CHECK(field_get(field, "weights", &weights, error));
    CHECK(field_get(field, "components", &components, error));
    if (!json_is_array(components.value))
        return field_report(&components, "an array of components", error);
    const size_t count = json_array_size(components.value);
    CHECK(take_doubles(pool, count, 1, &weight, error));
    CHECK(field_to_doubles(&weights, count, weight, error));
    rovi_approximation **component = take(pool, count, sizeof *component, &status, error);
    size_t made = 0;
    for (; !status && made < count; made++) {
        struct field item = field_item(&components, made);
        status = read_product(&item, d, component + made, error);
    }
    if (!status)
        status = report_in_file(
            error,
            rovi_approximation_new_mixture(count, weight, (const rovi_approximation *const *)component, q, error),
            field->file);
    if (component)
        free_all(made, component);
    return status;
}

/* null, where the restart failed, gives NULL. */
static rovi_status read_approximation(const struct field *field, size_t d, rovi_approximation **q, rovi_error *error)
{
    *q = NULL;
    if (json_is_null(field->value))
        return ROVI_OK;
    if (!json_object_get(field->value, "components"))
        return read_product(field, d, q, error);
    struct pool pool = {0};
    const rovi_status status = read_mixture(field, d, &pool, q, error);
    pool_free(&pool);
    return status;
}

/* ---- restarts ---- */

static rovi_status read_columns(const struct field *field, size_t n, rovi_trace_point *trace, double *column,
                                rovi_error *error)
{
    static const struct {
        const char *key;
        size_t offset;
    } columns[] = {{"seconds", offsetof(rovi_trace_point, seconds)},
                   {"elbo", offsetof(rovi_trace_point, elbo)},
                   {"mcse", offsetof(rovi_trace_point, mcse)}};
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        struct field values;
        CHECK(field_get(field, columns[c].key, &values, error));
        CHECK(field_to_nullables(&values, n, column, error));
        for (size_t i = 0; i < n; i++)
            memcpy((char *)(trace + i) + columns[c].offset, column + i, sizeof *column);
    }
    return ROVI_OK;
}

static rovi_status read_counts(const struct field *field, size_t n, rovi_trace_point *trace, rovi_error *error)
{
    struct field iterations, evaluations;
    CHECK(field_get(field, "iteration", &iterations, error));
    CHECK(field_get(field, "evaluations", &evaluations, error));
    CHECK(field_check_length(&evaluations, n, "number", error));
    for (size_t i = 0; i < n; i++) {
        struct field iteration = field_item(&iterations, i), evaluation = field_item(&evaluations, i);
        CHECK(field_to_uint64(&iteration, &trace[i].iteration, error));
        CHECK(field_to_uint64(&evaluation, &trace[i].evaluations, error));
    }
    return ROVI_OK;
}

static rovi_status read_trace(const struct field *field, struct pool *pool, rovi_restart *restart, rovi_error *error)
{
    struct field iterations;
    double *column;
    rovi_status status;
    CHECK(field_get(field, "iteration", &iterations, error));
    if (!json_is_array(iterations.value))
        return field_report(&iterations, "an array of numbers", error);
    restart->trace_length = json_array_size(iterations.value);
    rovi_trace_point *trace = take(pool, restart->trace_length, sizeof *trace, &status, error);
    if (status)
        return status;
    restart->trace = trace;
    CHECK(take_doubles(pool, restart->trace_length, 1, &column, error));
    CHECK(read_counts(field, restart->trace_length, trace, error));
    return read_columns(field, restart->trace_length, trace, column, error);
}

/* Evaluations and how near the restart came, which a file of an earlier rovi may lack. */
static rovi_status read_look(const struct field *field, rovi_restart *restart, rovi_error *error)
{
    struct field evaluations, degenerate;
    restart->divergence = restart->promise = NAN;
    if (field_find(field, "degenerate", &degenerate))
        CHECK(field_to_uint64(&degenerate, &restart->degenerate, error));
    if (!field_find(field, "evaluations", &evaluations))
        return ROVI_OK;
    CHECK(field_read_evaluations(field, "evaluations", &restart->evaluations, error));
    CHECK(field_read_number(field, "divergence", &restart->divergence, error));
    return field_read_number(field, "promise", &restart->promise, error);
}

rovi_status fit_restart_read(const struct field *field, size_t d, struct pool *pool, rovi_restart *restart,
                             rovi_approximation **q, rovi_error *error)
{
    *q = NULL;
    struct field seed, elbo, mcse, iterations, trace, approximation;
    CHECK(field_get(field, "seed", &seed, error));
    CHECK(field_get(field, "elbo", &elbo, error));
    CHECK(field_get(field, "mcse", &mcse, error));
    CHECK(field_get(field, "iterations", &iterations, error));
    CHECK(field_get(field, "trace", &trace, error));
    CHECK(field_get(field, "approximation", &approximation, error));
    CHECK(field_to_uint64(&seed, &restart->seed, error));
    CHECK(field_to_nullable(&elbo, &restart->elbo.value, error));
    CHECK(field_to_nullable(&mcse, &restart->elbo.mcse, error));
    CHECK(field_to_uint64(&iterations, &restart->iterations, error));
    CHECK(field_read_stop(field, "status", &restart->stop, error));
    CHECK(read_look(field, restart, error));
    CHECK(read_trace(&trace, pool, restart, error));
    CHECK(read_approximation(&approximation, d, q, error));
    restart->approximation = *q;
    return ROVI_OK;
}

/* ---- the numbers of the head ---- */

static rovi_status read_costs(const struct field *root, rovi_fit_parts *parts, struct fit_context *context,
                              rovi_error *error)
{
    struct field time, threads;
    size_t thread_count;
    CHECK(field_read_evaluations(root, "evaluations", &parts->evaluations, error));
    CHECK(field_get(root, "time", &time, error));
    CHECK(field_read_number(&time, "wall_s", &parts->wall_s, error));
    CHECK(field_read_number(&time, "target_s", &parts->target_s, error));
    CHECK(field_read_number(&time, "total_s", &context->total_s, error));
    CHECK(field_get(root, "threads", &threads, error));
    CHECK(field_to_size(&threads, 1, 1000000, &thread_count, error));
    parts->threads = (int)thread_count;
    return ROVI_OK;
}

static rovi_status read_result(const struct field *root, rovi_fit_parts *parts, rovi_error *error)
{
    struct field winner;
    CHECK(field_get(root, "winner", &winner, error));
    CHECK(field_to_size(&winner, 0, parts->restart_count - 1, &parts->winner, error));
    CHECK(field_read_stop(root, "status", &parts->stop, error));
    CHECK(field_read_estimate(root, "elbo", &parts->elbo, error));
    CHECK(field_read_estimate(root, "kl", &parts->kl, error));
    CHECK(field_read_number(root, "log_z", &parts->log_z, error));
    return field_read_share(root, "outside", "outside_mcse", &parts->outside, error);
}

static rovi_status check_names(const struct field *names, size_t d, rovi_error *error)
{
    const char *name;
    rovi_status status = field_check_length(names, d, "name", error);
    for (size_t j = 0; !status && j < d; j++) {
        struct field item = field_item(names, j);
        status = field_to_text(&item, &name, error);
    }
    return status;
}

/* What only the fit of a library has. */
static rovi_status read_library(const struct field *source, size_t d, struct fit_context *context, rovi_error *error)
{
    struct field library, names;
    if (!field_find(source, "library", &library))
        return ROVI_OK;
    context->is_library = json_is_true(library.value);
    if (!context->is_library || !context->target_path)
        return field_report(&library, "true, beside a path", error);
    CHECK(field_read_text(source, "data", &context->data_path, error));
    CHECK(field_read_text(source, "data_fingerprint", &context->data_fingerprint, error));
    if (!field_find(source, "names", &names))
        return ROVI_OK;
    CHECK(check_names(&names, d, error));
    context->names = names.value;
    return ROVI_OK;
}

static rovi_status read_source(const struct field *root, size_t d, struct fit_context *context, rovi_error *error)
{
    struct field source, description;
    CHECK(field_get(root, "target_source", &source, error));
    CHECK(field_read_text(&source, "path", &context->target_path, error));
    CHECK(field_read_text(&source, "fingerprint", &context->target_fingerprint, error));
    CHECK(field_get(&source, "description", &description, error));
    context->target_description = json_is_null(description.value) ? NULL : description.value;
    return read_library(&source, d, context, error);
}

static rovi_status read_context(const struct field *root, size_t d, struct fit_context *context, rovi_error *error)
{
    struct field settings;
    CHECK(field_read_text(root, "rovi", &context->version, error));
    CHECK(field_read_text(root, "command", &context->command, error));
    CHECK(field_read_text(root, "method", &context->method, error));
    CHECK(field_read_text(root, "preset", &context->preset, error));
    CHECK(field_read_text(root, "target", &context->target, error));
    CHECK(field_read_count(root, "seed", &context->seed, error));
    CHECK(field_get(root, "settings", &settings, error));
    if (!json_is_object(settings.value))
        return field_report(&settings, "an object", error);
    context->settings = settings.value;
    return read_source(root, d, context, error);
}

/* ---- the file ---- */

static rovi_status check_kind(const struct field *root, rovi_error *error)
{
    struct field format, type, version;
    uint64_t found;
    if (field_find(root, "type", &type) && !field_find(root, "format", &format))
        return report(error, ROVI_BAD_INPUT,
                      "%.200s: this is a target description, allowed: a fit, as `rovi fit` writes it", root->file);
    if (!field_find(root, "format", &format) || !field_find(root, "rovi", &version))
        return report(
            error, ROVI_BAD_INPUT,
            "%.200s: this is not a fit: found no \"format\" and \"rovi\", allowed: a fit, as `rovi fit` writes it",
            root->file);
    CHECK(field_to_uint64(&format, &found, error));
    if (found <= FIT_FORMAT && found > 0)
        return ROVI_OK;
    return report(
        error, ROVI_BAD_INPUT,
        "%.200s: found fit format %llu, allowed: up to %d; read it with the rovi that wrote it, or a later one",
        root->file, (unsigned long long)found, FIT_FORMAT);
}

static rovi_status read_restarts(const struct field *restarts, size_t d, rovi_fit_parts *parts, struct pool *pool,
                                 rovi_approximation **q, rovi_error *error)
{
    rovi_status status;
    rovi_restart *all = take(pool, parts->restart_count, sizeof *all, &status, error);
    parts->restarts = all;
    for (size_t i = 0; status == ROVI_OK && i < parts->restart_count; i++) {
        struct field item = field_item(restarts, i);
        status = fit_restart_read(&item, d, pool, all + i, q + i, error);
    }
    return status;
}

/* A file of an earlier rovi may have none. */
static rovi_status read_diagnosis(const struct field *root, size_t d, size_t restart_count, struct fit_file *file,
                                  rovi_error *error)
{
    struct field diagnosis, collapse;
    if (!field_find(root, "diagnosis", &diagnosis) || json_is_null(diagnosis.value))
        return ROVI_OK;
    CHECK(field_get(root, "collapse", &collapse, error));
    return diagnosis_read(&diagnosis, &collapse, d, restart_count, &file->pool, &file->context.diagnosis, error);
}

static rovi_status read_fit(const struct field *root, const struct field *restarts, struct fit_file *file,
                            struct pool *pool, rovi_approximation **q, rovi_error *error)
{
    rovi_fit_parts parts = {.restart_count = json_array_size(restarts->value)};
    struct field dim;
    size_t d;
    CHECK(field_get(root, "dim", &dim, error));
    CHECK(field_to_size(&dim, 1, SIZE_MAX / 2, &d, error));
    CHECK(read_result(root, &parts, error));
    CHECK(read_costs(root, &parts, &file->context, error));
    CHECK(read_context(root, d, &file->context, error));
    CHECK(read_restarts(restarts, d, &parts, pool, q, error));
    CHECK(read_diagnosis(root, d, parts.restart_count, file, error));
    if (!parts.restarts[parts.winner].approximation)
        return report(error, ROVI_BAD_INPUT,
                      "%.200s: winner: found %zu, a restart that failed, allowed: one that did not", root->file,
                      parts.winner);
    return report_in_file(error, rovi_fit_new(&parts, &file->fit, error), root->file);
}

static rovi_status read_root(const struct field *root, struct fit_file *file, rovi_error *error)
{
    struct field restarts;
    struct pool pool = {0};
    if (!json_is_object(root->value))
        return field_report(root, "a fit, as `rovi fit` writes it", error);
    CHECK(check_kind(root, error));
    CHECK(field_get(root, "restarts", &restarts, error));
    size_t count = json_array_size(restarts.value);
    if (count == 0)
        return field_report(&restarts, "an array with at least one restart", error);
    rovi_approximation **q = pool_take(&pool, count, sizeof *q);
    rovi_status status = q ? read_fit(root, &restarts, file, &pool, q, error) : report_no_memory(error);
    for (size_t i = 0; q && i < count; i++)
        rovi_approximation_free(q[i]);
    pool_free(&pool);
    json_object_del(root->value, "restarts"); /* the bulk of the document, and now in the fit */
    return status;
}

rovi_status fit_file_parse(const char *name, const char *bytes, size_t count, struct fit_file *file, rovi_error *error)
{
    *file = (struct fit_file){0};
    rovi_status status = document_parse(name, bytes, count, &file->document, error);
    if (!status) {
        struct field root = field_root(name, file->document);
        status = read_root(&root, file, error);
    }
    if (status)
        fit_file_clear(file);
    return status;
}

rovi_status fit_file_open(const char *path, struct fit_file *file, rovi_error *error)
{
    struct pool pool = {0};
    char *bytes;
    size_t count;
    *file = (struct fit_file){0};
    rovi_status status = bytes_read(path, &pool, &bytes, &count, error);
    if (!status)
        status = fit_file_parse(path, bytes, count, file, error);
    pool_free(&pool);
    return status;
}

void fit_file_clear(struct fit_file *file)
{
    rovi_fit_free(file->fit);
    json_decref(file->document);
    pool_free(&file->pool);
    *file = (struct fit_file){0};
}

const char *fit_coordinate_name(const struct fit_context *context, size_t index)
{
    return context->names ? json_string_value(json_array_get(context->names, index)) : NULL;
}

/* Passes the target on when its dimension is the fit's. */
static rovi_status check_dimension(const struct fit_file *file, const char *what, rovi_target **target,
                                   rovi_error *error)
{
    size_t d = rovi_approximation_dim(rovi_fit_approximation(file->fit)), found = rovi_target_dim(*target);
    if (found == d)
        return ROVI_OK;
    rovi_target_free(*target);
    *target = NULL;
    return report(error, ROVI_BAD_INPUT, "%.200s has dimension %zu, allowed: %zu, as the fit has", what, found, d);
}

rovi_status fit_file_target(const struct fit_file *file, rovi_target **target, rovi_error *error)
{
    *target = NULL;
    if (!file->context.target_description)
        return ROVI_OK;
    struct field root = field_root("the target in the fit file", file->context.target_description);
    rovi_status status = description_to_target(&root, target, error);
    return status ? status : check_dimension(file, "the fit file's target", target, error);
}

rovi_status fit_file_library(const struct fit_file *file, rovi_log log, rovi_target **target, rovi_error *error)
{
    const struct fit_context *context = &file->context;
    rovi_status status =
        rovi_target_open(context->target_path, context->data_path, (uint32_t)context->seed, log, target, error);
    return status ? status : check_dimension(file, context->target_path, target, error);
}
