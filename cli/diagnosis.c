/* SPDX-License-Identifier: BSD-3-Clause */
/* What `rovi fit` and `rovi check` share of a diagnosis. */
#include "cli/diagnosis.h"

#include <string.h>

#include "cli/interrupt.h"

void diagnosis_print_next(const char *target, const char *method, FILE *stream)
{
    fprintf(stream, "rovi fit %s --method mixture%s\n", target, strcmp(method, "mixture") == 0 ? " --restarts 32" : "");
}

int diagnosis_monitor(const rovi_progress *now, void *data)
{
    (void)now;
    (void)data;
    return interrupt_seen();
}
