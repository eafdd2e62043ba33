/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of io/ and cli/: a list of blocks, each behind a header that links it to the next. */
#include "io/memory.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct pool_block {
    struct pool_block *next;
    max_align_t memory[];
};

void *pool_take(struct pool *pool, size_t count, size_t size)
{
    json_malloc_t take;
    json_get_alloc_funcs(&take, NULL);
    if (size > 0 && count > (SIZE_MAX - sizeof(struct pool_block)) / size)
        return NULL;
    struct pool_block *block = take(sizeof *block + count * size);
    if (!block)
        return NULL;
    block->next = pool->first;
    pool->first = block;
    return memset(block->memory, 0, count * size);
}

char *pool_text(struct pool *pool, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = pool_take(pool, bytes, 1);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

char *pool_format(struct pool *pool, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : pool_take(pool, (size_t)length + 1, 1);
    if (!text)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void pool_free(struct pool *pool)
{
    json_free_t give_back;
    json_get_alloc_funcs(NULL, &give_back);
    while (pool->first) {
        struct pool_block *next = pool->first->next;
        give_back(pool->first);
        pool->first = next;
    }
}
