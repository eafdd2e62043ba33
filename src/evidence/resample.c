/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Importance resampling without replacement, equation (34), by the Gumbel top-k trick: the k largest of
 * log w_i + G_i, G_i independent standard Gumbel, are a sequential sample. One pass, and the heap of the k best is all
 * that is kept beside the weights.
 */
#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/rng.h"
#include "base/status.h"
#include "evidence/weights.h"

struct entry {
    double key;
    size_t item;
};

/* Ties go to the item that came first: an order that does not depend on how the heap was built. */
static bool worse(const struct entry *a, const struct entry *b)
{
    return a->key < b->key || (a->key == b->key && a->item > b->item);
}

/* The worst entry is on top; puts `entry` where the top was. */
static void replace_top(struct entry *heap, size_t count, struct entry entry)
{
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        child += child + 1 < count && worse(&heap[child + 1], &heap[child]);
        if (!worse(&heap[child], &entry)) {
            break;
        }
        heap[at] = heap[child];
    }
    heap[at] = entry;
}

static void append(struct entry *heap, size_t count, struct entry entry)
{
    size_t at = count;
    for (; at > 0 && worse(&entry, &heap[(at - 1) / 2]); at = (at - 1) / 2) {
        heap[at] = heap[(at - 1) / 2];
    }
    heap[at] = entry;
}

static double gumbel(uint64_t seed, size_t item)
{
    double u;
    rng_uniforms((struct rng_stream){.seed = seed, .purpose = RNG_RESAMPLE}, item, 1, &u);
    return -log(-log(u));
}

static int by_item(const void *a, const void *b)
{
    const struct entry *p = a, *q = b;
    return (p->item > q->item) - (p->item < q->item);
}

static rovi_status check_count(size_t n, const double *log_weight, size_t k, rovi_error *error)
{
    size_t positive = 0;
    for (size_t i = 0; i < n; i++) {
        positive += log_weight[i] > -INFINITY;
    }
    if (positive < k) {
        return error_set(error, ROVI_BAD_INPUT,
                         "%zu draws without copies were asked for, but only %zu of %zu have a positive weight", k,
                         positive, n);
    }
    return ROVI_OK;
}

rovi_status rovi_resample(size_t n, const double *log_weight, uint64_t seed, size_t k, size_t *chosen,
                          rovi_error *error)
{
    rovi_status status = weights_check(n, log_weight, error);
    if (status == ROVI_OK) {
        status = check_count(n, log_weight, k, error);
    }
    if (status != ROVI_OK) {
        return status;
    }
    struct arena memory = {0};
    struct entry *heap = arena_take(&memory, k, sizeof *heap);
    if (memory.failed) {
        arena_free(&memory);
        return error_no_memory(error);
    }
    for (size_t i = 0, count = 0; i < n && k > 0; i++) {
        const struct entry entry = {log_weight[i] + gumbel(seed, i), i};
        if (count < k) {
            append(heap, count++, entry);
        } else if (worse(&heap[0], &entry)) {
            replace_top(heap, k, entry);
        }
    }
    qsort(heap, k, sizeof *heap, by_item);
    for (size_t i = 0; i < k; i++) {
        chosen[i] = heap[i].item;
    }
    arena_free(&memory);
    return ROVI_OK;
}
