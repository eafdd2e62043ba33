/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each piece is one allocation with an aligned header that links it to the piece before. By calloc: memory that comes
 * fresh from the system is zero, and costs nothing until it is written to, which much that is taken for the worst case
 * never is.
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIGNMENT 64 /* a cache line, and the widest vector register */

struct arena_block {
    struct arena_block *next;
    void *memory; /* where the allocation begins */
};

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    const size_t most = SIZE_MAX / 2 - 2 * ALIGNMENT;
    if (arena->failed || (size != 0 && count > most / size)) {
        arena->failed = true;
        return NULL;
    }
    char *memory = calloc(2 * ALIGNMENT + count * size, 1); /* the header, and what is lost by aligning it */
    if (memory == NULL) {
        arena->failed = true;
        return NULL;
    }
    struct arena_block *block = (struct arena_block *)(memory + (-(uintptr_t)memory & (ALIGNMENT - 1)));
    *block = (struct arena_block){.next = arena->blocks, .memory = memory};
    arena->blocks = block;
    return (char *)block + ALIGNMENT;
}

double *arena_doubles(struct arena *arena, size_t count)
{
    return arena_take(arena, count, sizeof(double));
}

double *arena_copy(struct arena *arena, const double *values, size_t count)
{
    double *copy = arena_doubles(arena, count);
    if (copy != NULL && count > 0) {
        memcpy(copy, values, count * sizeof *copy);
    }
    return copy;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks->memory);
        arena->blocks = next;
    }
    arena->failed = false;
}

double arena_machine_bytes(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (double)pages * (double)size : 0;
}
