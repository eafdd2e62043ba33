/* SPDX-License-Identifier: BSD-3-Clause */
/* Every helper returns a new value or NULL for want of memory. */
#include "io/diagnosis.h"

json_t *diagnosis_part_to_json(const rovi_diagnosed_mode *mode, size_t k)
{
    return mode->part_of == k ? json_null() : json_from_uint64(mode->part_of);
}

static json_t *mode_to_json(const rovi_diagnosed_mode *mode, size_t k, size_t d)
{
    json_t *object = json_object();
    return json_whole(object, json_put(object, "weight", json_from_double(mode->weight)) &&
                                  json_put(object, "mass", json_from_estimate(mode->mass)) &&
                                  json_put(object, "mean", json_from_doubles(d, mode->mean)) &&
                                  json_put(object, "sd", json_from_doubles(d, mode->sd)) &&
                                  json_put(object, "part_of", diagnosis_part_to_json(mode, k)) &&
                                  json_put(object, "missed", json_boolean(mode->missed)));
}

static json_t *modes_to_json(const rovi_diagnosis_parts *parts)
{
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t k = 0; ok && k < parts->mode_count; k++)
        ok = json_array_append_new(array, mode_to_json(parts->modes + k, k, parts->dim)) == 0;
    return json_whole(array, ok);
}

static json_t *region_to_json(const rovi_region *region, size_t d)
{
    json_t *object = json_object();
    return json_whole(object, json_put(object, "mean", json_from_doubles(d, region->mean)) &&
                                  json_put(object, "sd", json_from_doubles(d, region->sd)) &&
                                  json_put(object, "mass", json_from_estimate(region->mass)) &&
                                  json_put(object, "held", json_from_estimate(region->held)) &&
                                  json_put(object, "gain", json_from_estimate(region->gain)) &&
                                  json_put(object, "distance", json_from_double(region->distance)) &&
                                  json_put(object, "depth", json_from_double(region->depth)) &&
                                  json_put(object, "missed", json_boolean(region->missed)));
}

static json_t *regions_to_json(const rovi_diagnosis_parts *parts)
{
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t k = 0; ok && k < parts->region_count; k++)
        ok = json_array_append_new(array, region_to_json(parts->regions + k, parts->dim)) == 0;
    return json_whole(array, ok);
}

static json_t *cluster_to_json(const rovi_restart_cluster *cluster)
{
    json_t *object = json_object();
    return json_whole(object, json_put(object, "size", json_from_uint64(cluster->size)) &&
                                  json_put(object, "best", json_from_uint64(cluster->best)) &&
                                  json_put(object, "below", json_from_estimate(cluster->below)) &&
                                  json_put(object, "shift", json_from_double(cluster->shift)) &&
                                  json_put(object, "scale", json_from_double(cluster->scale)));
}

static bool put_restarts(json_t *root, const rovi_diagnosis_parts *parts)
{
    json_t *clusters = json_array(), *restarts = json_array();
    bool ok = clusters && restarts;
    for (size_t c = 0; ok && c < parts->cluster_count; c++)
        ok = json_array_append_new(clusters, cluster_to_json(parts->clusters + c)) == 0;
    for (size_t i = 0; ok && i < parts->restart_count; i++)
        ok = json_array_append_new(restarts, parts->cluster[i] < parts->cluster_count
                                                 ? json_from_uint64(parts->cluster[i])
                                                 : json_null()) == 0;
    ok &= json_put(root, "clusters", clusters); /* both, so that each has an owner */
    ok &= json_put(root, "restart_cluster", restarts);
    return ok;
}

static bool put_evidence(json_t *root, const rovi_diagnosis_parts *parts)
{
    return json_put(root, "draws", json_from_uint64(parts->draws)) &&
           json_put(root, "elbo", json_from_estimate(parts->elbo)) &&
           json_put(root, "kl", json_from_estimate(parts->kl)) &&
           json_put(root, "log_z_is", json_from_estimate(parts->log_z)) &&
           json_put(root, "log_z_bound", json_from_estimate(parts->log_z_bound)) &&
           json_put(root, "k_hat", json_from_double(parts->k_hat)) &&
           json_put(root, "k_threshold", json_from_double(parts->k_threshold)) &&
           json_put(root, "ess", json_from_double(parts->ess)) &&
           json_put_share(root, "outside", "outside_mcse", parts->outside);
}

static json_t *time_to_json(const rovi_diagnosis_parts *parts)
{
    json_t *object = json_object();
    return json_whole(object, json_put(object, "wall_s", json_from_double(parts->wall_s)) &&
                                  json_put(object, "target_s", json_from_double(parts->target_s)));
}

bool diagnosis_put(json_t *object, const rovi_diagnosis_parts *parts)
{
    return json_put(object, "search", json_from_text(rovi_stop_text(parts->stop))) && put_evidence(object, parts) &&
           json_put(object, "modes", modes_to_json(parts)) &&
           json_put(object, "modes_total", json_from_double(parts->modes_total)) &&
           json_put(object, "climbs", json_from_uint64(parts->climbs)) &&
           json_put(object, "found", json_from_uint64(parts->found)) &&
           json_put(object, "regions", regions_to_json(parts)) && put_restarts(object, parts) &&
           json_put(object, "evaluations", json_from_evaluations(&parts->evaluations)) &&
           json_put(object, "time", time_to_json(parts));
}
