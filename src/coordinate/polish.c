/* SPDX-License-Identifier: BSD-3-Clause */
#include "coordinate/polish.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "coordinate/weigh.h"
#include "evidence/elbo.h"
#include "family/pieces.h"

#define LINES_SCREEN        32 /* at most, while candidates are screened */
#define LINES_MOST          2048
#define LINES_FLOOR         64  /* which a sweep may always take */
#define POINTS_LEAST        512 /* of a round */
#define POINTS_MOST         65536
#define POINTS_MOST_DOUBLES 4194304 /* and at most so many coordinates of points: what one array of a batch holds */
#define PART_OF_ONE         0.06    /* of the variance of the log ratios, about twice the KL, that does not matter, */
#define PART_OF_MODES       0.02    /* the same where there are several, whose masses hang on little of the ELBO */
#define NOISE_PART          0.5     /* of the tolerance: noise that lines may leave; settling halves it twice */
#define DONE                1.0     /* times the tolerance that was asked for: a KL below it is not worth a round, */
#define NEARLY_DONE         4.0     /* and one below this no second round that gains nothing */
#define MASS_ERROR          0.003   /* of the mass of a mode's side along a coordinate */
#define MASS_DRAWS          16384   /* at most, to get there */
#define IDLE_ROUNDS         2       /* before more points are taken, or the candidate is finished; then one */
#define PATIENCE            5       /* idle rounds after which more points are taken even if as many should do */
#define SETTLING            4       /* rounds over which the coordinates are averaged in the end */
#define SETTLED             0.02    /* of the tolerance: noise of a round that needs no averaging */
#define TRACE_DRAWS         1000
#define TURN_DRAWS          250 /* before and after a turn, the same */
#define KEEP                0.6 /* of what earlier rounds told of a coordinate counts in the next */
#define FALL                3   /* times the noise of a round: an ELBO that falls by more has overshot */
#define FALLS               3   /* after which coordinates are updated one by one */
#define GROWTH              4   /* of the points, at most, at once */
#define HIDDEN              0.1 /* of the divergence: planes that could hide less are not worth more points */
#define HIDDEN_LEAST        4   /* times the tolerance: the same */
#define HOPE                8   /* rounds of the present gain, in which a candidate must reach the one before it */

/* How many lines a coordinate may take. */
static size_t most_lines(size_t d)
{
    assert(d > 0);
    const size_t shared = LINES_MOST / d * 2;
    return shared < LINES_FLOOR ? LINES_FLOOR : shared > LINES_MOST ? LINES_MOST : shared;
}

/* What pieces of a map may need: a start may have more cells than any map that an update makes. */
static size_t room_for_pieces(const rovi_approximation *start)
{
    const size_t cells = start != NULL ? approximation_most_cells(start) : 0;
    return pieces_room(cells > QUANTILE_KNOTS ? cells : QUANTILE_KNOTS);
}

void polish_init(struct polish *p, struct arena *arena, const struct problem *problem, struct restart *restart)
{
    const size_t d = problem->target->dim, draws = (size_t)problem->settings->draws / 10;
    const size_t room = room_for_pieces(restart->start);
    *p = (struct polish){.problem = problem, .restart = restart, .memory = arena, .best_elbo = -INFINITY};
    p->tolerance = problem->settings->tolerance;
    p->trace_draws = draws > TRACE_DRAWS ? draws : TRACE_DRAWS;
    p->points_least = POINTS_LEAST;
    p->ratio = arena_doubles(arena, p->trace_draws);
    p->before = arena_doubles(arena, p->trace_draws);
    p->best_ratio = arena_doubles(arena, p->trace_draws);
    p->by_lines = arena_take(arena, d, sizeof *p->by_lines);
    p->edges = arena_doubles(arena, room);
    p->pieces_work = arena_doubles(arena, 2 * room);
    p->means = arena_take(arena, d, sizeof *p->means);
    lines_init(&p->lines, arena, most_lines(d), &restart->progress, problem->team);
    scores_init(&p->scores, arena, d, problem->team);
    turn_init(&p->turn, arena, d, problem->team);
}

void polish_spare(struct polish *p, size_t draws_part, size_t points_part)
{
    p->trace_draws /= draws_part;
    p->points_least /= points_part;
}

void polish_free(struct polish *p)
{
    rovi_approximation_free(p->best);
    arena_free(&p->batch_memory);
}

static struct rng_stream fresh(struct polish *p)
{
    return (struct rng_stream){.seed = p->restart->seed, .purpose = RNG_FIT, .substream = ++p->streams};
}

bool polish_ended(struct polish *p)
{
    if (p->restart->iterations >= (uint64_t)p->problem->settings->iterations) {
        p->restart->stop = ROVI_STOP_MAX_ITERATIONS;
        return true;
    }
    return supervisor_ends(&p->restart->progress, &p->restart->stop);
}

/* ---- what was reached ---- */

/* Log ratios of q at n draws of the stream; want of memory is noted. */
static void take_ratios(struct polish *p, const rovi_approximation *q, struct rng_stream stream, size_t n,
                        double *ratio)
{
    if (!elbo_log_ratios(q, &p->restart->meter, stream, p->problem->team, 0, n, ratio)) {
        p->restart->no_memory = true;
        memset(ratio, 0, n * sizeof *ratio);
    }
}

/* What is maximised: the ELBO, of the fit restricted to the support, less the log of how many draws that takes. A fit
 * that lies half outside may be as good when restricted, and better by luck. */
static double worth(const struct polish *p, rovi_estimate elbo)
{
    size_t inside = 0;
    for (size_t i = 0; i < p->trace_draws; i++) {
        inside += isfinite(p->ratio[i]) != 0;
    }
    return elbo.value + log((double)inside / (double)p->trace_draws);
}

static void keep_best(struct polish *p, rovi_approximation *q, rovi_estimate elbo)
{
    if (!approximation_keep(&p->best, q)) {
        p->restart->no_memory = true;
        return;
    }
    p->best_elbo = worth(p, elbo);
    memcpy(p->best_ratio, p->ratio, p->trace_draws * sizeof *p->ratio);
    restart_record(p->restart, elbo);
}

/* Marks the coordinates of more than one piece, or all of them; returns how many there are. */
static size_t find_lines(struct polish *p, const struct candidate *c)
{
    size_t count = 0;
    for (size_t i = 0; i < c->q->dim; i++) {
        p->by_lines[i] = c->lines_only || pieces_cut(&c->q->maps[i], p->edges, p->pieces_work) > 1;
        count += p->by_lines[i];
    }
    return count;
}

void polish_take_stock(struct polish *p, struct candidate *c)
{
    struct elbo measured = {.estimate = {NAN, NAN}};
    if (!restart_measure(p->problem, p->restart, c->q, p->trace_draws, p->ratio, &measured)) {
        p->restart->no_memory = true;
    }
    const rovi_estimate elbo = measured.estimate;
    c->elbo = isnan(elbo.value) ? -INFINITY : worth(p, elbo);
    if (c->elbo > p->best_elbo) {
        keep_best(p, c->q, elbo);
    }
    c->edge = c->edge || !linalg_all_finite(p->trace_draws, p->ratio);
    const double part = find_lines(p, c) > 0 ? PART_OF_MODES : PART_OF_ONE;
    p->tolerance = elbo_resolution(p->problem->settings->tolerance, elbo, p->trace_draws, part);
    c->divergence = 0.5 * elbo.mcse * elbo.mcse * (double)p->trace_draws;
}

/* Whether a candidate of one piece along every coordinate is within so many tolerances of the target. */
static bool is_within(struct polish *p, const struct candidate *c, double tolerances)
{
    return !c->edge && c->divergence < tolerances * p->problem->settings->tolerance && find_lines(p, c) == 0;
}

bool polish_is_nearly_done(struct polish *p, const struct candidate *c)
{
    return is_within(p, c, NEARLY_DONE);
}

/* ---- one round ---- */

/* How many lines bring the noise of all coordinates below a part of the tolerance, when n left this much in one. */
static size_t lines_needed(const struct polish *p, size_t n, double noise)
{
    const size_t d = p->problem->target->dim, most = most_lines(d);
    const double budget = NOISE_PART * p->tolerance / (double)d, need = (double)n * noise / budget;
    return need < POLISH_LINES ? POLISH_LINES : need > (double)most ? most : 2 * (size_t)(need / 2 + 1);
}

/* Updates the coordinates that go by lines, each from as many lines as it needs, up to `most`, all through the same
 * draws. Returns how many could not be: their lines lie outside the support, or the density does not fall off along
 * them. */
static size_t sweep(struct polish *p, struct candidate *c, size_t most, struct density_mean *means)
{
    const struct rng_stream stream = fresh(p);
    size_t stuck = 0;
    for (size_t k = 0; k < c->q->dim && !polish_ended(p); k++) {
        const size_t i = c->order[k], n = c->lines[i] < most ? c->lines[i] : most;
        if (!p->by_lines[i]) {
            continue;
        }
        const double noise = lines_update(&p->lines, c->q, i, n, stream, means == NULL ? NULL : &means[i]);
        if (!isfinite(noise)) {
            stuck++;
        } else {
            p->noise += noise;
            c->lines[i] = means == NULL ? lines_needed(p, n, noise) : c->lines[i];
        }
    }
    return stuck;
}

/* Turns by the largest of falling shares of the planned angles that gains, on points of their own. Returns the share.
 */
static double turn_by_share(struct polish *p, rovi_approximation *q)
{
    const struct rng_stream stream = fresh(p);
    turn_follow(&p->turn, q);
    take_ratios(p, q, stream, TURN_DRAWS, p->before);
    for (double share = 1; share > 0.05; share *= 0.4) {
        turn_apply(&p->turn, q, share);
        take_ratios(p, q, stream, TURN_DRAWS, p->ratio);
        if (elbo_gain(TURN_DRAWS, p->before, p->ratio).value > 0) {
            return share;
        }
    }
    turn_apply(&p->turn, q, 0);
    return 0;
}

/* The coordinates that the batch tells nothing of go by lines. */
static void plan_scores(struct polish *p, const rovi_approximation *q)
{
    const bool planned = scores_plan(&p->scores, q, &p->batch, p->by_lines, p->means);
    for (size_t i = 0; i < q->dim; i++) {
        p->by_lines[i] = p->by_lines[i] || !planned || !isfinite(p->scores.noise[i]);
        p->noise += p->by_lines[i] ? 0 : p->scores.noise[i];
    }
}

/* What earlier rounds told counts less from now on: `part` of it. */
static void forget(struct polish *p, double part)
{
    for (size_t i = 0; i < p->problem->target->dim; i++) {
        p->means[i].weight *= part;
    }
}

/* After a turn: what was told of a coordinate was told of another axis, and is off by what the turn was to gain. An
 * estimate of so much noise and error together weighs as much as one of as much noise. */
static void age(struct polish *p, double share)
{
    for (size_t i = 0; i < p->problem->target->dim; i++) {
        const double off = share * share * p->turn.promised[i], noise = p->scores.noise[i];
        if (off > 0 && !p->by_lines[i]) {
            p->means[i].weight *= noise / (noise + off);
            p->scores.noise[i] += off;
            p->stale += off;
        }
    }
}

/* From one batch of gradients: the new maps of the coordinates of one piece, and the turn, if it is to turn. Returns
 * what the planes that did not turn could still hide, in nats. */
static double step(struct polish *p, rovi_approximation *q, bool turning)
{
    struct turn_outlook outlook = {0};
    if (!batch_evaluate(&p->batch, q, fresh(p), &p->restart->progress, &p->restart->stop) || p->batch.valid == 0) {
        memset(p->by_lines, true, q->dim * sizeof *p->by_lines);
        return 0;
    }
    plan_scores(p, q);
    if (turning) {
        outlook = turn_plan(&p->turn, q, &p->batch);
    }
    scores_apply(&p->scores, q, p->by_lines, p->means);
    if (outlook.gain > 0) {
        age(p, turn_by_share(p, q));
    }
    return outlook.unresolved;
}

/* A batch of n points from now on; false when out of memory. */
static bool set_points(struct polish *p, size_t n)
{
    if (n > p->batch_room) {
        arena_free(&p->batch_memory);
        batch_init(&p->batch, &p->batch_memory, n, p->problem->target, p->problem->team);
        p->batch_room = p->batch_memory.failed ? 0 : n;
    }
    p->batch.n = n;
    p->restart->no_memory = p->restart->no_memory || p->batch_room == 0;
    return p->batch_room > 0;
}

struct outcome {
    double unresolved; /* nats that the planes which did not turn could hide */
    size_t stuck;      /* coordinates that could not be updated */
};

/* Lines are averaged over rounds while settling alone: they are many, if need be. */
static struct outcome round_of(struct polish *p, struct candidate *c, bool turning, size_t most_lines, bool settling)
{
    const size_t d = c->q->dim;
    struct outcome outcome = {0};
    p->noise = p->stale = 0;
    const bool scoring = find_lines(p, c) < d;
    if (scoring || turning) {
        outcome.unresolved = step(p, c->q, turning);
    }
    outcome.stuck = sweep(p, c, most_lines, settling ? p->means : NULL);
    p->restart->progress.shown.iteration = ++p->restart->iterations;
    return outcome;
}

/* ---- many ---- */

/* What was told of another candidate's coordinates tells nothing of these. */
static void begin(struct polish *p, const struct candidate *c)
{
    if (p->told_of != c->q) {
        forget(p, 0);
        p->told_of = c->q;
    }
}

void polish_screen(struct polish *p, struct candidate *c)
{
    const size_t rounds = find_lines(p, c) > 0 ? 2 : 1;
    begin(p, c);
    for (size_t k = 0; k < rounds && set_points(p, p->points_least) && !polish_ended(p); k++) {
        round_of(p, c, false, LINES_SCREEN, false);
    }
    polish_take_stock(p, c);
}

static void weigh(struct polish *p, rovi_approximation *q)
{
    const struct weigh_limits limits = {.most = MASS_DRAWS, .error = MASS_ERROR};
    if (!weigh_pieces(q, &p->restart->meter, p->problem->team, fresh(p), &limits)) {
        p->restart->no_memory = true;
    }
}

/* More rounds, with the rotation as it is, each coordinate's density being averaged over them: the noise of one round
 * goes, also out of what is flat in F (the masses of modes of different shapes, which follow all else). */
static void settle(struct polish *p, struct candidate *c)
{
    for (size_t i = 0; i < c->q->dim; i++) {
        p->means[i].weight *= p->by_lines[i] ? 0 : 1;
    }
    for (int round = 0; round < SETTLING && !polish_ended(p); round++) {
        round_of(p, c, false, most_lines(c->q->dim), true);
    }
    if (!polish_ended(p)) {
        weigh(p, c->q);
    }
}

/* What a candidate, measured last, may lose against the best so far and yet be as good: the best of many rounds is so
 * by the luck of the draws too. */
static double slack(const struct polish *p)
{
    const double noise = elbo_gain(p->trace_draws, p->best_ratio, p->ratio).mcse;
    return p->tolerance + 2 * (isfinite(noise) ? noise : 0);
}

/* A candidate as good as the best so far is settled, and kept unless it loses more than the tolerance beyond that.
 * Lines that agree need it as little as scores, which are averaged over rounds all the time. */
static void finish(struct polish *p, struct candidate *c)
{
    if (find_lines(p, c) == 0 || p->noise < SETTLED * p->tolerance || c->elbo < p->best_elbo - slack(p)) {
        return;
    }
    settle(p, c);
    polish_take_stock(p, c);
    if (c->elbo < p->best_elbo && c->elbo >= p->best_elbo - p->tolerance - slack(p)) {
        keep_best(p, c->q, elbo_of_ratios(p->trace_draws, p->ratio).estimate);
    }
}

/* Back to the best so far, when it was this candidate's. */
static void go_back(struct polish *p, struct candidate *c)
{
    rovi_approximation *q = approximation_make(&p->best->view, QUANTILE_KNOTS);
    p->restart->no_memory = p->restart->no_memory || q == NULL;
    if (q != NULL) {
        rovi_approximation_free(c->q);
        p->told_of = c->q = q;
        c->elbo = p->best_elbo;
    }
    forget(p, 0);
}

/* All coordinates at once may overshoot where they depend on each other: when that happens again and again, they are
 * updated one by one from then on. True when the candidate fell, by more than the draws of the trace might show by
 * chance. */
static bool fell(struct polish *p, struct candidate *c, double before, int *falls)
{
    if (c->lines_only || c->elbo > before - fmax(slack(p), FALL * p->noise)) {
        return false;
    }
    if (p->best != NULL && before >= p->best_elbo) {
        go_back(p, c);
    }
    c->lines_only = ++*falls == FALLS;
    return true;
}

/* Nats that more points or rounds would take out of the maps. */
static double unsettled(struct polish *p, const struct candidate *c)
{
    return fmax(find_lines(p, c) > 0 ? p->noise / NOISE_PART : p->noise, p->stale);
}

/* Gradients that the estimates of a scored coordinate rest on, in the mean. */
static double told(const struct polish *p)
{
    double sum = 0, count = 0;
    for (size_t i = 0; i < p->problem->target->dim; i++) {
        sum += p->by_lines[i] ? 0 : p->means[i].weight;
        count += !p->by_lines[i];
    }
    return count > 0 ? sum / count : 0;
}

/* As many points as bring what is left to resolve below the tolerance: planes by one batch, noise by the mean of all
 * so far. Where the present number would do that, it stays for a few rounds. False when there is no room for more. */
static bool grow(struct polish *p, double hidden, bool patient)
{
    const size_t now = p->batch.n;
    const double most = fmax((double)now * hidden, told(p) * (p->noise - p->tolerance)) / p->tolerance;
    size_t n = patient ? now : 2 * now;
    while (n < GROWTH * now && (double)n < most) {
        n *= 2;
    }
    if (n == now) {
        return true;
    }
    while (n > now && (n > POINTS_MOST || n * p->problem->target->dim > POINTS_MOST_DOUBLES)) {
        n /= 2;
    }
    return n > now && set_points(p, n);
}

/* How a candidate comes along. */
struct course {
    int idle, falls;
    double best;   /* its ELBO, before the present round: what only takes back a loss gains nothing */
    double hidden; /* nats that planes could hide: the least that idle rounds have left */
};

/* After a round: whether it is time to ask if the candidate is finished. */
static bool is_still(struct polish *p, const struct candidate *c, double unresolved, struct course *at)
{
    at->idle = c->elbo - at->best < 0.5 * fmax(p->tolerance, p->noise) ? at->idle + 1 : 0;
    at->best = fmax(at->best, c->elbo);
    at->hidden = at->idle > 1 ? fmin(at->hidden, unresolved) : unresolved;
    return at->idle >= IDLE_ROUNDS || (at->idle > 0 && (p->batch.n > p->points_least || polish_is_nearly_done(p, c)));
}

/* Whether more rounds would tell nothing more; else the next ones have as many points as it takes. */
static bool is_finished(struct polish *p, const struct candidate *c, const struct course *at)
{
    const double slight = fmax(HIDDEN * c->divergence, HIDDEN_LEAST * p->tolerance);
    const double hidden = at->hidden < slight ? 0 : at->hidden;
    return fmax(hidden, unsettled(p, c)) < p->tolerance || !grow(p, hidden, at->idle < PATIENCE);
}

bool polish_run(struct polish *p, struct candidate *c, double to_beat)
{
    const bool turning = p->problem->rotate && c->q->dim > 1;
    const size_t most = most_lines(c->q->dim);
    struct course course = {.best = c->elbo};
    c->lines_only = p->many;
    begin(p, c);
    for (bool room = set_points(p, p->points_least); room && !p->restart->no_memory && !polish_ended(p);) {
        const double before = c->elbo;
        if (is_within(p, c, DONE)) {
            return true;
        }
        forget(p, course.idle > 0 ? 1 : KEEP); /* where nothing moves, what earlier rounds told is as true */
        const struct outcome outcome = round_of(p, c, turning, most, false);
        c->lines_only = c->lines_only && course.falls == FALLS; /* the first round may have been by lines */
        if (polish_ended(p)) {
            break;
        }
        weigh(p, c->q);
        polish_take_stock(p, c);
        if (!fell(p, c, before, &course.falls) && c->elbo + HOPE * fmax(0, c->elbo - before) < to_beat) {
            break;
        }
        if (is_still(p, c, outcome.unresolved, &course) && is_finished(p, c, &course)) {
            finish(p, c);
            return outcome.stuck == 0;
        }
    }
    return false;
}
