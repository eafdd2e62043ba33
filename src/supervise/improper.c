/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mass along a ray is infinite when log p falls more slowly than -log t, t the distance. That is asked at distances
 * so great that a proper posterior has fallen there, however wide it is, and from points off the axis, so that a ridge
 * which narrows as it rises (the pole of a hierarchical model, whose mass is finite) is not taken for one.
 */
#include "supervise/improper.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/linalg.h"
#include "base/rng.h"
#include "base/status.h"

#define LEVELS       5
#define BASES        3 /* of which all but one have to agree */
#define POINTS       (LEVELS * BASES)
#define SLOWLY       1.05 /* times log t: falls more slowly than a tail that has just a finite mass */
#define BEYOND       1e3  /* times the scale: the last level, where that is further */
#define FURTHEST     1e17 /* where sums of coordinates have lost their digits */
#define ALIKE        0.99 /* of a part: one that is no smaller is of its size */
#define SPREAD_DRAWS 64   /* of q, the widest of which is looked at */
#define SMALL        0.1  /* next to the largest coordinate: not worth its name */

/* The first is the point itself: from unit distance on, the fall has to be slow. */
static const double near_levels[LEVELS - 1] = {1, 1e4, 1e7, 1e10};

struct ray {
    const double *u;      /* d, of unit length */
    double level[LEVELS]; /* rising distances; the last two may be the same */
    double logp[POINTS];  /* by base, then level */
    double *x, *scratch;  /* POINTS x d */
};

static void set_levels(struct ray *ray, double scale)
{
    const double last = near_levels[LEVELS - 2], beyond = BEYOND * scale;
    memcpy(ray->level, near_levels, sizeof near_levels);
    ray->level[LEVELS - 1] = beyond > last && beyond < FURTHEST ? beyond : last;
}

/* Log densities along sign * u, -infinity where there are none. */
static void ask(struct meter *meter, struct ray *ray, double sign)
{
    const size_t d = meter->target->dim;
    const struct rng_stream stream = {.purpose = RNG_START, .substream = 4};
    for (size_t b = 0; b < BASES; b++) {
        double *first = ray->x + b * LEVELS * d;
        rng_normals(stream, b, d, first);
        for (size_t l = LEVELS; l-- > 0;) {
            const double way = l == 0 ? 0 : sign * ray->level[l];
            for (size_t j = 0; j < d; j++) {
                first[l * d + j] = target_origin(meter->target, j) + first[j] + way * ray->u[j];
            }
        }
    }
    meter_evaluate(meter, POINTS, ray->x, ray->logp, NULL, ray->scratch);
}

/* Whether log p falls too slowly from level to level, for this base. */
static bool is_slow(const struct ray *ray, const double *logp)
{
    for (size_t l = 1; l < LEVELS; l++) {
        const double fall = logp[l - 1] - logp[l];
        if (!isfinite(logp[l - 1]) || !isfinite(logp[l]) || fall > SLOWLY * log(ray->level[l] / ray->level[l - 1])) {
            return false;
        }
    }
    return true;
}

/* Those of one size stay in the order of the coordinates. */
static void insert(struct improper *improper, size_t j, double part)
{
    size_t k = improper->count < IMPROPER_SHOWN ? improper->count++ : IMPROPER_SHOWN - 1;
    for (; k > 0 && fabs(improper->part[k - 1]) < ALIKE * fabs(part); k--) {
        improper->coordinate[k] = improper->coordinate[k - 1];
        improper->part[k] = improper->part[k - 1];
    }
    improper->coordinate[k] = j;
    improper->part[k] = part;
}

static void describe(struct improper *improper, const struct ray *ray, double sign, size_t d, const double *logp)
{
    double largest = 0;
    size_t named = 0;
    *improper = (struct improper){.found = true,
                                  .from = near_levels[LEVELS - 3],
                                  .to = near_levels[LEVELS - 2],
                                  .change = logp[LEVELS - 2] - logp[LEVELS - 3]};
    for (size_t j = 0; j < d; j++) {
        largest = fmax(largest, fabs(ray->u[j]));
    }
    for (size_t j = 0; j < d; j++) {
        const double part = sign * ray->u[j];
        const bool full = improper->count == IMPROPER_SHOWN;
        if (fabs(part) < SMALL * largest) {
            continue;
        }
        named++;
        if (!full || fabs(part) > fabs(improper->part[IMPROPER_SHOWN - 1])) {
            insert(improper, j, part);
        }
    }
    improper->others = named - improper->count;
}

static void look(struct meter *meter, struct ray *ray, struct improper *improper)
{
    for (double sign = 1; sign >= -1 && !improper->found; sign -= 2) {
        size_t slow = 0, last = 0;
        ask(meter, ray, sign);
        for (size_t b = 0; b < BASES; b++) {
            if (is_slow(ray, ray->logp + b * LEVELS)) {
                slow++;
                last = b;
            }
        }
        if (slow >= BASES - 1) {
            describe(improper, ray, sign, meter->target->dim, ray->logp + last * LEVELS);
        }
    }
}

bool improper_along(struct meter *meter, const double *u, double scale, struct improper *improper)
{
    const size_t d = meter->target->dim;
    struct arena memory = {0};
    double *unit = arena_doubles(&memory, d), length = 0;
    struct ray ray = {.u = unit, .x = arena_doubles(&memory, POINTS * d)};
    ray.scratch = arena_doubles(&memory, meter->target->scratch + 1);
    for (size_t j = 0; j < d; j++) {
        length = fmax(length, fabs(u[j]));
    }
    if (!memory.failed && length > 0 && isfinite(length)) {
        for (size_t j = 0; j < d; j++) {
            unit[j] = u[j] / length; /* whose square is no overflow */
        }
        length = sqrt(linalg_dot(d, unit, unit));
        size_t first = 0; /* of the largest, which is looked along upwards first */
        for (; fabs(unit[first]) < ALIKE; first++) {
        }
        length = copysign(length, unit[first]);
        for (size_t j = 0; j < d; j++) {
            unit[j] /= length;
        }
        set_levels(&ray, scale);
        look(meter, &ray, improper);
    }
    const bool ok = !memory.failed;
    arena_free(&memory);
    return ok;
}

/* All but the largest coordinate of u become 0. */
static void keep_largest(size_t d, double *u)
{
    size_t largest = 0;
    for (size_t j = 1; j < d; j++) {
        if (fabs(u[j]) > fabs(u[largest])) {
            u[largest] = 0;
            largest = j;
        } else {
            u[j] = 0;
        }
    }
}

bool improper_suspect(struct meter *meter, const rovi_approximation *q, struct improper *improper)
{
    const size_t d = q->dim;
    struct arena memory = {0};
    double *x = arena_doubles(&memory, SPREAD_DRAWS * d), *u = arena_doubles(&memory, d), far = 0;
    bool ok = !memory.failed && rovi_approximation_draw(q, 0, 0, SPREAD_DRAWS, x, NULL, NULL) == ROVI_OK;
    for (size_t p = 0; ok && p < SPREAD_DRAWS * d; p++) {
        const double off = x[p] - target_origin(meter->target, p % d);
        if (fabs(off) > far) {
            far = fabs(off);
            memcpy(u, x + p / d * d, d * sizeof *u);
        }
    }
    for (size_t j = 0; ok && j < d; j++) {
        u[j] -= target_origin(meter->target, j);
    }
    if (ok && far > IMPROPER_SUSPECT) {
        ok = improper_along(meter, u, far, improper);
        keep_largest(d, u); /* of a single coordinate the direction is known exactly */
        ok = ok && (improper->found || improper_along(meter, u, far, improper));
    }
    arena_free(&memory);
    return ok;
}

/* Adds to the text what room there is for. */
static void add(size_t size, char *text, const char *more)
{
    const size_t length = strlen(text);
    snprintf(text + length, size - length, "%s", more);
}

void improper_say(const struct improper *improper, const struct rovi_target *target, size_t size, char *text)
{
    char more[96];
    text[0] = '\0';
    for (size_t k = 0; k < improper->count; k++) {
        const char *name = rovi_target_coordinate_name(target, improper->coordinate[k]);
        const double part = improper->part[k];
        add(size, text, k == 0 ? part < 0 ? "-" : "+" : part < 0 ? " - " : " + ");
        if (improper->count > 1) {
            snprintf(more, sizeof more, "%.2f ", fabs(part));
            add(size, text, more);
        }
        snprintf(more, sizeof more, "x.%zu", improper->coordinate[k] + 1);
        add(size, text, name == NULL ? more : name);
    }
    if (improper->others > 0) {
        snprintf(more, sizeof more, " and %zu more", improper->others);
        add(size, text, more);
    }
}

rovi_status improper_explain(const struct improper *improper, const struct rovi_target *target, rovi_error *error)
{
    char direction[256];
    improper_say(improper, target, sizeof direction, direction);
    return error_set(
        error, ROVI_TARGET_IMPROPER,
        "the target is improper, so that there is nothing to fit: its mass is infinite along %s, where the "
        "log density changes by %.3g from %.0e to %.0e away, and would have to fall (is a prior missing?)",
        direction, improper->change, improper->from, improper->to);
}
