/* SPDX-License-Identifier: BSD-3-Clause */
/* A whole file in memory, and its fingerprint. */
#ifndef ROVI_IO_BYTES_H
#define ROVI_IO_BYTES_H

#include <stddef.h>

#include "io/memory.h"
#include "rovi.h"

#define FINGERPRINT_SIZE 25 /* "fnv1a64:", 16 digits, and the closing zero */

/* The bytes of the file (in `pool`) and their number. ROVI_BAD_INPUT when it cannot be read. */
rovi_status bytes_read(const char *path, struct pool *pool, char **bytes, size_t *count, rovi_error *error);

/* FNV-1a with 64 bits: tells that a file has changed by accident or edit; it is no defence against forgery. */
void bytes_fingerprint(const char *bytes, size_t count, char fingerprint[FINGERPRINT_SIZE]);

/* The same of a file, however large. ROVI_BAD_INPUT when it cannot be read. */
rovi_status bytes_fingerprint_file(const char *path, char fingerprint[FINGERPRINT_SIZE], rovi_error *error);

#endif
