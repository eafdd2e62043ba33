/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A run of unadjusted Langevin Monte Carlo, equation (27): particles step side by side in legs, and between two legs
 * they are looked at: recorded, kept as draws, checked for a step that is too large, and while they burn in the step
 * follows the curvature that they have come to (28).
 *
 * There is no accept-reject test, so that nothing hides what the step does: the law that is reached is off by a bias
 * that shrinks with h and is known exactly for normal targets (29).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/linalg.h"
#include "base/status.h"
#include "langevin/curvature.h"
#include "langevin/particles.h"
#include "langevin/settings.h"
#include "langevin/tally.h"

#define LEG     25  /* most steps between two looks */
#define CAUTION 0.1 /* a chosen step, times the curvature: the variance is then at most 5.3 % too large, (29) */

struct rovi_langevin {
    rovi_langevin_parts parts;
    struct arena memory; /* which holds the run itself */
};

struct run_job {
    const struct rovi_target *target;
    const rovi_langevin_settings *settings;
    const rovi_langevin_input *input;
    struct supervisor supervisor;
    struct meter meter;
    struct progress progress;
    struct team *team;
    struct arena memory; /* of what is gone when the run ends; what stays is in the result's */
    struct particles particles;
    struct curvature curvature;
    struct tally tally;
    uint64_t burn_in;          /* steps */
    uint64_t states, thinning; /* states of all particles that are kept as draws, and the steps between two of them */
    uint64_t points;           /* of the trace, the start not counted */
    double time;
    rovi_langevin *result;
    double *draws, *log_density; /* of the result, as are: */
    rovi_estimate *mass, *trace_mass;
    rovi_langevin_point *trace;
};

/* ---------------------------------------------------------------------------------------------------------------------
 * Before the first step
 */

static rovi_status check_rows(const char *what, size_t count, size_t d, const double *values, rovi_error *error)
{
    if (count > 0 && values == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "%s is NULL, with a count of %zu", what, count);
    }
    for (size_t i = 0; i < count * d; i++) {
        if (!isfinite(values[i])) {
            return error_set(error, ROVI_BAD_INPUT, "%s: coordinate %zu of row %zu is not a finite number", what,
                             i % d + 1, i / d + 1);
        }
    }
    return ROVI_OK;
}

static rovi_status check(const struct run_job *job, rovi_error *error)
{
    const rovi_langevin_settings *s = job->settings;
    const size_t d = job->target->dim;
    if (s->smoothness > 0 && s->step > 2 / s->smoothness) {
        return error_set(
            error, ROVI_BAD_INPUT,
            "step is %g; with smoothness %g it must be at most 2/%g = %g, above which particles may run off", s->step,
            s->smoothness, s->smoothness, 2 / s->smoothness);
    }
    const uint64_t room = (uint64_t)s->steps - job->burn_in, gaps = job->states - 1;
    if (gaps > 0 && (job->thinning == 0 || job->thinning > room / gaps)) {
        return error_set(
            error, ROVI_BAD_INPUT,
            "draws is %lld; %lld particles have to be kept %llu times for that, for which there is no room "
            "within the %llu steps after the burn-in%s",
            (long long)s->draws, (long long)s->particles, (unsigned long long)job->states, (unsigned long long)room,
            s->thinning > 0 ? " with this thinning" : "");
    }
    const rovi_status status = check_rows("start", job->input->start_count, d, job->input->start, error);
    return status == ROVI_OK ? check_rows("centers", job->input->center_count, d, job->input->centers, error) : status;
}

static uint64_t count_particles(const rovi_langevin_settings *settings)
{
    return (uint64_t)(settings->particles > 0 ? settings->particles : settings->draws);
}

static void plan(struct run_job *job)
{
    const rovi_langevin_settings *s = job->settings;
    const uint64_t steps = (uint64_t)s->steps, particles = count_particles(s);
    const double burn_in = s->burn_in * (double)steps;
    job->burn_in = burn_in < (double)steps ? (uint64_t)burn_in : steps;
    job->states = ((uint64_t)s->draws + particles - 1) / particles;
    job->thinning = s->thinning > 0 ? (uint64_t)s->thinning : (steps - job->burn_in) / job->states;
    job->points = (uint64_t)s->trace < steps ? (uint64_t)s->trace : steps;
}

static struct modes modes_of(const struct run_job *job)
{
    const rovi_langevin_input *input = job->input;
    return (struct modes){.count = input->center_count > 0 ? input->center_count : job->target->components,
                          .centers = input->center_count > 0 ? input->centers : NULL,
                          .target = job->target};
}

/* What the result will hold. The trace has a point at the start, and perhaps one where it was cut short. */
static void take_result(struct run_job *job, size_t modes)
{
    struct arena memory = {0};
    rovi_langevin *result = arena_take(&memory, 1, sizeof *result);
    const size_t n = count_particles(job->settings), d = job->target->dim, room = (size_t)job->points + 2;
    if (result == NULL) {
        job->memory.failed = true;
        return;
    }
    job->draws = arena_take(&memory, (size_t)job->settings->draws, d * sizeof(double));
    job->log_density = arena_doubles(&memory, (size_t)job->settings->draws);
    job->mass = arena_take(&memory, modes, sizeof *job->mass);
    job->trace_mass = arena_take(&memory, room, modes * sizeof *job->trace_mass);
    job->trace = arena_take(&memory, room, sizeof *job->trace);
    job->memory.failed = job->memory.failed || memory.failed;
    result->memory = memory;
    job->result = result;
    result->parts = (rovi_langevin_parts){.stop = ROVI_STOP_MAX_ITERATIONS,
                                          .dim = d,
                                          .particles = n,
                                          .curvature = NAN,
                                          .draws = job->draws,
                                          .log_density = job->log_density,
                                          .mode_count = modes,
                                          .mass = job->mass,
                                          .trace = job->trace};
}

static rovi_status prepare(struct run_job *job, rovi_error *error)
{
    const rovi_langevin_settings *s = job->settings;
    const size_t threads = job->target->concurrent ? team_size_of(s->threads) : 1;
    const struct modes modes = modes_of(job);
    meter_init(&job->meter, job->target);
    job->progress =
        (struct progress){.supervisor = &job->supervisor,
                          .meter = &job->meter,
                          .shown = {.restarts = 1, .iterations = (uint64_t)s->steps, .elbo = NAN, .mcse = NAN}};
    job->team = threads > 1 ? team_new(threads) : NULL;
    if (threads > 1 && job->team == NULL) {
        return error_no_memory(error);
    }
    particles_init(&job->particles, &job->memory, count_particles(s), &job->progress, job->team);
    job->particles.seed = (uint64_t)s->seed;
    curvature_init(&job->curvature, &job->memory, &job->progress, (uint64_t)s->seed);
    tally_init(&job->tally, &job->memory, modes, &job->particles);
    take_result(job, modes.count);
    if (job->memory.failed) {
        return error_no_memory(error);
    }
    job->result->parts.threads = (int)threads;
    return ROVI_OK;
}

static rovi_status explain_beginning(const struct run_job *job, size_t outside, size_t first, rovi_error *error)
{
    if (atomic_load(&job->meter.failed)) {
        return error_set(error, ROVI_TARGET_FAILED, "the target failed for good at the first points asked for");
    }
    if (atomic_load(&job->supervisor.verdict) != SUPERVISOR_GO) {
        return error_set(error, ROVI_NUMERICS_FAILED, "ended before the particles had begun: there is no draw");
    }
    if (job->input->start_count > 0) {
        return error_set(error, ROVI_TARGET_FAILED,
                         "row %zu of the starts lies outside the target's support, where no particle can begin",
                         first % job->input->start_count + 1);
    }
    return error_set(error, ROVI_TARGET_FAILED,
                     "%zu of %zu particles find no start inside the target's support: give starts that lie there, or "
                     "another start_spread",
                     outside, job->particles.n);
}

static rovi_status begin(struct run_job *job, rovi_error *error)
{
    const rovi_langevin_settings *s = job->settings;
    size_t first = 0;
    const struct beginning from = {.rows = job->input->start_count,
                                   .x = job->input->start,
                                   .spread = s->start == LANGEVIN_ORIGIN ? 0 : s->start_spread};
    const size_t outside = particles_begin(&job->particles, from, &first);
    return outside > 0 ? explain_beginning(job, outside, first, error) : ROVI_OK;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * The step
 */

static double curvature_now(struct run_job *job, rovi_stop *stop)
{
    const size_t n = job->particles.n < TARGET_BLOCK ? job->particles.n : TARGET_BLOCK;
    return curvature_at(&job->curvature, n, job->particles.x, stop);
}

static bool chosen_by_curvature(const struct run_job *job)
{
    return job->settings->step == 0 && job->settings->smoothness == 0;
}

/* The first step size, or another while the particles burn in. Where the curvature is not positive the step stays as it
 * is, if there is one. */
static rovi_status choose_step(struct run_job *job, rovi_stop *stop, rovi_error *error)
{
    const rovi_langevin_settings *s = job->settings;
    rovi_langevin_parts *parts = &job->result->parts;
    if (!chosen_by_curvature(job)) {
        parts->curvature = s->smoothness > 0 ? s->smoothness : NAN;
        parts->step = s->step > 0 ? s->step : CAUTION / s->smoothness;
        return ROVI_OK;
    }
    const bool is_first = parts->steps == 0;
    const double curvature = curvature_now(job, stop);
    if (curvature > 0 && isfinite(curvature)) {
        parts->curvature = curvature;
        parts->step = CAUTION / curvature;
    } else if (is_first) {
        parts->step = NAN;
        if (atomic_load(&job->supervisor.verdict) == SUPERVISOR_GO) {
            return error_set(error, ROVI_NUMERICS_FAILED,
                             "no step can be chosen: -log p has no positive curvature where the particles begin; give "
                             "step or smoothness, or other starts");
        }
    }
    return ROVI_OK;
}

/* Why the particles are lost, and what to try. */
static rovi_status explain_loss(struct run_job *job, const char *how, size_t lost, rovi_error *error)
{
    const rovi_langevin_parts *parts = &job->result->parts;
    struct particles *p = &job->particles;
    rovi_stop stop = ROVI_STOP_FAILED;
    double curvature = parts->curvature;
    if (isnan(curvature) && begin(job, NULL) == ROVI_OK) { /* they are done with: back to where they began */
        curvature = curvature_now(job, &stop);
    }
    const bool known = curvature > 0 && isfinite(curvature);
    const double better = known && CAUTION / curvature < parts->step ? CAUTION / curvature : 0.1 * parts->step;
    char bound[128] = "";
    if (known) {
        snprintf(bound, sizeof bound, " (%s about %.3g, which allows %.3g)",
                 job->settings->smoothness > 0 ? "the smoothness given is" : "where it was looked at it is", curvature,
                 2 / curvature);
    }
    return error_set(error, ROVI_NUMERICS_FAILED,
                     "the step %.6g is too large: after %llu steps %zu of %zu particles %s; it must stay below 2 over "
                     "the greatest curvature of -log p%s: try a step of %.2g or less",
                     parts->step, (unsigned long long)parts->steps, lost, p->n, how, bound, better);
}

static rovi_status check_particles(struct run_job *job, rovi_error *error)
{
    const struct particles *p = &job->particles;
    const size_t strayed = particles_strayed(p), stuck = particles_stuck(p);
    if (2 * strayed > p->n) {
        return explain_loss(job, "have run off to log densities far below those of their starts", strayed, error);
    }
    if (2 * stuck > p->n) {
        return explain_loss(job, "are stuck, all their moves leading outside the support", stuck, error);
    }
    return ROVI_OK;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * The run
 */

static void record(struct run_job *job)
{
    rovi_langevin_parts *parts = &job->result->parts;
    rovi_estimate *mass = job->trace_mass + parts->trace_length * parts->mode_count;
    if (parts->trace_length > 0 && job->trace[parts->trace_length - 1].step == parts->steps) {
        return;
    }
    job->trace[parts->trace_length] =
        (rovi_langevin_point){.step = parts->steps,
                              .time = job->time,
                              .log_density = tally_now(&job->tally, &job->particles, mass),
                              .mass = mass};
    parts->trace_length++;
}

static void keep(struct run_job *job)
{
    rovi_langevin_parts *parts = &job->result->parts;
    const struct particles *p = &job->particles;
    const size_t wanted = (size_t)job->settings->draws - parts->draw_count, n = wanted < p->n ? wanted : p->n;
    memcpy(job->draws + parts->draw_count * p->dim, p->x, n * p->dim * sizeof *p->x);
    memcpy(job->log_density + parts->draw_count, p->logp, n * sizeof *p->logp);
    parts->draw_count += n;
    tally_keep(&job->tally, p);
}

/* The step at which the next state is kept, or the next point recorded; beyond the last one when there is none. */
static uint64_t next_kept(const struct run_job *job)
{
    const uint64_t steps = (uint64_t)job->settings->steps, kept = job->tally.kept;
    return kept == job->states ? steps + 1 : steps - (job->states - 1 - kept) * job->thinning;
}

static uint64_t next_recorded(const struct run_job *job)
{
    const uint64_t steps = (uint64_t)job->settings->steps, at = job->result->parts.trace_length;
    return (uint64_t)((double)at / (double)job->points * (double)steps);
}

/* After 1, 2, 4, ... steps, up to half of the burn-in. */
static bool looks_anew(const struct run_job *job)
{
    const uint64_t step = job->result->parts.steps;
    return chosen_by_curvature(job) && 2 * step <= job->burn_in && (step & (step - 1)) == 0;
}

static uint64_t next_look(const struct run_job *job)
{
    uint64_t look = 1;
    while (look <= job->result->parts.steps) {
        look *= 2;
    }
    return chosen_by_curvature(job) && 2 * look <= job->burn_in ? look : UINT64_MAX;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Steps until something is to be done. */
static uint64_t leg_length(const struct run_job *job)
{
    const uint64_t done = job->result->parts.steps;
    const uint64_t events = least(least(next_kept(job), next_recorded(job)), next_look(job));
    const uint64_t end = least(least(events, (uint64_t)job->settings->steps), done + LEG);
    return end > done ? end - done : 1;
}

static rovi_status run_legs(struct run_job *job, rovi_error *error)
{
    rovi_langevin_parts *parts = &job->result->parts;
    rovi_status status = ROVI_OK;
    while (status == ROVI_OK && parts->steps < (uint64_t)job->settings->steps) {
        const uint64_t leg = leg_length(job);
        if (!particles_move(&job->particles, parts->step, parts->steps + 1, leg, &parts->stop)) {
            break;
        }
        parts->steps += leg;
        job->time += (double)leg * parts->step;
        job->progress.shown.iteration = parts->steps;
        status = check_particles(job, error);
        if (status == ROVI_OK && parts->steps >= next_recorded(job)) {
            record(job);
        }
        if (status == ROVI_OK && parts->steps == next_kept(job)) {
            keep(job);
        }
        if (status == ROVI_OK && looks_anew(job)) {
            status = choose_step(job, &parts->stop, error);
        }
    }
    return status;
}

/* What was cut short before its first draw is kept as it stands. */
static void conclude(struct run_job *job)
{
    rovi_langevin_parts *parts = &job->result->parts;
    record(job);
    if (job->tally.kept == 0) {
        keep(job);
    }
    parts->mean_log_density = tally_kept(&job->tally, job->mass);
    parts->moves = atomic_load(&job->particles.moves);
    parts->outside = atomic_load(&job->particles.outside);
    parts->evaluations = meter_evaluations(&job->meter);
    parts->wall_s = clock_seconds() - job->supervisor.begin;
    parts->target_s = meter_seconds(&job->meter);
}

static rovi_status run(struct run_job *job, rovi_error *error)
{
    plan(job);
    rovi_status status = check(job, error);
    status = status == ROVI_OK ? prepare(job, error) : status;
    status = status == ROVI_OK ? begin(job, error) : status;
    if (status != ROVI_OK) {
        return status;
    }
    record(job);
    status = choose_step(job, &job->result->parts.stop, error);
    if (status == ROVI_OK && !isnan(job->result->parts.step)) {
        status = run_legs(job, error);
    }
    if (atomic_load(&job->meter.failed)) {
        return error_set(error, ROVI_TARGET_FAILED, "the target failed for good within %llu evaluations",
                         (unsigned long long)meter_evaluations(&job->meter).density);
    }
    if (status == ROVI_OK) {
        conclude(job);
    }
    return status;
}

rovi_status rovi_langevin_run(const rovi_target *target, const rovi_langevin_settings *settings,
                              const rovi_langevin_input *input, rovi_monitor monitor, void *monitor_data,
                              rovi_langevin **out, rovi_error *error)
{
    static const rovi_langevin_input nothing = {0};
    *out = NULL;
    if (target == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "a run needs a target");
    }
    rovi_langevin_settings *defaults = settings == NULL ? rovi_langevin_settings_new() : NULL;
    settings = settings == NULL ? defaults : settings;
    if (settings == NULL) {
        return error_no_memory(error);
    }
    struct run_job job = {.target = target, .settings = settings, .input = input == NULL ? &nothing : input};
    supervisor_init(&job.supervisor, monitor, monitor_data, settings->max_time);
    linalg_hold_threads();
    const rovi_status status = run(&job, error);
    linalg_release_threads();
    if (status == ROVI_OK) {
        *out = job.result;
    } else {
        rovi_langevin_free(job.result);
    }
    team_free(job.team);
    arena_free(&job.memory);
    supervisor_destroy(&job.supervisor);
    rovi_langevin_settings_free(defaults);
    return status;
}

void rovi_langevin_free(rovi_langevin *run)
{
    if (run != NULL) {
        struct arena memory = run->memory;
        arena_free(&memory);
    }
}

const rovi_langevin_parts *rovi_langevin_parts_of(const rovi_langevin *run)
{
    return &run->parts;
}
