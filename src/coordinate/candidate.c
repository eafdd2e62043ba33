/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rotations. Where the target is a rotated product, log p = sum_i e_i((O^T x)_i), every Hessian of log p is diagonal in
 * O's columns, so that O diagonalises all of them jointly; where it is a mixture of normals of one covariance (round,
 * in the frame), the Hessians between two means have the line between them as an eigenvector. Tried are, therefore, the
 * joint diagonaliser of Hessians at the modes, half way between them and at draws around the heaviest; the same of the
 * modes' alone, which ignores what lies between; the first one led by the line between the two heaviest modes; the
 * identity; and the identity without what the frame makes of correlations, which are known from few draws: of a product
 * of skewed coordinates no other keeps the axes.
 *
 * Maps. The marginals, along the rotated coordinates, of the mixture of local normals: they see every mode that was
 * found, with its weight. And those of one mode with no more than a trace of the others, since the best fit may be
 * collapsed, or nearly so: the trace makes the grids of the coordinate updates reach the other modes, and these say
 * then what mass each deserves.
 *
 * Order. A coordinate that parts the modes gives each the mass that the maps of the others leave it: maps which are
 * still the mixture's marginals, as wide as the widest mode, may leave a narrow one nothing. So it comes after those
 * that part the modes less, whose updates are a compromise between all modes.
 */
#include "coordinate/candidate.h"

#include <math.h>
#include <string.h>

#include "base/diagonalize.h"
#include "base/team_linalg.h"
#include "family/quantile.h"
#include "family/rotation.h"

#define SAME_AXIS         0.9999    /* cosine */
#define AROUND            6         /* Hessians at draws around the heaviest mode */
#define DIAGONALIZE_FLOPS 200000000 /* d^3 times the number of Hessians */
#define ALONE             4         /* single modes to start a mean-field fit from */
#define TRACE             1e-4      /* of the mass, for each other mode: well inside the reach of the lines' grids */

/* Two for every mode and some more, but no more than a joint diagonalisation, O(d^3) each, can take. */
static size_t hessian_room(size_t d, size_t n)
{
    const size_t wanted = 2 * n + AROUND, affordable = DIAGONALIZE_FLOPS / (d * d * d);
    return wanted < affordable ? wanted : affordable < 3 ? 3 : affordable;
}

void candidates_init(struct candidates *c, struct arena *arena, struct explorer *explorer, struct frame *frame)
{
    const size_t d = frame->dim, n = frame->count;
    *c = (struct candidates){.explorer = explorer, .frame = frame, .hessian_room = hessian_room(d, n)};
    c->hessians = arena_doubles(arena, c->hessian_room * d * d);
    c->O = arena_doubles(arena, d * d);
    c->mean = arena_doubles(arena, n * d);
    c->variance = arena_doubles(arena, n * d);
    c->local_weight = arena_doubles(arena, n);
    c->local_mean = arena_doubles(arena, n);
    c->local_sd = arena_doubles(arena, n);
    c->x = arena_doubles(arena, d);
    c->scale = arena_doubles(arena, d);
    c->work = arena_doubles(arena, rotation_work(d) + d * d);
    for (size_t k = 0; k < CANDIDATE_MOST; k++) {
        c->list[k].lines = arena_take(arena, d, sizeof(size_t));
        c->list[k].order = arena_take(arena, d, sizeof(size_t));
    }
}

void candidates_free(struct candidates *c)
{
    for (size_t k = 0; k < c->count; k++) {
        rovi_approximation_free(c->list[k].q);
    }
    c->count = 0;
}

/* ---- maps ---- */

/* Mean and variance of every local along every column of O. */
static void project(struct candidates *c, const double *O)
{
    const struct frame *f = c->frame;
    const size_t d = f->dim, n = f->count;
    double *image = c->work;
    linalg_multiply(n, d, d, f->mean, O, c->mean);
    memset(c->variance, 0, n * d * sizeof *c->variance);
    for (size_t k = 0; k < n; k++) {
        team_multiply(f->team, d, d, d, f->covariance + k * d * d, O, image);
        for (size_t r = 0; r < d; r++) {
            for (size_t i = 0; i < d; i++) {
                c->variance[k * d + i] += O[r * d + i] * image[r * d + i];
            }
        }
    }
}

/* Their own weights for the locals from..to-1, a trace for the others. */
static void set_weights(struct candidates *c, size_t from, size_t to)
{
    const double *weight = c->frame->weight;
    double inside = 0;
    for (size_t k = from; k < to; k++) {
        inside += weight[k];
    }
    for (size_t k = 0; k < c->frame->count; k++) {
        c->local_weight[k] = k >= from && k < to ? weight[k] : TRACE * inside;
    }
}

/* The map of a single normal: a line, in one cell that few draws leave. */
static void set_line(double mean, double sd, struct map *T)
{
    static const double knots[2] = {-6, 6};
    map_set(T, 1, knots, sd);
    T->v = mean;
    map_prepare(T);
}

/* The marginals of the locals so weighted, in the frame turned by q's rotation. */
static bool set_maps(struct candidates *c, rovi_approximation *q, size_t from, size_t to)
{
    const size_t d = q->dim, n = c->frame->count;
    struct log_density density;
    project(c, q->rotation);
    set_weights(c, from, to);
    for (size_t i = 0; i < d; i++) {
        for (size_t k = 0; k < n; k++) {
            c->local_mean[k] = c->mean[k * d + i];
            c->local_sd[k] = sqrt(c->variance[k * d + i]);
        }
        if (n == 1) {
            set_line(c->local_mean[0], c->local_sd[0], &q->maps[i]);
            continue;
        }
        quantile_mixture(n, c->local_weight, c->local_mean, c->local_sd, &density);
        if (!quantile_map(&density, &q->maps[i])) {
            return false;
        }
    }
    return true;
}

/* Whether the columns of O and P are the same up to order and sign: the families are then the same. */
static bool same_axes(struct candidates *c, const double *O, const double *P)
{
    const size_t d = c->frame->dim;
    double *cosines = c->work;
    memset(cosines, 0, d * d * sizeof *cosines);
    team_add_multiply_tn(c->frame->team, &(struct linalg_tn){d, d, d, 1, O, P, cosines});
    for (size_t i = 0; i < d; i++) {
        double most = 0;
        for (size_t j = 0; j < d; j++) {
            most = fmax(most, fabs(cosines[i * d + j]));
        }
        if (most < SAME_AXIS) {
            return false;
        }
    }
    return true;
}

static bool is_listed(struct candidates *c, size_t from, size_t to)
{
    for (size_t k = 0; k < c->count; k++) {
        const struct candidate *listed = &c->list[k];
        if (listed->frame == c->frame && listed->from == from && listed->to == to &&
            same_axes(c, listed->q->rotation, c->O)) {
            return true;
        }
    }
    return false;
}

/* How far the locals lie apart along coordinate i, next to how wide they are there. */
static double parting(const struct candidates *c, size_t i)
{
    const size_t d = c->frame->dim, n = c->frame->count;
    const double *weight = c->frame->weight;
    double mean = 0, square = 0, within = 0;
    for (size_t k = 0; k < n; k++) {
        const double m = c->mean[k * d + i] - c->mean[i];
        mean += weight[k] * m;
        square += weight[k] * m * m;
        within += weight[k] * c->variance[k * d + i];
    }
    return (square - mean * mean) / within;
}

/* Coordinate i goes among the first i, which are in order of their parting, kept in c->x. */
static void insert_by_parting(struct candidates *c, size_t i, size_t *order)
{
    const double here = c->x[i] = parting(c, i);
    size_t place = i;
    for (; place > 0 && c->x[order[place - 1]] > here; place--) {
        order[place] = order[place - 1];
    }
    order[place] = i;
}

static struct candidate *list(struct candidates *c, rovi_approximation *q, size_t from, size_t to)
{
    struct candidate *fresh = &c->list[c->count++];
    *fresh = (struct candidate){.q = q,
                                .frame = c->frame,
                                .from = from,
                                .to = to,
                                .lines = fresh->lines,
                                .order = fresh->order,
                                .elbo = -INFINITY,
                                .divergence = INFINITY};
    for (size_t i = 0; i < c->frame->dim; i++) {
        fresh->order[i] = i;
    }
    return fresh;
}

/* Adds the rotation c->O with those maps, unless it is listed; false when out of memory. */
static bool add(struct candidates *c, size_t from, size_t to)
{
    if (is_listed(c, from, to)) {
        return true;
    }
    const rovi_approximation_parts parts = {
        .dim = c->frame->dim, .center = c->frame->center, .whitening = c->frame->L, .rotation = c->O};
    rovi_approximation *q = approximation_of_identities(&parts, QUANTILE_KNOTS);
    if (q == NULL || c->count == CANDIDATE_MOST || !set_maps(c, q, from, to)) {
        rovi_approximation_free(q);
        return q != NULL;
    }
    const struct candidate *fresh = list(c, q, from, to);
    for (size_t i = 0; i < q->dim; i++) {
        insert_by_parting(c, i, fresh->order);
    }
    return true;
}

bool candidates_add_start(struct candidates *c, const rovi_approximation *start)
{
    rovi_approximation *q = approximation_make(&start->view, QUANTILE_KNOTS);
    if (q == NULL) {
        return false;
    }
    list(c, q, 0, 0);
    return true;
}

/* ---- rotations ---- */

static void take_hessian(struct candidates *c, size_t *count)
{
    const size_t d = c->frame->dim;
    double *H = c->hessians + *count * d * d;
    const double size = sqrt(linalg_dot(d * d, H, H));
    for (size_t i = 0; i < d * d; i++) {
        H[i] /= size; /* far out they may be huge, and tell no more */
    }
    *count += isfinite(size) && size > 0;
}

static void hessian_at_point(struct candidates *c, size_t *count)
{
    if (*count == c->hessian_room) {
        return;
    }
    double *H = c->hessians + *count * c->frame->dim * c->frame->dim;
    if (ascent_hessian(&c->explorer->ascent, c->x, c->scale, H)) {
        frame_hessian(c->frame, H);
        take_hessian(c, count);
    }
}

static size_t hessians_of_modes(struct candidates *c)
{
    size_t count = 0;
    for (size_t k = 0; k < c->frame->count && count + 1 < c->hessian_room; k++) {
        frame_precision(c->frame, k, c->hessians + count * c->frame->dim * c->frame->dim);
        take_hessian(c, &count);
    }
    return count;
}

static void hessians_elsewhere(struct candidates *c, uint64_t seed, size_t *count)
{
    const struct rng_stream stream = {.seed = seed, .purpose = RNG_START, .substream = 5};
    const struct local *locals = c->explorer->locals;
    const size_t d = c->frame->dim;
    for (size_t i = 0; i < d; i++) {
        c->scale[i] = sqrt(linalg_dot(d, locals[0].L + i * d, locals[0].L + i * d));
    }
    for (size_t k = 1; k < c->frame->count; k++) { /* half way to the others */
        for (size_t i = 0; i < d; i++) {
            c->x[i] = 0.5 * (locals[0].mean[i] + locals[k].mean[i]);
        }
        hessian_at_point(c, count);
    }
    for (size_t k = 0; k < AROUND; k++) {
        rng_normals(stream, k, d, c->work);
        linalg_multiply(d, d, 1, locals[0].L, c->work, c->x);
        for (size_t i = 0; i < d; i++) {
            c->x[i] += locals[0].mean[i];
        }
        hessian_at_point(c, count);
    }
}

/* O's first column becomes the line between the two heaviest modes, in place of the column most like it. */
static bool lead_with_line(struct candidates *c)
{
    const size_t d = c->frame->dim;
    double *u = c->x, most = 0;
    size_t like = 0;
    for (size_t i = 0; i < d; i++) {
        u[i] = c->frame->mean[d + i] - c->frame->mean[i];
    }
    for (size_t k = 0; k < d; k++) {
        double along = 0;
        for (size_t i = 0; i < d; i++) {
            along += u[i] * c->O[i * d + k];
        }
        if (fabs(along) > most) {
            most = fabs(along);
            like = k;
        }
    }
    for (size_t i = 0; i < d; i++) {
        c->O[i * d + like] = c->O[i * d];
        c->O[i * d] = u[i];
    }
    return linalg_qr_q(d, c->O, c->O, c->work);
}

bool candidates_make(struct candidates *c, bool rotate)
{
    const size_t n = c->frame->count;
    linalg_identity(c->frame->dim, c->O);
    bool ok = add(c, 0, n);
    for (size_t k = 0; k < n && n > 1 && !rotate && k < ALONE; k++) {
        ok = ok && add(c, k, k + 1);
    }
    return ok;
}

bool candidates_add_product(struct candidates *c, struct frame *frame, double most)
{
    struct frame *own = c->frame;
    if (!(frame_coupling(frame, 0, c->hessians) < most)) {
        return true;
    }
    c->frame = frame;
    linalg_identity(frame->dim, c->O);
    const bool ok = add(c, 0, frame->count);
    c->frame = own;
    return ok;
}

bool candidates_rotate(struct candidates *c, uint64_t seed)
{
    const size_t d = c->frame->dim, n = c->frame->count;
    if (d == 1) {
        return true;
    }
    size_t count = hessians_of_modes(c);
    linalg_identity(d, c->O);
    diagonalize_jointly(d, count, c->hessians, c->O);
    if (!add(c, 0, n) || (n > 1 && !add(c, 0, 1))) {
        return false;
    }
    count = hessians_of_modes(c);
    hessians_elsewhere(c, seed, &count);
    linalg_identity(d, c->O);
    diagonalize_jointly(d, count, c->hessians, c->O);
    return add(c, 0, n) && (n == 1 || !lead_with_line(c) || add(c, 0, n));
}
