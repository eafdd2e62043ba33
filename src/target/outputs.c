/* SPDX-License-Identifier: BSD-3-Clause */
/* What a target offers beside its density: names, draws as the user knows them, what it has said about its failures. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "base/status.h"
#include "target/failures.h"
#include "target/target.h"

const char *rovi_target_coordinate_name(const rovi_target *target, size_t index)
{
    return target->names == NULL || index >= target->dim ? NULL : target->names[index];
}

int rovi_target_is_constrained(const rovi_target *target)
{
    return target->outputs != NULL;
}

size_t rovi_target_output_count(const rovi_target *target, unsigned include)
{
    const struct target_outputs *outputs = target->outputs;
    if (outputs == NULL) {
        return target->dim;
    }
    return outputs->parameters + ((include & ROVI_TRANSFORMED) != 0 ? outputs->transformed : 0) +
           ((include & ROVI_GENERATED) != 0 ? outputs->generated : 0);
}

const char *rovi_target_output_name(const rovi_target *target, unsigned include, size_t index)
{
    const struct target_outputs *outputs = target->outputs;
    if (outputs == NULL) {
        return rovi_target_coordinate_name(target, index);
    }
    if (index >= rovi_target_output_count(target, include)) {
        return NULL;
    }
    const bool skips = index >= outputs->parameters && (include & ROVI_TRANSFORMED) == 0;
    return outputs->names[skips ? index + outputs->transformed : index];
}

/* A model may also give NaN and say nothing. */
static void report_nan(const rovi_target *target, unsigned include, const double *out)
{
    const size_t m = rovi_target_output_count(target, include);
    size_t j = 0;
    while (j < m && !isnan(out[j])) {
        j++;
    }
    if (j < m) {
        char message[200];
        snprintf(message, sizeof message, "no exception, but NaN for %.150s",
                 rovi_target_output_name(target, include, j));
        failures_add_outputs(target->failures, message);
    }
}

static void constrain_row(const rovi_target *target, const rovi_outputs *which, size_t i, const double *x, double *out)
{
    const struct rng_stream stream = {.seed = which->seed, .purpose = RNG_OUTPUTS};
    const uint32_t seed =
        (which->include & ROVI_GENERATED) != 0 ? (uint32_t)(rng_bits(stream, which->first + i) >> 32) : 0;
    if (target->outputs->constrain(target, which->include, seed, x, out)) {
        report_nan(target, which->include, out);
    } else {
        for (size_t j = 0; j < rovi_target_output_count(target, which->include); j++) {
            out[j] = NAN;
        }
    }
}

rovi_status rovi_target_constrain(const rovi_target *target, const rovi_outputs *outputs, size_t n, const double *x,
                                  double *out, rovi_error *error)
{
    if (target == NULL || outputs == NULL || (n > 0 && (x == NULL || out == NULL))) {
        return error_set(error, ROVI_BAD_INPUT, "target, outputs, x or out is NULL; they must be given");
    }
    if (target->outputs == NULL) {
        memmove(out, x, n * target->dim * sizeof *x);
        return ROVI_OK;
    }
    const size_t m = rovi_target_output_count(target, outputs->include);
    for (size_t i = 0; i < n; i++) {
        constrain_row(target, outputs, i, x + i * target->dim, out + i * m);
    }
    return ROVI_OK;
}

rovi_status rovi_target_unconstrain(const rovi_target *target, const char *json, double *x, rovi_error *error)
{
    if (target == NULL || json == NULL || x == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "target, json or x is NULL; they must be given");
    }
    if (target->outputs == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "the target has no constrained scale; give its coordinates");
    }
    return target->outputs->unconstrain(target, json, x, error);
}

void rovi_target_failures(const rovi_target *target, rovi_failures *failures)
{
    while (target->base != NULL) { /* a view has nothing to say of its own */
        target = target->base;
    }
    *failures = (rovi_failures){0};
    if (target->failures != NULL) {
        pthread_mutex_lock(&target->failures->lock);
        *failures = target->failures->said;
        pthread_mutex_unlock(&target->failures->lock);
    }
}
