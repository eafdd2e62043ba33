/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Output that is there whole or not at all: written to a temporary file beside the goal, and renamed onto it when
 * everything has reached the disk. "-" (standard output), devices and pipes are written straight.
 */
#ifndef ROVI_IO_OUTPUT_H
#define ROVI_IO_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "io/memory.h"
#include "rovi.h"

struct output {
    FILE *stream;
    const char *name; /* for messages; as given, borrowed */
    char *path;       /* what the temporary file becomes; NULL when written straight */
    char *temporary;
    size_t slot; /* in the table of temporary files */
    struct pool pool;
};

/* Whether `path` will be a file that was a temporary one: what seeks as it writes needs that. */
bool output_is_plain(const char *path);

rovi_status output_open(struct output *output, const char *path, rovi_error *error);

/* Exactly one of these, or output_finish, ends an output. The first fails with ROVI_IO_FAILED when anything since
 * output_open did. */
rovi_status output_commit(struct output *output, rovi_error *error);
void output_abandon(struct output *output);

/* The one that `status`, of what was written, asks for; returns the status of the whole. */
rovi_status output_finish(struct output *output, rovi_status status, rovi_error *error);

/* Whether output_open would work, before hours of computing. Leaves no trace. */
rovi_status output_check(const char *path, rovi_error *error);

/* ROVI_BAD_INPUT when the output would replace one of the files `inputs`; NULL among them: no file. */
rovi_status output_spare(const char *path, size_t count, const char *const *inputs, rovi_error *error);

/* Remove all temporary files of this process. May be called from a signal handler. */
void output_remove_temporaries(void);

#endif
