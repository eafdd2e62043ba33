/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that is taken piece by piece and freed at once. A function takes all it needs, asks once whether the arena
 * failed, and has one way out. Every allocation of the library goes through here.
 */
#ifndef ROVI_BASE_ARENA_H
#define ROVI_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena {
    struct arena_block *blocks;
    bool failed; /* sticky: some request could not be met */
};

/* count * size bytes, zeroed, aligned to 64 bytes; NULL with arena->failed set when there is no memory (or the product
 * overflows). A request for nothing gives a valid pointer. An arena {0} is empty and ready. */
void *arena_take(struct arena *arena, size_t count, size_t size);

/* count doubles, and a copy of count doubles */
double *arena_doubles(struct arena *arena, size_t count);
double *arena_copy(struct arena *arena, const double *values, size_t count);

/* Bytes of memory that this machine has; 0 when it does not say. */
double arena_machine_bytes(void);

/* Frees every piece; the arena is then empty and ready again. */
void arena_free(struct arena *arena);

#endif
