/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/measure.h"

#include <math.h>
#include <string.h>

#define MEASURE_SHARE  16   /* once all asked for are there: of what the fit has asked, one part in so many ends it */
#define LOW_RANK_SHARE 8    /* where rotations are of low rank, all are one part in so many of that, */
#define LOW_RANK_DRAWS 500  /* but so many at least */
#define FEW_DRAWS      400  /* at first: that an error is estimated from */
#define MEASURED       2    /* times the tolerance: an error that needs no more draws, */
#define DEAR_PART      0.05 /* or this part of the divergence, of what is not to choose by, where draws are dear, */
#define DEAR_MOST      0.03 /* nats, but no more: */
#define DEAR_SHARE     4    /* where they are more than one in so many of what the fit has asked */
#define GROWTH         4    /* of the number of draws, at most, at once */
#define MARGIN         1.2  /* more than the present error says would do */

size_t measure_draws(const struct question *question)
{
    const rovi_settings *settings = question->problem->settings;
    const uint64_t spent = atomic_load(&question->meter->density);
    const size_t wanted = (size_t)settings->draws / (question->purpose == RNG_SELECT ? 5 : 1);
    const uint64_t share = spent / LOW_RANK_SHARE < LOW_RANK_DRAWS ? LOW_RANK_DRAWS : spent / LOW_RANK_SHARE;
    const bool low_rank = settings_low_rank(settings, question->problem->target->dim);
    const size_t draws = low_rank && share < wanted ? (size_t)share : wanted;
    return atomic_load(&question->supervisor->verdict) == SUPERVISOR_GO || draws < 1000 ? draws : draws / 10;
}

bool measure_begins_with_few(const struct question *question)
{
    return question->extent != MEASURE_ALL && measure_draws(question) > FEW_DRAWS;
}

bool measure_is_less(const rovi_settings *settings, rovi_estimate elbo, double promise)
{
    return promise > elbo.value + settings->tolerance + 3 * elbo.mcse;
}

/* Whether local normals promise more than an ELBO has, by less than its noise. */
static bool is_doubtful(const struct question *question, rovi_estimate elbo)
{
    return question->promise > elbo.value && !measure_is_less(question->problem->settings, elbo, question->promise);
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
static bool is_spent(const struct question *question, size_t n, size_t all)
{
    const bool dear =
        MEASURE_SHARE * n > atomic_load(&question->meter->density) || question->problem->settings->max_evaluations > 0;
    return (n >= all && dear) || atomic_load(&question->supervisor->verdict) != SUPERVISOR_GO;
}

/* An error of the ELBO that needs no more draws than n. */
static double fair_error(const struct question *question, const struct elbo *elbo, size_t n)
{
    const double least = MEASURED * question->problem->settings->tolerance;
    const double part = fmin(DEAR_PART * elbo->divergence, DEAR_MOST);
    const bool dear = DEAR_SHARE * n > atomic_load(&question->meter->density);
    return question->purpose != RNG_SELECT && dear ? fmax(least, part) : least;
}

bool measure(const struct question *question, const rovi_approximation *q, struct elbo *elbo)
{
    const rovi_settings *settings = question->problem->settings;
    const size_t all = measure_draws(question);
    const bool few = question->extent == MEASURE_FEW;
    struct sample s = {.q = q,
                       .meter = question->meter,
                       .team = question->team,
                       .stream = {.seed = (uint64_t)settings->seed, .purpose = question->purpose}};
    bool done = false;
    for (size_t n = measure_begins_with_few(question) ? FEW_DRAWS : all; !done && extend(&s, n);) {
        *elbo = elbo_of_ratios(n, s.ratio);
        if (question->purpose == RNG_EVIDENCE && atomic_load(&question->meter->rejected) > 0) {
            elbo_admit_outside(elbo, n);
        }
        const double times = pow(elbo->estimate.mcse / fair_error(question, elbo, n), 2);
        const bool doubtful = n < all && is_doubtful(question, elbo->estimate);
        done = !doubtful && (few || !(times > 1) || is_spent(question, n, all));
        n = more_draws(n, all, doubtful ? GROWTH : times);
    }
    arena_free(&s.memory);
    return done;
}
