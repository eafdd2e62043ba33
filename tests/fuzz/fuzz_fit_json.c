/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer on fit files: whatever the bytes, a fit that can be drawn from, or a sentence. */
#include <stdint.h>
#include <stdlib.h>

#include "io/fit_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void draw(const rovi_fit *fit)
{
    const rovi_approximation *q = rovi_fit_approximation(fit);
    size_t d = rovi_approximation_dim(q);
    double *x = calloc(2 * d, sizeof *x), log_q[2];
    if (x)
        rovi_approximation_draw(q, 1, 0, 2, x, log_q, NULL);
    free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fit_file file;
    rovi_error error = {0};
    rovi_status status = fit_file_parse("fuzz", (const char *)data, size, &file, &error);
    if (status && (error.message[0] == '\0' || file.fit))
        abort();
    if (!status)
        draw(file.fit);
    fit_file_clear(&file);
    return 0;
}
