/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A rotated product has one covariance wherever one stands in it; the target's may grow along a direction, as that of a
 * hierarchy does with its scale. To first order that is a tensor, equation (44): with x the reference points of a
 * component and r the gradient of log p - log q there, S_ijk = E[x_i r_j x_k], symmetrised, is by Stein's lemma the
 * mean third derivative. Along a unit vector u the precision is I - t A(u), A = sum_i u_i S_i, t = u^T x. The direction
 * in which it changes most is the leading eigenvector of the matrix with elements <S_i, S_j>, found by power
 * iterations. There the component is cut in two halves, each with the mean and the variance along u of half a normal,
 * and elsewhere with the precision that belongs to its mean. The whole stays beside them, until weights drop it.
 */
#include "mixture/split.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "mixture/share.h"
#include "restart/batch.h"

#define POINTS      1024 /* of a component, and */
#define POINTS_DIM  16   /* as many more for each dimension, */
#define POINTS_MOST 4096 /* up to so many */
#define ITERATIONS  30
#define HALF_MEAN   0.79788456080286536 /* sqrt(2/pi): of half a standard normal */
#define EXPLAINED   0.15915494309189535 /* nats for each unit of energy: 1/4, of which halves tell 2/pi */
#define MILDER      4                   /* times the bend is halved, while a half would be too wide */
#define PIVOT       0.1                 /* of the precision of a half, at least */
#define NOISE       12                  /* times what chance alone makes of the energy */
#define RIVAL       0.5                 /* of the greatest promise: split in the same round */

struct splitting {
    const rovi_approximation *q; /* the component */
    size_t dim;
    struct batch batch;      /* x; y: work; w: r */
    double *u, *next;        /* d */
    double *kinks;           /* d: what the kinks of map i add to S_iii */
    double *spread;          /* d: root mean square of y about v */
    double *weight;          /* 2 n: work */
    double *bend[2];         /* d x d: A(u) by either half of the points */
    double *P, *M, *product; /* d x d: work */
    double *place;           /* d */
    double *qr;              /* work of a QR factor */
};

static bool splitting_init(struct splitting *s, struct arena *arena, const struct rovi_target *target,
                           struct team *team)
{
    const size_t d = target->dim;
    *s = (struct splitting){.dim = d};
    const size_t points = POINTS + POINTS_DIM * d;
    batch_init(&s->batch, arena, points < POINTS_MOST ? points & ~(size_t)1 : POINTS_MOST, target, team);
    s->qr = arena_doubles(arena, linalg_qr_work(d));
    s->weight = arena_doubles(arena, 2 * s->batch.n);
    double **vectors[] = {&s->u, &s->next, &s->kinks, &s->spread, &s->place};
    double **matrices[] = {&s->bend[0], &s->bend[1], &s->P, &s->M, &s->product};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        *vectors[i] = arena_doubles(arena, d);
    }
    for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++) {
        *matrices[i] = arena_doubles(arena, d * d);
    }
    return !arena->failed;
}

/* w becomes grad_x (log p - log q), or nothing where the target rejected the point; a map's slope counts as constant.
 */
static void take_gradients(struct splitting *s)
{
    const size_t d = s->dim, n = s->batch.n;
    memset(s->spread, 0, d * sizeof *s->spread);
    for (size_t p = 0; p < n; p++) {
        const double *x = s->batch.x + p * d, *y = s->batch.y + p * d;
        double *w = s->batch.w + p * d;
        const bool rejected = linalg_dot(d, w, w) == 0;
        for (size_t i = 0; i < d; i++) {
            const struct map *T = &s->q->maps[i];
            w[i] = rejected ? 0 : w[i] * T->slope[map_segment(T, x[i])] + x[i];
            s->spread[i] += (y[i] - T->v) * (y[i] - T->v) / (double)n;
        }
    }
    for (size_t i = 0; i < d; i++) {
        s->spread[i] = sqrt(s->spread[i]);
    }
}

/* rows of X less their mean */
static void center_rows(size_t n, size_t d, double *X, double *mean)
{
    memset(mean, 0, d * sizeof *mean);
    for (size_t p = 0; p < n; p++) {
        linalg_add(d, 1 / (double)n, X + p * d, mean);
    }
    for (size_t p = 0; p < n; p++) {
        linalg_add(d, -1, mean, X + p * d);
    }
}

/* w becomes r, less its regression on x: what is linear has no part in S, but for noise. */
static void take_residuals(struct splitting *s)
{
    const size_t d = s->dim, n = s->batch.n;
    double *w = s->batch.w, *x = s->batch.u, *linear = s->batch.y, *covariance = s->P, *slopes = s->M;
    memcpy(x, s->batch.x, n * d * sizeof *x);
    center_rows(n, d, x, s->next);
    center_rows(n, d, w, s->next);
    memset(covariance, 0, d * d * sizeof *covariance);
    memset(slopes, 0, d * d * sizeof *slopes);
    linalg_add_multiply_tn(d, n, d, 1, x, x, covariance);
    linalg_add_multiply_tn(d, n, d, 1, w, x, slopes);
    if (linalg_cholesky(d, covariance, covariance)) {
        linalg_solve_lower(d, d, covariance, slopes);
        linalg_solve_lower_transposed(d, d, covariance, slopes);
        linalg_multiply_nt(n, d, d, x, slopes, linear);
        linalg_add(n * d, -1, linear, w);
    }
}

/* The slope s of a map is constant between its kinks, where log q has the rest of its gradient: by parts, E[(x^2 - 1)
 * (log s)'] = E[(x^3 - 3x) log s]. What others of a mixture have of the point, and kinks of their own, is left out. */
static void take_kinks(struct splitting *s)
{
    const size_t d = s->dim, n = s->batch.n;
    memset(s->kinks, 0, d * sizeof *s->kinks);
    for (size_t p = 0; p < n * d; p++) {
        const struct map *T = &s->q->maps[p % d];
        const double x = s->batch.x[p];
        s->kinks[p % d] += (x * x * x - 3 * x) * T->log_slope[map_segment(T, x)] / (double)n;
    }
}

/* C += sum over n points of a weight times the outer product of the rows of X and Y; scaled: n x d, work. */
static void add_weighted(size_t n, size_t d, const double *X, const double *Y, const double *weight, double *scaled,
                         double *C)
{
    for (size_t p = 0; p < n * d; p++) {
        scaled[p] = weight[p / d] * Y[p];
    }
    linalg_add_multiply_tn(d, n, d, 1, X, scaled, C);
}

/* A(u), symmetrised, by n points from the first. */
static void find_bend(struct splitting *s, size_t first, size_t n, double *A)
{
    const size_t d = s->dim;
    const double *x = s->batch.x + first * d, *r = s->batch.w + first * d;
    double *along = s->weight, *pull = along + n, *C = s->product;
    linalg_multiply(n, d, 1, x, s->u, along);
    linalg_multiply(n, d, 1, r, s->u, pull);
    memset(C, 0, d * d * sizeof *C);
    add_weighted(n, d, r, x, along, s->batch.y, C);
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < d; j++) {
            A[i * d + j] = C[i * d + j] + C[j * d + i];
        }
    }
    add_weighted(n, d, x, x, pull, s->batch.y, A);
    for (size_t i = 0; i < d * d; i++) {
        A[i] /= 3 * (double)n;
    }
    for (size_t i = 0; i < d; i++) {
        A[i * d + i] += s->u[i] * s->kinks[i];
    }
}

static void normalise(size_t d, double *u)
{
    const double size = sqrt(linalg_dot(d, u, u));
    for (size_t i = 0; i < d; i++) {
        u[i] = size > 0 ? u[i] / size : i == 0;
    }
}

/* One power iteration: u_i <- <S_i, A(u)>. */
static void iterate(struct splitting *s)
{
    const size_t d = s->dim, n = s->batch.n;
    const double *x = s->batch.x, *r = s->batch.w, *A = s->bend[0];
    double *moved = s->batch.y;
    find_bend(s, 0, n, s->bend[0]);
    linalg_multiply(n, d, d, x, A, moved);
    for (size_t i = 0; i < d; i++) {
        s->next[i] = s->kinks[i] * A[i * d + i];
    }
    for (size_t p = 0; p < n; p++) {
        const double *row = moved + p * d, share = 1 / (3 * (double)n);
        linalg_add(d, 2 * share * linalg_dot(d, r + p * d, row), x + p * d, s->next);
        linalg_add(d, share * linalg_dot(d, x + p * d, row), r + p * d, s->next); /* r is about its mean */
    }
    memcpy(s->u, s->next, d * sizeof *s->u);
    normalise(d, s->u);
}

/* What chance alone makes of <A, B>, A and B by either half of the points: E|r|^2 over their number. */
static double chance(const struct splitting *s)
{
    const double n = (double)s->batch.n;
    return linalg_dot(s->batch.n * s->dim, s->batch.w, s->batch.w) / n / (n / 2);
}

/* Of the entries of S that have u among their indices, the sum of squares, over 3, by two estimates of A(u), of half
 * of the points each: of <A, A> an entry with u once is a third, with u twice two thirds, with u alone all. */
static double energy(struct splitting *s, const double *A, const double *B)
{
    const size_t d = s->dim;
    double *a = s->next, *b = s->place;
    linalg_multiply(d, d, 1, A, s->u, a);
    linalg_multiply(d, d, 1, B, s->u, b);
    return linalg_dot(d * d, A, B) - linalg_dot(d, a, b) + linalg_dot(d, a, s->u) * linalg_dot(d, b, s->u) / 3;
}

/* The direction, and what there is along it. Nothing where it may be chance. */
static double find_direction(struct splitting *s, struct rng_stream stream)
{
    const size_t d = s->dim, half = s->batch.n / 2;
    stream.purpose = RNG_PROBE; /* the stream itself is of the points */
    rng_normals(stream, UINT64_MAX, d, s->u);
    normalise(d, s->u);
    for (int i = 0; i < ITERATIONS; i++) {
        iterate(s);
    }
    find_bend(s, 0, half, s->bend[0]);
    find_bend(s, half, half, s->bend[1]);
    const double found = energy(s, s->bend[0], s->bend[1]);
    return found > NOISE * chance(s) ? found : 0;
}

static double least_pivot(size_t d, const double *L)
{
    double least = INFINITY;
    for (size_t i = 0; i < d; i++) {
        least = fmin(least, L[i * (d + 1)] * L[i * (d + 1)]);
    }
    return least;
}

/* Into P the Cholesky factor of the precision of a half, at t along u, in the coordinates x; milder as long as there is
 * none. */
static bool factor_half(struct splitting *s, double t)
{
    const size_t d = s->dim;
    const double narrower = 1 / (1 - HALF_MEAN * HALF_MEAN) - 1, *u = s->u, *A = s->bend[0];
    double *P = s->P, bend = t;
    for (int k = 0; k <= MILDER; k++, bend *= 0.5) {
        for (size_t i = 0; i < d; i++) {
            for (size_t j = 0; j < d; j++) {
                P[i * d + j] = (i == j) - bend * A[i * d + j] + narrower * u[i] * u[j];
            }
        }
        if (linalg_cholesky(d, P, P) && least_pivot(d, P) > PIVOT) {
            return true;
        }
    }
    return false;
}

/* With D the spread of y and P the factor, M = L O D P^-T D^-1, a lower triangle times a rotation again: from M^T = Q
 * R, O = Q^T and L = M Q. False when it is singular. */
static bool turn_frame(struct splitting *s, double *L, double *O)
{
    const size_t d = s->dim;
    double *M = s->M, *inverse = O, *Q = s->product;
    for (size_t i = 0; i < d * d; i++) {
        L[i] = s->q->transform[i] * s->spread[i % d];
    }
    linalg_identity(d, inverse);
    linalg_solve_lower(d, d, s->P, inverse); /* rows P^-1 e_i: P^-T */
    linalg_multiply(d, d, d, L, inverse, M);
    for (size_t i = 0; i < d * d; i++) {
        M[i] /= s->spread[i % d];
    }
    linalg_transpose(d, d, M, Q);
    if (!linalg_qr_q(d, Q, Q, s->qr)) {
        return false;
    }
    linalg_multiply(d, d, d, M, Q, L);
    for (size_t i = 0; i < d; i++) {
        memset(L + i * d + i + 1, 0, (d - i - 1) * sizeof *L);
    }
    linalg_transpose(d, d, Q, O);
    return true;
}

/* The component at t along u, with the precision that belongs there and its maps as they are; NULL where there is none.
 * False when out of memory. */
static bool make_half(struct splitting *s, double t, rovi_approximation **made)
{
    const size_t d = s->dim;
    struct arena memory = {0};
    double *center = arena_doubles(&memory, d), *L = arena_doubles(&memory, d * d), *O = arena_doubles(&memory, d * d);
    bool ok = !memory.failed;
    *made = NULL;
    if (ok && factor_half(s, t) && turn_frame(s, L, O)) {
        for (size_t i = 0; i < d; i++) {
            s->place[i] = s->q->maps[i].v + s->spread[i] * t * s->u[i];
        }
        approximation_place(s->q, 1, s->place, center);
        *made = approximation_reframe(s->q, center, L, O);
        ok = *made != NULL;
    }
    arena_free(&memory);
    return ok;
}

/* A component cut in two, before it is known whether that is worth anything. */
struct halves {
    rovi_approximation *q[2]; /* NULL: there is none */
    double promise;           /* nats that the mixture gains */
};

static bool make_halves(struct splitting *s, struct halves *halves)
{
    const size_t size = s->dim * s->dim;
    linalg_add(size, 1, s->bend[1], s->bend[0]);
    linalg_add(size, -0.5, s->bend[0], s->bend[0]); /* their mean */
    return make_half(s, HALF_MEAN, &halves->q[0]) && make_half(s, -HALF_MEAN, &halves->q[1]);
}

/* Halves of component k, whose target is the view, where they promise enough. False when out of memory. */
static bool cut(const struct rovi_target *view, const struct blend *b, size_t k, double least,
                const struct progress *progress, struct team *team, struct rng_stream stream, struct halves *halves)
{
    struct arena memory = {0};
    struct meter meter;
    struct splitting s;
    struct progress own = *progress;
    rovi_stop stop = ROVI_STOP_CONVERGED;
    bool ok = splitting_init(&s, &memory, view, team);
    meter_init(&meter, view);
    own.meter = &meter;
    own.budget = 0;
    s.q = b->q[k];
    if (ok && batch_evaluate(&s.batch, s.q, stream, &own, &stop)) {
        take_gradients(&s);
        take_residuals(&s);
        take_kinks(&s);
        halves->promise = EXPLAINED * b->weight[k] * find_direction(&s, stream);
        ok = !(halves->promise > least) || make_halves(&s, halves);
    }
    arena_free(&memory);
    return ok;
}

/* Halves of every component. False when out of memory. */
static bool cut_all(const struct blend *b, double least, const struct progress *progress, struct team *team,
                    struct rng_stream stream, struct halves *halves)
{
    rovi_approximation *q = blend_mix(b);
    bool ok = q != NULL;
    for (size_t k = 0; k < b->count && ok; k++, stream.substream++) {
        struct rovi_target *view = share_new(progress->meter, q, k);
        ok = view != NULL && cut(view, b, k, least, progress, team, stream, &halves[k]);
        rovi_target_free(view);
    }
    rovi_approximation_free(q);
    return ok;
}

static bool is_cut(const struct halves *h)
{
    return h->q[0] != NULL && h->q[1] != NULL;
}

/* Those that promise most become components, as long as there is room; the others are freed. */
static void add_best(struct blend *b, size_t count, struct halves *halves, size_t *added)
{
    double most = 0;
    for (size_t k = 0; k < count; k++) {
        most = is_cut(&halves[k]) ? fmax(most, halves[k].promise) : most;
    }
    for (size_t k = 0; k < count; k++) {
        struct halves *h = &halves[k];
        if (is_cut(h) && h->promise > RIVAL * most && b->count + 2 <= b->room) {
            blend_add(b, h->q[0]);
            blend_add(b, h->q[1]);
            *added += 2;
        } else {
            rovi_approximation_free(h->q[0]);
            rovi_approximation_free(h->q[1]);
        }
    }
}

bool split_blend(struct blend *b, double least, const struct progress *progress, struct team *team,
                 struct rng_stream stream, size_t *added)
{
    struct arena memory = {0};
    const size_t count = b->count;
    struct halves *halves = arena_take(&memory, count, sizeof *halves);
    *added = 0;
    const bool ok = halves != NULL && cut_all(b, least, progress, team, stream, halves);
    if (halves != NULL) {
        add_best(b, count, halves, added);
    }
    arena_free(&memory);
    return ok;
}
