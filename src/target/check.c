/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is a user's gradient the gradient of the user's log density?
 *
 * At a few points, along random directions u that each change the log density by about as much through every
 * coordinate, u_j = +-1/max(1, |g_j|), the slope g^T u is compared with the central difference D(h) = (f(x + h u) - f(x
 * - h u))/2h for a ladder of steps. Large ones see the curvature, small ones the rounding of f, or the tolerance of a
 * differential equation's solver inside it: a slope that one of them confirms is right, and what similar ones differ
 * by, or f's own noise would do, is granted as their error. A slope that is off, if by little, is but a suspicion: it
 * sends the check through the coordinates, one by one, where only a clear difference counts, and the worst is named.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "base/rng.h"
#include "base/status.h"
#include "target/target.h"

#define POINTS     3
#define DIRECTIONS 2
#define TRIES      20   /* for a point that the target does not reject */
#define STEPS      7    /* of the ladder */
#define LONGEST    0.1  /* of them, each a tenth of the one before */
#define SUSPECT    1e-5 /* share of the sizes of a slope's parts by which it is off: one part may be small beside all */
#define WRONG      1e-3 /* share of one coordinate's slope: what tolerances and kinks inside a model do not reach */
#define NOISE      10   /* times the error of a difference that may be chance */

struct check {
    const struct rovi_target *target;
    struct rng_stream stream;
    double *x, *grad, *u, *y; /* d, d, d, 4 d */
    double *scratch;
    double logp; /* at x */
    int code;    /* of a target that has failed for good */
};

static bool evaluate(struct check *c, size_t n, const double *x, double *logp, double *grad)
{
    struct target_rejected rejected = {0};
    if (c->code == 0) {
        c->code = target_evaluate(c->target, n, x, logp, grad, c->scratch, &rejected);
    }
    return c->code == 0 && rejected.count == 0;
}

/* Point number `index` that the target takes; false when it took none of those tried. */
static bool find_point(struct check *c, uint64_t index)
{
    const size_t d = c->target->dim;
    for (uint64_t t = 0; t < TRIES && c->code == 0; t++) {
        const double spread = t < TRIES / 2 ? 1 : 0.1;
        rng_normals(c->stream, TRIES * index + t, d, c->x);
        for (size_t j = 0; j < d; j++) {
            c->x[j] = spread * c->x[j] + target_origin(c->target, j);
        }
        if (evaluate(c, 1, c->x, &c->logp, c->grad)) {
            return true;
        }
    }
    return false;
}

struct difference {
    double slope;  /* D(h); NaN beyond the support */
    double chance; /* about its error by the noise of f: rounding, or the tolerance of a solver inside it */
};

/* D(h) along u. The fourth difference of f at distances h is next to nothing but noise, 8 times that of one value. */
static struct difference difference(struct check *c, double h)
{
    const size_t d = c->target->dim;
    double f[4] = {0};
    for (size_t j = 0; j < d; j++) {
        for (size_t k = 0; k < 4; k++) {
            c->y[k * d + j] = c->x[j] + (double)(k < 2 ? (int)k - 2 : (int)k - 1) * h * c->u[j];
        }
    }
    if (!evaluate(c, 4, c->y, f, NULL)) {
        return (struct difference){NAN, INFINITY};
    }
    const double fourth = f[0] - 4 * f[1] + 6 * c->logp - 4 * f[2] + f[3];
    const double rounding = DBL_EPSILON * (fabs(f[1]) + fabs(f[2]));
    return (struct difference){(f[2] - f[1]) / (2 * h), (fabs(fourth) / 8 + rounding) / h};
}

struct slope {
    double said, found; /* the difference that is to be trusted most; NaN when there is none */
    double off;         /* how far they are apart, in units of what is granted: > 1 is wrong */
};

/* The slope along u; `share` of its size is granted, and NOISE times the error of the difference that has the least:
 * what it differs by from those of the steps beside it, or its chance, if that is more. By luck one of these may be
 * small, but hardly all. */
static struct slope compare(struct check *c, double share)
{
    const size_t d = c->target->dim;
    struct slope slope = {.found = NAN};
    struct difference D[STEPS];
    double size = 0, least = INFINITY, closest = INFINITY, h = LONGEST;
    for (size_t j = 0; j < d; j++) {
        slope.said += c->grad[j] * c->u[j];
        size += fabs(c->grad[j] * c->u[j]);
    }
    for (int k = 0; k < STEPS; k++, h *= 0.1) {
        D[k] = difference(c, h);
        closest = fmin(closest, fabs(D[k].slope - slope.said) / (share * fmax(size, fabs(D[k].slope)) + DBL_MIN));
    }
    for (int k = 1; k + 1 < STEPS; k++) {
        const double gap = fmax(fabs(D[k].slope - D[k - 1].slope), fabs(D[k].slope - D[k + 1].slope));
        const double error = fmax(gap, D[k].chance);
        if (error < least) {
            least = error;
            slope.found = D[k].slope;
        }
    }
    const double granted = share * fmax(size, fabs(slope.found)) + NOISE * least + DBL_MIN;
    slope.off = isnan(slope.found) ? 0 : fmin(closest, fabs(slope.found - slope.said) / granted);
    return slope;
}

static rovi_status blame(struct check *c, rovi_error *error)
{
    const size_t d = c->target->dim;
    struct slope worst = {.off = 1};
    size_t at = d;
    for (size_t j = 0; j < d && c->code == 0; j++) {
        memset(c->u, 0, d * sizeof *c->u);
        c->u[j] = 1 / fmax(1, fabs(c->grad[j]));
        const struct slope slope = compare(c, WRONG);
        if (slope.off > worst.off) {
            at = j;
            worst = slope;
        }
    }
    if (at == d) {
        return ROVI_OK; /* no coordinate alone: the direction was noise, or met a kink */
    }
    const char *name = rovi_target_coordinate_name(c->target, at);
    const double scale = fmax(1, fabs(c->grad[at]));
    return error_set(
        error, ROVI_TARGET_FAILED,
        "the gradient is wrong: in coordinate %zu%s%.80s%s it is %.8g, while central differences of the log "
        "density give %.8g (at a point where the coordinate is %.8g and the log density %.8g)",
        at + 1, name == NULL ? "" : " (", name == NULL ? "" : name, name == NULL ? "" : ")", worst.said * scale,
        worst.found * scale, c->x[at], c->logp);
}

static rovi_status check_point(struct check *c, uint64_t index, rovi_error *error)
{
    const size_t d = c->target->dim;
    rovi_status status = ROVI_OK;
    for (uint64_t k = 0; k < DIRECTIONS && status == ROVI_OK; k++) {
        struct rng_stream stream = c->stream;
        stream.substream = 1;
        rng_uniforms(stream, DIRECTIONS * index + k, d, c->u);
        for (size_t j = 0; j < d; j++) {
            c->u[j] = (c->u[j] < 0.5 ? -1 : 1) / fmax(1, fabs(c->grad[j]));
        }
        if (compare(c, SUSPECT).off > 1) {
            status = blame(c, error);
        }
    }
    return status;
}

rovi_status rovi_target_check_gradient(const rovi_target *target, uint64_t seed, rovi_error *error)
{
    if (target == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "target is NULL; it must be given");
    }
    const size_t d = target->dim;
    struct arena memory = {0};
    struct check c = {.target = target, .stream = {.seed = seed, .purpose = RNG_CHECK}};
    c.x = arena_doubles(&memory, d);
    c.grad = arena_doubles(&memory, d);
    c.u = arena_doubles(&memory, d);
    c.y = arena_doubles(&memory, 4 * d);
    c.scratch = arena_doubles(&memory, target->scratch);
    rovi_status status = memory.failed ? error_no_memory(error) : ROVI_OK;
    linalg_hold_threads();
    for (uint64_t i = 0; i < POINTS && status == ROVI_OK; i++) {
        if (find_point(&c, i)) {
            status = check_point(&c, i, error);
        }
    }
    linalg_release_threads();
    if (status == ROVI_OK && c.code != 0) {
        status = error_set(error, ROVI_TARGET_FAILED, "the target failed with code %d while its gradient was checked",
                           c.code);
    }
    arena_free(&memory);
    return status;
}
