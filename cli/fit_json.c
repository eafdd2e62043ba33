/* SPDX-License-Identifier: BSD-3-Clause */
/* `rovi fit --json`. */
#include "cli/fit_result.h"
#include "io/diagnosis.h"
#include "io/report.h"

/* seen: what the target has of it, where that is known; number k of the fit's. */
static json_t *mode_to_json(const rovi_mode *mode, const rovi_diagnosed_mode *seen, size_t k, size_t d)
{
    json_t *object = json_object();
    bool ok = json_put(object, "weight", json_from_double(mode->weight)) &&
              json_put(object, "mean", json_from_doubles(d, mode->mean)) &&
              json_put(object, "sd", json_from_doubles(d, mode->sd)) &&
              json_put(object, "mass", seen ? json_from_estimate(seen->mass) : json_null()) &&
              json_put(object, "part_of", seen ? diagnosis_part_to_json(seen, k) : json_null());
    return json_whole(object, ok);
}

static bool put_modes(json_t *root, const rovi_modes *modes, const rovi_diagnosis_parts *diagnosis, size_t d)
{
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t k = 0; ok && k < modes->listed; k++) {
        const rovi_diagnosed_mode *seen = diagnosis && k < diagnosis->mode_count ? diagnosis->modes + k : NULL;
        ok = json_array_append_new(array, mode_to_json(modes->mode + k, seen, k, d)) == 0;
    }
    return json_put(root, "modes", array) && ok &&
           json_put(root, "modes_listed_weight", json_from_double(modes->listed_weight)) &&
           json_put(root, "modes_total",
                    modes->total < 9007199254740992.0 ? json_integer((json_int_t)modes->total)
                                                      : json_from_double(modes->total));
}

/* What the restart has cost, and how many components it has. */
static bool put_price(json_t *object, const rovi_restart *restart)
{
    const rovi_trace_point *last = restart->trace_length ? restart->trace + restart->trace_length - 1 : NULL;
    const rovi_approximation *q = restart->approximation;
    return json_put(object, "evaluations", json_from_uint64(restart->evaluations.density)) &&
           json_put(object, "seconds", last ? json_from_double(last->seconds) : json_null()) &&
           json_put(object, "degenerate", json_from_uint64(restart->degenerate)) &&
           json_put(object, "components", q ? json_from_uint64(rovi_approximation_components(q)) : json_null());
}

static bool put_restarts(json_t *root, const rovi_fit_parts *parts)
{
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < parts->restart_count; i++) {
        const rovi_restart *restart = parts->restarts + i;
        json_t *object = json_object();
        ok = json_put(object, "seed", json_from_uint64(restart->seed)) &&
             json_put(object, "elbo", json_from_double(restart->elbo.value)) &&
             json_put(object, "mcse", json_from_double(restart->elbo.mcse)) &&
             json_put(object, "status", json_from_text(rovi_stop_text(restart->stop))) && put_price(object, restart);
        ok &= json_array_append_new(array, object) == 0;
    }
    return json_put(root, "restarts", array) && ok;
}

static bool put_product(json_t *object, const rovi_approximation_parts *q, bool matrices)
{
    const size_t d = q->dim;
    return json_put(object, "center", json_from_doubles(d, q->center)) && (!matrices || fit_put_matrices(object, q));
}

/* A mixture has no center, whitening and rotation, but its components have. */
static bool put_mixture(json_t *root, const rovi_approximation *q, bool matrices)
{
    json_t *array = json_array();
    bool ok = array && json_put(root, "center", json_null()) && json_put(root, "whitening", json_null()) &&
              json_put(root, "rotation", json_null());
    for (size_t k = 0; ok && k < rovi_approximation_components(q); k++) {
        double weight = 0;
        const rovi_approximation *component = rovi_approximation_component(q, k, &weight);
        json_t *object = json_object();
        ok = json_put(object, "weight", json_from_double(weight)) &&
             put_product(object, rovi_approximation_parts_of(component), matrices);
        ok &= json_array_append_new(array, object) == 0;
    }
    return json_put(root, "components", array) && ok;
}

static bool put_approximation(json_t *root, const rovi_approximation *q, bool full)
{
    const bool matrices = rovi_approximation_dim(q) <= MATRICES_UP_TO || full;
    const rovi_approximation_parts *product = rovi_approximation_parts_of(q);
    return product ? put_product(root, product, matrices) : put_mixture(root, q, matrices);
}

rovi_status fit_print_json(const struct fit_context *context, const rovi_fit *fit, const struct summary *summary,
                           bool full, FILE *stream, rovi_error *error)
{
    const rovi_approximation *q = rovi_fit_approximation(fit);
    rovi_modes *modes;
    rovi_status status = rovi_approximation_modes(q, MODES_LISTED, &modes, error);
    if (status)
        return status;
    json_t *root = fit_head_to_json(context, fit);
    bool ok = root && put_approximation(root, q, full) && put_restarts(root, rovi_fit_parts_of(fit)) &&
              put_modes(root, modes, context->diagnosis, rovi_approximation_dim(q)) &&
              (!summary || summary_put(root, summary));
    status = ok ? document_write(root, stream, "standard output", error) : report_no_memory(error);
    json_decref(root);
    rovi_modes_free(modes);
    return status;
}
