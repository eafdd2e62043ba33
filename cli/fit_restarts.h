/* SPDX-License-Identifier: BSD-3-Clause */
/* The restarts of `rovi fit`, kept in a file as they finish, and taken up again by --resume. */
#ifndef ROVI_CLI_FIT_RESTARTS_H
#define ROVI_CLI_FIT_RESTARTS_H

#include <stdbool.h>

#include "cli/common/cli.h"
#include "io/partial_file.h"

struct fit_restarts {
    bool keeping; /* else the output is no plain file, and there is no place beside it */
    bool failed;  /* the file takes no more: said once */
    bool quiet;
    size_t kept; /* restarts in the file */
    struct partial_file file;
    const struct command *command;
};

/* With `resume` reads what is there, and says how much; without, only says that something is. */
rovi_status fit_restarts_open(struct fit_restarts *restarts, const char *output, const struct partial_key *key,
                              bool resume, rovi_error *error);

/* As rovi_restart_keep; `data` is the struct. */
void fit_restarts_keep(const rovi_restart *restart, void *data);

/* The file goes when the fit is `finished`; else it says what is kept. */
void fit_restarts_close(struct fit_restarts *restarts, bool finished);

#endif
