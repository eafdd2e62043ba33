/* SPDX-License-Identifier: BSD-3-Clause */
/* A diagnosis from JSON. Sizes and types are checked, as texts and numbers may come from an editor. */
#include <stdio.h>
#include <string.h>

#include "io/diagnosis.h"
#include "io/report.h"

static rovi_status take(struct pool *pool, size_t count, size_t size, void **memory, rovi_error *error)
{
    *memory = pool_take(pool, count, size);
    return *memory ? ROVI_OK : report_no_memory(error);
}

/* An array of objects of one kind: memory for as many of them, and how many. */
static rovi_status open_array(const struct field *object, const char *key, size_t size, struct pool *pool,
                              struct field *array, size_t *count, void **items, rovi_error *error)
{
    CHECK(field_get(object, key, array, error));
    if (!json_is_array(array->value))
        return field_report(array, "an array", error);
    *count = json_array_size(array->value);
    return take(pool, *count, size, items, error);
}

static rovi_status read_point(const struct field *object, const char *key, size_t d, struct pool *pool,
                              const double **point, rovi_error *error)
{
    struct field field;
    void *values;
    CHECK(field_get(object, key, &field, error));
    CHECK(field_check_length(&field, d, "number", error)); /* before memory of the claimed size is taken */
    CHECK(take(pool, d, sizeof(double), &values, error));
    *point = values;
    return field_to_nullables(&field, d, values, error);
}

static rovi_status read_truth(const struct field *object, const char *key, int *truth, rovi_error *error)
{
    struct field field;
    CHECK(field_get(object, key, &field, error));
    *truth = json_is_true(field.value);
    return json_is_boolean(field.value) ? ROVI_OK : field_report(&field, "true or false", error);
}

/* A place in a list of `count`; null gives `none`. */
static rovi_status read_place(const struct field *field, size_t count, size_t none, size_t *place, rovi_error *error)
{
    *place = none;
    return json_is_null(field->value) ? ROVI_OK : field_to_size(field, 0, count > 0 ? count - 1 : 0, place, error);
}

static rovi_status read_mode(const struct field *field, size_t own, size_t count, size_t d, struct pool *pool,
                             rovi_diagnosed_mode *mode, rovi_error *error)
{
    struct field part_of;
    CHECK(field_read_number(field, "weight", &mode->weight, error));
    CHECK(field_read_estimate(field, "mass", &mode->mass, error));
    CHECK(read_point(field, "mean", d, pool, &mode->mean, error));
    CHECK(read_point(field, "sd", d, pool, &mode->sd, error));
    CHECK(read_truth(field, "missed", &mode->missed, error));
    CHECK(field_get(field, "part_of", &part_of, error));
    return read_place(&part_of, count, own, &mode->part_of, error);
}

static rovi_status read_modes(const struct field *object, struct pool *pool, rovi_diagnosis_parts *parts,
                              rovi_error *error)
{
    struct field array;
    void *items = NULL;
    CHECK(open_array(object, "modes", sizeof *parts->modes, pool, &array, &parts->mode_count, &items, error));
    rovi_status status = ROVI_OK;
    for (size_t k = 0; !status && items && k < parts->mode_count; k++) {
        struct field item = field_item(&array, k);
        status = read_mode(&item, k, parts->mode_count, parts->dim, pool, (rovi_diagnosed_mode *)items + k, error);
    }
    parts->modes = items;
    return status ? status : field_read_number(object, "modes_total", &parts->modes_total, error);
}

static rovi_status read_region(const struct field *field, size_t d, struct pool *pool, rovi_region *region,
                               rovi_error *error)
{
    CHECK(read_point(field, "mean", d, pool, &region->mean, error));
    CHECK(read_point(field, "sd", d, pool, &region->sd, error));
    CHECK(field_read_estimate(field, "mass", &region->mass, error));
    CHECK(field_read_estimate(field, "held", &region->held, error));
    CHECK(field_read_estimate(field, "gain", &region->gain, error));
    CHECK(field_read_number(field, "distance", &region->distance, error));
    CHECK(field_read_number(field, "depth", &region->depth, error));
    return read_truth(field, "missed", &region->missed, error);
}

static rovi_status read_regions(const struct field *object, struct pool *pool, rovi_diagnosis_parts *parts,
                                rovi_error *error)
{
    struct field array;
    void *items = NULL;
    CHECK(open_array(object, "regions", sizeof *parts->regions, pool, &array, &parts->region_count, &items, error));
    rovi_status status = ROVI_OK;
    for (size_t k = 0; !status && items && k < parts->region_count; k++) {
        struct field item = field_item(&array, k);
        status = read_region(&item, parts->dim, pool, (rovi_region *)items + k, error);
    }
    parts->regions = items;
    return status;
}

static rovi_status read_cluster(const struct field *field, size_t restart_count, rovi_restart_cluster *cluster,
                                rovi_error *error)
{
    struct field size, best;
    CHECK(field_get(field, "size", &size, error));
    CHECK(field_get(field, "best", &best, error));
    CHECK(field_to_size(&size, 1, restart_count, &cluster->size, error));
    CHECK(field_to_size(&best, 0, restart_count - 1, &cluster->best, error));
    CHECK(field_read_estimate(field, "below", &cluster->below, error));
    CHECK(field_read_number(field, "shift", &cluster->shift, error));
    return field_read_number(field, "scale", &cluster->scale, error);
}

static rovi_status read_restarts(const struct field *object, struct pool *pool, rovi_diagnosis_parts *parts,
                                 rovi_error *error)
{
    struct field clusters, places;
    void *items = NULL, *cluster = NULL;
    CHECK(
        open_array(object, "clusters", sizeof *parts->clusters, pool, &clusters, &parts->cluster_count, &items, error));
    CHECK(field_get(object, "restart_cluster", &places, error));
    CHECK(field_check_length(&places, parts->restart_count, "number", error));
    CHECK(take(pool, parts->restart_count, sizeof *parts->cluster, &cluster, error));
    rovi_status status = ROVI_OK;
    for (size_t c = 0; !status && items && c < parts->cluster_count; c++) {
        struct field item = field_item(&clusters, c);
        status = read_cluster(&item, parts->restart_count, (rovi_restart_cluster *)items + c, error);
    }
    for (size_t i = 0; !status && cluster && i < parts->restart_count; i++) {
        struct field item = field_item(&places, i);
        status = read_place(&item, parts->cluster_count, parts->cluster_count, (size_t *)cluster + i, error);
    }
    parts->clusters = items;
    parts->cluster = cluster;
    return status;
}

static rovi_status read_evidence(const struct field *object, rovi_diagnosis_parts *parts, rovi_error *error)
{
    struct field draws;
    CHECK(field_get(object, "draws", &draws, error));
    CHECK(field_to_size(&draws, 0, SIZE_MAX / 2, &parts->draws, error));
    CHECK(field_read_estimate(object, "elbo", &parts->elbo, error));
    CHECK(field_read_estimate(object, "kl", &parts->kl, error));
    CHECK(field_read_estimate(object, "log_z_is", &parts->log_z, error));
    CHECK(field_read_number(object, "k_hat", &parts->k_hat, error));
    CHECK(field_read_number(object, "k_threshold", &parts->k_threshold, error));
    CHECK(field_read_number(object, "ess", &parts->ess, error));
    return field_read_number(object, "outside", &parts->outside, error);
}

static rovi_status read_search(const struct field *object, rovi_diagnosis_parts *parts, rovi_error *error)
{
    struct field time, climbs, found;
    CHECK(field_read_stop(object, "search", &parts->stop, error));
    CHECK(field_get(object, "climbs", &climbs, error));
    CHECK(field_get(object, "found", &found, error));
    CHECK(field_to_size(&climbs, 0, SIZE_MAX / 2, &parts->climbs, error));
    CHECK(field_to_size(&found, 0, SIZE_MAX / 2, &parts->found, error));
    CHECK(field_read_evaluations(object, "evaluations", &parts->evaluations, error));
    CHECK(field_get(object, "time", &time, error));
    CHECK(field_read_number(&time, "wall_s", &parts->wall_s, error));
    return field_read_number(&time, "target_s", &parts->target_s, error);
}

#define VERDICT_TEXT(name, text) " \"" text "\""

static rovi_status read_verdict(const struct field *collapse, rovi_diagnosis_parts *parts, rovi_error *error)
{
    static const rovi_collapse all[] = {
#define VERDICT_ENTRY(name, text) name,
        ROVI_COLLAPSE_LIST(VERDICT_ENTRY)
#undef VERDICT_ENTRY
    };
    const char *verdict = NULL, *reason = NULL;
    struct field field;
    if (json_is_null(collapse->value))
        return ROVI_OK; /* unknown */
    CHECK(field_get(collapse, "verdict", &field, error));
    CHECK(field_to_text(&field, &verdict, error));
    CHECK(field_read_text(collapse, "reason", &reason, error));
    snprintf(parts->reason, sizeof parts->reason, "%s", reason ? reason : "");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        parts->verdict = all[i];
        if (strcmp(verdict, rovi_collapse_text(all[i])) == 0)
            return ROVI_OK;
    }
    return field_report(&field, "one of" ROVI_COLLAPSE_LIST(VERDICT_TEXT), error);
}

rovi_status diagnosis_read(const struct field *object, const struct field *collapse, size_t d, size_t restart_count,
                           struct pool *pool, const rovi_diagnosis_parts **out, rovi_error *error)
{
    void *memory;
    CHECK(take(pool, 1, sizeof **out, &memory, error));
    rovi_diagnosis_parts *parts = memory;
    *parts = (rovi_diagnosis_parts){.dim = d, .restart_count = restart_count};
    CHECK(read_verdict(collapse, parts, error));
    CHECK(read_evidence(object, parts, error));
    CHECK(read_search(object, parts, error));
    CHECK(read_modes(object, pool, parts, error));
    CHECK(read_regions(object, pool, parts, error));
    CHECK(read_restarts(object, pool, parts, error));
    *out = parts;
    return ROVI_OK;
}
