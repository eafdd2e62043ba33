/* SPDX-License-Identifier: BSD-3-Clause */
#include "explore/first.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "evidence/elbo.h"
#include "explore/explored.h"
#include "explore/settle.h"

#define FIRST           3   /* starts from which a mode is looked for, before mass is looked for without one */
#define FIRST_GRADIENTS 30  /* times d + 10: no further one after so many */
#define FAIR            1.0 /* nats off: a local near enough to the target where a second climb came to the same ELBO */
#define WIDER           4.0 /* that begin so many times as wide */
#define POOR            2.0 /* nats below another: a local that is not where the mass is */
#define RESUMED         500 /* substreams after those of its first steps: of a first local that goes on */
#define PART_WARM       0.1 /* of what it is off by: what a step must gain where other steps have led to a local */

/* At the end of a climb that led to no maximum, as wide along each coordinate as the curvature there is large: of the
 * highest such end. */
static void keep_bent(struct explorer *e, double logp)
{
    if (!(logp > e->bent.elbo)) {
        return;
    }
    local_at(&e->bent, e->dim, e->x);
    for (size_t j = 0; j < e->dim; j++) {
        const double h = fabs(e->H[j * e->dim + j]);
        e->bent.L[j * e->dim + j] = h > 0 ? 1 / sqrt(h) : e->scale[j];
    }
    e->bent.elbo = logp;
}

/* From Laplace's approximation at the end of a climb. */
static bool fit_after_climb(struct explorer *e, struct local *fresh, struct rng_stream stream)
{
    double logp = 0;
    if (!settle_climb(e, &logp) || !settle_curvature(e)) {
        return false;
    }
    if (!local_laplace(fresh, &e->work, e->x, e->H)) {
        keep_bent(e, logp);
        return false;
    }
    return settle(e, fresh, stream);
}

static void swap(struct local *a, struct local *b)
{
    const struct local held = *a;
    *a = *b;
    *b = held;
}

/* Keeps the local made last in place of one of the same mode, if it is better than that; the best comes first. Where
 * one local is to span what modes there may be, only the best stays: others are found again, if they are modes. */
static void keep_first(struct explorer *e)
{
    struct local *fresh = &e->locals[e->count];
    const size_t k = e->narrow || e->count == 0 ? explored_find(e, fresh) : 0;
    e->wasted += k < e->count && fabs(fresh->elbo - e->locals[k].elbo) > POOR;
    memcpy(fresh->peak, e->x, e->dim * sizeof *e->x);
    if (k < e->count && fresh->elbo > e->locals[k].elbo) {
        swap(fresh, &e->locals[k]);
    }
    e->count += k == e->count;
    if (e->locals[k].elbo > e->locals[0].elbo) {
        swap(&e->locals[k], &e->locals[0]);
    }
}

/* Whether the local made last is as good as the first, as far as draws tell. */
static bool is_as_good(const struct explorer *e)
{
    const struct local *first = &e->locals[0], *fresh = &e->locals[e->count];
    return e->count > 0 && fabs(fresh->elbo - first->elbo) < 2 * hypot(fresh->error, first->error);
}

/* Once, other steps lead. The better of what they lead to and the first local stays; the first, if it is that, goes on
 * from where it is. Whether what stays is close enough to the target to search from. */
static bool try_warm_start(struct explorer *e, struct rng_stream stream)
{
    bool (*warm_start)(void *, struct explorer *) = e->warm_start;
    struct local *first = &e->locals[0], *aside = &e->locals[1];
    const size_t count = e->count;
    e->warm_start = NULL;
    swap(first, aside);
    if (warm_start(e->warm_start_data, e) && !(count > 0 && aside->elbo > first->elbo)) {
        return e->warm;
    }
    swap(first, aside);
    e->warm = false;
    local_copy(e->dim, first, aside);
    e->count = 0; /* steps end at what is known */
    stream.substream += RESUMED;
    if (count > 0 && !(settle(e, first, stream) && first->elbo > aside->elbo)) {
        local_copy(e->dim, aside, first);
    }
    e->count = count;
    return count > 0 && first->off < ELBO_FAITHFUL;
}

/* The first starts, as long as they cost little, until one leads to a mode that the mass is about: near which steps
 * come to the target. */
static bool try_modes(struct explorer *e, const rovi_settings *settings, uint64_t seed, struct rng_stream stream)
{
    uint64_t begin = atomic_load(&e->progress->meter->gradient);
    const bool given = e->progress->meter->target->start != NULL; /* then the first two starts are the same */
    bool found = false;
    for (size_t s = 0; s < FIRST && e->count < e->room && !found; s += s == 0 && given ? 2 : 1) {
        explorer_scatter(e, settings, seed, s);
        if (fit_after_climb(e, &e->locals[e->count], stream)) {
            const bool again = is_as_good(e);
            keep_first(e);
            found = e->locals[0].off < (again ? FAIR : ELBO_FAITHFUL);
        }
        if (!found && e->warm_start != NULL) {
            found = try_warm_start(e, stream);
            begin = atomic_load(&e->progress->meter->gradient);
        }
        if (atomic_load(&e->progress->meter->gradient) - begin > FIRST_GRADIENTS * (e->dim + 10)) {
            break;
        }
    }
    return found;
}

static bool is_wild(const struct explorer *e)
{
    return e->count == 0 || !(e->locals[0].off < SETTLE_WILD);
}

/* Steps that no climb ends at. */
static void keep_first_without_peak(struct explorer *e)
{
    e->x[0] = INFINITY;
    keep_first(e);
}

/* Mass without a mode is found by the steps of a local fit alone, from where the first climb began or, where that is
 * too far away for steps to find back, from where a climb ended. */
bool first_find(struct explorer *e, const rovi_settings *settings, uint64_t seed, struct rng_stream stream)
{
    e->bent.elbo = -INFINITY;
    if (!try_modes(e, settings, seed, stream) && e->count < e->room) {
        explorer_scatter(e, settings, seed, 0);
        if (settle_from(e, &e->locals[e->count], e->x, stream)) {
            keep_first_without_peak(e);
        }
    }
    if (is_wild(e) && isfinite(e->bent.elbo) && e->count < e->room) {
        local_copy(e->dim, &e->bent, &e->locals[e->count]);
        if (settle(e, &e->locals[e->count], stream)) {
            keep_first_without_peak(e);
        }
    }
    return e->count > 0;
}

static void widen(const struct explorer *e, struct local *local)
{
    linalg_add(e->dim * e->dim, WIDER - 1, local->L, local->L);
}

void first_widen(struct explorer *e, uint64_t seed)
{
    const struct rng_stream stream = {.seed = seed, .purpose = RNG_START, .substream = 500};
    struct local *first = &e->locals[0], *fresh = &e->locals[1];
    if (e->count != 1 || e->narrow || e->warm || !(first->off > SETTLE_IN_DOUBT && first->off < SETTLE_WILD)) {
        return;
    }
    local_copy(e->dim, first, fresh);
    widen(e, fresh);
    e->count = 0; /* steps end at what is known */
    if (settle(e, fresh, stream) && fresh->elbo > first->elbo) {
        swap(first, fresh);
    }
    e->count = 1;
}

bool first_of_approximation(struct explorer *e, const rovi_approximation *q, enum first_begin how, uint64_t seed)
{
    const struct rng_stream stream = {.seed = seed, .purpose = RNG_START, .substream = 0};
    struct local *first = &e->locals[0];
    double logp = 0;
    e->count = 0; /* else it knows itself, when it has begun before */
    if (!local_of_approximation(first, &e->work, q)) {
        return false;
    }
    if (how == FIRST_FROM_WIDER) {
        widen(e, first);
    }
    const double part = e->work.part;
    e->work.part = how == FIRST_FROM_IT ? PART_WARM : part;
    const bool settled = how == FIRST_AS_IT_IS ? local_measure(first, &e->work, stream) : settle(e, first, stream);
    e->work.part = part;
    if (!settled) {
        return false;
    }
    memcpy(e->x, first->mean, e->dim * sizeof *e->x);
    memcpy(first->peak, first->mean, e->dim * sizeof *e->x);
    e->ascent.low = -INFINITY;
    if (ascent_climb(&e->ascent, (struct metric){.L = first->L}, e->x, &logp)) {
        memcpy(first->peak, e->x, e->dim * sizeof *e->x);
    }
    first->known = e->warm = true;
    e->count = 1;
    return true;
}

bool first_take(struct explorer *e, const rovi_approximation *q, double elbo, double off)
{
    struct local *first = &e->locals[0];
    if (!local_of_approximation(first, &e->work, q)) {
        return false;
    }
    first->elbo = elbo;
    first->off = off;
    memcpy(first->peak, first->mean, e->dim * sizeof *e->x);
    first->known = e->warm = true;
    e->count = 1;
    return true;
}
