/* SPDX-License-Identifier: BSD-3-Clause */
/* `rovi check --json`. */

#include "cli/common/diagnosis.h"
#include "io/diagnosis.h"
#include "io/report.h"

static json_t *theory_to_json(const struct checked *checked)
{
    const rovi_separation *theory = checked->theory;
    if (!theory)
        return json_null();
    const rovi_separation_pair *pair = theory->pair_count == 1 ? theory->pairs : NULL;
    json_t *object = json_object();
    return json_whole(object, json_put(object, "mean_field_kl", json_from_estimate(theory->mean_field.kl)) &&
                                  json_put(object, "rotated_kl", json_from_estimate(theory->rotated.kl)) &&
                                  json_put(object, "rotated_bound", json_from_double(theory->least_bound)) &&
                                  json_put(object, "collapses", pair ? json_boolean(pair->collapses) : json_null()) &&
                                  json_put(object, "survivor",
                                           pair && pair->collapses && pair->survivor >= 0
                                               ? json_from_uint64(pair->component[pair->survivor])
                                               : json_null()) &&
                                  json_put(object, "weights", json_from_doubles(theory->count, theory->weight)) &&
                                  json_put(object, "fit_share", json_from_doubles(theory->count, checked->share)));
}

static json_t *check_to_json(const struct checked *checked)
{
    const rovi_diagnosis_parts *parts = checked->diagnosis;
    json_t *root = json_object();
    return json_whole(root, json_put(root, "rovi", json_from_text(rovi_version())) &&
                                json_put(root, "fit", json_from_text(checked->file)) &&
                                json_put(root, "target", json_from_text(checked->context->target)) &&
                                json_put(root, "method", json_from_text(checked->context->method)) &&
                                json_put(root, "dim", json_from_uint64(parts->dim)) &&
                                json_put(root, "collapse", json_from_collapse(parts)) && diagnosis_put(root, parts) &&
                                json_put(root, "theory", theory_to_json(checked)));
}

rovi_status check_print_json(const struct checked *checked, FILE *stream, rovi_error *error)
{
    json_t *root = check_to_json(checked);
    rovi_status status = root ? document_write(root, stream, "standard output", error) : report_no_memory(error);
    json_decref(root);
    return status;
}
