/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A fit: several restarts, the least KL wins, and the winner is measured.
 *
 * Three sets of draws are kept apart: those of the steps, those that choose among the restarts (the same for all of
 * them, so that they are compared pair by pair), and those that the shown ELBO is measured on.
 */
#include <math.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/linalg.h"
#include "base/status.h"
#include "coordinate/coordinate.h"
#include "directions/large.h"
#include "directions/lone.h"
#include "evidence/elbo.h"
#include "fit/admit.h"
#include "fit/choice.h"
#include "fit/failure.h"
#include "fit/measure.h"
#include "gradient/gradient.h"
#include "mixture/gather.h"
#include "mixture/mixture.h"
#include "restart/start.h"

#define SEED_BITS 53 /* seeds stay integers that JSON readers keep */

#define MIXTURE_LEAST 250000
#define MIXTURE_MOST  3
#define MIXTURE_PRICE 10
#define GATHER_SHARE  4 /* of all before, one part in so many may make the weights better */
#define PRICED_LEAST  100000
#define PRICED_DIM    5 /* dimensions, in units of which that falls where there is one mode: own work grows */

/* Each restart's share, so that the threads' order cannot matter; 0: no limit. */
static uint64_t evaluation_budget(const rovi_settings *settings, size_t restarts)
{
    const uint64_t limit = (uint64_t)settings->max_evaluations;
    return limit == 0 || restarts < 2 ? limit : limit < restarts ? 1 : limit / restarts;
}

/* In many dimensions restarts come in pairs, whose seeds differ in the last bit alone: they start opposite each other
 * (launch.h). */
static uint64_t restart_seed(const rovi_settings *settings, size_t d, size_t index)
{
    const struct rng_stream stream = {.seed = (uint64_t)settings->seed, .purpose = RNG_RESTART};
    const size_t first = settings_low_rank(settings, d) ? index & ~(size_t)1 : index;
    const bool own =
        first == 0 && !settings_low_rank(settings, d); /* pairs of seeds that differ by one are not to share restarts */
    const uint64_t seed = own ? (uint64_t)settings->seed : rng_bits(stream, first) >> (64 - SEED_BITS);
    return seed ^ (index - first);
}

static void prepare_restart(struct fit_job *job, size_t i)
{
    struct restart *r = &job->restarts[i];
    r->seed = restart_seed(job->problem.settings, job->problem.target->dim, i);
    meter_init(&r->meter, job->problem.target);
    r->progress = (struct progress){.supervisor = &job->supervisor,
                                    .meter = &r->meter,
                                    .budget = evaluation_budget(job->problem.settings, job->count)};
    r->promise = -INFINITY;
    r->progress.shown = (rovi_progress){.restart = i, .restarts = job->count, .elbo = NAN, .mcse = NAN};
}

/* What was gathered is continued restart by restart, and the last one is the whole as it was; else it is the first that
 * continues. */
static void set_starts(struct fit_job *job, const rovi_approximation *start)
{
    if (start == NULL || !start_is_gathered(start)) {
        job->restarts[0].start = start;
        return;
    }
    for (size_t k = 0; k < start->count; k++) {
        job->restarts[k].start = start->component[k];
    }
    job->restarts[start->count].start = start;
}

/* A mixture is one restart; where the family is left to the fit, one that continues from a mixture is a mixture. */
static rovi_status prepare(struct fit_job *job, const rovi_target *target, const rovi_settings *settings,
                           const rovi_approximation *start, rovi_error *error)
{
    const bool gathered = start != NULL && start_is_gathered(start);
    job->mixing = settings->method == METHOD_MIXTURE || (start != NULL && start->count > 0 && !gathered);
    job->count = job->mixing ? 1 : (size_t)settings->restarts;
    if (start != NULL && gathered) {
        job->count = start->count + 1;
    }
    job->terms.to_beat = INFINITY;
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
    set_starts(job, start);
    return ROVI_OK;
}

/* A fit as it was, whatever becomes of those that go on from its parts. */
static void stand_by(struct restart *r)
{
    r->approximation = approximation_copy(r->start);
    r->no_memory = r->approximation == NULL;
    r->stop = ROVI_STOP_CONVERGED;
}

/* A restart that has not begun when the fit is cut short stays undone, but for the first: one there must be. */
static void solve(struct fit_job *job, struct restart *r, size_t i)
{
    if (r->start != NULL && start_is_gathered(r->start)) {
        stand_by(r);
        return;
    }
    if (i > 0 && supervisor_ends(&r->progress, &r->stop)) {
        return;
    }
    r->begin = clock_seconds();
    if (job->mixing) {
        restart_by_mixture(&job->problem, r, &job->terms);
    } else if (job->problem.settings->solver == SOLVER_GRADIENT) {
        restart_by_gradient(&job->problem, r);
    } else if (fit_is_low_rank(job)) {
        restart_by_directions(&job->problem, r, DIRECTIONS_SCATTERED, NULL);
    } else if (job->problem.known != NULL || !restart_by_lone_mode(&job->problem, r)) {
        restart_by_coordinates(&job->problem, r);
    }
}

/* What ELBO a restart has, to choose it by. */
static struct question to_choose(struct fit_job *job, struct restart *r)
{
    return (struct question){.problem = &job->problem,
                             .supervisor = &job->supervisor,
                             .meter = &r->meter,
                             .team = job->problem.team,
                             .purpose = RNG_SELECT,
                             .extent = MEASURE_ENOUGH,
                             .promise = -INFINITY};
}

/* Measures what a restart found. One that was ended before its first iteration is only its start: it is dropped, but
 * for the first, and for a mixture, which has weights by then. */
static void measure_restart(struct fit_job *job, struct restart *r, size_t i, enum measure_extent extent)
{
    struct elbo elbo = {.estimate = {NAN, NAN}};
    const bool dropped = r->no_memory || r->approximation == NULL || r->stop == ROVI_STOP_FAILED ||
                         (r->iterations == 0 && i > 0 && r->stop != ROVI_STOP_CONVERGED && !job->mixing);
    struct question question = to_choose(job, r);
    question.extent = extent;
    question.promise = r->modes.count == 1 ? -INFINITY : r->promise; /* of one mode, a fit begins with all of it */
    if (!dropped && !measure(&question, r->approximation, &elbo)) {
        r->no_memory = true;
    }
    if (dropped || !isfinite(elbo.estimate.value)) {
        rovi_approximation_free(r->approximation);
        r->approximation = NULL;
        r->stop = r->iterations > 0 || i == 0 ? ROVI_STOP_FAILED : r->stop;
    }
    r->elbo = r->stop == ROVI_STOP_SAME_MODES ? job->restarts[0].elbo : elbo.estimate; /* whose fit it leaves alone */
    r->divergence = 0.5 * (elbo.divergence + elbo.gap); /* of few draws one may decide either */
}

/* The first restart, by as many draws as it takes to see whether it suffices; by all where others compete with it. */
static void measure_first(struct fit_job *job, struct restart *first)
{
    const struct question question = to_choose(job, first);
    measure_restart(job, first, 0, MEASURE_FEW);
    if (first->approximation == NULL || !measure_begins_with_few(&question)) {
        return;
    }
    rovi_restart shown = restart_show(first);
    if (!choice_first_is_clear(job, &shown)) {
        measure_restart(job, first, 0, MEASURE_ENOUGH);
        shown = restart_show(first);
    }
    if (job->count > 1 && !choice_first_suffices(job, &shown)) {
        measure_restart(job, first, 0, MEASURE_ALL);
    }
}

/* What an earlier run left of the restart; NULL when it is still to be run, as it is where the others need the modes
 * that it found. */
static const rovi_restart *find_finished(const struct fit_job *job, const struct restart *r)
{
    for (size_t i = 0; i < job->input->finished_count; i++) {
        const rovi_restart *finished = &job->input->finished[i];
        if (finished->seed == r->seed) {
            return r == job->restarts && choice_first_suffices(job, finished) && !fit_is_low_rank(job) ? NULL
                                                                                                       : finished;
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
        if (i == 0 && !job->mixing) {
            measure_first(job, r);
        } else {
            measure_restart(job, r, i, job->mixing ? MEASURE_ENOUGH : MEASURE_ALL);
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

/* Whether others than the first were fitted. */
static bool has_rivals(const struct fit_job *job)
{
    bool any = false;
    for (size_t i = 1; i < job->count; i++) {
        any = any || job->shown[i].approximation != NULL;
    }
    return any;
}

/* The few draws by which the first clearly suffices are not enough beside others. Those that it spared have its ELBO.
 */
static void measure_first_again(struct fit_job *job, struct restart *first)
{
    const struct question question = to_choose(job, first);
    if (!choice_first_is_clear(job, &job->shown[0]) || !measure_begins_with_few(&question) ||
        atomic_load(&job->supervisor.verdict) != SUPERVISOR_GO) {
        return;
    }
    measure_restart(job, first, 0, MEASURE_ALL);
    for (size_t i = 0; i < job->count; i++) {
        struct restart *r = &job->restarts[i];
        r->elbo = r->stop == ROVI_STOP_SAME_MODES ? first->elbo : r->elbo;
        job->shown[i] = restart_show(r);
    }
}

/* The first alone, its inside using the team; the others side by side. */
static void run_restarts(struct fit_job *job)
{
    struct restart *first = &job->restarts[0];
    job->problem.team = job->team;
    run_restart(job, 0, 0);
    job->problem.team = NULL;
    const bool spares = choice_first_suffices(job, &job->shown[0]);
    job->problem.known = first->modes.count > 0 && spares ? &first->modes : NULL;
    job->problem.first = fit_is_low_rank(job) && spares ? first : NULL;
    team_for(job->team, job->count - 1, run_later_restart, job);
    job->problem.known = NULL;
    job->problem.first = NULL;
    job->problem.team = job->team;
    if (has_rivals(job)) {
        measure_first_again(job, first);
    }
}

/* ---- a mixture, where one rotated product falls short ---- */

static uint64_t evaluations_so_far(const struct fit_job *job)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        sum += atomic_load(&job->restarts[i].meter.density);
    }
    return sum;
}

/* Of the limit of the whole fit. */
static uint64_t evaluations_left(const struct fit_job *job, uint64_t spent)
{
    const uint64_t limit = (uint64_t)job->problem.settings->max_evaluations;
    return limit == 0 ? UINT64_MAX : limit > spent ? limit - spent : 0;
}

/* What a mixture may cost: as much as all before it until it is clearly better, then MIXTURE_MOST times as much, and a
 * nat is worth MIXTURE_PRICE times as much; within the limit of the whole fit. Where all before was next to nothing,
 * MIXTURE_LEAST counts in its place. The budget that it begins with; 0 when nothing is left. */
static uint64_t set_terms(struct fit_job *job)
{
    const uint64_t spent = evaluations_so_far(job), left = evaluations_left(job, spent);
    const uint64_t unit = spent > MIXTURE_LEAST ? spent : MIXTURE_LEAST;
    const bool alone = choice_is_alone(job);
    const double more = alone ? 1 + (double)job->problem.target->dim / PRICED_DIM : 1;
    job->terms = (struct mixture_terms){.alone = alone,
                                        .to_beat = job->shown[job->winner].elbo.value,
                                        .budget_if_better = left < MIXTURE_MOST * unit ? left : MIXTURE_MOST * unit,
                                        .price = MIXTURE_PRICE * fmax((double)spent, PRICED_LEAST / more)};
    return left < unit ? left : unit;
}

/* One more restart: a mixture that begins with the best of those before. */
static void try_mixture(struct fit_job *job)
{
    const size_t mixture = job->count, best = job->winner;
    const uint64_t budget = set_terms(job);
    if (budget == 0) {
        return;
    }
    job->count++;
    prepare_restart(job, mixture);
    job->restarts[mixture].progress.budget = budget;
    job->restarts[mixture].start = job->shown[best].approximation;
    job->problem.team = job->team;
    job->mixing = true;
    run_restart(job, mixture, 0);
    const rovi_stop stop = job->shown[mixture].stop;
    if (stop == ROVI_STOP_MAX_ITERATIONS ||
        (stop == ROVI_STOP_MAX_EVALUATIONS && job->problem.settings->max_evaluations == 0)) {
        job->shown[mixture].stop = job->shown[best].stop; /* what improves on a converged fit within a price is one */
    }
    job->winner = choice_takes_mixture(job, mixture, best) ? mixture : best;
}

/* In many dimensions a mixture is what the restarts have found, when they have found several modes; it is one more
 * restart then. */
static void gather(struct fit_job *job)
{
    const size_t mixture = job->count, best = job->winner;
    const uint64_t spent = evaluations_so_far(job), left = evaluations_left(job, spent), part = spent / GATHER_SHARE;
    struct restart *r = &job->restarts[mixture];
    prepare_restart(job, mixture);
    r->begin = clock_seconds();
    job->problem.team = job->team;
    restart_by_gathering(&job->problem, r, mixture, job->shown, best, part < left ? part : left);
    if (r->approximation == NULL && !r->no_memory) {
        meter_add(&job->total, &r->meter);
        arena_free(&r->memory);
        return;
    }
    measure_restart(job, r, mixture, MEASURE_ENOUGH);
    job->shown[mixture] = restart_show(r);
    job->count++;
    job->winner = choice_takes_gathered(job, mixture, best) ? mixture : best;
}

/* The winner is looked at as exploring looks at its locals: it may have widened since. False when out of memory. */
static bool suspect_winner(struct fit_job *job)
{
    struct improper improper = {.found = false};
    if (job->winner == job->count) {
        return true;
    }
    const rovi_approximation *q = job->shown[job->winner].approximation;
    const bool ok = improper_suspect(&job->restarts[job->winner].meter, q, &improper);
    if (improper.found) {
        supervisor_note_improper(&job->supervisor, &improper);
    }
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
    job->winner = choice_winner(job);
    const bool looked = suspect_winner(job);
    if (choice_tries_mixture(job)) {
        try_mixture(job);
    } else if (choice_tries_gathering(job)) {
        gather(job);
    }
    count_evaluations(job);
    if (!looked || ran_out_of_memory(job)) {
        return error_no_memory(error);
    }
    if (job->supervisor.improper.found) {
        return improper_explain(&job->supervisor.improper, job->problem.target, error);
    }
    if (job->winner == job->count || atomic_load(&job->total.failed)) {
        return failure_explain(job, error);
    }
    const rovi_approximation *q = job->shown[job->winner].approximation;
    const struct question evidence = {.problem = &job->problem,
                                      .supervisor = &job->supervisor,
                                      .meter = &job->total,
                                      .team = job->team,
                                      .purpose = RNG_EVIDENCE,
                                      .extent = MEASURE_ENOUGH,
                                      .promise = -INFINITY};
    if (!measure(&evidence, q, &job->evidence)) {
        return error_no_memory(error);
    }
    if (atomic_load(&job->total.failed)) {
        return failure_explain(job, error);
    }
    if (isnan(job->evidence.estimate.value)) {
        return error_set(error, ROVI_NUMERICS_FAILED,
                         "none of %zu draws of the best fit lies inside the target's support: its ELBO is unknown",
                         measure_draws(&evidence));
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
    rovi_status status = admit(target, settings, job.input, error);
    if (status == ROVI_OK) {
        status = prepare(&job, target, settings, job.input->start, error);
    }
    if (status == ROVI_OK) {
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
