/* SPDX-License-Identifier: BSD-3-Clause */
/* Each end of a climb is fitted locally, and judged by its ELBO. */
#include "explore/explore.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "evidence/elbo.h"
#include "explore/explored.h"
#include "explore/first.h"
#include "explore/settle.h"

#define LOWS        20  /* starts that end too low to tell anything, after which they tell that nothing is found */
#define IDLE        20  /* starts in a row that find nothing new, after which it is enough */
#define IDLE_FEW    8   /* the same, where other steps have led to the first mode, or starts are dear */
#define IDLE_AGAIN  4   /* the same, where another restart has searched before */
#define IDLE_LEAST  3   /* the same, where each is a long walk */
#define IDLE_CHEAP  20  /* times d + 10: gradients without a new mode that are too few; half where one is known, */
#define CHEAP_AGAIN 10  /* and half where another restart has searched, or other steps have led to the only mode; */
#define IDLE_DEAR   60  /* that make starts dear */
#define IDLE_LONG   400 /* and that make them long walks */
#define STEPS       60  /* of a climb, at most, where a mode is known that other steps have led to */
#define LOW         3.0 /* log of a width, in those of the first local: none is wider by more in all coordinates */
#define RICH        3.0 /* nats above the best local: where there may be more mass than anywhere known, */
#define LOOKS       40 /* over d: as many looks that have shown that there is not are enough, as at a pole of the density */
#define LIMB        2.5 /* nats below the first: what a path joins to it is a part of it, and no news to a search */

/* Whether what another restart left has it as a part: the neck of a funnel, of which a normal has a little. */
static bool is_limb(struct explorer *e, const struct local *local)
{
    return e->again && !e->narrow && local->elbo < e->locals[0].elbo - LIMB && explored_joins(e, local);
}

/* Laplace's approximation as a local of its own. */
static bool keep_narrow(struct explorer *e, struct rng_stream stream)
{
    struct local *fresh = &e->locals[e->count];
    return settle_laplace(e, fresh) && local_measure(fresh, &e->work, stream) && isfinite(fresh->elbo) &&
           explored_keep(e);
}

/* A walk from where a climb began is long: not where there is a mode that needed none, nor after another search. */
static bool may_walk(const struct explorer *e)
{
    return e->count == 0 || !(e->warm || e->locals[0].off < ELBO_FAITHFUL);
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
    const bool rich = settle_laplace(e, fresh) && laplace_evidence(e, fresh, logp) > best->elbo + RICH;
    e->looks += !rich;
    return rich;
}

/* The end of a climb that is not known, or rich: true when steps from there led to a mode that was not known. */
static bool follow(struct explorer *e, double logp, struct rng_stream stream)
{
    struct local *fresh = &e->locals[e->count];
    if (settle_may_skip(e) && explored_reaches(e, e->x, logp)) {
        return false;
    }
    const bool curved = e->rich || settle_laplace(e, fresh);
    if (curved && explored_is_hopeless(e, laplace_evidence(e, fresh, logp))) {
        e->low = true;
        return false;
    }
    const bool settled =
        (curved && settle(e, fresh, stream)) || (may_walk(e) && settle_from(e, fresh, e->ascent.begin, stream));
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
        return first_find(e, settings, seed, stream);
    }
    explorer_scatter(e, settings, seed, s);
    const bool climbed = settle_climb(e, &logp);
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
    if (!settle_laplace(e, fresh)) {
        return false;
    }
    e->home = x;
    const bool settled = settle(e, fresh, stream) && !settle_has_left(e, fresh);
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
        e->ascent.most_steps = e->warm ? STEPS : e->ascent.most_steps;
        const bool found = try_start(e, settings, seed, s);
        low += e->low;
        idle = found ? 0 : idle + (!e->low || low > LOWS);
        if (s == 0) {
            first_widen(e, seed);
        }
        if (found) {
            suspect(e, &e->locals[e->count - 1]);
            since = atomic_load(&e->progress->meter->gradient);
        }
    }
    explored_weigh(e);
}
