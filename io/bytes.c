/* SPDX-License-Identifier: BSD-3-Clause */
/* A whole file in memory (pipes too, hence by doubling), and its fingerprint. */
#include "io/bytes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io/report.h"

static rovi_status read_all(FILE *file, struct pool *pool, char **bytes, size_t *count)
{
    size_t room = 1 << 14;
    *count = 0;
    if (!(*bytes = pool_take(pool, room, 1)))
        return ROVI_NO_MEMORY;
    for (size_t got; (got = fread(*bytes + *count, 1, room - *count, file)) > 0;) {
        *count += got;
        if (*count < room)
            continue;
        char *larger = pool_take(pool, room, 2);
        if (!larger)
            return ROVI_NO_MEMORY;
        *bytes = memcpy(larger, *bytes, *count);
        room *= 2;
    }
    return ferror(file) ? ROVI_BAD_INPUT : ROVI_OK;
}

static rovi_status open_to_read(const char *path, FILE **file, rovi_error *error)
{
    *file = NULL;
    if (path[0] == '\0')
        return report(error, ROVI_BAD_INPUT, "found an empty name of a file, allowed: the path of a file to read");
    *file = fopen(path, "rb");
    if (!*file && errno == ENOMEM)
        return report_no_memory(error);
    if (!*file)
        return report(error, ROVI_BAD_INPUT, "%.200s: cannot be read: %s", path, strerror(errno));
    errno = 0;
    return ROVI_OK;
}

rovi_status bytes_read(const char *path, struct pool *pool, char **bytes, size_t *count, rovi_error *error)
{
    FILE *file;
    rovi_status opened = open_to_read(path, &file, error);
    if (opened)
        return opened;
    rovi_status status = read_all(file, pool, bytes, count);
    int reason = errno;
    fclose(file);
    if (status == ROVI_NO_MEMORY)
        return report_no_memory(error);
    if (status)
        return report(error, status, "%.200s: cannot be read: %s", path, strerror(reason));
    return ROVI_OK;
}

/* ---- fingerprints ---- */

#define FNV_OFFSET UINT64_C(14695981039346656037) /* offset basis and prime for 64 bits */
#define FNV_PRIME  UINT64_C(1099511628211)

static uint64_t hash_more(uint64_t hash, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * FNV_PRIME;
    return hash;
}

static void print_hash(uint64_t hash, char fingerprint[FINGERPRINT_SIZE])
{
    snprintf(fingerprint, FINGERPRINT_SIZE, "fnv1a64:%016" PRIx64, hash);
}

void bytes_fingerprint(const char *bytes, size_t count, char fingerprint[FINGERPRINT_SIZE])
{
    print_hash(hash_more(FNV_OFFSET, bytes, count), fingerprint);
}

rovi_status bytes_fingerprint_file(const char *path, char fingerprint[FINGERPRINT_SIZE], rovi_error *error)
{
    char chunk[1 << 14];
    uint64_t hash = FNV_OFFSET;
    FILE *file;
    rovi_status opened = open_to_read(path, &file, error);
    if (opened)
        return opened;
    for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0;)
        hash = hash_more(hash, chunk, got);
    int failed = ferror(file), reason = errno;
    fclose(file);
    if (failed)
        return report(error, ROVI_BAD_INPUT, "%.200s: cannot be read: %s", path, strerror(reason));
    print_hash(hash, fingerprint);
    return ROVI_OK;
}
