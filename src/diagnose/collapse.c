/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each maximum that a valley parts from the fit's modes gets an approximation r of its own, by which its region is
 * weighed: the local normal there or, where that would be a d x d matrix, a fit by directions that begins there. Where
 * the fit itself has several modes, the region may be one of a whole group that was lost together (one well of a
 * coordinate is half of all modes): then the fit, moved so that its nearest maximum comes to lie on the new one, has
 * the shape of the group, and the heavier of the two regions counts. In many dimensions that is tried first: it costs
 * nothing but draws.
 */
#include "diagnose/collapse.h"

#include <math.h>
#include <stdlib.h>

#include "directions/large.h"
#include "explore/explore.h"

#define MASS_LEAST  0.02 /* of a region whose loss is a collapse */
#define HELD_MOST   0.1  /* of that mass, by a fit that misses it */
#define CERTAIN     2.0  /* standard errors that its mass is from zero */
#define DRAWS_MOST  2048 /* of a region */
#define DRAWS_LEAST 128
#define ROUGH       0.5  /* relative error of a mass, beyond which it is not taken for one, */
#define SLIGHT      1e-3 /* unless it would not matter, were it twenty times as much */

bool collapse_is_missed(rovi_estimate mass, double held)
{
    return mass.value >= MASS_LEAST && mass.value >= CERTAIN * mass.mcse && held < HELD_MOST * mass.value;
}

/* A local normal holds a d x d matrix. */
static bool has_room_for_locals(const struct collapse *c)
{
    return !(c->q->count > 0 ? c->q->component[0] : c->q)->compact;
}

/* What is left of the budget for each of the maxima that are left. */
static uint64_t share(const struct collapse *c)
{
    const uint64_t spent = atomic_load(&c->progress->meter->density), budget = c->progress->budget;
    return spent < budget ? (budget - spent) / c->left : 0;
}

/* Draws of the region of the next maximum; 0 when what is left is too little. In many dimensions, where a climb may
 * cost more than was left, a region has the least number of draws whatever is left. */
static size_t draws_for(const struct collapse *c)
{
    const size_t least = has_room_for_locals(c) ? 0 : DRAWS_LEAST;
    const uint64_t each = share(c) / 2; /* half of it for the local normal */
    return each < DRAWS_LEAST ? least : each < DRAWS_MOST ? (size_t)each : DRAWS_MOST;
}

/* Takes r over. False when out of memory. */
static bool weigh_with(struct collapse *c, rovi_approximation *r, size_t n, uint64_t number, struct region *region)
{
    struct arena memory = {0};
    struct draws draws;
    struct rng_stream stream = c->stream;
    stream.substream += number << 32;
    double *r_at_fit = arena_doubles(&memory, c->draws->n), *q_at_region = arena_doubles(&memory, n);
    bool ok =
        r != NULL && !memory.failed && draws_take(&draws, &memory, law_of(r), n, c->progress->meter, stream, c->team);
    ok = ok && draws_density(c->draws, law_of(r), c->team, r_at_fit) &&
         draws_density(&draws, law_of(c->q), c->team, q_at_region);
    const struct region_draws both = {c->draws, &draws, r_at_fit, q_at_region};
    ok = ok && region_weigh(region, &both);
    rovi_approximation_free(r);
    arena_free(&memory);
    return ok;
}

/* q with the nearest maximum of the fit moved to `peak`; NULL when out of memory. */
static rovi_approximation *moved(const struct collapse *c, const struct peak *peak)
{
    const size_t d = c->q->dim;
    const struct peak *nearest = NULL;
    double least = INFINITY;
    for (size_t k = 0; k < c->probe->count; k++) {
        const struct peak *other = &c->probe->peaks[k];
        double far = 0;
        for (size_t j = 0; j < d; j++) {
            far += pow((other->x[j] - peak->x[j]) / c->probe->sd[j], 2);
        }
        if (other->is_of_fit && far < least) {
            least = far;
            nearest = other;
        }
    }
    rovi_approximation *r = approximation_copy(c->q);
    for (size_t k = 0; r != NULL && nearest != NULL && k < (r->count > 0 ? r->count : 1); k++) {
        rovi_approximation *part = r->count > 0 ? r->component[k] : r;
        for (size_t j = 0; j < d; j++) {
            part->center[j] += peak->x[j] - nearest->x[j];
        }
    }
    return r;
}

/* From the nearest listed mode of the fit, each coordinate in the greater of the two sd. */
static double distance_of(const struct collapse *c, const struct region *region)
{
    double least = INFINITY;
    for (size_t k = 0; k < c->modes->listed; k++) {
        const rovi_mode *mode = &c->modes->mode[k];
        double far = 0;
        for (size_t j = 0; j < c->q->dim; j++) {
            far += pow((region->mean[j] - mode->mean[j]) / fmax(region->sd[j], mode->sd[j]), 2);
        }
        least = fmin(least, far);
    }
    return sqrt(least);
}

static struct region region_in(struct arena *arena, size_t d)
{
    return (struct region){.mean = arena_doubles(arena, d), .sd = arena_doubles(arena, d)};
}

static bool is_sound(const struct region *region)
{
    return region->mass.value > 0 && region->mass.mcse < ROUGH * region->mass.value;
}

/* Whether an approximation, which need not be near the mode, tells its mass. Means of positive
 * weights are too low rather than too high (Markov): a mass that is missed stands, a small one where the heaviest
 * weights were met. */
static bool is_told(const struct region *region)
{
    return collapse_is_missed(region->mass, region->held.value) ||
           (!region->heavy && (is_sound(region) || region->mass.value < SLIGHT));
}

/* A fit by directions that begins at the maximum, within its share of the budget; NULL when none came of that. */
static rovi_approximation *fit_at(struct collapse *c, const struct peak *peak, struct rng_stream stream)
{
    const uint64_t budget = share(c);
    rovi_settings *settings = rovi_settings_new();
    if (budget < DRAWS_LEAST || settings == NULL) {
        rovi_settings_free(settings);
        return NULL;
    }
    const struct problem problem = {
        .target = c->progress->meter->target, .settings = settings, .rotate = true, .team = c->team};
    struct restart restart = {.seed = rng_bits(stream, 0)};
    meter_init(&restart.meter, problem.target);
    restart.progress = (struct progress){
        .supervisor = c->progress->supervisor, .shown = c->progress->shown, .meter = &restart.meter, .budget = budget};
    restart_by_directions(&problem, &restart, DIRECTIONS_AT, peak->x);
    meter_add(c->progress->meter, &restart.meter);
    rovi_settings_free(settings);
    arena_free(&restart.memory);
    return restart.approximation;
}

/* The region of maximum k by an approximation that is made there; *known: it tells the mass. False when out of memory.
 */
static bool weigh_local(struct collapse *c, size_t k, size_t n, struct region *region, bool *known)
{
    const struct peak *peak = &c->probe->peaks[k];
    const bool dense = has_room_for_locals(c);
    struct rng_stream stream = c->stream;
    rovi_approximation *r = NULL;
    stream.substream = 1000 * (k + 1);
    if (!dense) {
        r = fit_at(c, peak, stream);
    } else if (explore_at(&c->explorer, peak->x, stream)) {
        r = local_approximation(c->q->dim, &c->explorer.locals[c->explorer.count - 1]);
        if (r == NULL) {
            return false;
        }
    }
    *known = r != NULL;
    const bool ok = r == NULL || weigh_with(c, r, n, 2 * k + 1, region);
    *known = *known && ok && is_told(region);
    return ok;
}

static bool weigh_moved(struct collapse *c, size_t k, size_t n, struct region *region, bool *known)
{
    const bool ok = weigh_with(c, moved(c, &c->probe->peaks[k]), n, 2 * k + 2, region);
    *known = ok && is_sound(region) && (has_room_for_locals(c) || is_told(region));
    return ok;
}

/* That none was made, too, as the density has no maximum there. */
static bool is_nothing(const struct region *region)
{
    return !region->heavy && region->mass.value < SLIGHT;
}

/* An end of a climb that could not be weighed is a mode whose mass could be anything, or, where there is no normal to
 * fit and the fit moved there finds next to nothing, none to speak of. */
static void note_unknown(struct collapse *c, bool nothing)
{
    c->found -= nothing;
    c->vague += !nothing;
}

static void keep_region(struct collapse *c, size_t k, const struct region *weighed, bool by_group)
{
    struct region *region = &c->regions[c->count++];
    *region = *weighed;
    region->group = by_group;
    region->missed = collapse_is_missed(region->mass, region->held.value);
    region->mass.mcse = has_room_for_locals(c) ? region->mass.mcse : hypot(region->mass.mcse, region->unmet);
    region->depth = c->probe->peaks[k].depth;
    region->distance = distance_of(c, region);
}

/* The region of one maximum, by n draws. False when out of memory. */
static bool weigh_peak(struct collapse *c, size_t k, size_t n)
{
    struct region local = region_in(c->arena, c->q->dim), group = region_in(c->arena, c->q->dim);
    const bool dense = has_room_for_locals(c);
    bool ok = !c->arena->failed, has_local = false, has_group = false;
    if (ok && dense) {
        ok = weigh_local(c, k, n, &local, &has_local);
    }
    if (ok && (!has_local || (c->modes->total > 1 && !collapse_is_missed(local.mass, local.held.value)))) {
        ok = weigh_moved(c, k, n, &group, &has_group);
    }
    if (ok && !dense && !has_group) {
        ok = weigh_local(c, k, n, &local, &has_local);
    }
    const bool by_group = has_group && (!has_local || group.mass.value > local.mass.value);
    if (has_local || has_group) {
        keep_region(c, k, by_group ? &group : &local, by_group);
    } else {
        note_unknown(c, dense && is_nothing(&local) && !(group.mass.value >= SLIGHT));
    }
    return ok;
}

static int heavier_first(const void *a, const void *b)
{
    const struct region *p = a, *q = b;
    return (p->mass.value < q->mass.value) - (p->mass.value > q->mass.value);
}

static bool is_found(const struct probe *p, size_t k)
{
    return p->peaks[k].owner == k && !p->peaks[k].is_of_fit;
}

/* A region of its own, not missed by itself, that the fit holds next to nothing of. */
static bool is_light(const struct region *r)
{
    return !r->missed && !r->group && r->mass.value >= CERTAIN * r->mass.mcse &&
           r->held.value < HELD_MOST * r->mass.value;
}

/* Such regions may be missed together: a few of many modes that were lost. */
static void miss_together(struct collapse *c)
{
    struct region_sum sum = {0};
    double held = 0;
    for (size_t k = 0; k < c->count; k++) {
        if (is_light(&c->regions[k])) {
            region_add(&sum, c->regions[k].mass);
            held += c->regions[k].held.value;
        }
    }
    for (size_t k = 0; k < c->count && collapse_is_missed(region_total(&sum), held); k++) {
        c->regions[k].missed = c->regions[k].missed || is_light(&c->regions[k]);
    }
}

bool collapse_weigh(struct collapse *c)
{
    c->found = 0;
    for (size_t k = 0; k < c->probe->count; k++) {
        c->found += is_found(c->probe, k);
    }
    c->left = c->found < COLLAPSE_REGIONS ? c->found : COLLAPSE_REGIONS;
    c->regions = arena_take(c->arena, COLLAPSE_REGIONS, sizeof *c->regions);
    if (c->left > 0 && has_room_for_locals(c)) {
        explorer_init(&c->explorer, c->arena, c->progress, c->left + 1, c->team);
    }
    bool ok = !c->arena->failed;
    for (size_t k = 0; k < c->probe->count && c->left > 0 && ok; k++) {
        if (!is_found(c->probe, k)) {
            continue;
        }
        const size_t n = draws_for(c);
        if (n == 0) {
            note_unknown(c, false);
        } else {
            ok = weigh_peak(c, k, n);
        }
        c->left--;
    }
    miss_together(c);
    if (ok && c->count > 1) {
        qsort(c->regions, c->count, sizeof *c->regions, heavier_first);
    }
    return ok;
}
