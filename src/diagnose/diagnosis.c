/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A second look at a fit, at no more than what the fit has cost:
 *   1. evidence: draws of the fit that nothing before has seen; ELBO, importance weights, k-hat;
 *   2. the fit's modes, and the mass in each by these draws;
 *   3. restarts that agree;
 *   4. climbs from the fit's modes: which of them the target's density confirms;
 *   5. a search from other starts for modes beyond them, which what 1. measures cannot see: climbs from dispersed ones,
 *      rays from the fit's modes, and climbs from places that stand out along these;
 *   6. each mode found, weighed next to the fit; the verdict;
 *   7. log Z once more, by draws of a wider law.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "base/status.h"
#include "diagnose/collapse.h"
#include "diagnose/masses.h"
#include "diagnose/rays.h"
#include "diagnose/reason.h"
#include "diagnose/restarts.h"
#include "diagnose/wide.h"
#include "evidence/elbo.h"
#include "evidence/psis.h"

#define GRADIENT_COST 4    /* evaluations of the density, beside that which comes with it */
#define BUDGET_LEAST  2000 /* evaluations, */
#define BUDGET_EACH   20   /* and so many for each dimension: climbs are longer in many, */
#define BUDGET_MODE                                                                                                    \
    400 /* and for each mode of the fit beside the first: it is climbed from, and paths to it are looked for */
#define EVIDENCE_SHARE   8    /* of the budget, one part in so many, goes into evidence */
#define EVIDENCE_DRAWS   4000 /* at most */
#define EVIDENCE_LEAST   25
#define EVIDENCE_DOUBLES 4194304 /* coordinates of draws, at most: they are kept */
#define STARTS           96      /* of the search, beside those that other restarts and the weights give */
#define STARTS_EACH      4       /* more for each mode of the fit */
#define MODES            64      /* of the fit, listed: all of a mixture, which may have more */
#define MODES_OTHER      4       /* of each other restart, climbed from */
#define GIVEN            64      /* starts that are given, at most */
#define GIVEN_WEIGHTS    4       /* of these: draws of the greatest weights */
#define GIVEN_RAYS       16      /* places that stand out along rays, likewise */
#define RAYS             1024
#define SPREAD           1.5 /* default of the setting start_spread */

struct rovi_diagnosis {
    rovi_diagnosis_parts parts;
    rovi_diagnosed_mode *modes;
    rovi_region *regions;
    struct arena memory;
};

/* What asks the target after the evidence, in this order. */
enum phase { PHASE_MODES, PHASE_DISPERSED, PHASE_RAYS, PHASE_FROM_RAYS, PHASE_REGIONS };

/* Of the budget, evidence included, what is spent when each ends, at most: what one leaves is the next one's. */
static const double spent_after[] = {
    [PHASE_MODES] = 0.2,      /* climbs from the fit's modes */
    [PHASE_DISPERSED] = 0.3,  /* climbs from dispersed starts */
    [PHASE_RAYS] = 0.45,      /* rays */
    [PHASE_FROM_RAYS] = 0.55, /* climbs from places that stand out along them */
    [PHASE_REGIONS] = 1,      /* what was found is weighed */
};

struct job {
    const rovi_target *target;
    const rovi_fit_parts *fitted;
    const rovi_approximation *q;
    rovi_diagnosis_options options;
    rovi_diagnosis *result;
    struct supervisor supervisor;
    struct progress progress;
    struct meter meter;
    struct team *team;
    struct draws draws;
    double *weight; /* draws.n: smoothed log ratios */
    rovi_modes *modes;
    uint64_t budget; /* evaluations, once the modes are listed */
    double late;     /* share of it that the climbs from the modes have spent beyond theirs */
    struct probe probe;
    double *means;  /* of the modes, modes->listed x d */
    double *starts; /* GIVEN x d: what the probe is given to begin with */
    struct collapse collapse;
    struct arena memory;
};

static struct rng_stream stream_of(const struct job *job, uint64_t substream)
{
    return (struct rng_stream){.seed = job->options.seed, .purpose = RNG_DIAGNOSE, .substream = substream};
}

/* So many gradients as cost what the fit did, no fewer than find a mode or two, and no more than the fit asked for.
 * more: modes of the fit beside the first, to be climbed from. */
static uint64_t budget_of(const struct job *job, size_t more)
{
    const uint64_t own = job->options.max_evaluations;
    const rovi_evaluations *spent = &job->fitted->evaluations; /* a gradient counts among the densities */
    const uint64_t alike = (spent->density + GRADIENT_COST * spent->gradient) / (1 + GRADIENT_COST);
    const uint64_t least = BUDGET_LEAST + BUDGET_EACH * (uint64_t)job->q->dim + BUDGET_MODE * (uint64_t)more;
    const uint64_t wanted = alike < least ? least : alike;
    return own > 0 ? own : wanted < spent->density ? wanted : spent->density;
}

/* To be called first thing in a phase. What the climbs from many modes have spent beyond their share is given to what
 * follows, as far as there is more. */
static void begin_phase(struct job *job, enum phase phase)
{
    job->progress.budget = (uint64_t)fmax(1, fmin(1, spent_after[phase] + job->late) * (double)job->budget);
}

/* ---- evidence ---- */

static size_t evidence_draws(const struct job *job)
{
    const uint64_t n = budget_of(job, 0) / EVIDENCE_SHARE, room = EVIDENCE_DOUBLES / job->q->dim;
    const uint64_t most = room < EVIDENCE_DRAWS ? room : EVIDENCE_DRAWS, wanted = n < most ? n : most;
    return wanted < EVIDENCE_LEAST ? EVIDENCE_LEAST : (size_t)wanted;
}

/* From the log ratios in job->weight, which are smoothed here. False when out of memory. */
static bool weigh_draws(struct job *job)
{
    rovi_diagnosis_parts *parts = &job->result->parts;
    struct psis psis;
    const size_t n = job->draws.n;
    double *mean = arena_doubles(&job->memory, (size_t)sqrt((double)n));
    if (mean == NULL) {
        return false;
    }
    parts->log_z_bound = elbo_of_several(n, job->weight, mean);
    if (!psis_smooth(n, job->weight, &psis)) {
        return false;
    }
    parts->log_z = (rovi_estimate){psis.log_z.value, psis_error_holds(psis.k_hat, n) ? psis.log_z.mcse : NAN};
    parts->k_hat = psis.k_hat;
    parts->k_threshold = psis_threshold(n);
    parts->ess = psis.ess;
    return true;
}

static rovi_status measure(struct job *job, rovi_error *error)
{
    rovi_diagnosis_parts *parts = &job->result->parts;
    const size_t n = evidence_draws(job);
    job->weight = arena_doubles(&job->memory, n);
    if (job->memory.failed ||
        !draws_take(&job->draws, &job->memory, law_of(job->q), n, &job->meter, stream_of(job, 0), job->team)) {
        return error_no_memory(error);
    }
    for (size_t i = 0; i < n; i++) {
        job->weight[i] = job->draws.logp[i] - job->draws.log_q[i];
    }
    struct elbo elbo = elbo_of_ratios(n, job->weight);
    if (isnan(elbo.estimate.value)) {
        return error_set(error, ROVI_TARGET_FAILED,
                         "none of %zu draws of the fit lies inside the target's support: "
                         "is it the target that was fitted?",
                         n);
    }
    if (job->fitted->evaluations.rejected > 0) {
        elbo_admit_outside(&elbo, n);
    }
    parts->draws = n;
    parts->elbo = elbo.estimate;
    parts->outside = elbo.outside;
    parts->kl =
        (rovi_estimate){job->target->log_z - elbo.estimate.value, isnan(job->target->log_z) ? NAN : elbo.estimate.mcse};
    return weigh_draws(job) ? ROVI_OK : error_no_memory(error);
}

/* ---- modes of the fit ---- */

static rovi_status list_modes(struct job *job, rovi_error *error)
{
    rovi_diagnosis *made = job->result;
    const rovi_status status =
        rovi_approximation_modes(job->q, job->q->count > MODES ? job->q->count : MODES, &job->modes, error);
    if (status != ROVI_OK) {
        return status;
    }
    job->budget = budget_of(job, job->modes->listed - 1);
    made->modes = arena_take(&made->memory, job->modes->listed, sizeof *made->modes);
    if (made->memory.failed) {
        return error_no_memory(error);
    }
    made->parts.modes = made->modes;
    made->parts.mode_count = job->modes->listed;
    made->parts.modes_total = job->modes->total;
    const struct masses masses = {job->q, job->modes, &job->draws, job->weight, made->parts.log_z.value};
    return masses_weigh(&masses, &made->memory, made->modes, error);
}

/* ---- restarts ---- */

static rovi_status compare_restarts(struct job *job, rovi_error *error)
{
    rovi_diagnosis *made = job->result;
    size_t *cluster = arena_take(&made->memory, job->fitted->restart_count, sizeof *cluster);
    rovi_restart_cluster *clusters = NULL;
    if (cluster != NULL) {
        made->parts.cluster_count = restarts_cluster(job->fitted, job->options.seed, &made->memory, &clusters, cluster);
    }
    made->parts.clusters = clusters;
    made->parts.cluster = cluster;
    made->parts.restart_count = job->fitted->restart_count;
    return made->memory.failed ? error_no_memory(error) : ROVI_OK;
}

/* ---- the fit's modes, once more ---- */

/* The probe, and room for what it begins with. */
static rovi_status prepare_probe(struct job *job, rovi_error *error)
{
    const size_t d = job->q->dim, listed = job->modes->listed;
    job->means = arena_doubles(&job->memory, listed * d);
    job->starts = arena_doubles(&job->memory, GIVEN * d);
    probe_init(&job->probe, &job->memory, &job->progress, job->team, job->q, &job->draws);
    if (job->memory.failed) {
        return error_no_memory(error);
    }
    for (size_t k = 0; k < listed; k++) {
        memcpy(job->means + k * d, job->modes->mode[k].mean, d * sizeof *job->means);
    }
    job->probe.stream = stream_of(job, 1);
    job->probe.spread = job->options.start_spread > 0 ? job->options.start_spread : SPREAD;
    job->probe.given_x = job->starts;
    return ROVI_OK;
}

static rovi_status climb_from_modes(struct job *job, rovi_error *error)
{
    begin_phase(job, PHASE_MODES);
    const size_t listed = job->modes->listed;
    size_t *owner = arena_take(&job->memory, listed, sizeof *owner); /* of each mode: the peak that it leads to */
    if (owner == NULL) {
        return error_no_memory(error);
    }
    probe_modes(&job->probe, listed, job->means, owner);
    masses_join(listed, owner, job->result->modes);
    job->late = fmax(0, (double)atomic_load(&job->meter.density) / (double)job->budget - spent_after[PHASE_MODES]);
    return ROVI_OK;
}

/* ---- the search ---- */

/* Draws of the greatest weights: where the fit is too low, more may lie beyond. */
static size_t give_weights(const struct job *job, double *x)
{
    size_t given = 0, last = job->draws.n;
    for (; given < GIVEN_WEIGHTS && given < job->draws.n; given++) {
        size_t best = job->draws.n;
        for (size_t i = 0; i < job->draws.n; i++) {
            const double r = job->weight[i];
            const bool before = last == job->draws.n || r < job->weight[last] || (r == job->weight[last] && i > last);
            if (before && (best == job->draws.n || r > job->weight[best])) {
                best = i;
            }
        }
        if (best == job->draws.n) {
            break;
        }
        memcpy(x + given * job->draws.dim, job->draws.x + best * job->draws.dim, job->draws.dim * sizeof *x);
        last = best;
    }
    return given;
}

/* Modes of the other restarts, which may have gone where the fit has not. */
static rovi_status give_restarts(const struct job *job, size_t *given, double *x, rovi_error *error)
{
    const size_t d = job->q->dim;
    for (size_t i = 0; i < job->fitted->restart_count; i++) {
        const rovi_approximation *q = job->fitted->restarts[i].approximation;
        rovi_modes *modes = NULL;
        if (q == NULL || i == job->fitted->winner) {
            continue;
        }
        const rovi_status status = rovi_approximation_modes(q, MODES_OTHER, &modes, error);
        if (status != ROVI_OK) {
            return status;
        }
        for (size_t k = 0; k < modes->listed && *given < GIVEN; k++) {
            memcpy(x + (*given)++ * d, modes->mode[k].mean, d * sizeof *x);
        }
        rovi_modes_free(modes);
    }
    return ROVI_OK;
}

/* Climbs from the probe's given starts and `more` others; a budget that is spent is no untimely end. */
static void climb(struct job *job, size_t more)
{
    rovi_diagnosis_parts *parts = &job->result->parts;
    rovi_stop stop = ROVI_STOP_CONVERGED;
    probe_search(&job->probe, job->probe.given + more, &stop);
    parts->climbs = job->probe.climbs;
    parts->stop = stop == ROVI_STOP_MAX_EVALUATIONS && parts->climbs > 0 ? ROVI_STOP_CONVERGED : stop;
}

static rovi_status climb_from_dispersed(struct job *job, rovi_error *error)
{
    begin_phase(job, PHASE_DISPERSED);
    job->probe.given = give_weights(job, job->starts);
    const rovi_status status = give_restarts(job, &job->probe.given, job->starts, error);
    if (status == ROVI_OK) {
        climb(job, STARTS + STARTS_EACH * job->modes->listed);
    }
    return status;
}

/* Places that stand out along rays from the fit's modes are the next starts that are given. */
static rovi_status look_along_rays(struct job *job, rovi_error *error)
{
    begin_phase(job, PHASE_RAYS);
    const struct rays rays = {.q = job->q,
                              .draws = &job->draws,
                              .center_count = job->modes->listed,
                              .center = job->means,
                              .sd = job->probe.sd,
                              .progress = &job->progress,
                              .team = job->team};
    const double left = (double)job->progress.budget - (double)atomic_load(&job->meter.density);
    const size_t count = left > 0 ? (size_t)fmin(left / RAY_POINTS, RAYS) : 0;
    const size_t found = count > 0 ? rays_look(&rays, count, GIVEN_RAYS, job->starts) : 0;
    if (found == SIZE_MAX) {
        return error_no_memory(error);
    }
    supervisor_ends_all(&job->progress, &job->result->parts.stop);
    job->probe.given = found;
    return ROVI_OK;
}

static void climb_from_rays(struct job *job)
{
    begin_phase(job, PHASE_FROM_RAYS);
    if (job->probe.given > 0) {
        climb(job, 0);
    }
}

/* Along rays only if nothing has cut the climbs short. */
static rovi_status search(struct job *job, rovi_error *error)
{
    rovi_status status = climb_from_dispersed(job, error);
    if (status == ROVI_OK && job->result->parts.stop == ROVI_STOP_CONVERGED) {
        status = look_along_rays(job, error);
        if (status == ROVI_OK) {
            climb_from_rays(job);
        }
    }
    return status;
}

/* ---- what was found ---- */

static rovi_status weigh_regions(struct job *job, rovi_error *error)
{
    begin_phase(job, PHASE_REGIONS);
    rovi_diagnosis *made = job->result;
    struct collapse *c = &job->collapse;
    *c = (struct collapse){.q = job->q,
                           .draws = &job->draws,
                           .probe = &job->probe,
                           .progress = &job->progress,
                           .team = job->team,
                           .stream = stream_of(job, 1),
                           .modes = job->modes,
                           .arena = &job->memory};
    if (!collapse_weigh(c)) {
        return error_no_memory(error);
    }
    made->regions = arena_take(&made->memory, c->count, sizeof *made->regions);
    for (size_t k = 0; k < c->count && !made->memory.failed; k++) {
        const struct region *r = &c->regions[k];
        made->regions[k] = (rovi_region){.mean = arena_copy(&made->memory, r->mean, job->q->dim),
                                         .sd = arena_copy(&made->memory, r->sd, job->q->dim),
                                         .mass = r->mass,
                                         .held = r->held,
                                         .gain = r->gain,
                                         .distance = r->distance,
                                         .depth = r->depth,
                                         .missed = r->missed};
    }
    made->parts.regions = made->regions;
    made->parts.region_count = c->count;
    made->parts.found = c->found;
    if (made->memory.failed) {
        return error_no_memory(error);
    }
    masses_find_missed(made->parts.mode_count, made->modes);
    masses_share(made->parts.mode_count, made->modes, rovi_diagnosis_missed(&made->parts));
    return ROVI_OK;
}

/* ---- log Z, once more ---- */

/* Draws of a law with heavier tails beside those of the fit, at the end, when the search cannot want for them: they
 * tell log Z with an error where the fit's alone do not, or show that its error is not known. Where a region is missed
 * and they cannot tell, that of the fit's own draws stays: it is of what the fit covers. */
static rovi_status look_wider(struct job *job, rovi_error *error)
{
    rovi_diagnosis_parts *parts = &job->result->parts;
    const uint64_t spent = atomic_load(&job->meter.density), left = spent < job->budget ? job->budget - spent : 0;
    const size_t n = left < job->draws.n ? (size_t)left : job->draws.n;
    rovi_stop stop;
    struct wide wide;
    struct draws draws;
    struct wide_evidence evidence;
    if (n < EVIDENCE_LEAST || supervisor_ends_all(&job->progress, &stop)) {
        return ROVI_OK;
    }
    double *wide_at_q = arena_doubles(&job->memory, job->draws.n), *q_at_wide = arena_doubles(&job->memory, n);
    wide_init(&wide, &job->memory, job->q);
    const struct wide_draws both = {n, &job->draws, &draws, wide_at_q, q_at_wide};
    if (job->memory.failed ||
        !draws_take(&draws, &job->memory, wide_law(&wide), n, &job->meter, stream_of(job, 2), job->team) ||
        !draws_density(&job->draws, wide_law(&wide), job->team, wide_at_q) ||
        !draws_density(&draws, law_of(job->q), job->team, q_at_wide) || !wide_weigh(&both, &evidence)) {
        return error_no_memory(error);
    }
    parts->log_z_bound = evidence.bound;
    if (!isnan(evidence.log_z.mcse) || parts->verdict != ROVI_COLLAPSE_SUSPECTED) {
        parts->log_z = evidence.log_z;
    }
    return ROVI_OK;
}

/* ---- the whole ---- */

static rovi_status diagnose(struct job *job, rovi_error *error)
{
    assert(job->result != NULL);
    rovi_diagnosis_parts *parts = &job->result->parts;
    parts->dim = job->q->dim;
    parts->stop = ROVI_STOP_CONVERGED;
    rovi_status status = measure(job, error);
    status = status == ROVI_OK ? list_modes(job, error) : status;
    status = status == ROVI_OK ? compare_restarts(job, error) : status;
    if (status == ROVI_OK && !job->options.no_probe) {
        status = prepare_probe(job, error);
        status = status == ROVI_OK ? climb_from_modes(job, error) : status;
        status = status == ROVI_OK ? search(job, error) : status;
        status = status == ROVI_OK ? weigh_regions(job, error) : status;
    }
    if (status == ROVI_OK) {
        reason_conclude(parts, !job->options.no_probe, job->collapse.vague);
        status = look_wider(job, error);
    }
    if (atomic_load(&job->meter.failed)) {
        return error_set(error, ROVI_TARGET_FAILED, "the target failed for good within %llu evaluations",
                         (unsigned long long)atomic_load(&job->meter.density));
    }
    if (status == ROVI_OK) {
        parts->evaluations = meter_evaluations(&job->meter);
        parts->target_s = meter_seconds(&job->meter);
        parts->wall_s = clock_seconds() - job->supervisor.begin;
    }
    return status;
}

static rovi_status prepare(struct job *job, rovi_error *error)
{
    const size_t threads = job->target->concurrent ? team_size_of(job->options.threads) : 1;
    struct arena memory = {0};
    job->result = arena_take(&memory, 1, sizeof *job->result);
    job->team = threads > 1 ? team_new(threads) : NULL;
    if (job->result == NULL || (threads > 1 && job->team == NULL)) {
        arena_free(&memory);
        job->result = NULL;
        return error_no_memory(error);
    }
    job->result->memory = memory;
    job->result->parts.threads = (int)threads;
    meter_init(&job->meter, job->target);
    job->progress = (struct progress){
        .supervisor = &job->supervisor, .meter = &job->meter, .shown = {.restarts = 1, .elbo = NAN, .mcse = NAN}};
    return ROVI_OK;
}

static rovi_status check(const rovi_target *target, const rovi_fit *fit, const rovi_diagnosis_options *options,
                         rovi_error *error)
{
    if (target == NULL || fit == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "a diagnosis needs a target and a fit");
    }
    const size_t d = rovi_fit_approximation(fit)->dim;
    if (d != target->dim) {
        return error_set(error, ROVI_BAD_INPUT, "the fit has dimension %zu, the target %zu", d, target->dim);
    }
    if (options->threads < 0 || !(options->max_time >= 0) || !(options->start_spread >= 0)) {
        return error_set(error, ROVI_BAD_INPUT,
                         "threads is %d, max_time %g and start_spread %g; none of them may be negative",
                         options->threads, options->max_time, options->start_spread);
    }
    return ROVI_OK;
}

static void clean_up(struct job *job)
{
    rovi_modes_free(job->modes);
    team_free(job->team);
    arena_free(&job->memory);
    supervisor_destroy(&job->supervisor);
}

rovi_status rovi_diagnosis_run(const rovi_target *target, const rovi_fit *fit, const rovi_diagnosis_options *options,
                               rovi_monitor monitor, void *monitor_data, rovi_diagnosis **diagnosis, rovi_error *error)
{
    static const rovi_diagnosis_options nothing = {0};
    *diagnosis = NULL;
    rovi_status status = check(target, fit, options == NULL ? &nothing : options, error);
    if (status != ROVI_OK) {
        return status;
    }
    struct job job = {.target = target,
                      .fitted = rovi_fit_parts_of(fit),
                      .q = rovi_fit_approximation(fit),
                      .options = options == NULL ? nothing : *options};
    supervisor_init(&job.supervisor, monitor, monitor_data, job.options.max_time > 0 ? job.options.max_time : INFINITY);
    linalg_hold_threads();
    status = prepare(&job, error);
    status = status == ROVI_OK ? diagnose(&job, error) : status;
    linalg_release_threads();
    if (status == ROVI_OK) {
        *diagnosis = job.result;
    } else {
        rovi_diagnosis_free(job.result);
    }
    clean_up(&job);
    return status;
}

void rovi_diagnosis_free(rovi_diagnosis *diagnosis)
{
    if (diagnosis != NULL) {
        struct arena memory = diagnosis->memory;
        arena_free(&memory);
    }
}

const rovi_diagnosis_parts *rovi_diagnosis_parts_of(const rovi_diagnosis *diagnosis)
{
    return &diagnosis->parts;
}

const char *rovi_collapse_text(rovi_collapse verdict)
{
    switch (verdict) {
#define TEXT(name, text)                                                                                               \
    case name:                                                                                                         \
        return text;
        ROVI_COLLAPSE_LIST(TEXT)
#undef TEXT
    }
    return "unknown";
}
