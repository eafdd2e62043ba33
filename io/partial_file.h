/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FIT.json.partial: the restarts of a fit that is not finished, each written as it ends, so that whatever ends the
 * program takes none of them along. One JSON document a line: first what the fit is known by, then a restart each, as
 * in a fit file. A line counts once its end is there: what a crash left half-written is dropped.
 */
#ifndef ROVI_IO_PARTIAL_FILE_H
#define ROVI_IO_PARTIAL_FILE_H

#include "io/json.h"
#include "io/memory.h"
#include "rovi.h"

/* What a fit is known by. Two runs that agree in it end with the same bits. Texts are borrowed. */
struct partial_key {
    size_t dim;
    const char *target_fingerprint, *data_fingerprint; /* the latter NULL without data */
    const char *start, *init;                          /* files; NULL without */
    const rovi_settings *settings;
};

struct partial_file {
    char *path;
    bool found;             /* there was a file to read */
    size_t count;           /* restarts read */
    rovi_restart *restarts; /* count */
    /* The rest is the file's own. */
    rovi_approximation **approximations; /* count; some may be NULL */
    json_t *key;
    long end; /* of the last whole line; 0: the key is still to be written */
    struct pool pool;
};

/* For the fit that goes to `output`, a plain file. On failure *file is empty: nothing to clear. */
rovi_status partial_file_open(const char *output, const struct partial_key *key, struct partial_file *file,
                              rovi_error *error);
void partial_file_clear(struct partial_file *file);

/* Reads the restarts that are there: none when there is no file. ROVI_BAD_INPUT when they are of another fit: the
 * sentence says what differs. */
rovi_status partial_file_read(struct partial_file *file, rovi_error *error);

/* Forgets what was read: the first restart that is added then replaces the file. */
void partial_file_restart(struct partial_file *file);

/* Adds a restart at the end of the file. On failure the file holds what it held. */
rovi_status partial_file_add(struct partial_file *file, const rovi_restart *restart, rovi_error *error);

void partial_file_remove(const struct partial_file *file);

#endif
