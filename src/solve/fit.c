/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A fit: several restarts, the least KL wins, and the winner is measured.
 *
 * Three sets of draws are kept apart: those of the steps, those that choose among the restarts (the same for all of
 * them, so that they are compared pair by pair), and those that the shown ELBO is measured on.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/linalg.h"
#include "base/status.h"
#include "evidence/elbo.h"
#include "family/rotation.h"
#include "solve/restart.h"

#define SEED_BITS      53   /* seeds stay integers that JSON readers keep */
#define MEASURE_SHARE  16   /* once all asked for are there: of what the fit has asked, one part in so many ends it */
#define LED_SHARE      8    /* where the rotation leads in a few directions, all are one part in so many of that, */
#define LED_DRAWS      200  /* but so many at least */
#define FEW_DRAWS      400  /* at first: that an error is estimated from */
#define MEASURED       2    /* times the tolerance: an error that needs no more draws */
#define GROWTH         4    /* of the number of draws, at most, at once */
#define MARGIN         1.2  /* more than the present error says would do */
#define IMPERFECT      0.25 /* nats: divergence of a rotated product that a mixture is tried for, and restarts differ */
#define OUTDONE        0.3  /* nats that local normals promise together beyond a rotated product */
#define IMPERFECT_DIM  20   /* dimensions, above which it is in proportion to them: what many add up to is no mode */
#define IMPERFECT_MANY 2.0  /* nats: the same, in so many dimensions that no mixture is tried for it */

#define MIXTURE_LEAST 250000
#define MIXTURE_DIM   50 /* dimensions, above which one is tried for the sake of several modes alone */
#define MIXTURE_MOST  3
#define MIXTURE_PRICE 10
#define PRICED_LEAST  100000

/* d x d matrices that a restart holds at once, going by the memory that runs took. */
#define MATRICES_COORDINATE 100
#define MATRICES_GRADIENT   12

struct fit_job {
    struct problem problem;
    const rovi_fit_input *input;
    struct supervisor supervisor;
    struct team *team;
    size_t threads;
    size_t count;
    struct restart *restarts; /* count */
    rovi_restart *shown;      /* count */
    bool mixing;              /* the restarts that run now are mixtures */
    size_t winner;            /* count until one is chosen */
    struct elbo evidence;     /* of the winner */
    struct meter total;
    struct arena memory;
};

static double imperfect(const struct fit_job *job)
{
    const size_t d = job->problem.target->dim;
    return d > MIXTURE_DIM ? IMPERFECT_MANY : IMPERFECT * fmax(1, (double)d / IMPERFECT_DIM);
}

/* Each restart's share, so that the threads' order cannot matter; 0: no limit. */
static uint64_t evaluation_budget(const rovi_settings *settings, size_t restarts)
{
    const uint64_t limit = (uint64_t)settings->max_evaluations;
    return limit == 0 ? 0 : limit < restarts ? 1 : limit / restarts;
}

/* Whether the rotation leads in a few directions only. */
static bool is_led(const rovi_settings *settings, size_t d)
{
    return settings_directions(settings, d) < d;
}

/* In many dimensions restarts come in pairs, whose seeds differ in the last bit alone: they start opposite each other
 * (launch.h). */
static uint64_t restart_seed(const rovi_settings *settings, size_t d, size_t index)
{
    const struct rng_stream stream = {.seed = (uint64_t)settings->seed, .purpose = RNG_RESTART};
    const size_t first = is_led(settings, d) ? index & ~(size_t)1 : index;
    const bool own =
        first == 0 && !is_led(settings, d); /* pairs of seeds that differ by one are not to share restarts */
    const uint64_t seed = own ? (uint64_t)settings->seed : rng_bits(stream, first) >> (64 - SEED_BITS);
    return seed ^ (index - first);
}

/* Full rotations keep matrices, of which there is no room for in many dimensions. */
static rovi_status check_size(const rovi_target *target, const rovi_settings *settings, rovi_error *error)
{
    const size_t d = target->dim, directions = settings_directions(settings, d);
    const double matrices = settings->solver == SOLVER_GRADIENT ? MATRICES_GRADIENT : MATRICES_COORDINATE;
    const double need = matrices * (double)d * (double)d * sizeof(double), have = arena_machine_bytes();
    if (directions < d && directions > REFLECTIONS_MOST) {
        return error_set(error, ROVI_BAD_INPUT, "directions is %zu; allowed are up to %d, or all %zu", directions,
                         REFLECTIONS_MOST, d);
    }
    return directions < d || have == 0 || need < have
               ? ROVI_OK
               : error_set(error, ROVI_NO_MEMORY,
                           "a full rotation of %zu dimensions takes about %.0f GB for each restart that runs, and this "
                           "machine has %.0f: rotate the leading directions only (solver coordinate, method rovi, "
                           "directions 32, say)",
                           d, need / 1e9, have / 1e9);
}

/* A fit is continued in the form it has. */
static rovi_status check_form(const rovi_settings *settings, const rovi_approximation *start, rovi_error *error)
{
    if (start->count > 0 && start->component[0]->compact) {
        return error_set(
            error, ROVI_BAD_INPUT,
            "the start is a mixture of fits that rotate leading directions only: it cannot be continued, but "
            "a restart of it can");
    }
    if (start->count == 0 && start->compact != is_led(settings, start->dim)) {
        return error_set(
            error, ROVI_BAD_INPUT,
            start->compact
                ? "the start rotates %zu leading directions of %zu only: set directions to that to continue it"
                : "the start rotates all of its %zu dimensions: set directions to %zu to continue it",
            start->compact ? start->reflections.count : start->dim, start->dim);
    }
    return ROVI_OK;
}

static bool is_diagonal(size_t d, const double *A, double tolerance)
{
    for (size_t i = 0; i < d * d; i++) {
        if (i % (d + 1) != 0 && fabs(A[i]) > tolerance) {
            return false;
        }
    }
    return true;
}

static bool is_identity(size_t d, const double *O)
{
    for (size_t i = 0; i < d; i++) {
        if (fabs(O[i * d + i] - 1) > ROTATION_TOLERANCE) {
            return false;
        }
    }
    return is_diagonal(d, O, ROTATION_TOLERANCE);
}

rovi_status rovi_fit_check_start(const rovi_target *target, const rovi_settings *settings,
                                 const rovi_approximation *start, rovi_error *error)
{
    if (start == NULL) {
        return ROVI_OK;
    }
    const size_t d = start->dim;
    if (d != target->dim) {
        return error_set(error, ROVI_BAD_INPUT, "the start has dimension %zu, the target %zu", d, target->dim);
    }
    const rovi_status form = check_form(settings, start, error);
    if (form != ROVI_OK) {
        return form;
    }
    if (start->count > 0) {
        return settings->method == METHOD_MIXTURE || settings->method == METHOD_AUTO
                   ? ROVI_OK
                   : error_set(error, ROVI_BAD_INPUT,
                               "the start is a mixture, which only methods mixture and auto continue");
    }
    if (start->whitening != NULL && settings->precondition == PRECONDITION_NONE) {
        return error_set(error, ROVI_BAD_INPUT, "the start is whitened, which precondition none does not allow");
    }
    if (settings->method == METHOD_MFVI &&
        (start->compact ? start->reflections.count > 0 : !is_identity(d, start->rotation))) {
        return error_set(error, ROVI_BAD_INPUT, "the start's rotation is not the identity, which method mfvi needs");
    }
    if (settings->method == METHOD_MFVI && start->whitening != NULL && !is_diagonal(d, start->whitening, 0)) {
        return error_set(error, ROVI_BAD_INPUT, "the start's whitening is not diagonal, which method mfvi needs");
    }
    return ROVI_OK;
}

static rovi_status check_finished(const rovi_target *target, const rovi_fit_input *input, rovi_error *error)
{
    for (size_t i = 0; i < input->finished_count; i++) {
        const rovi_approximation *q = input->finished[i].approximation;
        if (q != NULL && q->dim != target->dim) {
            return error_set(error, ROVI_BAD_INPUT, "finished restart %zu has dimension %zu, the target %zu", i, q->dim,
                             target->dim);
        }
    }
    return ROVI_OK;
}

static void prepare_restart(struct fit_job *job, size_t i)
{
    struct restart *r = &job->restarts[i];
    r->seed = restart_seed(job->problem.settings, job->problem.target->dim, i);
    meter_init(&r->meter, job->problem.target);
    r->progress = (struct progress){.supervisor = &job->supervisor,
                                    .meter = &r->meter,
                                    .budget = evaluation_budget(job->problem.settings, job->count)};
    r->to_beat = INFINITY;
    r->promise = -INFINITY;
    r->progress.shown = (rovi_progress){.restart = i, .restarts = job->count, .elbo = NAN, .mcse = NAN};
}

/* A mixture is one restart; where the family is left to the fit, one that continues from a mixture is a mixture. */
static rovi_status prepare(struct fit_job *job, const rovi_target *target, const rovi_settings *settings,
                           const rovi_approximation *start, rovi_error *error)
{
    job->mixing = settings->method == METHOD_MIXTURE || (start != NULL && start->count > 0);
    job->count = job->mixing ? 1 : (size_t)settings->restarts;
    job->winner = job->count;
    job->threads = target->concurrent ? team_size_of(settings->threads) : 1;
    job->restarts = arena_take(&job->memory, job->count + 1, sizeof *job->restarts); /* one more: a mixture */
    job->shown = arena_take(&job->memory, job->count + 1, sizeof *job->shown);
    job->team = job->threads > 1 ? team_new(job->threads) : NULL;
    if (job->memory.failed || (job->threads > 1 && job->team == NULL)) {
        return error_no_memory(error);
    }
    job->problem = (struct problem){
        .target = target, .settings = settings, .rotate = settings->method != METHOD_MFVI, .team = job->team};
    meter_init(&job->total, target);
    for (size_t i = 0; i < job->count; i++) {
        prepare_restart(job, i);
    }
    return ROVI_OK;
}

/* Choosing needs fewer draws than showing; a run that was told to end spends less on both. In many dimensions, where
 * evaluations are dear, they are also a part of what was asked so far. */
static size_t measure_draws(const struct fit_job *job, enum rng_purpose purpose, uint64_t spent)
{
    const rovi_settings *settings = job->problem.settings;
    const size_t wanted = (size_t)settings->draws / (purpose == RNG_SELECT ? 5 : 1);
    const uint64_t share = spent / LED_SHARE < LED_DRAWS ? LED_DRAWS : spent / LED_SHARE;
    const size_t draws = is_led(settings, job->problem.target->dim) && share < wanted ? (size_t)share : wanted;
    return atomic_load(&job->supervisor.verdict) == SUPERVISOR_GO || draws < 1000 ? draws : draws / 10;
}

/* Whether local normals promise more than an ELBO has, beyond its noise. */
static bool is_more(const struct fit_job *job, double promise, rovi_estimate elbo)
{
    return promise > elbo.value + job->problem.settings->tolerance + 3 * elbo.mcse;
}

/* Whether local normals promise more than an ELBO has, by less than its noise. */
static bool is_doubtful(const struct fit_job *job, rovi_estimate elbo, double promise)
{
    return promise > elbo.value && !is_more(job, promise, elbo);
}

/* Log ratios of an approximation at the first n draws of a stream. */
struct sample {
    const rovi_approximation *q;
    struct meter *meter;
    struct team *team;
    struct rng_stream stream;
    size_t n;
    double *ratio; /* n */
    struct arena memory;
};

/* To n draws. False when out of memory. */
static bool extend(struct sample *s, size_t n)
{
    double *more = arena_doubles(&s->memory, n);
    if (more == NULL) {
        return false;
    }
    if (s->n > 0) {
        memcpy(more, s->ratio, s->n * sizeof *more);
    }
    const bool ok = elbo_log_ratios(s->q, s->meter, s->stream, s->team, s->n, n, more);
    s->ratio = more;
    s->n = n;
    return ok;
}

/* The next number of draws after n, where so many times as many would do: at most GROWTH times as many, and all that
 * were asked for before any more. */
static size_t more_draws(size_t n, size_t all, double times)
{
    const size_t next = (size_t)((double)n * fmin(GROWTH, fmax(MARGIN * times, 2)));
    return n < all && next > all ? all : next;
}

/* Whether the fit may not spend more draws than n, of the `all` that were asked for, on this. */
static bool is_spent(const struct fit_job *job, const struct meter *meter, size_t n, size_t all)
{
    const bool dear = MEASURE_SHARE * n > atomic_load(&meter->density) || job->problem.settings->max_evaluations > 0;
    return (n >= all && dear) || atomic_load(&job->supervisor.verdict) != SUPERVISOR_GO;
}

struct question {
    enum rng_purpose purpose; /* of the draws */
    bool all;                 /* as many as were asked for to begin with, instead of a few */
    double promise;           /* by local normals, which the ELBO is to be told from */
};

/* A few draws first, and more until the error is near the tolerance: all that were asked for, and beyond those while
 * they are few next to what the fit has asked. */
static bool measure(const struct fit_job *job, const rovi_approximation *q, struct question question,
                    struct meter *meter, struct team *team, struct elbo *elbo)
{
    const rovi_settings *settings = job->problem.settings;
    const size_t all = measure_draws(job, question.purpose, atomic_load(&meter->density));
    struct sample s = {.q = q,
                       .meter = meter,
                       .team = team,
                       .stream = {.seed = (uint64_t)settings->seed, .purpose = question.purpose}};
    bool done = false;
    for (size_t n = FEW_DRAWS < all && !question.all ? FEW_DRAWS : all; !done && extend(&s, n);) {
        *elbo = elbo_of_ratios(n, s.ratio);
        const double times = pow(elbo->estimate.mcse / (MEASURED * settings->tolerance), 2);
        const bool doubtful = n < all && is_doubtful(job, elbo->estimate, question.promise);
        done = !doubtful && (!(times > 1) || is_spent(job, meter, n, all));
        n = more_draws(n, all, doubtful ? GROWTH : times);
    }
    arena_free(&s.memory);
    return done;
}

/* A restart that has not begun when the fit is cut short stays undone, but for the first: one there must be. */
static void solve(struct fit_job *job, struct restart *r, size_t i)
{
    if (i > 0 && supervisor_ends(&r->progress, &r->stop)) {
        return;
    }
    r->begin = clock_seconds();
    if (job->mixing) {
        restart_by_mixture(&job->problem, r);
    } else if (job->problem.settings->solver == SOLVER_GRADIENT) {
        restart_by_gradient(&job->problem, r);
    } else if (is_led(job->problem.settings, job->problem.target->dim)) {
        restart_by_directions(&job->problem, r);
    } else if (job->problem.known != NULL || !restart_by_lone_mode(&job->problem, r)) {
        restart_by_coordinates(&job->problem, r);
    }
}

/* Measures what a restart found. One that was ended before its first iteration is only its start: it is dropped, but
 * for the first. */
static void measure_restart(struct fit_job *job, struct restart *r, size_t i, bool all)
{
    struct elbo elbo = {.estimate = {NAN, NAN}};
    const bool dropped = r->no_memory || r->approximation == NULL || r->stop == ROVI_STOP_FAILED ||
                         (r->iterations == 0 && i > 0 && r->stop != ROVI_STOP_CONVERGED);
    const struct question question = {
        .purpose = RNG_SELECT,
        .all = all,
        .promise = r->modes.count == 1 ? -INFINITY : r->promise, /* of one mode, a fit begins with all of it */
    };
    if (!dropped && !measure(job, r->approximation, question, &r->meter, job->problem.team, &elbo)) {
        r->no_memory = true;
    }
    if (dropped || !isfinite(elbo.estimate.value)) {
        rovi_approximation_free(r->approximation);
        r->approximation = NULL;
        r->stop = r->iterations > 0 || i == 0 ? ROVI_STOP_FAILED : r->stop;
    }
    r->elbo = r->stop == ROVI_STOP_SAME_MODES ? job->restarts[0].elbo : elbo.estimate; /* whose fit it leaves alone */
    r->divergence = fmin(elbo.divergence, elbo.gap); /* few draws: one far from the others must not decide */
}

/* Whether the family is left to the fit, of which one is a mixture. */
static bool may_mix(const struct fit_job *job)
{
    const rovi_settings *settings = job->problem.settings;
    return !job->mixing && !is_led(settings, job->problem.target->dim) && settings->method == METHOD_AUTO &&
           settings->solver == SOLVER_COORDINATE && settings->precondition == PRECONDITION_AUTO;
}

/* Whether a fit is so far from the target that a mixture is tried for that alone. */
static bool is_far(const struct fit_job *job, double divergence)
{
    return job->problem.target->dim <= MIXTURE_DIM && divergence > imperfect(job);
}

/* Whether a mixture follows whatever the other restarts find: local normals promise more than a rotation, or it is far
 * from the target. */
static bool is_outdone(const struct fit_job *job, const rovi_restart *first)
{
    return may_mix(job) && (first->promise > first->elbo.value + OUTDONE || is_far(job, first->divergence));
}

/* Whether a first restart that came this far spares the others all but their search for modes: near the target, as far
 * as it sees, and with no less than its local normals promise; or with so much less that a mixture will do better. */
static bool may_lead(const struct fit_job *job, const rovi_restart *first)
{
    const rovi_settings *settings = job->problem.settings;
    return !job->mixing && settings->independent == 0 && settings->solver == SOLVER_COORDINATE &&
           !is_led(settings, job->problem.target->dim) && job->restarts[0].start == NULL &&
           first->stop == ROVI_STOP_CONVERGED &&
           (is_outdone(job, first) ||
            (first->divergence < imperfect(job) && !is_more(job, first->promise, first->elbo)));
}

/* Whether the first restart, which a few draws have measured, is one of several to choose from. */
static bool will_compete(const struct fit_job *job, const struct restart *first)
{
    const rovi_restart shown = restart_show(first);
    return job->count > 1 && first->approximation != NULL && !may_lead(job, &shown) &&
           measure_draws(job, RNG_SELECT, atomic_load(&first->meter.density)) > FEW_DRAWS;
}

/* What an earlier run left of the restart; NULL when it is still to be run, as it is where the others need the modes
 * that it found. */
static const rovi_restart *find_finished(const struct fit_job *job, const struct restart *r)
{
    for (size_t i = 0; i < job->input->finished_count; i++) {
        const rovi_restart *finished = &job->input->finished[i];
        if (finished->seed == r->seed) {
            return r == job->restarts && may_lead(job, finished) ? NULL : finished;
        }
    }
    return NULL;
}

static void keep(struct fit_job *job, const struct restart *r)
{
    if (job->input->keep != NULL && restart_is_finished(r)) {
        const rovi_restart shown = restart_show(r);
        pthread_mutex_lock(&job->supervisor.monitor_lock);
        job->input->keep(&shown, job->input->keep_data);
        pthread_mutex_unlock(&job->supervisor.monitor_lock);
    }
}

static void run_restart(void *context, size_t i, size_t worker)
{
    struct fit_job *job = context;
    struct restart *r = &job->restarts[i];
    const rovi_restart *finished = find_finished(job, r);
    (void)worker;
    if (finished != NULL) {
        restart_adopt(r, finished);
    } else {
        solve(job, r, i);
        measure_restart(job, r, i, i > 0 && !job->mixing);
        if (i == 0 && will_compete(job, r)) {
            measure_restart(job, r, i, true);
        }
        keep(job, r);
    }
    job->shown[i] = restart_show(r);
    if (atomic_load(&r->meter.failed)) {
        atomic_store(&job->supervisor.verdict, ROVI_STOP_FAILED);
    }
    atomic_fetch_add(&job->supervisor.finished, 1);
}

static void run_later_restart(void *context, size_t i, size_t worker)
{
    run_restart(context, i + 1, worker);
}

/* The first alone, its inside using the team; the others side by side. */
static void run_restarts(struct fit_job *job)
{
    const struct restart *first = &job->restarts[0];
    job->problem.team = job->team;
    run_restart(job, 0, 0);
    job->problem.team = NULL;
    job->problem.known = first->modes.count > 0 && may_lead(job, &job->shown[0]) ? &first->modes : NULL;
    team_for(job->team, job->count - 1, run_later_restart, job);
    job->problem.known = NULL;
}

/* The greatest ELBO, on the draws that choose, is the least KL. */
static void choose_winner(struct fit_job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        if (job->shown[i].approximation != NULL &&
            (job->winner == job->count || job->shown[i].elbo.value > job->shown[job->winner].elbo.value)) {
            job->winner = i;
        }
    }
}

/* ---- a mixture, where one rotated product falls short ---- */

/* Whether the local normals that were found would together explain more than the best fit, were they apart, or the log
 * ratios of the best fit vary as they would not near the target. Only where the family is left to the fit. */
static bool is_mixture_promising(const struct fit_job *job)
{
    double promise = -INFINITY;
    if (!may_mix(job) || job->winner == job->count || atomic_load(&job->supervisor.verdict) != SUPERVISOR_GO) {
        return false;
    }
    for (size_t i = 0; i < job->count; i++) {
        promise = fmax(promise, job->restarts[i].promise);
    }
    const rovi_estimate best = job->shown[job->winner].elbo;
    return is_more(job, promise, best) || is_far(job, job->restarts[job->winner].divergence);
}

static uint64_t evaluations_so_far(const struct fit_job *job)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        sum += atomic_load(&job->restarts[i].meter.density);
    }
    return sum;
}

/* What a mixture may cost: as much as all before it until it is clearly better, then MIXTURE_MOST times as much, and a
 * nat is worth MIXTURE_PRICE times as much; within the limit of the whole fit. Where all before was next to nothing,
 * MIXTURE_LEAST counts in its place. False when nothing is left. */
static bool set_mixture_budget(const struct fit_job *job, struct restart *mixture, double to_beat)
{
    const uint64_t limit = (uint64_t)job->problem.settings->max_evaluations, spent = evaluations_so_far(job);
    const uint64_t left = limit == 0 ? UINT64_MAX : limit > spent ? limit - spent : 0;
    const uint64_t unit = spent > MIXTURE_LEAST ? spent : MIXTURE_LEAST;
    mixture->progress.budget = left < unit ? left : unit;
    mixture->budget_if_better = left < MIXTURE_MOST * unit ? left : MIXTURE_MOST * unit;
    mixture->price = MIXTURE_PRICE * fmax((double)spent, PRICED_LEAST);
    mixture->to_beat = to_beat;
    return left > 0;
}

/* A mixture is taken when its ELBO is greater: by more than what is lost in noise, unless its log ratios vary by less
 * than half as much, which says the same. */
static bool is_better(const struct fit_job *job, size_t mixture, size_t best)
{
    const rovi_estimate old = job->shown[best].elbo, new = job->shown[mixture].elbo;
    const bool closer = 2 * job->shown[mixture].divergence < job->shown[best].divergence;
    const double least = closer ? 0 : job->problem.settings->tolerance + 3 * hypot(old.mcse, new.mcse);
    return new.value > old.value + least;
}

/* One more restart: a mixture that begins with the best of those before. */
static void try_mixture(struct fit_job *job)
{
    const size_t mixture = job->count++, best = job->winner;
    prepare_restart(job, mixture);
    if (!set_mixture_budget(job, &job->restarts[mixture], job->shown[best].elbo.value)) {
        job->count--;
        return;
    }
    job->restarts[mixture].start = job->shown[best].approximation;
    job->problem.team = job->team;
    job->mixing = true;
    run_restart(job, mixture, 0);
    const rovi_stop stop = job->shown[mixture].stop;
    if (stop == ROVI_STOP_MAX_ITERATIONS ||
        (stop == ROVI_STOP_MAX_EVALUATIONS && job->problem.settings->max_evaluations == 0)) {
        job->shown[mixture].stop = job->shown[best].stop; /* what improves on a converged fit within a price is one */
    }
    job->winner = is_better(job, mixture, best) ? mixture : best;
}

/* In many dimensions a mixture is what the restarts have found, when they have found several modes; it is one more
 * restart then. */
static void gather(struct fit_job *job)
{
    const size_t mixture = job->count, best = job->winner;
    struct restart *r = &job->restarts[mixture];
    prepare_restart(job, mixture);
    r->begin = clock_seconds();
    job->problem.team = job->team;
    restart_by_gathering(&job->problem, r, mixture, job->shown, best);
    if (r->approximation == NULL && !r->no_memory) {
        meter_add(&job->total, &r->meter);
        arena_free(&r->memory);
        return;
    }
    measure_restart(job, r, mixture, false);
    job->shown[mixture] = restart_show(r);
    job->count++;
    job->winner = is_better(job, mixture, best) ? mixture : best;
}

static bool is_gathering_promising(const struct fit_job *job)
{
    const rovi_settings *settings = job->problem.settings;
    return settings->method == METHOD_AUTO && is_led(settings, job->problem.target->dim) && job->count > 1 &&
           job->winner < job->count && atomic_load(&job->supervisor.verdict) == SUPERVISOR_GO;
}

#define SPREAD_DRAWS 64

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

/* A fit that is wide, or far away, is looked at as exploring looks at its locals: it may have widened since. */
static bool suspect_winner(struct fit_job *job)
{
    const rovi_approximation *q = job->shown[job->winner].approximation;
    const size_t d = q->dim;
    struct arena memory = {0};
    struct improper improper = {.found = false};
    double *x = arena_doubles(&memory, SPREAD_DRAWS * d), *u = arena_doubles(&memory, d), far = 0;
    bool ok = !memory.failed && rovi_approximation_draw(q, 0, 0, SPREAD_DRAWS, x, NULL, NULL) == ROVI_OK;
    for (size_t p = 0; ok && p < SPREAD_DRAWS * d; p++) {
        const double off = x[p] - target_origin(job->problem.target, p % d);
        if (fabs(off) > far) {
            far = fabs(off);
            memcpy(u, x + p / d * d, d * sizeof *u);
        }
    }
    for (size_t j = 0; ok && j < d; j++) {
        u[j] -= target_origin(job->problem.target, j);
    }
    struct meter *meter = &job->restarts[job->winner].meter;
    if (ok && far > IMPROPER_SUSPECT) {
        ok = improper_along(meter, u, far, &improper);
        keep_largest(d, u); /* of a single coordinate the direction is known exactly */
        ok = ok && (improper.found || improper_along(meter, u, far, &improper));
    }
    if (improper.found) {
        supervisor_note_improper(&job->supervisor, &improper);
    }
    arena_free(&memory);
    return ok;
}

static void count_evaluations(struct fit_job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        meter_add(&job->total, &job->restarts[i].meter);
    }
}

static bool ran_out_of_memory(const struct fit_job *job)
{
    bool out = false;
    for (size_t i = 0; i < job->count; i++) {
        out = out || job->restarts[i].no_memory;
    }
    return out;
}

static rovi_status explain_improper(struct fit_job *job, rovi_error *error)
{
    const struct improper *improper = &job->supervisor.improper;
    char direction[256];
    improper_say(improper, job->problem.target, sizeof direction, direction);
    return error_set(
        error, ROVI_TARGET_IMPROPER,
        "the target is improper, so that there is nothing to fit: its mass is infinite along %s, where the "
        "log density changes by %.3g from %.0e to %.0e away, and would have to fall (is a prior missing?)",
        direction, improper->change, improper->from, improper->to);
}

/* What a target without any finite value gave instead, what to do about it, and what it said itself. */
static rovi_status explain_nothing(struct fit_job *job, rovi_error *error)
{
    const unsigned long long points = atomic_load(&job->total.rejected), undefined = atomic_load(&job->total.undefined);
    char which[192] = "its log density is -infinity there, so that its support is not where the starts are: see "
                      "start_spread and start_slope, or give it a start";
    rovi_failures said;
    rovi_target_failures(job->problem.target, &said);
    if (undefined > 0) {
        snprintf(which, sizeof which,
                 "it is NaN or +infinity, or its gradient is, at %llu of them, and -infinity at %llu: evaluate it at "
                 "one point, and look for what is not a number",
                 undefined, points - undefined);
    }
    return error_set(error, ROVI_TARGET_FAILED,
                     "the target has no finite value at any of the %llu points tried, from %zu starts: %s%s%.200s",
                     points, job->count, which,
                     said.density_message[0] == '\0' ? "" : "; it said: ", said.density_message);
}

static rovi_status explain_failure(struct fit_job *job, rovi_error *error)
{
    const rovi_evaluations e = meter_evaluations(&job->total);
    if (atomic_load(&job->total.failed)) {
        return error_set(error, ROVI_TARGET_FAILED, "the target failed for good within %llu evaluations",
                         (unsigned long long)e.density);
    }
    if (e.rejected == e.density) {
        return explain_nothing(job, error);
    }
    return error_set(error, ROVI_NUMERICS_FAILED, "no restart ended with a finite ELBO: %s",
                     job->problem.settings->solver == SOLVER_GRADIENT
                         ? "the steps are too large for this target (try a smaller step_map and step_rotation)"
                         : "no start led to a place around which half of the draws lie inside the support (try more "
                           "restarts, or another start_spread)");
}

static rovi_status assemble(struct fit_job *job, rovi_fit **fit, rovi_error *error)
{
    const double log_z = rovi_target_log_z(job->problem.target);
    const rovi_estimate elbo = job->evidence.estimate;
    const int verdict = atomic_load(&job->supervisor.verdict);
    const rovi_fit_parts parts = {.stop = verdict == SUPERVISOR_GO ? job->shown[job->winner].stop : (rovi_stop)verdict,
                                  .winner = job->winner,
                                  .restart_count = job->count,
                                  .restarts = job->shown,
                                  .elbo = elbo,
                                  .kl = {log_z - elbo.value, isnan(log_z) ? NAN : elbo.mcse},
                                  .log_z = log_z,
                                  .outside = job->evidence.outside,
                                  .evaluations = meter_evaluations(&job->total),
                                  .threads = (int)job->threads,
                                  .wall_s = clock_seconds() - job->supervisor.begin,
                                  .target_s = meter_seconds(&job->total)};
    return rovi_fit_new(&parts, fit, error);
}

static rovi_status run(struct fit_job *job, rovi_fit **fit, rovi_error *error)
{
    run_restarts(job);
    choose_winner(job);
    const bool looked = job->winner == job->count || suspect_winner(job);
    if (is_mixture_promising(job)) {
        try_mixture(job);
    } else if (is_gathering_promising(job)) {
        gather(job);
    }
    count_evaluations(job);
    if (!looked || ran_out_of_memory(job)) {
        return error_no_memory(error);
    }
    if (job->supervisor.improper.found) {
        return explain_improper(job, error);
    }
    if (job->winner == job->count || atomic_load(&job->total.failed)) {
        return explain_failure(job, error);
    }
    const rovi_approximation *q = job->shown[job->winner].approximation;
    const struct question evidence = {.purpose = RNG_EVIDENCE, .promise = -INFINITY};
    if (!measure(job, q, evidence, &job->total, job->team, &job->evidence)) {
        return error_no_memory(error);
    }
    if (atomic_load(&job->total.failed)) {
        return explain_failure(job, error);
    }
    if (isnan(job->evidence.estimate.value)) {
        return error_set(error, ROVI_NUMERICS_FAILED,
                         "none of %zu draws of the best fit lies inside the target's support: its ELBO is unknown",
                         measure_draws(job, RNG_EVIDENCE, atomic_load(&job->total.density)));
    }
    return assemble(job, fit, error);
}

static void clean_up(struct fit_job *job)
{
    for (size_t i = 0; job->restarts != NULL && i < job->count; i++) {
        rovi_approximation_free(job->restarts[i].approximation);
        arena_free(&job->restarts[i].memory);
    }
    team_free(job->team);
    arena_free(&job->memory);
    supervisor_destroy(&job->supervisor);
}

rovi_status rovi_fit_resume(const rovi_target *target, const rovi_settings *settings, const rovi_fit_input *input,
                            rovi_monitor monitor, void *monitor_data, rovi_fit **fit, rovi_error *error)
{
    const rovi_fit_input nothing = {0};
    *fit = NULL;
    if (target == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "a fit needs a target");
    }
    rovi_settings *defaults = settings == NULL ? rovi_settings_new() : NULL;
    settings = settings == NULL ? defaults : settings;
    if (settings == NULL) {
        return error_no_memory(error);
    }
    struct fit_job job = {.input = input == NULL ? &nothing : input};
    supervisor_init(&job.supervisor, monitor, monitor_data, settings->max_time);
    linalg_hold_threads();
    rovi_status status = check_size(target, settings, error);
    if (status == ROVI_OK) {
        status = rovi_fit_check_start(target, settings, job.input->start, error);
    }
    if (status == ROVI_OK) {
        status = check_finished(target, job.input, error);
    }
    if (status == ROVI_OK) {
        status = prepare(&job, target, settings, job.input->start, error);
    }
    if (status == ROVI_OK) {
        job.restarts[0].start = job.input->start;
        status = run(&job, fit, error);
    }
    linalg_release_threads();
    clean_up(&job);
    rovi_settings_free(defaults);
    return status;
}

rovi_status rovi_fit_continue(const rovi_target *target, const rovi_settings *settings, const rovi_approximation *start,
                              rovi_monitor monitor, void *monitor_data, rovi_fit **fit, rovi_error *error)
{
    return rovi_fit_resume(target, settings, &(rovi_fit_input){.start = start}, monitor, monitor_data, fit, error);
}

rovi_status rovi_fit_run(const rovi_target *target, const rovi_settings *settings, rovi_monitor monitor,
                         void *monitor_data, rovi_fit **fit, rovi_error *error)
{
    return rovi_fit_resume(target, settings, NULL, monitor, monitor_data, fit, error);
}
