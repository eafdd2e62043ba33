/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * With w = grad_y log p and y about its mean, turning the plane (i, j) by theta changes F at the rate
 * g = -E[w_i y_j - w_j y_i], equation (24). Were the coordinates independent under the target, the second derivative
 * would be h = E[w_i^2] E[y_j^2] + E[w_j^2] E[y_i^2] - 2, which is zero for two normals of one variance
 * alone (any rotation of an isotropic normal is as good). This is the Newton step of independent component analysis. A
 * plane moves when |g| exceeds its standard error by enough that none of the d(d-1)/2 planes is likely to do so by
 * chance.
 */
#include "coordinate/turn.h"

#include <math.h>
#include <string.h>

#include "base/normal.h"
#include "base/team_linalg.h"
#include "family/rotation.h"

#define MOST_ANGLE      0.5 /* radians */
#define LEAST_CURVATURE 0.1 /* of E[w_i^2] E[y_j^2] + E[w_j^2] E[y_i^2]: where the estimate of h is near zero */
#define SURE            2.0 /* standard errors of what the other planes hide together */
#define CHANCE          0.1 /* expected number of planes that move by chance alone */

void turn_init(struct turn *turn, struct arena *arena, size_t d, struct team *team)
{
    *turn = (struct turn){.dim = d,
                          .team = team,
                          .cross = arena_doubles(arena, d * d),
                          .squares = arena_doubles(arena, d * d),
                          .mixed = arena_doubles(arena, d * d),
                          .angles = arena_doubles(arena, d * d),
                          .spread = arena_doubles(arena, d),
                          .fisher = arena_doubles(arena, d),
                          .promised = arena_doubles(arena, d),
                          .mean = arena_doubles(arena, d),
                          .before = arena_doubles(arena, d * d),
                          .work = arena_doubles(arena, d * d + rotation_work(d))};
}

/* Moments over the batch, whose x, y and w become y^2, y w and w^2. */
static void take_moments(struct turn *t, struct batch *b)
{
    const size_t d = t->dim;
    const double share = 1 / (double)b->valid;
    memset(t->cross, 0, d * d * sizeof *t->cross);
    memset(t->squares, 0, d * d * sizeof *t->squares);
    memset(t->mixed, 0, d * d * sizeof *t->mixed);
    memset(t->spread, 0, d * sizeof *t->spread);
    memset(t->fisher, 0, d * sizeof *t->fisher);
    for (size_t p = 0; p < b->n; p++) {
        for (size_t i = 0; i < d; i++) {
            b->y[p * d + i] -= t->mean[i];
        }
    }
    team_add_multiply_tn(t->team, &(struct linalg_tn){d, b->n, d, share, b->w, b->y, t->cross});
    for (size_t p = 0; p < b->n; p++) {
        double *x = b->x + p * d, *y = b->y + p * d, *w = b->w + p * d;
        for (size_t i = 0; i < d; i++) {
            x[i] = y[i] * y[i];
            y[i] = w[i] * y[i];
            w[i] = w[i] * w[i];
            t->spread[i] += share * x[i];
            t->fisher[i] += share * w[i];
        }
    }
    team_add_multiply_tn(t->team, &(struct linalg_tn){d, b->n, d, share, b->w, b->x, t->squares});
    team_add_multiply_tn(t->team, &(struct linalg_tn){d, b->n, d, share, b->y, b->y, t->mixed});
}

/* What the planes that do not move hide together. The gain g^2/2h of each is mostly noise, whose mean is known, and
 * whose variance, 2 (noise^2/2h)^2 for a normal g, adds up much more slowly than it does itself. */
struct hidden {
    double excess, variance; /* over the mean of the noise, and of that */
};

/* The angle of plane (i, j), and what it promises or may hide. */
static double plan_plane(struct turn *t, size_t i, size_t j, double n, double threshold, struct turn_outlook *outlook,
                         struct hidden *hidden)
{
    const size_t d = t->dim, ij = i * d + j, ji = j * d + i;
    const double g = t->cross[ji] - t->cross[ij];
    const double variance = (t->squares[ij] + t->squares[ji] - 2 * t->mixed[ij] - g * g) / n;
    const double most = t->fisher[i] * t->spread[j] + t->fisher[j] * t->spread[i];
    const double h = fmax(most - 2, LEAST_CURVATURE * most);
    const double noise = sqrt(fmax(0, variance)) + 1e-9 * most; /* rounding: no plane moves for less */
    if (!(fabs(g) > threshold * noise)) {
        hidden->excess += 0.5 * (g * g - noise * noise) / h;
        hidden->variance += 0.5 * pow(noise, 4) / (h * h);
        return 0;
    }
    const double gain = 0.5 * g * g / h;
    outlook->gain += gain;
    t->promised[i] += gain;
    t->promised[j] += gain;
    return fmax(-MOST_ANGLE, fmin(MOST_ANGLE, -g / h));
}

void turn_follow(struct turn *turn, const rovi_approximation *q)
{
    for (size_t i = 0; i < turn->dim; i++) {
        turn->mean[i] = q->maps[i].v;
    }
}

struct turn_outlook turn_plan(struct turn *turn, const rovi_approximation *q, struct batch *batch)
{
    const size_t d = turn->dim;
    struct turn_outlook outlook = {0};
    struct hidden hidden = {0, 0};
    memcpy(turn->before, q->rotation, d * d * sizeof *turn->before);
    turn_follow(turn, q);
    for (size_t i = 0; i < d; i++) {
        turn->angles[i * d + i] = turn->promised[i] = 0;
    }
    take_moments(turn, batch);
    const double threshold = -normal_quantile(CHANCE / (double)(d * d));
    for (size_t i = 0; i < d; i++) {
        for (size_t j = i + 1; j < d; j++) {
            const double angle = plan_plane(turn, i, j, (double)batch->valid, threshold, &outlook, &hidden);
            turn->angles[i * d + j] = angle;
            turn->angles[j * d + i] = -angle;
        }
    }
    outlook.unresolved = fmax(0, hidden.excess) + SURE * sqrt(hidden.variance);
    return outlook;
}

void turn_apply(struct turn *turn, rovi_approximation *q, double share)
{
    const size_t d = turn->dim;
    double *G = turn->work, *work = G + d * d, *place = work;
    team_multiply(turn->team, d, d, d, turn->before, turn->angles, G);
    memcpy(q->rotation, turn->before, d * d * sizeof *G);
    rotation_retract(d, q->rotation, G, -share, work);
    linalg_multiply(d, d, 1, turn->before, turn->mean, place); /* O v stays: v <- O_new^T O v */
    for (size_t i = 0; i < d; i++) {
        double v = 0;
        for (size_t r = 0; r < d; r++) {
            v += q->rotation[r * d + i] * place[r];
        }
        q->maps[i].v = v;
        map_prepare(&q->maps[i]);
    }
    approximation_prepare_rotation(q);
}
