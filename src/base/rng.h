/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counter-based random numbers: every number has an address, so any of them can be made at any time by any thread.
 * Generator: Philox4x64-10 of Random123 (Salmon et al., SC 2011).
 */
#ifndef ROVI_BASE_RNG_H
#define ROVI_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* What a stream is for: no two purposes share a number. */
enum rng_purpose {
    RNG_FIT = 1,  /* reference points of the steps */
    RNG_START,    /* starting rotation and maps */
    RNG_TRACE,    /* trace of a restart */
    RNG_SELECT,   /* choice among restarts */
    RNG_EVIDENCE, /* the numbers that are shown */
    RNG_DRAW,     /* draws for the user */
    RNG_RESTART,  /* seeds of the restarts */
    RNG_HAAR,     /* rovi_haar_rotation */
    RNG_PROBE,    /* internal estimates, such as power iterations */
    RNG_LANGEVIN, /* starts and steps of Langevin particles */
    RNG_RESAMPLE, /* rovi_resample */
    RNG_CHECK,    /* points and directions of the gradient check */
    RNG_OUTPUTS,  /* seeds of the generated quantities */
    RNG_DIAGNOSE  /* what a diagnosis measures on, and where it searches */
};

struct rng_stream {
    uint64_t seed;
    enum rng_purpose purpose;
    uint64_t substream; /* such as the iteration */
};

/* n numbers of item `index` of the stream (such as point `index`): uniform on (0,1), standard normal, or 64 raw bits */
void rng_uniforms(struct rng_stream stream, uint64_t index, size_t n, double *out);
void rng_normals(struct rng_stream stream, uint64_t index, size_t n, double *out);
uint64_t rng_bits(struct rng_stream stream, uint64_t index);

#endif
