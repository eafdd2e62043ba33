/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first few starts climb until one ends where the mass is. Where the first does not, other steps may lead there;
 * when none does, natural-gradient steps from the first start, or from the end of a climb that came to no maximum, find
 * the mass of a posterior whose density has no mode worth the name (a scale parameter that may go to zero). From then
 * on a quarter of the starts are scattered about the origin, the others about modes found before, at four distances and
 * two of three in opposite pairs, so that a mode is found that is far from the origin but near another one. Each end of
 * a climb is fitted locally, and judged by its ELBO.
 */
#include "explore/explore.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "base/normal.h"
#include "evidence/elbo.h"
#include "explore/explored.h"

#define STARTS          48  /* at most, unless told otherwise */
#define LOWS            20  /* starts that end too low to tell anything, after which they tell that nothing is found */
#define IDLE            20  /* starts in a row that find nothing new, after which it is enough */
#define IDLE_FEW        8   /* the same, where other steps have led to the first mode, or starts are dear */
#define IDLE_AGAIN      4   /* the same, where another restart has searched before */
#define IDLE_LEAST      3   /* the same, where each is a long walk */
#define IDLE_CHEAP      20  /* times d + 10: gradients without a new mode that are too few; half where one is known, */
#define CHEAP_AGAIN     10  /* and half where another restart has searched, or other steps have led to the only mode; */
#define IDLE_DEAR       60  /* that make starts dear */
#define IDLE_LONG       400 /* and that make them long walks */
#define FAR             2.0 /* times start_spread, in sd: the first of four doubling distances from a mode found before */
#define FIRST           3   /* starts from which a mode is looked for, before mass is looked for without one */
#define FIRST_GRADIENTS 30  /* times d + 10: no further one after so many */
#define AWAY            1.0 /* standard deviations, beyond those of a draw: a mean that has left the mode it began in */
#define CHUNK           5   /* natural-gradient steps between looks at the ELBO */
#define CHUNKS          16  /* at most */
#define ALIKE           5e-4          /* nats: a local that differs less from the target needs no more steps */
#define NEARLY          ELBO_FAITHFUL /* a local of a mode, not of a pole of the density, nor of a funnel's neck */
#define FAIR            1.0           /* nats: the same, where a second climb came to the same ELBO */
#define WILD            10.0          /* nats: a local that is off by more tells nothing of where the mass is */
#define IN_DOUBT        0.4           /* nats: a local that may be in a funnel's neck, out of which steps lead */
#define WIDER           4.0           /* that begin so many times as wide */
#define STEPS           60            /* of a climb, at most, where a mode is known that other steps have led to */
#define LOW             3.0 /* log of a width, in those of the first local: none is wider by more in all coordinates */
#define POOR            2.0 /* nats below another: a local that is not where the mass is */
#define RICH            3.0 /* nats above the best local: where there may be more mass than anywhere known, */
#define LOOKS           40 /* over d: as many looks that have shown that there is not are enough, as at a pole of the density */
#define LIMB            2.5 /* nats below the first: what a path joins to it is a part of it, and no news to a search */
#define SLIGHT          1e-3 /* nats: a gain that is not worth a chunk */
#define SHRINKS         8    /* halvings of a local, at most, while too few of its draws lie inside the support */
#define RESUMED         500  /* substreams after those of its first steps: of a first local that goes on */
#define RATE            0.5  /* of a natural-gradient step, at least */
#define COARSE          10   /* times its width: the scale of differences that is off by more is corrected */
#define PART_LED        0.1  /* of what it is off by: what a step must gain where other steps have led to a local */
#define STILL           1e-4 /* nats: expected gain at which a climb ends, */
#define FINE            1e-3 /* and the steps of a local fit: nothing beside what the maps will gain */

/* Where every mode is to be kept, whatever it is in, climbs go on to their ends. */
static bool is_home(void *explorer, const double *x, double logp)
{
    struct explorer *e = explorer;
    return !e->narrow && explored_is_home(e, x, logp);
}

void explore_init(struct explorer *e, struct arena *arena, const struct progress *progress, size_t room,
                  struct team *team)
{
    const size_t d = progress->meter->target->dim;
    *e = (struct explorer){.progress = progress, .dim = d, .room = room, .starts = STARTS};
    e->locals = arena_take(arena, room + 1, sizeof *e->locals);
    e->weight = arena_doubles(arena, room);
    e->x = arena_doubles(arena, d);
    e->scale = arena_doubles(arena, d);
    e->H = arena_doubles(arena, d * d);
    for (size_t k = 0; k <= room && !arena->failed; k++) {
        local_init(&e->locals[k], arena, d);
    }
    local_init(&e->good, arena, d);
    local_init(&e->bent, arena, d);
    ascent_init(&e->ascent, arena, progress, team);
    e->ascent.still = STILL;
    e->ascent.arrived = is_home;
    e->ascent.arrived_data = e;
    valley_init(&e->valley, arena, progress, (struct metric){0});
    local_work_init(&e->work, arena, progress, team);
    e->work.enough = ALIKE;
    e->work.slight = FINE;
}

/* A given start itself is the first point of all, and that of the first climb. */
static void scatter(struct explorer *e, const rovi_settings *settings, uint64_t seed, size_t s)
{
    const struct rng_stream stream = {.seed = seed, .purpose = RNG_START, .substream = 3};
    const bool around_origin = s % 4 == 0 || e->count == 0;
    const double sign = s % 2 == 0 ? 1 : -1, round = (double)(s / 4 % 4);
    const bool given = e->progress->meter->target->start != NULL && s < 2;
    const double far = settings->start_spread * (around_origin ? 1 + round : FAR * exp2(round) * sign);
    const size_t d = e->dim;
    double *z = e->scale;
    rng_normals(stream, around_origin ? s : s / 2, d, z);
    for (size_t j = 0; j < d; j++) {
        z[j] *= far;
    }
    if (around_origin || given) {
        for (size_t j = 0; j < d; j++) {
            e->x[j] = target_origin(e->progress->meter->target, j) + (given ? 0 : z[j]);
        }
        return;
    }
    const struct local *from = &e->locals[s / 4 % e->count];
    linalg_multiply(d, d, 1, from->L, z, e->x);
    for (size_t j = 0; j < d; j++) {
        e->x[j] += from->mean[j];
    }
}

/* In units of the first local, or of x. */
static void guess_scale(struct explorer *e)
{
    for (size_t j = 0; j < e->dim; j++) {
        const double *row = e->locals[0].L + j * e->dim;
        e->scale[j] = e->count > 0 ? sqrt(linalg_dot(j + 1, row, row)) : 1;
    }
}

/* Widths of the curvature; true when the differences that showed it were of another order. */
static bool correct_scale(struct explorer *e)
{
    bool other = false;
    for (size_t j = 0; j < e->dim; j++) {
        const double h = e->H[j * e->dim + j], width = h > 0 ? 1 / sqrt(h) : e->scale[j];
        other = other || !(e->scale[j] > width / COARSE && e->scale[j] < width * COARSE);
        e->scale[j] = width;
    }
    return other;
}

/* The curvature at x; the difference steps follow that which the first ones show. */
static bool find_curvature(struct explorer *e)
{
    guess_scale(e);
    for (int pass = 0; pass < 2; pass++) {
        if (!ascent_hessian(&e->ascent, e->x, e->scale, e->H)) {
            return false;
        }
        if (!correct_scale(e)) {
            break;
        }
    }
    return true;
}

/* Laplace's approximation at x; false where the density has no maximum. */
static bool laplace(struct explorer *e, struct local *local)
{
    return find_curvature(e) && local_laplace(local, &e->work, e->x, e->H);
}

/* Back to the last good state, if there is one, and half as wide. */
static void shrink(struct explorer *e, struct local *local)
{
    if (isfinite(e->good.elbo)) {
        local_copy(e->dim, &e->good, local);
    }
    for (size_t i = 0; i < e->dim * e->dim; i++) {
        local->L[i] *= 0.5;
    }
}

/* Whether the steps have led out of the mode that they are asked for. */
static bool has_left(struct explorer *e, const struct local *local)
{
    return e->home != NULL && local_distance(local, &e->work, local->mean, e->home) > AWAY + sqrt((double)e->dim);
}

/* The ELBO before the last chunk of steps. */
static double before(const struct explorer *e)
{
    return isfinite(e->good.elbo) ? e->good.elbo : e->work.begun;
}

/* Whether climbs that a path joins to what is known need not be followed: where they end away from the mass, each is
 * the begin of a long walk back, as one of them has shown, or another search has found the mass. */
static bool may_skip(const struct explorer *e)
{
    const double off = e->locals[0].off;
    return !e->narrow && !e->rich && off >= NEARLY && off < WILD && (e->led || e->wasted > 0);
}

/* Whether x, away from where the mass is, lies in the basin of a local known: a path joins them. */
static bool is_reached(struct explorer *e, const double *x, double logp)
{
    double depth = 0, at = 0;
    for (size_t k = 0; k < e->count; k++) {
        const double *mean = e->locals[k].mean;
        e->valley.metric.L = e->locals[k].L;
        if (meter_evaluate(e->progress->meter, 1, mean, &at, NULL, e->valley.segment.scratch) > 0) {
            continue;
        }
        if (valley_joined(&e->valley, (struct place){x, logp}, (struct place){mean, at}, &depth)) {
            return true;
        }
    }
    return false;
}

static bool is_joined(struct explorer *e, const struct local *local)
{
    double logp = 0;
    return meter_evaluate(e->progress->meter, 1, local->mean, &logp, NULL, e->valley.segment.scratch) == 0 &&
           is_reached(e, local->mean, logp);
}

/* Whether steps that began elsewhere are on their way to what is known. */
static bool is_on_the_way(struct explorer *e, const struct local *local)
{
    return e->count > 0 && may_skip(e) && e->home == NULL && is_joined(e, local);
}

/* Whether what another restart left has it as a part: the neck of a funnel, of which a normal has a little. */
static bool is_limb(struct explorer *e, const struct local *local)
{
    return e->again && !e->narrow && local->elbo < e->locals[0].elbo - LIMB && is_joined(e, local);
}

/* Whether the first steps of all are on a long way, where others may lead. */
static bool is_astray(const struct explorer *e, const struct local *local)
{
    return e->lead != NULL && e->count == 0 && local->off > IN_DOUBT;
}

/* Natural-gradient steps while they gain more than their noise. Where too few draws lie inside the support, the local
 * is shrunk until enough do: beside an edge where the density is highest that is as good as a normal gets. */
static bool settle(struct explorer *e, struct local *local, struct rng_stream stream)
{
    rovi_stop stop = ROVI_STOP_CONVERGED;
    int shrunk = 0;
    e->reached = false;
    e->good.elbo = local->elbo = -INFINITY;
    for (int c = 0; c < CHUNKS && shrunk <= SHRINKS && !supervisor_ends(e->progress, &stop); c++) {
        if (!local_fit(local, &e->work, stream, CHUNK, RATE)) {
            shrunk++;
            shrink(e, local);
        } else if (e->work.idle || local->off < e->work.enough || local->elbo < before(e) + SLIGHT + 2 * local->error) {
            break;
        } else {
            local_copy(e->dim, local, &e->good);
            e->reached = is_on_the_way(e, local);
            if (e->reached || explored_find(e, local) < e->count || has_left(e, local) || is_astray(e, local)) {
                break;
            }
        }
        stream.substream += CHUNK + 1;
    }
    if (shrunk > 0 && e->good.elbo >= local->elbo && !(local->off < e->work.enough)) {
        local_copy(e->dim, &e->good, local);
    }
    return isfinite(local->elbo);
}

static void start_from_point(struct explorer *e, struct local *local, const double *x)
{
    memcpy(local->mean, x, e->dim * sizeof *x);
    linalg_identity(e->dim, local->L);
}

/* From e->x, or from nearer to where searching begins. */
static bool climb(struct explorer *e, double *logp)
{
    const struct metric units = {.L = e->count > 0 ? e->locals[0].L : NULL};
    e->ascent.low = explored_level(e);
    return ascent_climb_nearer(&e->ascent, units, e->progress->meter->target->start, e->x, logp);
}

/* At the end of a climb that led to no maximum, as wide along each coordinate as the curvature there is large: of the
 * highest such end. */
static void keep_bent(struct explorer *e, double logp)
{
    if (!(logp > e->bent.elbo)) {
        return;
    }
    start_from_point(e, &e->bent, e->x);
    for (size_t j = 0; j < e->dim; j++) {
        const double h = fabs(e->H[j * e->dim + j]);
        e->bent.L[j * e->dim + j] = h > 0 ? 1 / sqrt(h) : e->scale[j];
    }
    e->bent.elbo = logp;
}

static bool fit_without_climb(struct explorer *e, struct local *fresh, const double *begin, struct rng_stream stream)
{
    start_from_point(e, fresh, begin);
    return settle(e, fresh, stream);
}

/* From Laplace's approximation at the end of a climb. */
static bool fit_after_climb(struct explorer *e, struct local *fresh, struct rng_stream stream)
{
    double logp = 0;
    if (!climb(e, &logp) || !find_curvature(e)) {
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
static bool follow_lead(struct explorer *e, struct rng_stream stream)
{
    bool (*lead)(void *, struct explorer *) = e->lead;
    struct local *first = &e->locals[0], *aside = &e->locals[1];
    const size_t count = e->count;
    e->lead = NULL;
    swap(first, aside);
    if (lead(e->lead_data, e) && !(count > 0 && aside->elbo > first->elbo)) {
        return e->led;
    }
    swap(first, aside);
    e->led = false;
    local_copy(e->dim, first, aside);
    e->count = 0; /* steps end at what is known */
    stream.substream += RESUMED;
    if (count > 0 && !(settle(e, first, stream) && first->elbo > aside->elbo)) {
        local_copy(e->dim, aside, first);
    }
    e->count = count;
    return count > 0 && first->off < NEARLY;
}

/* The first starts, as long as they cost little, until one leads to a mode that the mass is about: near which steps
 * come to the target. */
static bool try_modes(struct explorer *e, const rovi_settings *settings, uint64_t seed, struct rng_stream stream)
{
    uint64_t begin = atomic_load(&e->progress->meter->gradient);
    const bool given = e->progress->meter->target->start != NULL; /* then the first two starts are the same */
    bool found = false;
    for (size_t s = 0; s < FIRST && e->count < e->room && !found; s += s == 0 && given ? 2 : 1) {
        scatter(e, settings, seed, s);
        if (fit_after_climb(e, &e->locals[e->count], stream)) {
            const bool again = is_as_good(e);
            keep_first(e);
            found = e->locals[0].off < (again ? FAIR : NEARLY);
        }
        if (!found && e->lead != NULL) {
            found = follow_lead(e, stream);
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
    return e->count == 0 || !(e->locals[0].off < WILD);
}

/* Steps that no climb ends at. */
static void keep_first_without_peak(struct explorer *e)
{
    e->x[0] = INFINITY;
    keep_first(e);
}

/* Mass without a mode is found by the steps of a local fit alone, from where the first climb began or, where that is
 * too far away for steps to find back, from where a climb ended. */
static bool try_first(struct explorer *e, const rovi_settings *settings, uint64_t seed, struct rng_stream stream)
{
    e->bent.elbo = -INFINITY;
    if (!try_modes(e, settings, seed, stream) && e->count < e->room) {
        scatter(e, settings, seed, 0);
        if (fit_without_climb(e, &e->locals[e->count], e->x, stream)) {
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

/* Laplace's approximation as a local of its own. */
static bool keep_narrow(struct explorer *e, struct rng_stream stream)
{
    struct local *fresh = &e->locals[e->count];
    return laplace(e, fresh) && local_fit(fresh, &e->work, stream, 0, RATE) && isfinite(fresh->elbo) &&
           explored_keep(e);
}

/* A walk from where a climb began is long: not where there is a mode that needed none, nor after another search. */
static bool may_walk(const struct explorer *e)
{
    return e->count == 0 || !(e->led || e->locals[0].off < NEARLY);
}

/* The log evidence that Laplace's approximation gives a mode. */
static double laplace_evidence(const struct explorer *e, const struct local *local, double logp)
{
    return logp - local_log_density(local, e->dim, 0);
}

/* Whether a climb that ended at log p = logp is hopeless, were it so many times as wide as the first local. */
static bool is_low(const struct explorer *e, double logp)
{
    return e->count > 0 && explored_is_hopeless(e, laplace_evidence(e, &e->locals[0], logp) + LOW * (double)e->dim);
}

/* Whether a climb ended so high above the best local that it, or what a path joins to it, may not be all that is
 * there: a normal about a poor maximum, or one that spans a better one. Laplace's approximation, in `fresh`, tells. */
static bool is_rich(struct explorer *e, struct local *fresh, double logp)
{
    const struct local *best = explored_best(e);
    if (best == NULL || e->looks * e->dim > LOOKS || !(logp > best->elbo + local_log_density(best, e->dim, 0) + RICH)) {
        return false;
    }
    const bool rich = laplace(e, fresh) && laplace_evidence(e, fresh, logp) > best->elbo + RICH;
    e->looks += !rich;
    return rich;
}

/* The end of a climb that is not known, or rich: true when steps from there led to a mode that was not known. */
static bool follow(struct explorer *e, double logp, struct rng_stream stream)
{
    struct local *fresh = &e->locals[e->count];
    if (may_skip(e) && is_reached(e, e->x, logp)) {
        return false;
    }
    const bool curved = e->rich || laplace(e, fresh);
    if (curved && explored_is_hopeless(e, laplace_evidence(e, fresh, logp))) {
        e->low = true;
        return false;
    }
    const bool settled =
        (curved && settle(e, fresh, stream)) || (may_walk(e) && fit_without_climb(e, fresh, e->ascent.begin, stream));
    if (!settled) {
        return false;
    }
    const bool kept = !e->reached && !is_limb(e, fresh) && explored_keep(e);
    e->wasted += !kept;
    return kept;
}

/* One more start: true when it led to a mode that was not known. */
static bool try_start(struct explorer *e, const rovi_settings *settings, uint64_t seed, size_t s)
{
    double logp = 0;
    const struct rng_stream stream = {.seed = seed, .purpose = RNG_START, .substream = 1000 * (s + 1)};
    e->locals[e->count].known = false; /* of whatever was there before */
    e->low = false;
    if (s == 0) {
        return try_first(e, settings, seed, stream);
    }
    scatter(e, settings, seed, s);
    const bool climbed = climb(e, &logp);
    e->low = climbed && !e->ascent.came && is_low(e, logp);
    if (!climbed || e->low || e->ascent.came) {
        return false;
    }
    const bool known = explored_has_peak(e), narrow = e->narrow && !known && keep_narrow(e, stream);
    e->locals[e->count].known = false;
    if (e->count == e->room) {
        return narrow;
    }
    e->rich = !e->narrow && is_rich(e, &e->locals[e->count], logp);
    const bool found = (e->rich || !known) && follow(e, logp, stream);
    e->looks += e->rich && !found;
    e->rich = false;
    return found || narrow;
}

/* Steps that lead out of the mode are taken back: what is asked for is the mode at x. */
bool explore_at(struct explorer *e, const double *x, struct rng_stream stream)
{
    struct local *fresh = &e->locals[e->count];
    if (e->count == e->room) {
        return false;
    }
    memcpy(e->x, x, e->dim * sizeof *x);
    if (!laplace(e, fresh)) {
        return false;
    }
    e->home = x;
    const bool settled = settle(e, fresh, stream) && !has_left(e, fresh);
    e->home = NULL;
    return settled ? explored_keep(e) : keep_narrow(e, stream);
}

/* Starts in a row without a new mode; more where they cost next to nothing, fewer where they are dear, and fewer still
 * where each is a long walk, as where climbs end at a pole of the density. */
static bool is_enough(const struct explorer *e, size_t idle, uint64_t since)
{
    const bool alone = e->count == 1;
    const uint64_t spent = (atomic_load(&e->progress->meter->gradient) - since) / (e->dim + 10);
    const uint64_t cheap = e->again || (e->brief && alone) ? CHEAP_AGAIN : IDLE_CHEAP;
    const size_t least = e->again ? IDLE_AGAIN : e->brief || spent > IDLE_DEAR ? IDLE_FEW : IDLE;
    return (idle >= least && idle >= e->idle_each * e->count && spent >= (alone ? cheap / 2 : cheap)) ||
           (idle >= IDLE_LEAST && spent > IDLE_LONG);
}

static void widen(const struct explorer *e, struct local *local)
{
    linalg_add(e->dim * e->dim, WIDER - 1, local->L, local->L);
}

bool explore_begin_with(struct explorer *e, const rovi_approximation *q, enum explore_begin how, uint64_t seed)
{
    const struct rng_stream stream = {.seed = seed, .purpose = RNG_START, .substream = 0};
    struct local *first = &e->locals[0];
    double logp = 0;
    e->count = 0; /* else it knows itself, when it has begun before */
    if (!local_of_approximation(first, &e->work, q)) {
        return false;
    }
    if (how == EXPLORE_FROM_WIDER) {
        widen(e, first);
    }
    const double part = e->work.part;
    e->work.part = how == EXPLORE_FROM_IT ? PART_LED : part;
    const bool settled =
        how == EXPLORE_AS_IT_IS ? local_fit(first, &e->work, stream, 0, RATE) : settle(e, first, stream);
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
    first->known = e->led = true;
    e->count = 1;
    return true;
}

bool explore_take(struct explorer *e, const rovi_approximation *q, double elbo, double off)
{
    struct local *first = &e->locals[0];
    if (!local_of_approximation(first, &e->work, q)) {
        return false;
    }
    first->elbo = elbo;
    first->off = off;
    memcpy(first->peak, first->mean, e->dim * sizeof *e->x);
    first->known = e->led = true;
    e->count = 1;
    return true;
}

/* In the neck of a funnel a normal is at an optimum, or steps are slow: what is too wide for the neck slides out of it.
 * So what steps from a wider one lead to takes the place of the first, if it is better. */
static void widen_first(struct explorer *e, uint64_t seed)
{
    const struct rng_stream stream = {.seed = seed, .purpose = RNG_START, .substream = 500};
    struct local *first = &e->locals[0], *fresh = &e->locals[1];
    if (e->count != 1 || e->narrow || e->led || !(first->off > IN_DOUBT && first->off < WILD)) {
        return;
    }
    local_copy(e->dim, first, fresh);
    memcpy(fresh->peak, first->peak, e->dim * sizeof *fresh->peak);
    fresh->known = first->known;
    widen(e, fresh);
    e->count = 0; /* steps end at what is known */
    if (settle(e, fresh, stream) && fresh->elbo > first->elbo) {
        swap(first, fresh);
    }
    e->count = 1;
}

/* The widest direction of the local, about: a few rounds of L L^T from the widest coordinate. Returns how wide. */
static double widest(struct explorer *e, const struct local *local, double *u)
{
    const size_t d = e->dim;
    double width = 0;
    for (size_t j = 0; j < d; j++) {
        const double *row = local->L + j * d, square = linalg_dot(d, row, row);
        if (square > width) {
            width = square;
            memcpy(u, row, d * sizeof *u); /* L^T e_j */
        }
    }
    linalg_multiply_lower_transposed(1, d, local->L, u);
    linalg_multiply_lower(1, d, local->L, u);
    linalg_multiply_lower_transposed(1, d, local->L, u);
    return sqrt(width);
}

/* A local that is wide, or far away, may have found that the mass of the target has no end. */
static void suspect(struct explorer *e, const struct local *local)
{
    struct improper improper = {.found = false};
    struct meter *meter = e->progress->meter;
    double *u = e->scale, far = 0;
    bool ok = true; /* without memory the fit goes on, and fails for the want of it elsewhere */
    for (size_t j = 0; j < e->dim; j++) {
        u[j] = local->mean[j] - target_origin(e->progress->meter->target, j);
        far = fmax(far, fabs(u[j]));
    }
    if (far > IMPROPER_SUSPECT) {
        ok = improper_along(meter, u, far, &improper);
    }
    const double width = widest(e, local, u);
    if (ok && !improper.found && width > IMPROPER_SUSPECT) {
        ok = improper_along(meter, u, fmax(far, width), &improper);
    }
    if (ok && improper.found) {
        supervisor_note_improper(e->progress->supervisor, &improper);
    }
}

void explore_run(struct explorer *e, const rovi_settings *settings, uint64_t seed)
{
    rovi_stop stop = ROVI_STOP_CONVERGED;
    size_t idle = 0, low = 0;
    uint64_t since = atomic_load(&e->progress->meter->gradient); /* asked for when the last mode was found */
    for (size_t s = e->count > 0; s < e->starts && !is_enough(e, idle, since) && e->count < e->room; s++) {
        if (supervisor_ends(e->progress, &stop)) {
            break;
        }
        e->ascent.most_steps = e->led ? STEPS : e->ascent.most_steps;
        const bool found = try_start(e, settings, seed, s);
        low += e->low;
        idle = found ? 0 : idle + (!e->low || low > LOWS);
        if (s == 0) {
            widen_first(e, seed);
        }
        if (found) {
            suspect(e, &e->locals[e->count - 1]);
            since = atomic_load(&e->progress->meter->gradient);
        }
    }
    explored_weigh(e);
}
