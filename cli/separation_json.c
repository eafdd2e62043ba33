/* SPDX-License-Identifier: BSD-3-Clause */
/* `rovi separation --json`. Components are numbered as in the file, from 0; axes as in x.1, from 1. */
#include "cli/separation.h"
#include "io/json.h"
#include "io/report.h"

static json_t *estimate_to_json(rovi_estimate estimate)
{
    json_t *object = json_object();
    bool ok = json_put(object, "value", json_from_double(estimate.value)) &&
              json_put(object, "mcse", json_from_double(estimate.mcse));
    return json_whole(object, ok);
}

static json_t *optimum_to_json(const rovi_optimum *optimum)
{
    if (optimum->share_count == 0)
        return json_null();
    json_t *object = json_object(), *shares = json_array();
    bool ok = shares != NULL;
    for (size_t k = 0; ok && k < optimum->share_count; k++)
        ok = json_array_append_new(shares, estimate_to_json(optimum->share[k])) == 0;
    ok = json_put(object, "shares", shares) && ok;
    ok = ok && json_put(object, "exact", json_boolean(optimum->exact)) &&
         json_put(object, "kl", estimate_to_json(optimum->kl)) &&
         json_put(object, "degrees", json_from_double(optimum->degrees));
    return json_whole(object, ok);
}

/* A_0 is below its threshold in units of the sign, A_1 above. */
static json_t *side_to_json(const rovi_sides *sides, int which)
{
    bool below = (sides->sign[which] > 0) == (which == 0);
    json_t *object = json_object();
    bool ok = json_put(object, "axis", json_integer((json_int_t)sides->axis[which] + 1)) &&
              json_put(object, "side", json_from_text(below ? "below" : "above")) &&
              json_put(object, "threshold", json_from_double(sides->threshold[which]));
    return json_whole(object, ok);
}

static json_t *sides_to_json(const rovi_sides *sides)
{
    json_t *object = json_object();
    bool ok = json_put(object, "A_0", side_to_json(sides, 0)) && json_put(object, "A_1", side_to_json(sides, 1)) &&
              json_put(object, "epsilon", json_from_double(sides->epsilon)) &&
              json_put(object, "mass", json_from_double(sides->mass)) &&
              json_put(object, "whole_mass", json_from_double(sides->whole_mass));
    return json_whole(object, ok);
}

static json_t *bound_to_json(const rovi_collapse_bound *bound)
{
    json_t *object = json_object();
    bool ok = json_put(object, "epsilon", json_from_double(bound->epsilon)) &&
              json_put(object, "applies", json_boolean(bound->applies)) &&
              json_put(object, "bound", json_from_double(bound->bound)) &&
              json_put(object, "sharper", json_from_double(bound->sharper));
    return json_whole(object, ok);
}

static json_t *rotation_bounds_to_json(const rovi_separation_pair *pair)
{
    json_t *object = json_object();
    bool ok = json_put(object, "along_line", json_from_double(pair->along_line)) &&
              json_put(object, "shared_line", json_from_double(pair->shared_line)) &&
              json_put(object, "shared_axes", json_from_double(pair->shared_axes)) &&
              json_put(object, "keep_one", json_from_double(pair->keep_one)) &&
              json_put(object, "least", json_from_double(pair->least_bound));
    return json_whole(object, ok);
}

/* The index in the file of one of the pair; null for a tie */
static json_t *member(const rovi_separation_pair *pair, int which)
{
    return which < 0 ? json_null() : json_integer((json_int_t)pair->component[which]);
}

static bool put_theorem(json_t *object, const rovi_separation_pair *pair, const rovi_collapse_bound *by_whole)
{
    return json_put(object, "best_epsilon", sides_to_json(&pair->best_epsilon)) &&
           json_put(object, "best_mass", sides_to_json(&pair->best_mass)) &&
           json_put(object, "b", estimate_to_json(pair->b)) &&
           json_put(object, "limit", json_from_double(pair->limit)) &&
           json_put(object, "by_definition", bound_to_json(&pair->by_definition)) &&
           json_put(object, "by_mass", bound_to_json(&pair->by_mass)) &&
           json_put(object, "by_whole", bound_to_json(by_whole));
}

static bool put_survivor(json_t *object, const rovi_separation_pair *pair)
{
    return json_put(object, "h", json_from_doubles(2, pair->h)) &&
           json_put(object, "critical_weight", json_from_double(pair->critical_weight)) &&
           json_put(object, "printed_weight", json_from_double(pair->printed_weight)) &&
           json_put(object, "favoured", member(pair, pair->favoured)) &&
           json_put(object, "collapses", json_boolean(pair->collapses)) &&
           json_put(object, "survivor", pair->collapses ? member(pair, pair->survivor) : json_null());
}

static json_t *pair_to_json(const rovi_separation_pair *pair, const rovi_collapse_bound *by_whole)
{
    json_t *object = json_object(), *components = json_array();
    bool ok = components && json_array_append_new(components, member(pair, 0)) == 0 &&
              json_array_append_new(components, member(pair, 1)) == 0;
    ok = json_put(object, "components", components) && ok;
    ok = ok && json_put(object, "weights", json_from_doubles(2, pair->weight)) && put_theorem(object, pair, by_whole) &&
         put_survivor(object, pair) && json_put(object, "mean_field", optimum_to_json(&pair->mean_field)) &&
         json_put(object, "rotated", optimum_to_json(&pair->rotated)) &&
         json_put(object, "rotation_bounds", rotation_bounds_to_json(pair));
    return json_whole(object, ok);
}

static bool put_pairs(json_t *root, const rovi_separation *separation)
{
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t p = 0; ok && p < separation->pair_count; p++)
        ok = json_array_append_new(array, pair_to_json(separation->pairs + p, separation->by_whole + p)) == 0;
    return json_put(root, "pairs", array) && ok;
}

rovi_status separation_print_json(const char *target, const rovi_separation *separation, FILE *stream,
                                  rovi_error *error)
{
    json_t *root = json_object();
    bool ok = json_put(root, "rovi", json_from_text(rovi_version())) &&
              json_put(root, "target", json_from_text(target)) &&
              json_put(root, "dim", json_integer((json_int_t)separation->dim)) &&
              json_put(root, "weights", json_from_doubles(separation->count, separation->weight)) &&
              json_put(root, "mean_field", optimum_to_json(&separation->mean_field)) &&
              json_put(root, "rotated", optimum_to_json(&separation->rotated)) &&
              json_put(root, "b", estimate_to_json(separation->b)) &&
              json_put(root, "limit", json_from_double(separation->limit)) &&
              json_put(root, "least_bound", json_from_double(separation->least_bound)) && put_pairs(root, separation);
    rovi_status status = ok ? document_write(root, stream, "standard output", error) : report_no_memory(error);
    json_decref(root);
    return status;
}
