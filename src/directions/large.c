/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The solver for many dimensions (docs/solver.md), which holds no d x d matrix:
 *   1. launch: a climb, and the best point along it;
 *   2. mean field: locations and widths by quasi-Newton steps on the ELBO over fixed balanced points, of which there
 * are more every time, until that gains no more;
 *   3. lead: the rotation takes up the directions in which the target is least like that product, equation (43);
 *   4. locations and widths again, and directions once more, in units of these widths.
 * Every stage is judged by its ELBO on draws that no step uses, and the best approximation is kept.
 */
#include "directions/large.h"

#include <math.h>
#include <string.h>

#include "directions/launch.h"
#include "directions/leading.h"
#include "evidence/elbo.h"
#include "family/draw.h"
#include "restart/start.h"

#define POINTS_LEAST 8   /* of the first stage */
#define POINTS_MOST  32  /* of the last stage before the directions, and of all after them */
#define POINTS_LEAD  8   /* over which the Hessian is averaged */
#define LAUNCHES     4   /* before the restart is given up */
#define STEPS_FIRST  200 /* at most, of the first stage, over the fewest points that gain; */
#define STEPS_WARM   80  /* where local normals take over from it */
#define STEPS        40  /* of the others */
#define ROUNDS       3   /* of polishing, at most, */
#define MORE_ROUNDS  12  /* or so many, while one gains */
#define STILL_RISING 10  /* times what matters */
#define TRACE_DRAWS  128
#define TRACE_POINTS 64
#define STUCK        3.0  /* a width this much smaller than it should be is freed, */
#define WIDER        10.0 /* by this factor at most, */
#define FREES        4    /* and so often */
#define LOOKS        16   /* draws by which a restart is told from the first */
#define ALIKE        2.0  /* nats: what a density falls by in two widths; nearer normals are one mode */
#define EACH         5e-5 /* nats for each dimension that do not matter, */
#define EACH_WARM    2e-4 /* and where local normals take over */
#define WORTH        0.02 /* nats that a direction must be worth */

struct large {
    const struct problem *problem;
    struct restart *restart;
    enum directions_begin how;
    const double *peak; /* d, or NULL */
    size_t dim;
    struct average average;
    struct launch launch;
    struct leading leading;
    struct ascent ascent;  /* of the average */
    struct progress inner; /* the same supervisor, the average's meter */
    rovi_approximation *q, *best;
    double best_elbo, best_divergence;
    double *theta;      /* 2 d */
    double *column;     /* d: of the rotation */
    size_t *place;      /* of each leading direction among the columns */
    double *ratio;      /* TRACE_DRAWS */
    double *first_work; /* draws, and what densities of the first restart's fit need; or NULL */
    bool last;          /* what it leaves is the fit, not where local normals begin */
    uint64_t streams;
    struct arena memory;
};

static struct rng_stream fresh(struct large *s)
{
    return (struct rng_stream){.seed = s->restart->seed, .purpose = RNG_FIT, .substream = ++s->streams};
}

static bool ended(struct large *s)
{
    if (s->restart->iterations >= (uint64_t)s->problem->settings->iterations) {
        s->restart->stop = ROVI_STOP_MAX_ITERATIONS;
        return true;
    }
    return supervisor_ends(&s->restart->progress, &s->restart->stop);
}

static double resolution(const struct large *s)
{
    return fmax(s->problem->settings->tolerance, (s->last ? EACH : EACH_WARM) * (double)s->dim);
}

static void enter(struct large *s, const char *phase)
{
    s->restart->progress.shown.phase = phase;
    s->inner.shown = s->restart->progress.shown;
}

/* Keeps q when it is the best so far; returns what it gained, in nats. */
static double take_stock(struct large *s)
{
    struct elbo measured = {.estimate = {NAN, NAN}};
    if (!restart_measure(s->problem, s->restart, s->q, TRACE_DRAWS, s->ratio, &measured)) {
        s->restart->no_memory = true;
    }
    s->restart->progress.shown.iteration = ++s->restart->iterations;
    const double gain = measured.estimate.value - s->best_elbo;
    if (!(gain > 0)) {
        return isnan(gain) ? -INFINITY : gain;
    }
    if (!approximation_keep(&s->best, s->q)) {
        s->restart->no_memory = true;
        return 0;
    }
    s->best_elbo = measured.estimate.value;
    s->best_divergence = measured.divergence;
    restart_record(s->restart, measured.estimate);
    return gain;
}

/* Locations and widths of q's maps, best over n points. */
static void stage(struct large *s, size_t n, int steps)
{
    double value = 0;
    average_set(&s->average, s->q, n, fresh(s));
    memset(s->theta, 0, 2 * s->dim * sizeof *s->theta);
    s->ascent.most_steps = steps;
    ascent_climb(&s->ascent, (struct metric){0}, s->theta, &value);
    average_apply(&s->average, s->theta, s->q);
}

/* An approximation with this center, scale and rotation, and the identity for its maps. */
static rovi_approximation *make(struct large *s, const double *center, const double *scale, size_t reflections,
                                const double *reflectors)
{
    rovi_approximation *q = approximation_of_identities(
        &(rovi_approximation_parts){
            .dim = s->dim, .center = center, .scale = scale, .reflections = reflections, .reflectors = reflectors},
        0);
    s->restart->no_memory = s->restart->no_memory || q == NULL;
    return q;
}

/* q becomes another, unless there was no memory for that. */
static void replace(struct large *s, rovi_approximation *q)
{
    s->restart->no_memory = s->restart->no_memory || q == NULL;
    if (q != NULL) {
        rovi_approximation_free(s->q);
        s->q = q;
    }
}

/* Center and scale take over where the maps of an unrotated q lie and how wide they are. */
static void absorb(struct large *s)
{
    for (size_t i = 0; i < s->dim; i++) {
        struct map *T = &s->q->maps[i];
        s->q->center[i] += s->q->scale[i] * T->v;
        s->q->scale[i] *= T->alpha;
        T->v = 0;
        T->alpha = 1;
        map_prepare(T);
    }
    approximation_prepare_rotation(s->q);
}

/* Where the target says that searching begins, or at the origin. */
static rovi_approximation *begin(struct large *s)
{
    const double *start = s->problem->target->start;
    return make(s, start != NULL ? start : s->launch.zero, NULL, 0, NULL);
}

static bool launch(struct large *s)
{
    const double *peak = s->how == DIRECTIONS_AT     ? s->peak
                         : s->restart->start != NULL ? s->restart->start->center
                                                     : NULL;
    s->q = begin(s);
    if (peak != NULL) {
        return s->q != NULL && launch_at(&s->launch, peak, s->restart->seed, s->q);
    }
    if (s->how == DIRECTIONS_HIGHEST) {
        return s->q != NULL && launch_highest(&s->launch, s->problem->settings, s->restart->seed, s->q);
    }
    for (size_t k = 0; k < LAUNCHES && s->q != NULL && !ended(s); k++) {
        if (launch_run(&s->launch, s->problem->settings, s->restart->seed, k, s->q)) {
            return true;
        }
    }
    return false;
}

/* The factor by which coordinate i is to be wider, from the mean of -w t over the average's points: the curvature times
 * the width squared, 1 at the optimum. 1 unless it is far below that, whatever its noise. */
static double widening(const struct average *a, size_t i)
{
    double sum = 0, squares = 0;
    const double n = (double)a->n;
    for (size_t p = 0; p < a->n; p++) {
        const double term = -a->w[p * a->dim + i] * a->t[p * a->dim + i];
        sum += term / n;
        squares += term * term / n;
    }
    const double most = sum + 3 * sqrt(fmax(0, squares - sum * sum) / n);
    return most < 1 / (STUCK * STUCK) ? 1 / sqrt(fmax(most, 1 / (WIDER * WIDER))) : 1;
}

/* Widths that began far too small stay so: their gradient is 1 whatever they are, next to curvatures that make steps
 * short, and their locations can hardly move. Such widths jump. Whether that gained what matters; else they are as they
 * were. */
static bool free_widths(struct large *s)
{
    double value = 0;
    size_t freed = 0;
    average_set(&s->average, s->q, POINTS_MOST, fresh(s));
    if (!average_evaluate(&s->average, s->launch.zero, &value, s->theta)) {
        return false;
    }
    memcpy(s->theta, s->q->scale, s->dim * sizeof *s->theta);
    for (size_t i = 0; i < s->dim; i++) {
        const double factor = widening(&s->average, i);
        s->q->scale[i] *= factor;
        freed += factor > 1;
    }
    approximation_prepare_rotation(s->q);
    const bool gained = freed > 0 && take_stock(s) > resolution(s);
    if (!gained) {
        memcpy(s->q->scale, s->theta, s->dim * sizeof *s->theta);
        approximation_prepare_rotation(s->q);
    }
    return gained;
}

/* Back to the best so far. */
static void go_back(struct large *s)
{
    replace(s, approximation_copy(s->best));
}

/* Whether q lies where the first restart's fit does: there log p - log q of that is its ELBO, about. In another mode
 * the target has a density that the fit knows nothing of. A path from the one to the other would depend on units. */
static bool is_of_first(struct large *s)
{
    const struct restart *first = s->problem->first;
    double logp[LOOKS], log_q[LOOKS], off = 0;
    if (first == NULL) {
        return false;
    }
    double *z = s->first_work, *work = z + LOOKS * s->dim;
    draw_points(s->q, fresh(s), 0, LOOKS, z, NULL, work);
    if (meter_evaluate(&s->restart->meter, LOOKS, z, logp, NULL, work) > 0) {
        return false;
    }
    draw_log_density(first->approximation, LOOKS, z, log_q, work);
    for (size_t p = 0; p < LOOKS; p++) {
        off += (logp[p] - log_q[p] - first->elbo.value) / LOOKS;
    }
    return fabs(off) < ALIKE;
}

/* Stages over more and more points, until one gains less than what matters; from the fewest again when widths were
 * freed. One that loses has followed its few points away from the mass: it is taken back, and the next is the first. */
static bool fit_field(struct large *s)
{
    double gain = INFINITY;
    const int most = s->last ? STEPS_FIRST : STEPS_WARM;
    size_t frees = 0, first = POINTS_LEAST;
    for (size_t n = POINTS_LEAST; n <= POINTS_MOST && gain > resolution(s) && !ended(s); n *= 2) {
        stage(s, n, n == first ? most : STEPS);
        absorb(s);
        if (n == POINTS_LEAST && frees == 0 && !ended(s) && is_of_first(s)) {
            return false;
        }
        gain = take_stock(s);
        if (gain < -resolution(s) && s->best != NULL) {
            go_back(s);
            first = 2 * n;
            gain = INFINITY;
        }
        if (frees < FREES && free_widths(s)) {
            frees++;
            gain = INFINITY;
            first = POINTS_LEAST;
            n = POINTS_LEAST / 2;
        }
    }
    return true;
}

/* q becomes one whose rotation leads in the directions found, if there are any. */
static void take_directions(struct large *s)
{
    const size_t most = settings_directions(s->problem->settings, s->dim);
    average_set(&s->average, s->q, POINTS_LEAD, fresh(s));
    leading_find(&s->leading, &s->average, fresh(s), most, WORTH);
    const size_t r = s->leading.count;
    if (r == 0 || ended(s)) {
        return;
    }
    struct arena memory = {0};
    struct reflections O;
    reflections_init(&O, &memory, s->dim, r);
    rovi_approximation *turned = NULL;
    if (!memory.failed) {
        reflections_lead(&O, s->leading.U, s->place);
        turned = make(s, s->q->center, s->q->scale, r, O.V);
    }
    for (size_t k = 0; k < r && turned != NULL; k++) {
        struct map *T = &turned->maps[s->place[k]];
        T->alpha = 1 / sqrt(s->leading.curvature[k]);
        map_prepare(T);
    }
    s->restart->no_memory = s->restart->no_memory || memory.failed;
    arena_free(&memory);
    replace(s, turned);
}

/* Whether column i of the rotation is axis i rather than another direction. */
static bool is_axis(struct large *s, size_t i)
{
    reflections_column(&s->q->reflections, i, s->column);
    return s->column[i] * s->column[i] > 0.5;
}

/* q about its mean without its rotation, as wide along each axis as it was along the column in its place; where that is
 * no axis, the scale stays. */
static void turn_back(struct large *s)
{
    double *mean = s->theta, *scale = s->theta + s->dim;
    if (rovi_approximation_mean(s->q, mean, NULL) != ROVI_OK) {
        s->restart->no_memory = true;
        return;
    }
    for (size_t i = 0; i < s->dim; i++) {
        scale[i] = s->q->scale[i] * s->q->maps[i].alpha;
    }
    for (size_t k = 0; k < s->leading.count; k++) {
        const size_t i = s->place[k];
        scale[i] = is_axis(s, i) ? scale[i] : s->q->scale[i];
    }
    replace(s, make(s, mean, scale, 0, NULL));
}

/* What the widths beside the directions were off by when these were found, in nats: (log factor)^2 each, of a normal.
 */
static double widened(const struct large *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->dim; i++) {
        sum += pow(log(s->q->maps[i].alpha), 2);
    }
    for (size_t k = 0; k < s->leading.count; k++) {
        sum -= pow(log(s->q->maps[s->place[k]].alpha), 2);
    }
    return sum;
}

/* Where directions pull widths along, fixed points are too few for these: widths are off, and the directions in units
 * of them. Once those lead, widths are right, and directions in units of these are the target's. Without gain, q is the
 * best as it was. */
static void lead_again(struct large *s)
{
    const double matters = resolution(s);
    if (s->leading.count == 0 || !(s->best_divergence > matters) || !(widened(s) > matters) || ended(s)) {
        return;
    }
    turn_back(s);
    take_directions(s);
    stage(s, POINTS_MOST, STEPS);
    if (!(take_stock(s) > 0) && s->best != NULL) {
        go_back(s);
    }
}

/* Stages over fresh points until one gains less than what matters. */
static void polish(struct large *s)
{
    double gain = INFINITY;
    for (int round = 0; gain > resolution(s) * (round < ROUNDS ? 1 : STILL_RISING) && !ended(s); round++) {
        if (round == MORE_ROUNDS) {
            s->restart->stop = ROVI_STOP_MAX_ITERATIONS;
            return;
        }
        stage(s, POINTS_MOST, STEPS);
        gain = take_stock(s);
        if (round == 0) {
            lead_again(s);
        }
    }
    ended(s);
}

/* From the restart's start, of which the rotation stays. */
static void go_on(struct large *s)
{
    s->q = approximation_copy(s->restart->start);
    s->restart->no_memory = s->restart->no_memory || s->q == NULL;
    if (s->q != NULL) {
        take_stock(s);
        polish(s);
    }
}

/* Work for looking at the first restart's fit at draws of this one. */
static void look_init(struct large *s)
{
    if (s->problem->first == NULL) {
        return;
    }
    const size_t work = draw_work_or_scratch(s->problem->first->approximation, s->problem->target);
    s->first_work = arena_doubles(&s->memory, LOOKS * s->dim + work);
}

static bool set_up(struct large *s)
{
    const size_t d = s->dim, directions = settings_directions(s->problem->settings, d);
    s->last = settings_low_rank(s->problem->settings, d);
    s->theta = arena_doubles(&s->memory, 2 * d);
    s->column = arena_doubles(&s->memory, d);
    s->place = arena_take(&s->memory, directions, sizeof *s->place);
    s->ratio = arena_doubles(&s->memory, TRACE_DRAWS);
    average_init(&s->average, &s->memory, POINTS_MOST, &s->restart->progress);
    launch_init(&s->launch, &s->memory, &s->restart->progress, &s->average);
    leading_init(&s->leading, &s->memory, d, directions + directions / 2 + 1);
    s->restart->progress.shown.iterations = (uint64_t)s->problem->settings->iterations;
    if (s->memory.failed) {
        return false;
    }
    s->inner = s->restart->progress;
    s->inner.meter = &s->average.meter;
    ascent_init(&s->ascent, &s->memory, &s->inner, NULL);
    s->ascent.still = 0.1 * resolution(s);
    look_init(s);
    return restart_trace_room(s->restart, TRACE_POINTS) && !s->memory.failed;
}

/* The restart ends, and leaves the fit to the first. */
static void spare(struct large *s)
{
    s->restart->stop = ROVI_STOP_SAME_MODES;
    s->restart->iterations = s->restart->trace_length = 0;
    rovi_approximation_free(s->best);
    s->best = NULL;
}

/* From a launch. */
static void fit(struct large *s)
{
    take_stock(s);
    enter(s, "mean field");
    if (!fit_field(s)) {
        spare(s);
        return;
    }
    if (s->problem->rotate && !ended(s)) {
        enter(s, "leading directions");
        take_directions(s);
    }
    enter(s, "improving");
    polish(s);
}

static void solve(struct large *s)
{
    s->restart->stop = ROVI_STOP_CONVERGED; /* unless something else ends it */
    if (!set_up(s)) {
        s->restart->no_memory = true;
        return;
    }
    const bool goes_on = s->restart->start != NULL && !start_is_place(s->restart->start);
    enter(s, goes_on ? "improving" : "climbing");
    if (goes_on) {
        go_on(s);
    } else if (launch(s)) {
        fit(s);
    } else if (ended(s)) {
        s->best = begin(s); /* what is left when there was no time to look */
    } else {
        s->restart->stop = ROVI_STOP_FAILED;
    }
}

void restart_by_directions(const struct problem *problem, struct restart *restart, enum directions_begin begin,
                           const double *peak)
{
    struct large s = {.problem = problem,
                      .restart = restart,
                      .how = begin,
                      .peak = peak,
                      .dim = problem->target->dim,
                      .best_elbo = -INFINITY};
    solve(&s);
    restart->approximation = s.best;
    rovi_approximation_free(s.q);
    average_free(&s.average);
    arena_free(&s.memory);
}
