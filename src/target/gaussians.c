/* SPDX-License-Identifier: BSD-3-Clause */
/* Components read back from a mixture, and turned by the rotations of the views above it: R m and R S R^T. */
#include "target/gaussians.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "base/status.h"
#include "target/mixture.h"

static const struct rovi_target *innermost(const struct rovi_target *target)
{
    while (target->base != NULL) {
        target = target->base;
    }
    return target;
}

static const struct mixture *mixture_of(const struct rovi_target *target)
{
    const struct rovi_target *base = innermost(target);
    return base->evaluate == mixture_evaluate ? base->self : NULL;
}

bool gaussians_present(const struct rovi_target *target)
{
    const struct mixture *mix = mixture_of(target);
    return mix != NULL && isinf(mix->df);
}

static void read_components(const struct mixture *mix, struct gaussians *out)
{
    const size_t d = mix->d;
    memcpy(out->weight, mix->weight, mix->K * sizeof *out->weight);
    memcpy(out->mean, mix->location, mix->K * d * sizeof *out->mean);
    for (size_t k = 0; k < mix->K; k++) {
        double *S = out->covariance + k * d * d;
        if (mix->L == NULL) {
            linalg_identity(d, S);
        } else {
            const double *L = mix->L + (mix->groups == 1 ? 0 : k) * d * d;
            linalg_multiply_nt(d, d, d, L, L, S);
        }
    }
}

/* work: d*d + K*d */
static void turn_components(const double *R, struct gaussians *out, double *work)
{
    const size_t d = out->d;
    memcpy(work, out->mean, out->K * d * sizeof *work);
    linalg_multiply_nt(out->K, d, d, work, R, out->mean);
    for (size_t k = 0; k < out->K; k++) {
        double *S = out->covariance + k * d * d;
        linalg_multiply(d, d, d, R, S, work);
        linalg_multiply_nt(d, d, d, work, R, S);
    }
}

/* The rotations apply from the base outwards */
static void turn_by_views(const struct rovi_target *target, struct gaussians *out, double *work)
{
    if (target->base != NULL) {
        turn_by_views(target->base, out, work);
        turn_components(target->self, out, work);
    }
}

static rovi_status refuse(const struct mixture *mix, rovi_error *error)
{
    if (mix != NULL) {
        return error_set(error, ROVI_BAD_INPUT,
                         "the components are Student t with df = %g; only mixtures of Gaussians are allowed here",
                         mix->df);
    }
    return error_set(error, ROVI_BAD_INPUT,
                     "the target is not a mixture; only mixtures of Gaussians, also rotated ones, are allowed here");
}

rovi_status gaussians_of(const struct rovi_target *target, struct arena *memory, struct gaussians *out,
                         rovi_error *error)
{
    const struct mixture *mix = mixture_of(target);
    if (!gaussians_present(target)) {
        return refuse(mix, error);
    }
    const size_t d = mix->d, K = mix->K;
    *out = (struct gaussians){.d = d,
                              .K = K,
                              .weight = arena_doubles(memory, K),
                              .mean = arena_doubles(memory, K * d),
                              .covariance = arena_doubles(memory, K * d * d)};
    double *work = arena_doubles(memory, d * d + K * d);
    if (memory->failed) {
        return error_no_memory(error);
    }
    linalg_hold_threads();
    read_components(mix, out);
    turn_by_views(target, out, work);
    linalg_release_threads();
    return ROVI_OK;
}
