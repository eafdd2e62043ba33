/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * L-BFGS (Liu and Nocedal 1989), in the coordinates u of x = begin + L u: where the metric L is the spread of a
 * mode that is known, another one of about its shape is a few steps away, whatever the units of x. A climb need not be
 * precise: what it finds is refined by Gaussian variational steps, which see more than the curvature at a point.
 */
#include "climb/ascent.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/linalg.h"

#define MOST_STEPS  1000 /* of a climb, low or not */
#define MOST_TRIALS 30
#define SUFFICIENT  1e-4               /* share of the slope that a step must gain */
#define FLATTER     0.9                /* share of the slope that may be left after a step */
#define LENGTHEN    4                  /* a step that is too short */
#define SHRINK      0.2                /* one that ends at a rejected point */
#define INSIDE      0.05               /* of a bracket, at least, from its ends */
#define DIFFERENCE  1e-4               /* of the scale: truncation 1e-8, rounding 1e-12, both relative */
#define PULLS       5                  /* halvings of the way to where there is support */
#define SIDES       (TARGET_BLOCK / 2) /* coordinates of a block of differences */

void ascent_init(struct ascent *a, struct arena *arena, const struct progress *progress, struct team *team)
{
    const size_t d = progress->meter->target->dim;
    *a = (struct ascent){.progress = progress,
                         .team = team,
                         .dim = d,
                         .most_steps = 200,
                         .low = -INFINITY,
                         .still = 1e-6,
                         .enough = INFINITY};
    a->work_size = 2 * TARGET_BLOCK * d + progress->meter->target->scratch;
    a->work = arena_doubles(arena, team_size(team) * a->work_size);
    lbfgs_init(&a->memory, arena, d);
    a->begin = arena_doubles(arena, d);
    a->at = arena_doubles(arena, d);
    a->x = arena_doubles(arena, d);
    a->grad = arena_doubles(arena, d);
    a->direction = arena_doubles(arena, d);
    a->trial = arena_doubles(arena, d);
    a->trial_grad = arena_doubles(arena, d);
}

/* a->x <- begin + L u */
static void place(struct ascent *a, const double *u)
{
    memcpy(a->x, u, a->dim * sizeof *u);
    metric_to_x(a->metric, a->dim, a->x);
    for (size_t j = 0; j < a->dim; j++) {
        a->x[j] += a->begin[j];
    }
}

static bool evaluate(struct ascent *a, const double *u, double *logp, double *grad)
{
    rovi_stop stop = ROVI_STOP_INTERRUPTED;
    place(a, u);
    if (supervisor_ends_all(a->progress, &stop) ||
        meter_evaluate(a->progress->meter, 1, a->x, logp, grad, a->work) > 0) {
        return false;
    }
    metric_to_gradient(a->metric, a->dim, grad);
    return true;
}

struct bracket { /* of a line search: the end that gains, and the far one, or infinity */
    double low, high;
    double value[2], slope[2]; /* at both; a rejected end has the value -infinity */
};

/* Where the cubic through both ends is highest, well inside of them. */
static double between(const struct bracket *b)
{
    const double width = b->high - b->low, middle = 0.5 * (b->low + b->high);
    if (!isfinite(b->value[1])) {
        return b->low + SHRINK * width;
    }
    const double rise = 3 * (b->value[1] - b->value[0]) / width - b->slope[0] - b->slope[1];
    const double square = rise * rise - b->slope[0] * b->slope[1];
    const double root = sqrt(fmax(0, square)), off = 2 * root + b->slope[0] - b->slope[1];
    const double part = (b->slope[0] + rise + root) / off;
    return square >= 0 && off > 0 && isfinite(part) ? b->low + width * fmin(fmax(part, INSIDE), 1 - INSIDE) : middle;
}

/* The trial point at a step length that gains enough and beyond which the slope is less steep (the weak conditions of
 * Wolfe), or, when the search ends before, one that gains enough; false when none does. */
static bool search(struct ascent *a, double *logp, double step)
{
    const double slope = linalg_dot(a->dim, a->direction, a->grad);
    struct bracket b = {.high = INFINITY, .value = {*logp}, .slope = {slope}};
    double value = -INFINITY;
    for (int k = 0; k < MOST_TRIALS && step * slope > a->still; k++) {
        memcpy(a->trial, a->at, a->dim * sizeof *a->at);
        linalg_add(a->dim, step, a->direction, a->trial);
        const bool valid = evaluate(a, a->trial, &value, a->trial_grad);
        const double here = valid ? linalg_dot(a->dim, a->direction, a->trial_grad) : -INFINITY;
        const bool gains = valid && value >= *logp + SUFFICIENT * step * slope;
        if (gains && here <= FLATTER * slope) {
            *logp = value;
            return true;
        }
        const int side = gains ? 0 : 1;
        *(gains ? &b.low : &b.high) = step;
        b.value[side] = valid ? value : -INFINITY;
        b.slope[side] = here;
        step = isinf(b.high) ? LENGTHEN * step : between(&b);
    }
    if (b.low == 0) {
        return false;
    }
    memcpy(a->trial, a->at, a->dim * sizeof *a->at);
    linalg_add(a->dim, b.low, a->direction, a->trial);
    return evaluate(a, a->trial, logp, a->trial_grad);
}

static void record(struct ascent *a, int steps)
{
    if (a->path != NULL && (steps & (steps - 1)) == 0 && a->path->count < a->path->room) {
        place(a, a->at);
        memcpy(a->path->x + a->path->count++ * a->dim, a->x, a->dim * sizeof *a->x);
    }
}

/* Whether a->x, evaluated last, is where the climb was to come to. */
static bool has_come(const struct ascent *a, double logp)
{
    return logp >= a->enough || (a->arrived != NULL && a->arrived(a->arrived_data, a->x, logp));
}

/* One step, which is kept; false when none gains. */
static bool step(struct ascent *a, double *logp)
{
    lbfgs_direction(&a->memory, a->grad, a->direction);
    const double first = 1 / sqrt(1 + linalg_dot(a->dim, a->grad, a->grad)); /* a step of at most unit length */
    if (!search(a, logp, a->memory.pairs > 0 ? 1 : first)) {
        return false;
    }
    lbfgs_keep(&a->memory, &(struct lbfgs_step){a->at, a->trial, a->grad, a->trial_grad});
    memcpy(a->at, a->trial, a->dim * sizeof *a->at);
    memcpy(a->grad, a->trial_grad, a->dim * sizeof *a->grad);
    a->came = has_come(a, *logp);
    return true;
}

bool ascent_climb(struct ascent *a, struct metric metric, double *x, double *logp)
{
    a->metric = metric;
    a->came = false;
    memcpy(a->begin, x, a->dim * sizeof *x);
    memset(a->at, 0, a->dim * sizeof *a->at);
    lbfgs_forget(&a->memory);
    if (a->path != NULL) {
        a->path->count = 0;
    }
    if (!evaluate(a, a->at, logp, a->grad)) {
        return false;
    }
    a->came = has_come(a, *logp);
    int t = 0;
    for (int high = 0; t < MOST_STEPS && high < a->most_steps && !a->came; t++) {
        record(a, t);
        if (!step(a, logp)) {
            break;
        }
        high += *logp >= a->low;
    }
    a->cut = t == MOST_STEPS && *logp < a->low;
    place(a, a->at);
    memcpy(x, a->x, a->dim * sizeof *x);
    return true;
}

bool ascent_climb_nearer(struct ascent *a, struct metric metric, const double *toward, double *x, double *logp)
{
    for (int pull = 0; pull <= PULLS; pull++) {
        if (ascent_climb(a, metric, x, logp)) {
            return true;
        }
        for (size_t j = 0; j < a->dim; j++) {
            x[j] = 0.5 * (x[j] + (toward != NULL ? toward[j] : 0));
        }
    }
    return false;
}

struct job {
    struct ascent *ascent;
    const double *x, *scale;
    double *H;
    atomic_bool failed;
};

/* Rows of H from the gradients on either side of x, a few coordinates at once. */
static void difference(void *context, size_t index, size_t worker)
{
    struct job *job = context;
    const struct ascent *a = job->ascent;
    const size_t d = a->dim, first = index * SIDES, n = d - first < SIDES ? d - first : SIDES;
    double *x = a->work + worker * a->work_size, *grad = x + TARGET_BLOCK * d, *scratch = grad + TARGET_BLOCK * d;
    double logp[TARGET_BLOCK];
    rovi_stop stop = ROVI_STOP_INTERRUPTED;
    for (size_t p = 0; p < 2 * n; p++) {
        const size_t i = first + p / 2;
        memcpy(x + p * d, job->x, d * sizeof *x);
        x[p * d + i] += (p % 2 == 0 ? DIFFERENCE : -DIFFERENCE) * job->scale[i];
    }
    if (atomic_load(&job->failed) || supervisor_ends_all(a->progress, &stop) ||
        meter_evaluate(a->progress->meter, 2 * n, x, logp, grad, scratch) > 0) {
        atomic_store(&job->failed, true);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < d; j++) {
            job->H[(first + i) * d + j] =
                (grad[(2 * i + 1) * d + j] - grad[2 * i * d + j]) / (2 * DIFFERENCE * job->scale[first + i]);
        }
    }
}

bool ascent_hessian(struct ascent *a, const double *x, const double *scale, double *H)
{
    const size_t d = a->dim;
    struct job job = {.ascent = a, .x = x, .scale = scale, .H = H};
    team_for(a->team, (d + SIDES - 1) / SIDES, difference, &job);
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < i; j++) {
            H[i * d + j] = H[j * d + i] = 0.5 * (H[i * d + j] + H[j * d + i]);
        }
    }
    return !atomic_load(&job.failed);
}
