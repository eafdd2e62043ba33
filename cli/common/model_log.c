/* SPDX-License-Identifier: BSD-3-Clause */
/* A model may print at each of millions of evaluations, from several threads. */
#include "cli/common/model_log.h"

#include <stdatomic.h>
#include <stdio.h>

#define SHOWN 4096 /* characters */

void model_log(const char *text, size_t size)
{
    static atomic_size_t printed;
    size_t before = atomic_fetch_add(&printed, size);
    if (before + size <= SHOWN)
        fwrite(text, 1, size, stderr);
    else if (before <= SHOWN)
        fputs("\nrovi: the model prints more than that; the rest is dropped\n", stderr);
}
