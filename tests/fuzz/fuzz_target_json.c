/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer on target descriptions: whatever the bytes, a target or a sentence, and a target that can be asked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/description.h"

#define LARGEST_DIM 4096 /* {"dim": 1000000} is valid and only slow */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const rovi_target *target)
{
    size_t d = rovi_target_dim(target);
    double *x = calloc(d, sizeof *x), *grad = calloc(d, sizeof *grad), value;
    if (x && grad)
        rovi_target_evaluate(target, 1, x, &value, grad, NULL);
    free(x);
    free(grad);
}

static int is_large(json_t *value)
{
    if (json_integer_value(json_object_get(value, "dim")) > LARGEST_DIM)
        return 1;
    for (void *i = json_object_iter(value); i; i = json_object_iter_next(value, i))
        if (is_large(json_object_iter_value(i)))
            return 1;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *root = NULL;
    rovi_target *target = NULL;
    rovi_error error = {0};
    rovi_status status = document_parse("fuzz", (const char *)data, size, &root, &error);
    if (!status && !is_large(root)) {
        struct field field = field_root("fuzz", root);
        status = description_to_target(&field, &target, &error);
        if (!status)
            ask(target);
    }
    if (status && (error.message[0] == '\0' || memchr(error.message, 0, sizeof error.message) == NULL || target))
        abort();
    rovi_target_free(target);
    json_decref(root);
    return 0;
}
