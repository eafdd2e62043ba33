/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Philox4x64-10 keyed by (seed, purpose), counter (position, index, substream, 0): four 64-bit words per counter.
 * Normals are quantiles of uniforms, one word each, so that number j of an item does not depend on its neighbours.
 */
#include "base/rng.h"

#include <Random123/philox.h>

#include "base/normal.h"

#define WORDS 4
#define BLOCK 64 /* normals at once; a multiple of WORDS */

static philox4x64_ctr_t words(struct rng_stream stream, uint64_t index, uint64_t position)
{
    const philox4x64_ctr_t counter = {{position, index, stream.substream, 0}};
    const philox4x64_key_t key = {{stream.seed, (uint64_t)stream.purpose}};
    return philox4x64(counter, key);
}

/* The middle of one of 2^52 equal cells of (0,1), which is a double: never 0 or 1. */
static double uniform(uint64_t bits)
{
    return ((double)(bits >> 12) + 0.5) * 0x1p-52;
}

/* Numbers first, ..., first + n - 1 of the item; first is a multiple of WORDS. */
static void uniforms_from(struct rng_stream stream, uint64_t index, size_t first, size_t n, double *out)
{
    for (size_t at = 0; at < n; at += WORDS) {
        const philox4x64_ctr_t w = words(stream, index, (first + at) / WORDS);
        for (size_t j = 0; j < WORDS && at + j < n; j++) {
            out[at + j] = uniform(w.v[j]);
        }
    }
}

void rng_uniforms(struct rng_stream stream, uint64_t index, size_t n, double *out)
{
    uniforms_from(stream, index, 0, n, out);
}

void rng_normals(struct rng_stream stream, uint64_t index, size_t n, double *out)
{
    double u[BLOCK];
    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t m = n - at < BLOCK ? n - at : BLOCK;
        uniforms_from(stream, index, at, m, u);
        normal_quantiles(m, u, out + at);
    }
}

uint64_t rng_bits(struct rng_stream stream, uint64_t index)
{
    return words(stream, index, 0).v[0];
}
