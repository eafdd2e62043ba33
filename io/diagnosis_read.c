/* SPDX-License-Identifier: BSD-3-Clause */
/* A diagnosis from JSON. Sizes and types are checked, as texts and numbers may come from an editor. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/diagnosis.h"
#include "io/report.h"

static rovi_status take(struct pool *pool, size_t count, size_t size, void **memory, rovi_error *error)
{
    *memory = pool_take(pool, count, size);
    return *memory ? ROVI_OK : report_no_memory(error);
}

/* What entries of an array are read with: the diagnosis they are for, whose sizes are known, and memory for points. */
struct reading {
    const rovi_diagnosis_parts *parts;
    struct pool *pool;
    size_t count; /* of the array */
};

/* Entry k of an array, from its object. */
typedef rovi_status (*entry_reader)(const struct field *field, size_t k, const struct reading *reading, void *entry,
                                    rovi_error *error);

/* An array of objects of one kind, in memory of its own: entries of this size, which `read` knows how to fill. */
static rovi_status read_array(const struct field *object, const char *key, size_t size, entry_reader read,
                              struct reading reading, const void **entries, size_t *count, rovi_error *error)
{
    struct field array;
    void *memory;
    CHECK(field_get(object, key, &array, error));
    if (!json_is_array(array.value))
        return field_report(&array, "an array", error);
    *count = reading.count = json_array_size(array.value);
    CHECK(take(reading.pool, *count, size, &memory, error));
    for (size_t k = 0; k < *count; k++) {
        struct field item = field_item(&array, k);
        CHECK(read(&item, k, &reading, (char *)memory + k * size, error));
    }
    *entries = memory;
    return ROVI_OK;
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

static rovi_status read_mode(const struct field *field, size_t k, const struct reading *reading, void *entry,
                             rovi_error *error)
{
    rovi_diagnosed_mode *mode = entry;
    struct field part_of;
    CHECK(field_read_number(field, "weight", &mode->weight, error));
    CHECK(field_read_estimate(field, "mass", &mode->mass, error));
    CHECK(read_point(field, "mean", reading->parts->dim, reading->pool, &mode->mean, error));
    CHECK(read_point(field, "sd", reading->parts->dim, reading->pool, &mode->sd, error));
    CHECK(read_truth(field, "missed", &mode->missed, error));
    CHECK(field_get(field, "part_of", &part_of, error));
    return read_place(&part_of, reading->count, k, &mode->part_of, error);
}

static rovi_status read_region(const struct field *field, size_t k, const struct reading *reading, void *entry,
                               rovi_error *error)
{
    rovi_region *region = entry;
    (void)k;
    CHECK(read_point(field, "mean", reading->parts->dim, reading->pool, &region->mean, error));
    CHECK(read_point(field, "sd", reading->parts->dim, reading->pool, &region->sd, error));
    CHECK(field_read_estimate(field, "mass", &region->mass, error));
    CHECK(field_read_estimate(field, "held", &region->held, error));
    CHECK(field_read_estimate(field, "gain", &region->gain, error));
    CHECK(field_read_number(field, "distance", &region->distance, error));
    CHECK(field_read_number(field, "depth", &region->depth, error));
    return read_truth(field, "missed", &region->missed, error);
}

static rovi_status read_cluster(const struct field *field, size_t k, const struct reading *reading, void *entry,
                                rovi_error *error)
{
    rovi_restart_cluster *cluster = entry;
    const size_t restarts = reading->parts->restart_count;
    struct field size, best;
    (void)k;
    CHECK(field_get(field, "size", &size, error));
    CHECK(field_get(field, "best", &best, error));
    CHECK(field_to_size(&size, 1, restarts, &cluster->size, error));
    CHECK(field_to_size(&best, 0, restarts - 1, &cluster->best, error));
    CHECK(field_read_estimate(field, "below", &cluster->below, error));
    CHECK(field_read_number(field, "shift", &cluster->shift, error));
    return field_read_number(field, "scale", &cluster->scale, error);
}

/* The cluster of each restart. */
static rovi_status read_places(const struct field *object, struct pool *pool, rovi_diagnosis_parts *parts,
                               rovi_error *error)
{
    struct field places;
    void *memory;
    CHECK(field_get(object, "restart_cluster", &places, error));
    CHECK(field_check_length(&places, parts->restart_count, "number", error));
    CHECK(take(pool, parts->restart_count, sizeof *parts->cluster, &memory, error));
    for (size_t i = 0; i < parts->restart_count; i++) {
        struct field item = field_item(&places, i);
        CHECK(read_place(&item, parts->cluster_count, parts->cluster_count, (size_t *)memory + i, error));
    }
    parts->cluster = memory;
    return ROVI_OK;
}

static rovi_status read_arrays(const struct field *object, struct pool *pool, rovi_diagnosis_parts *parts,
                               rovi_error *error)
{
    const struct reading reading = {parts, pool, 0};
    const void *modes = NULL, *regions = NULL, *clusters = NULL;
    CHECK(read_array(object, "modes", sizeof *parts->modes, read_mode, reading, &modes, &parts->mode_count, error));
    CHECK(field_read_number(object, "modes_total", &parts->modes_total, error));
    CHECK(read_array(object, "regions", sizeof *parts->regions, read_region, reading, &regions, &parts->region_count,
                     error));
    CHECK(read_array(object, "clusters", sizeof *parts->clusters, read_cluster, reading, &clusters,
                     &parts->cluster_count, error));
    parts->modes = modes;
    parts->regions = regions;
    parts->clusters = clusters;
    return read_places(object, pool, parts, error);
}

static rovi_status read_evidence(const struct field *object, rovi_diagnosis_parts *parts, rovi_error *error)
{
    struct field draws, bound;
    CHECK(field_get(object, "draws", &draws, error));
    CHECK(field_to_size(&draws, 0, SIZE_MAX / 2, &parts->draws, error));
    CHECK(field_read_estimate(object, "elbo", &parts->elbo, error));
    CHECK(field_read_estimate(object, "kl", &parts->kl, error));
    CHECK(field_read_estimate(object, "log_z_is", &parts->log_z, error));
    parts->log_z_bound = (rovi_estimate){NAN, NAN}; /* which a file of an earlier rovi may lack */
    if (field_find(object, "log_z_bound", &bound))
        CHECK(field_read_estimate(object, "log_z_bound", &parts->log_z_bound, error));
    CHECK(field_read_number(object, "k_hat", &parts->k_hat, error));
    CHECK(field_read_number(object, "k_threshold", &parts->k_threshold, error));
    CHECK(field_read_number(object, "ess", &parts->ess, error));
    return field_read_share(object, "outside", "outside_mcse", &parts->outside, error);
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
    CHECK(read_arrays(object, pool, parts, error));
    *out = parts;
    return ROVI_OK;
}
