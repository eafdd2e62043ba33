/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of io/ and cli/: taken piece by piece, freed at once. It comes from jansson's allocator, so that a test which
 * makes the n-th allocation of the JSON reader fail reaches every allocation here as well.
 */
#ifndef ROVI_IO_MEMORY_H
#define ROVI_IO_MEMORY_H

#include <stddef.h>

/* A pool {0} is empty and ready. */
struct pool {
    struct pool_block *first;
};

/* count * size bytes, zeroed; NULL when there is no memory or the product overflows. Nothing gives a valid pointer. */
void *pool_take(struct pool *pool, size_t count, size_t size);
char *pool_text(struct pool *pool, const char *text); /* a copy of text */
char *pool_format(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Frees every piece; the pool is then empty and ready again. */
void pool_free(struct pool *pool);

#endif
