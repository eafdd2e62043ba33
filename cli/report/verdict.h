/* SPDX-License-Identifier: BSD-3-Clause */
/* What a fit file says, as sentences. */
#ifndef ROVI_CLI_REPORT_VERDICT_H
#define ROVI_CLI_REPORT_VERDICT_H

#include "cli/common/diagnosis.h"
#include "io/fit_file.h"

#define SENTENCES_MOST 10 /* more than there are things to say */

enum verdict_level { VERDICT_GOOD, VERDICT_OPEN, VERDICT_DOUBT, VERDICT_BAD }; /* the worst thing that was found */

struct verdict {
    enum verdict_level level;
    const char *headline;
    size_t count;
    const char *sentence[SENTENCES_MOST];
    const char *next; /* command to try; or NULL */
};

/* k_hat: NULL where there is none. Texts are in the pool. */
rovi_status verdict_make(const struct fit_file *file, const char *path, const struct k_hat *k_hat, struct pool *pool,
                         struct verdict *verdict, rovi_error *error);

#endif
