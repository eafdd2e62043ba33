/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A mixture of rotated products q = sum_k w_k q_k, equation (35):
 *   1. explore from several seeds; the local normals found are the first components, the best rotated product is one;
 *   2. weigh them (a concave problem), drop those that others make superfluous; look for modes that they do not hold
 *      (seek.c), until none is found;
 *   3. refine: each component is a fit of its own, by the coordinate solver, to the target as its share sees it
 *      (equation 36), which can only raise the mixture's ELBO; weigh and drop again;
 *   4. until a round gains less than the tolerance; then
 *   5. grow: components are cut in halves (split.c), or new ones put where mass is lacking (grow.c), and refined with
 *      the others; they stay when the ELBO gains more than three times its error.
 * Where all searches before have found one mode, none is looked for, and components are first refined as it grows.
 * The order in which components were found plays no part after the first step.
 */
#include "mixture/mixture.h"

#include <math.h>
#include <string.h>

#include "coordinate/coordinate.h"
#include "explore/explore.h"
#include "explore/explored.h"
#include "mixture/blend.h"
#include "mixture/grow.h"
#include "mixture/seek.h"
#include "mixture/share.h"
#include "mixture/split.h"
#include "restart/start.h"

#define MOST_COMPONENTS  256
#define LEAST_COMPONENTS 12
#define MOST_DOUBLES     4e7 /* of the local normals of one exploration */
#define IDLE_EACH        3   /* starts in a row without a new mode, for each that is known, that end an exploration */
#define STARTS_EACH      12  /* starts of an exploration, for each mode that it may find */
#define STARTS_ALONE     8   /* and where there is one mode, as far as is known */
#define MOST_TABLE       4194304
#define DRAWS            40960 /* of all components together */
#define MOST_DRAWS       8192  /* of a component */
#define LEAST_DRAWS      128
#define SEEKINGS         16
#define ROUNDS           16
#define GROWTHS          8
#define GROWTH_ROUNDS    4
#define FAILURES         2 /* to grow, in a row, after which it is enough */
#define MOST_ROUNDS      (SEEKINGS + ROUNDS + GROWTHS * GROWTH_ROUNDS)
#define REFINED          0.1 /* of the tolerance, shared by all components: divergence of one that needs no refining */
#define REFINING         12  /* iterations of the coordinate solver in one round */
#define MOVED            0.5 /* of the tolerance, shared by all components: what refining gains by one that has moved */
#define TOUCHING         0.02 /* share of a component in another, from which the one sees that the other has moved */
#define SURE             0.25 /* of the tolerance: error of the ELBO that takes no more draws; */
#define SURE_PART        0.1  /* of the divergence, the same, where there is one mode */
#define FIRST_DRAWS      8    /* so many times fewer draws are tried first */
#define MOST_EVALUATIONS 1e15 /* that a price may come to */
#define SHOWN            0.05 /* nats above what is to be beaten, for which more evaluations are allowed */
#define CLEAR            3    /* times its error: a gain that is one */
#define WORTH            100 /* times what the first mixture took: evaluations that a nat is worth, if nothing else is set */
#define FIRST_LEAST      50000 /* what that is taken for, at least */
#define SLOWEST          0.9   /* share of a round's gain that the next is taken to gain at most */

struct search { /* one exploration */
    struct meter meter;
    struct progress progress;
    struct explorer explorer;
    struct arena memory;
};

struct mixture {
    const struct problem *problem;
    struct restart *restart;
    const struct mixture_terms *terms;
    struct blend blend;
    size_t searches;
    struct search *search;
    rovi_approximation *seen;     /* the mixture whose shares a round of refining works with */
    rovi_approximation **refined; /* of each component, in a round; NULL: as it was */
    bool *due;                    /* of each component, in a round: it is to be refined */
    double *gained;               /* of each component, in a round: nats of its own target */
    double promised;              /* in a round: what the mixture gains by that at least, equation (36) */
    bool *lost;                   /* of each component, in a round: it ran out of memory */
    rovi_settings settings;       /* of the refining */
    uint64_t samples;             /* taken so far */
    uint64_t first;               /* evaluations that it took to find the first components */
    uint64_t budget_each;         /* evaluations of one component in this round; 0: no limit */
    double divergence;            /* of the mixture kept, about */
    bool cut, uncut;              /* the last attempt to grow cut components in halves; and that was of no use */
    bool no_memory;
    struct arena memory;
};

static bool ended(struct mixture *m)
{
    return m->no_memory || supervisor_ends(&m->restart->progress, &m->restart->stop);
}

static uint64_t spent(const struct mixture *m)
{
    return atomic_load(&m->restart->meter.density);
}

/* What is left of the budget, in equal parts: those who share it must not depend on each other's cost. */
static uint64_t budget_of_each(const struct mixture *m, size_t count)
{
    const uint64_t whole = m->restart->progress.budget, gone = spent(m);
    return whole == 0 ? 0 : whole > gone ? 1 + (whole - gone) / count : 1;
}

/* ---- the first components ---- */

static size_t most_components(size_t d)
{
    const double room = MOST_DOUBLES / ((double)d * (double)d);
    return room > MOST_COMPONENTS ? MOST_COMPONENTS : room < LEAST_COMPONENTS ? LEAST_COMPONENTS : (size_t)room;
}

static void run_search(void *context, size_t i, size_t worker)
{
    struct mixture *m = context;
    struct search *s = &m->search[i];
    const struct rng_stream stream = {.seed = m->restart->seed, .purpose = RNG_RESTART, .substream = 1};
    const size_t room = most_components(m->blend.dim);
    (void)worker;
    meter_init(&s->meter, m->problem->target);
    s->progress = m->restart->progress;
    s->progress.meter = &s->meter;
    s->progress.budget = budget_of_each(m, m->searches);
    explorer_init(&s->explorer, &s->memory, &s->progress, room, NULL);
    if (!s->memory.failed) {
        s->explorer.starts = m->terms->alone ? STARTS_ALONE : STARTS_EACH * room;
        s->explorer.idle_each = IDLE_EACH;
        s->explorer.narrow = true; /* what a component leaves is for others: none has to span what it does not fit */
        explore_run(&s->explorer, m->problem->settings, rng_bits(stream, i));
    }
}

/* Those of search i that no search before it knows. */
static void add_found(struct mixture *m, size_t i)
{
    const struct explorer *e = &m->search[i].explorer;
    for (size_t k = 0; k < e->count && m->blend.count < m->blend.room; k++) {
        bool known = false;
        for (size_t j = 0; j < i && !known; j++) {
            known = explored_knows(&m->search[j].explorer, &e->locals[k]);
        }
        rovi_approximation *q = known ? NULL : local_approximation(m->blend.dim, &e->locals[k]);
        m->no_memory = m->no_memory || (!known && q == NULL);
        if (q != NULL) {
            blend_add(&m->blend, q);
        }
    }
}

static void explore(struct mixture *m)
{
    team_for(m->problem->team, m->searches, run_search, m);
    if (m->restart->start != NULL) {
        m->no_memory = !blend_set(&m->blend, m->restart->start);
    }
    for (size_t i = 0; i < m->searches; i++) {
        m->no_memory = m->no_memory || m->search[i].memory.failed;
        meter_add(&m->restart->meter, &m->search[i].meter);
    }
    for (size_t i = 0; i < m->searches && !m->no_memory; i++) {
        add_found(m, i);
    }
    for (size_t i = 0; i < m->searches; i++) {
        arena_free(&m->search[i].memory);
    }
}

/* ---- weights ---- */

/* What the log ratios vary about their mean shows about how far the mixture is from the target. */
static double divergence(const struct mixture *m)
{
    double sum = 0;
    for (size_t k = 0; k < m->blend.count; k++) {
        sum += 0.5 * m->blend.weight[k] * m->blend.variance[k];
    }
    return sum;
}

static size_t draws_each(size_t count)
{
    const size_t room = MOST_TABLE / (count * count), n = DRAWS / count < room ? DRAWS / count : room;
    return n < LEAST_DRAWS ? LEAST_DRAWS : n > MOST_DRAWS ? MOST_DRAWS : n;
}

static void sample(struct mixture *m, size_t draws)
{
    const struct rng_stream stream = {.seed = m->restart->seed, .purpose = RNG_FIT, .substream = (++m->samples) << 32};
    m->no_memory = m->no_memory || !blend_sample(&m->blend, draws, &m->restart->meter, m->problem->team, stream);
}

/* Where there is one mode, and its shape alone is followed, the error may be what is nothing beside what is left to
 * gain: no mode's weight hangs on it. */
static bool is_sure(const struct mixture *m, rovi_estimate elbo)
{
    const double part = m->terms->alone ? SURE_PART * divergence(m) : 0;
    return elbo.mcse < fmax(SURE * m->problem->settings->tolerance, part);
}

/* Fresh draws, more where few do not tell the ELBO, and weights by them. */
static rovi_estimate weigh_by(struct mixture *m, rovi_estimate (*weights)(struct blend *b))
{
    const size_t all = draws_each(m->blend.count), few = all / FIRST_DRAWS;
    rovi_estimate elbo = {-INFINITY, 0};
    for (size_t draws = few < LEAST_DRAWS ? LEAST_DRAWS : few;; draws = all) {
        sample(m, draws);
        if (m->no_memory) {
            return elbo;
        }
        elbo = weights(&m->blend);
        if (draws >= all || is_sure(m, elbo)) {
            return elbo;
        }
    }
}

/* The best weights, and no component that is not needed. Returns the ELBO of what is left. */
static rovi_estimate weigh(struct mixture *m)
{
    rovi_estimate elbo = weigh_by(m, blend_weigh);
    if (!m->no_memory) {
        blend_prune(&m->blend, BLEND_SUPERFLUOUS * m->problem->settings->tolerance);
        m->no_memory = m->blend.tables.failed;
        elbo = blend_weigh(&m->blend);
    }
    return elbo;
}

/* ---- refining ---- */

static bool is_done(const struct mixture *m, size_t k)
{
    const double divergence = 0.5 * m->blend.weight[k] * m->blend.variance[k];
    return divergence < REFINED * m->problem->settings->tolerance / (double)m->blend.count;
}

/* Whether a component is not where it was when it was fitted last, or touches one that is not. */
static bool is_due(const struct mixture *m, size_t k)
{
    bool due = m->blend.moved[k];
    for (size_t j = 0; j < m->blend.count && !due; j++) {
        due = m->blend.moved[j] && blend_share(&m->blend, j, k) > TOUCHING;
    }
    return due && !is_done(m, k);
}

/* One component, by the coordinate solver, to the target that its share shows. */
static void refine_one(void *context, size_t k, size_t worker)
{
    struct mixture *m = context;
    (void)worker;
    m->refined[k] = NULL;
    m->lost[k] = false;
    m->gained[k] = 0;
    if (!m->due[k]) {
        return;
    }
    struct rovi_target *view = share_new(&m->restart->meter, m->seen, k);
    if (view == NULL) {
        m->lost[k] = true;
        return;
    }
    const struct rng_stream stream = {.seed = m->restart->seed, .purpose = RNG_RESTART, .substream = 2 + m->samples};
    const struct problem problem = {.target = view, .settings = &m->settings, .rotate = m->problem->rotate};
    struct restart r = {.seed = rng_bits(stream, k) >> 11, .start = m->blend.q[k], .progress = m->restart->progress};
    meter_init(&r.meter, view);
    r.progress.meter = &r.meter;
    r.progress.budget = m->budget_each;
    restart_by_coordinates(&problem, &r);
    m->refined[k] = r.approximation;
    m->lost[k] = r.no_memory;
    if (r.no_memory || r.stop == ROVI_STOP_FAILED) {
        rovi_approximation_free(r.approximation);
        m->refined[k] = NULL;
    } else if (r.trace_length > 0) {
        m->gained[k] = r.trace[r.trace_length - 1].elbo - r.trace[0].elbo;
    }
    arena_free(&r.memory);
    rovi_target_free(view);
}

/* Which components are to be refined; false when none is. */
static bool find_due(struct mixture *m)
{
    bool any = false;
    for (size_t k = 0; k < m->blend.count; k++) {
        m->due[k] = is_due(m, k);
        any = any || m->due[k];
    }
    return any;
}

/* Of one mode, no more than a round is worth that leaves nothing to gain. */
static uint64_t budget_of_refining(const struct mixture *m)
{
    const uint64_t each = budget_of_each(m, m->blend.count);
    const double worth = m->terms->alone ? m->terms->price * divergence(m) / (double)m->blend.count : 0;
    return worth > 0 && worth < (each > 0 ? (double)each : MOST_EVALUATIONS) ? 1 + (uint64_t)worth : each;
}

static void refine(struct mixture *m)
{
    m->seen = blend_mix(&m->blend);
    m->no_memory = m->no_memory || m->seen == NULL;
    if (m->no_memory) {
        return;
    }
    m->budget_each = budget_of_refining(m);
    team_for(m->problem->team, m->blend.count, refine_one, m);
    const double least = MOVED * m->problem->settings->tolerance / (double)m->blend.count;
    m->promised = 0;
    for (size_t k = 0; k < m->blend.count; k++) {
        m->promised += m->blend.weight[k] * m->gained[k];
        m->blend.moved[k] = m->blend.weight[k] * m->gained[k] > least;
        if (m->refined[k] != NULL) {
            rovi_approximation_free(m->blend.q[k]);
            m->blend.q[k] = m->refined[k];
        }
        m->no_memory = m->no_memory || m->lost[k];
    }
    rovi_approximation_free(m->seen);
}

/* ---- the whole ---- */

/* Keeps the mixture as it is now, and shows its ELBO. False when out of memory. */
static bool keep(struct mixture *m, rovi_estimate elbo)
{
    struct restart *r = m->restart;
    rovi_approximation_free(r->approximation);
    r->approximation = m->blend.count == 1 ? approximation_copy(m->blend.q[0]) : blend_mix(&m->blend);
    m->divergence = divergence(m);
    r->progress.budget = elbo.value > m->terms->to_beat + SHOWN ? m->terms->budget_if_better : r->progress.budget;
    restart_record(r, elbo);
    return r->approximation != NULL;
}

/* Whether a gain is worth so many evaluations: by the price that was set, or by what it took to find the components. */
static bool pays(const struct mixture *m, double gain, uint64_t evaluations)
{
    const double price = m->terms->price > 0 ? m->terms->price : WORTH * (double)m->first;
    return gain * price > (double)evaluations;
}

/* One round; false when it is the last: out of memory, or no more is to be had, since nothing has moved, or the ELBO
 * fell beyond its error. A round that loses nothing is kept, and one that does is taken back. */
static bool run_round(struct mixture *m, rovi_estimate *now)
{
    if (!find_due(m)) {
        m->restart->stop = ROVI_STOP_CONVERGED;
        return false;
    }
    m->restart->progress.shown.iteration = ++m->restart->iterations;
    refine(m);
    const rovi_estimate after = m->no_memory ? *now : weigh(m);
    const bool lost = !(after.value > now->value - 3 * after.mcse);
    if (lost && m->restart->approximation != NULL && !m->no_memory) {
        m->no_memory = !blend_set(&m->blend, m->restart->approximation);
    }
    if (m->no_memory || lost || !keep(m, after)) {
        m->restart->stop = lost && !ended(m) ? ROVI_STOP_CONVERGED : m->restart->stop;
        return false;
    }
    *now = after;
    return true;
}

/* Rounds until `patience` in a row gain less than the tolerance, beyond their own error and by what components gained
 * of their own targets, whichever is more; or until the next is not worth its evaluations, going by the last two.
 * Returns the ELBO of the last one kept. */
static rovi_estimate improve(struct mixture *m, rovi_estimate now, int rounds, int patience)
{
    const double tolerance = m->problem->settings->tolerance;
    double before = INFINITY; /* gain of the round before */
    for (int r = 0, idle = 0; r < rounds && idle < patience && !ended(m); r++) {
        const double old = now.value;
        const uint64_t begun = spent(m);
        if (!run_round(m, &now)) {
            break;
        }
        const double gain = fmax(now.value - old, m->promised), falls = r == 0 ? SLOWEST : fmin(SLOWEST, gain / before);
        const bool small = now.value - old < tolerance + 2 * now.mcse && m->promised < tolerance;
        idle = !pays(m, gain * falls, spent(m) - begun) ? patience : small ? idle + 1 : 0;
        before = gain;
        m->restart->stop = idle == patience ? ROVI_STOP_CONVERGED : ROVI_STOP_MAX_ITERATIONS;
    }
    return now;
}

/* Modes that were missed, until a search finds none that is worth more than the tolerance. */
static rovi_estimate seek(struct mixture *m, rovi_estimate now)
{
    bool found = true;
    for (int s = 0; s < SEEKINGS && found && !ended(m); s++) {
        const double before = now.value;
        size_t added = 0;
        const struct rng_stream stream = {
            .seed = m->restart->seed, .purpose = RNG_START, .substream = (++m->samples) << 32};
        m->no_memory = !seek_blend(&m->blend, now.value, m->problem->settings, &m->restart->progress, m->problem->team,
                                   stream, &added);
        if (added > 0) {
            now = weigh(m);
            m->no_memory = m->no_memory || !keep(m, now);
        }
        found = added > 0 && now.value > before + m->problem->settings->tolerance;
    }
    return now;
}

/* Halves of components; or, where none is worth it, or they were of no use, new ones where mass is lacking. */
static bool add_components(struct mixture *m, double elbo, size_t *added)
{
    const struct rng_stream cuts = {.seed = m->restart->seed, .purpose = RNG_FIT, .substream = (++m->samples) << 32};
    const struct rng_stream probes = {.seed = m->restart->seed, .purpose = RNG_PROBE, .substream = ++m->samples};
    const bool whole = m->uncut || split_blend(&m->blend, m->problem->settings->tolerance, &m->restart->progress,
                                               m->problem->team, cuts, added);
    m->cut = *added > 0;
    return whole &&
           (m->cut || ended(m) ||
            grow_blend(&m->blend, 2 + m->blend.count / 4, elbo, &m->restart->meter, m->problem->team, probes, added));
}

/* More components: true when the mixture with them is better, beyond the error. Otherwise the one without them stays.
 */
static bool enlarge(struct mixture *m, rovi_estimate *now)
{
    const rovi_estimate before = *now;
    rovi_approximation *old = m->restart->approximation;
    const rovi_stop stop = m->restart->stop;
    const double divergence = m->divergence;
    size_t added = 0;
    m->restart->approximation = NULL;
    if (m->restart->iterations > 0) {
        memset(m->blend.moved, 0, m->blend.count * sizeof *m->blend.moved); /* as far as rounds could tell */
    }
    m->no_memory = m->no_memory || !add_components(m, before.value, &added);
    if (added > 0) {
        *now = improve(m, weigh_by(m, blend_approach), GROWTH_ROUNDS, 2);
    }
    if (m->restart->approximation != NULL && now->value - before.value > CLEAR * hypot(now->mcse, before.mcse)) {
        rovi_approximation_free(old);
        m->uncut = false;
        return true;
    }
    m->uncut = m->cut;
    *now = before;
    m->divergence = divergence;
    rovi_approximation_free(m->restart->approximation);
    m->restart->approximation = old;
    m->no_memory = !blend_set(&m->blend, old) || m->no_memory;
    if (!supervisor_ends(&m->restart->progress, &m->restart->stop)) {
        m->restart->stop = stop;
    }
    return false;
}

/* Whether the mixture is further from the target than what a larger one must gain. */
static bool can_gain(const struct mixture *m, rovi_estimate now)
{
    return m->divergence > m->problem->settings->tolerance + 2 * hypot(now.mcse, now.mcse);
}

/* As long as it gains more than the tolerance, and its error, and what it costs. */
static void grow(struct mixture *m, rovi_estimate *now)
{
    const int most = m->terms->price > 0 ? 1 : FAILURES; /* where evaluations count, none is tried on chance */
    for (int g = 0, failed = 0; g < GROWTHS && failed < most && can_gain(m, *now) && !ended(m); g++) {
        const rovi_estimate before = *now;
        const uint64_t begun = spent(m);
        const double gain = enlarge(m, now) ? now->value - before.value : 0;
        const double least = m->problem->settings->tolerance + 2 * hypot(now->mcse, before.mcse);
        const bool paid = gain > least && pays(m, gain, spent(m) - begun);
        failed = paid ? 0 : m->uncut ? failed : failed + 1; /* where halves are of no use, others may be */
    }
}

static void make(struct mixture *m)
{
    rovi_estimate now = weigh(m);
    m->no_memory = m->no_memory || !keep(m, now);
    m->first = spent(m) < FIRST_LEAST ? FIRST_LEAST : spent(m);
    if (!m->terms->alone) {
        now = improve(m, seek(m, now), ROUNDS, 1);
    } else if (!ended(m)) {
        m->restart->stop = ROVI_STOP_CONVERGED; /* as it is, unless it grows */
    }
    grow(m, &now);
    restart_record(m->restart, now); /* what failed attempts have cost, too */
}

/* How many explorations. */
static size_t searches(const struct mixture_terms *terms, size_t restarts)
{
    return terms->alone ? (restarts + 1) / 2 : restarts;
}

static bool set_up(struct mixture *m)
{
    const size_t d = m->problem->target->dim;
    m->searches = searches(m->terms, (size_t)m->problem->settings->restarts);
    const size_t begun = m->restart->start != NULL ? rovi_approximation_components(m->restart->start) : 0;
    const size_t room = 1 + begun + m->searches * most_components(d);
    m->search = arena_take(&m->memory, m->searches, sizeof *m->search);
    m->refined = arena_take(&m->memory, room, sizeof(void *));
    m->lost = arena_take(&m->memory, room, sizeof *m->lost);
    m->due = arena_take(&m->memory, room, sizeof *m->due);
    m->gained = arena_doubles(&m->memory, room);
    m->settings = *m->problem->settings;
    m->settings.iterations = REFINING;
    m->restart->progress.shown.iterations = MOST_ROUNDS;
    m->restart->stop = ROVI_STOP_MAX_ITERATIONS; /* unless something else ends it */
    return restart_trace_room(m->restart, MOST_ROUNDS + 2) && blend_init(&m->blend, d, room) && !m->memory.failed;
}

void restart_by_mixture(const struct problem *problem, struct restart *restart, const struct mixture_terms *terms)
{
    struct mixture m = {.problem = problem, .restart = restart, .terms = terms};
    m.no_memory = !set_up(&m);
    if (!m.no_memory) {
        explore(&m);
    }
    if (m.no_memory || (m.blend.count == 0 && !ended(&m))) {
        restart->stop = ROVI_STOP_FAILED;
    } else if (m.blend.count > 0) {
        make(&m);
    } else { /* ended before anything could be found: a start is what is left */
        restart->approximation =
            start_make(problem->settings, problem->target->dim, restart->seed, problem->rotate, problem->target->start);
    }
    restart->no_memory = m.no_memory || (restart->stop != ROVI_STOP_FAILED && restart->approximation == NULL);
    restart->degenerate = m.blend.degenerate;
    blend_free(&m.blend);
    arena_free(&m.memory);
}
