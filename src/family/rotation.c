/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Equation (3). One Householder QR leaves O orthogonal to a few units of rounding whatever O was before, so errors do
 * not build up over steps.
 */
#include "family/rotation.h"

#include <string.h>

#include "base/arena.h"
#include "base/linalg.h"
#include "base/status.h"

size_t rotation_work(size_t d)
{
    return 2 * d * d + linalg_qr_work(d);
}

void rotation_haar(size_t d, struct rng_stream stream, uint64_t index, double *O, double *work)
{
    rng_normals(stream, index, d * d, O);
    if (!linalg_qr_q(d, O, O, work)) {
        linalg_identity(d, O); /* an event of probability zero */
    }
}

void rotation_project_tangent(size_t d, const double *O, double *G, double *work)
{
    double *S = work, *T = work + d * d;
    memset(S, 0, d * d * sizeof *S);
    linalg_add_multiply_tn(d, d, d, 1, O, G, S); /* S = O^T G */
    for (size_t i = 0; i < d; i++) {
        T[i * d + i] = 0;
        for (size_t j = i + 1; j < d; j++) {
            T[i * d + j] = 0.5 * (S[i * d + j] - S[j * d + i]);
            T[j * d + i] = -T[i * d + j];
        }
    }
    linalg_multiply(d, d, d, O, T, G); /* G = O skew(S) */
}

bool rotation_retract(size_t d, double *O, const double *G, double step, double *work)
{
    double *moved = work;
    for (size_t i = 0; i < d * d; i++) {
        moved[i] = O[i] - step * G[i];
    }
    if (!linalg_qr_q(d, moved, moved, work + d * d)) {
        return false;
    }
    memcpy(O, moved, d * d * sizeof *O);
    return true;
}

rovi_status rovi_haar_rotation(size_t d, uint64_t seed, double *rotation, rovi_error *error)
{
    if (d == 0 || rotation == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "a rotation needs a dimension of at least 1 and room for it");
    }
    struct arena memory = {0};
    double *work = arena_doubles(&memory, rotation_work(d));
    if (work == NULL) {
        arena_free(&memory);
        return error_no_memory(error);
    }
    linalg_hold_threads();
    rotation_haar(d, (struct rng_stream){.seed = seed, .purpose = RNG_HAAR}, 0, rotation, work);
    linalg_release_threads();
    arena_free(&memory);
    return ROVI_OK;
}
