/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/choice.h"

#include <math.h>

#include "fit/measure.h"

#define IMPERFECT 0.25 /* nats: divergence of a rotated product that a mixture is tried for, and restarts differ */
#define FAR_EACH                                                                                                       \
    0.03 /* nats a dimension, where they are few: on a bent target draws show a third of what is lacking               \
          */
#define CLEAR          0.5  /* of that: a divergence that is less is known by few draws */
#define OUTDONE        0.05 /* nats that local normals promise together beyond a rotated product, */
#define OUTDONE_WALLS  0.3  /* and where promises are vague, since more than one point */
#define SUPPORTED      1000 /* in so many lies outside the support */
#define IMPERFECT_DIM  20   /* dimensions, above which it is in proportion to them: what many add up to is no mode */
#define IMPERFECT_MANY 2.0  /* nats: the same, in so many dimensions that no mixture is tried for it */
#define NOISE          2    /* standard errors */
#define MIXTURE_DIM    50   /* dimensions, above which one is tried for the sake of several modes alone */

static double imperfect(const struct fit_job *job)
{
    const size_t d = job->problem.target->dim;
    return d > MIXTURE_DIM ? IMPERFECT_MANY : IMPERFECT * fmax(1, (double)d / IMPERFECT_DIM);
}

/* Whether the family is left to the fit, of which one is a mixture. */
static bool may_mix(const struct fit_job *job)
{
    const rovi_settings *settings = job->problem.settings;
    return !job->mixing && !fit_is_low_rank(job) && settings->method == METHOD_AUTO &&
           settings->solver == SOLVER_COORDINATE && settings->precondition == PRECONDITION_AUTO;
}

/* Whether a fit is so far from the target that a mixture is tried for that alone. */
static bool is_far(const struct fit_job *job, double divergence)
{
    const size_t d = job->problem.target->dim;
    return d <= MIXTURE_DIM && divergence > fmin(imperfect(job), FAR_EACH * (double)d);
}

/* Whether a mixture follows whatever the other restarts find: local normals promise more than a rotation, or it is far
 * from the target. */
static bool is_outdone(const struct fit_job *job, const rovi_restart *first)
{
    const bool walls = first->evaluations.rejected > first->evaluations.density / SUPPORTED;
    return may_mix(job) &&
           (first->promise > first->elbo.value + (walls ? OUTDONE_WALLS : OUTDONE) || is_far(job, first->divergence));
}

bool choice_first_suffices(const struct fit_job *job, const rovi_restart *first)
{
    const rovi_settings *settings = job->problem.settings;
    return !job->mixing && settings->independent == 0 && settings->solver == SOLVER_COORDINATE &&
           job->restarts[0].start == NULL && first->stop == ROVI_STOP_CONVERGED &&
           (is_outdone(job, first) || (first->divergence < imperfect(job) &&
                                       !measure_is_less(job->problem.settings, first->elbo, first->promise)));
}

bool choice_first_is_clear(const struct fit_job *job, const rovi_restart *first)
{
    return choice_first_suffices(job, first) && !is_outdone(job, first) && first->divergence < CLEAR * imperfect(job);
}

size_t choice_winner(const struct fit_job *job)
{
    size_t winner = job->count;
    for (size_t i = 0; i < job->count; i++) {
        if (job->shown[i].approximation != NULL &&
            (winner == job->count || job->shown[i].elbo.value > job->shown[winner].elbo.value)) {
            winner = i;
        }
    }
    return winner;
}

bool choice_tries_mixture(const struct fit_job *job)
{
    double promise = -INFINITY;
    if (!may_mix(job) || job->winner == job->count || atomic_load(&job->supervisor.verdict) != SUPERVISOR_GO) {
        return false;
    }
    for (size_t i = 0; i < job->count; i++) {
        promise = fmax(promise, job->restarts[i].promise);
    }
    const rovi_estimate best = job->shown[job->winner].elbo;
    return measure_is_less(job->problem.settings, best, promise) || is_far(job, job->restarts[job->winner].divergence);
}

bool choice_takes_mixture(const struct fit_job *job, size_t mixture, size_t best)
{
    const rovi_estimate old = job->shown[best].elbo, new = job->shown[mixture].elbo;
    const bool closer = 2 * job->shown[mixture].divergence < job->shown[best].divergence;
    const double least = closer ? 0 : job->problem.settings->tolerance + 3 * hypot(old.mcse, new.mcse);
    return new.value > old.value + least;
}

bool choice_is_alone(const struct fit_job *job)
{
    bool alone = job->restarts[0].modes.count == 1 && choice_first_suffices(job, &job->shown[0]);
    for (size_t i = 1; i < job->count; i++) {
        alone = alone && job->shown[i].stop == ROVI_STOP_SAME_MODES;
    }
    return alone;
}

bool choice_takes_gathered(const struct fit_job *job, size_t mixture, size_t best)
{
    const rovi_estimate old = job->shown[best].elbo, new = job->shown[mixture].elbo;
    return new.value > old.value - NOISE *hypot(old.mcse, new.mcse);
}

bool choice_tries_gathering(const struct fit_job *job)
{
    const rovi_settings *settings = job->problem.settings;
    return settings->method == METHOD_AUTO && fit_is_low_rank(job) && job->count > 1 && job->winner < job->count &&
           atomic_load(&job->supervisor.verdict) == SUPERVISOR_GO;
}
