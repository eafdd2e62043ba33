/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/init.h"

#include <math.h>
#include <stdio.h>

#include "io/bytes.h"
#include "io/json.h"
#include "io/report.h"

static rovi_status read_by_name(const struct field *root, const rovi_target *target, double *x, rovi_error *error)
{
    size_t d = rovi_target_dim(target);
    for (size_t j = 0; j < d; j++) {
        char made[32];
        struct field member;
        const char *name = rovi_target_coordinate_name(target, j);
        snprintf(made, sizeof made, "x.%zu", j + 1);
        rovi_status status = field_get(root, name ? name : made, &member, error);
        if (!status)
            status = field_to_double(&member, x + j, error);
        if (status)
            return status;
    }
    if (json_object_size(root->value) != d)
        return report(error, ROVI_BAD_INPUT, "%.160s: found %zu numbers, allowed: %zu, one for each coordinate",
                      root->file, json_object_size(root->value), d);
    return ROVI_OK;
}

/* `text` is what root was read from. */
static rovi_status read_point(const struct field *root, const char *text, const rovi_target *target, double *x,
                              rovi_error *error)
{
    if (json_is_array(root->value))
        return field_to_doubles(root, rovi_target_dim(target), x, error);
    if (!json_is_object(root->value))
        return field_report(root, "an array of numbers, or an object", error);
    if (rovi_target_is_constrained(target))
        return report_in_file(error, rovi_target_unconstrain(target, text, x, error), root->file);
    return read_by_name(root, target, x, error);
}

static rovi_status set_start(const char *path, rovi_target *target, const double *x, rovi_error *error)
{
    double logp = NAN;
    rovi_status status = rovi_target_set_start(target, x, error);
    if (!status)
        status = rovi_target_evaluate(target, 1, x, &logp, NULL, error);
    if (status)
        return report_in_file(error, status, path);
    if (isfinite(logp))
        return ROVI_OK;
    rovi_failures said;
    rovi_target_failures(target, &said);
    return report(error, ROVI_BAD_INPUT, "%.160s: the target's log density is not finite there%s%.240s", path,
                  said.density_message[0] ? ": " : "", said.density_message);
}

rovi_status init_read(const char *path, rovi_target *target, rovi_error *error)
{
    struct pool pool = {0};
    char *bytes;
    size_t count;
    json_t *value = NULL;
    rovi_status status = bytes_read(path, &pool, &bytes, &count, error);
    if (!status)
        status = document_parse(path, bytes, count, &value, error);
    struct field root = field_root(path, value);
    double *x = pool_take(&pool, rovi_target_dim(target), sizeof *x);
    char *text = status ? NULL : pool_format(&pool, "%.*s", (int)count, bytes);
    if (!status && (!x || !text))
        status = report_no_memory(error);
    if (!status)
        status = read_point(&root, text, target, x, error);
    if (!status)
        status = set_start(path, target, x, error);
    json_decref(value);
    pool_free(&pool);
    return status;
}
