/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * With x = m + L z and gamma = L^T grad log p(x), the normal of least KL satisfies E[gamma] = 0 and
 * -E[d gamma/dz] = I (Opper and Archambeau 2009), equation (25). The mean Jacobian A = -E[d gamma/dz] is estimated by
 * regressing gamma on z, which is exact for a normal target whatever the draws. A step of rate r takes the precision,
 * in whitened coordinates, from I to (1 - r) I + r A, and the mean by r times the Newton step.
 *
 * A whole step would gain S nats but for the noise of A and E[gamma], which costs N of them. What is left after a step
 * of rate r is about (1 - r)^2 S + r^2 N, least at r = S/(S + N); N is known from the residuals of the regression.
 */
#include "explore/local.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/linalg.h"
#include "base/normal.h"
#include "base/team_linalg.h"
#include "family/reference.h"

#define LONGEST 2.0  /* a step of the mean, in standard deviations, unless it is known better */
#define MARGIN  0.1  /* by which a precision must be positive, next to the present one, at most */
#define EXACT   1e-7 /* the same, of the margin, where there is no noise */
#define CERTAIN 3.0  /* times the noise of an eigenvalue: a margin */
#define NOISY   0.5  /* of the noise: a signal that is less shows nothing */
#define QUIET   0.02 /* nats: noise that does not hide where the mass is */
#define PART    0.04 /* of its distance from the target: what a step might gain that is not worth its draws */
#define FALL    2.0  /* errors, and times as far from the target: a step that has made things worse */
#define REACH   0.5  /* a step may be so many times as long as signal is to noise */
#define PAIRS   (TARGET_BLOCK / 2)

void local_init(struct local *local, struct arena *arena, size_t d)
{
    *local = (struct local){.mean = arena_doubles(arena, d),
                            .L = arena_doubles(arena, d * d),
                            .peak = arena_doubles(arena, d),
                            .elbo = -INFINITY};
}

void local_work_init(struct local_work *w, struct arena *arena, const struct progress *progress, struct team *team)
{
    const size_t d = progress->meter->target->dim, draws = 64 + 4 * d;
    *w = (struct local_work){.progress = progress, .team = team, .dim = d, .draws = draws, .part = PART};
    w->z = arena_doubles(arena, draws / 2 * d);
    w->odd = arena_doubles(arena, draws / 2 * d);
    w->even = arena_doubles(arena, draws / 2 * d);
    w->logp = arena_doubles(arena, draws);
    w->work_size = 2 * TARGET_BLOCK * d + progress->meter->target->scratch;
    w->work = arena_doubles(arena, team_size(team) * w->work_size);
    w->A = arena_doubles(arena, d * d);
    w->B = arena_doubles(arena, d * d);
    w->C = arena_doubles(arena, d * d);
    local_init(&w->last, arena, d);
    w->vector = arena_doubles(arena, d);
    w->step = arena_doubles(arena, d);
}

/* L <- a Cholesky factor of (P)^-1 given P = precision, positive definite; P and W (d x d) are used up. */
static bool factor_of_inverse(struct team *team, size_t d, double *P, double *W, double *L)
{
    if (!linalg_cholesky(d, P, P)) {
        return false;
    }
    linalg_identity(d, W);
    team_solve_lower(team, d, d, P, W);
    team_solve_lower_transposed(team, d, d, P, W);
    return linalg_cholesky(d, W, L);
}

void local_at(struct local *local, size_t d, const double *x)
{
    memcpy(local->mean, x, d * sizeof *x);
    linalg_identity(d, local->L);
}

bool local_laplace(struct local *local, struct local_work *w, const double *x, const double *H)
{
    memcpy(w->A, H, w->dim * w->dim * sizeof *H);
    memcpy(local->mean, x, w->dim * sizeof *x);
    return factor_of_inverse(w->team, w->dim, w->A, w->B, local->L);
}

/* The spread of a map from one standard deviation of the reference on either side. */
bool local_of_approximation(struct local *local, struct local_work *w, const rovi_approximation *q)
{
    const size_t d = w->dim;
    memset(w->A, 0, d * d * sizeof *w->A);
    for (size_t i = 0; i < d; i++) {
        const struct map *T = &q->maps[i];
        const double sd = 0.5 * (map_at(T, 1) - map_at(T, -1));
        w->step[i] = map_at(T, 0);
        approximation_axis(q, i, w->vector);
        for (size_t j = 0; j < d; j++) {
            for (size_t k = 0; k < d; k++) {
                w->A[j * d + k] += sd * sd * w->vector[j] * w->vector[k];
            }
        }
    }
    approximation_place(q, 1, w->step, local->mean);
    return linalg_cholesky(d, w->A, local->L);
}

struct job {
    const struct local *local;
    struct local_work *w;
    struct rng_stream stream;
    atomic_size_t rejected;
    atomic_bool ended;
};

/* x (2 m x d) <- mean +- L z, from m rows of z. */
static void place(const struct local *local, size_t m, size_t d, const double *z, double *x)
{
    memcpy(x, z, m * d * sizeof *x);
    linalg_multiply_lower_transposed(m, d, local->L, x);
    for (size_t p = 0; p < m * d; p++) {
        const double off = x[p];
        x[p] = local->mean[p % d] + off;
        x[m * d + p] = local->mean[p % d] - off;
    }
}

/* Rows of `odd` and `even`: difference and sum of the gradients of a pair. grad: 2 m x d. */
static void take_gradients(size_t m, size_t d, const double *grad, double *odd, double *even)
{
    for (size_t p = 0; p < m * d; p++) {
        odd[p] = grad[p] - grad[m * d + p];
        even[p] = grad[p] + grad[m * d + p];
    }
}

/* PAIRS antithetic pairs: log densities, gamma's odd and even part. */
static void ask(void *context, size_t index, size_t worker)
{
    struct job *job = context;
    struct local_work *w = job->w;
    const size_t d = w->dim, pairs = w->draws / 2, first = index * PAIRS;
    const size_t m = pairs - first < PAIRS ? pairs - first : PAIRS;
    double *x = w->work + worker * w->work_size, *grad = x + TARGET_BLOCK * d, *scratch = grad + TARGET_BLOCK * d;
    double *odd = w->odd + first * d, *even = w->even + first * d;
    double logp[TARGET_BLOCK];
    rovi_stop stop = ROVI_STOP_INTERRUPTED;
    if (atomic_load(&job->ended) || supervisor_ends_all(w->progress, &stop)) {
        atomic_store(&job->ended, true);
        return;
    }
    reference_points(job->stream, first, m, d, w->z + first * d);
    place(job->local, m, d, w->z + first * d, x);
    const size_t rejected = meter_evaluate(w->progress->meter, 2 * m, x, logp, grad, scratch);
    take_gradients(m, d, grad, odd, even);
    linalg_multiply_lower(m, d, job->local->L, odd); /* rows: gamma^T = grad^T L */
    linalg_multiply_lower(m, d, job->local->L, even);
    memcpy(w->logp + first, logp, m * sizeof *logp);
    memcpy(w->logp + pairs + first, logp + m, m * sizeof *logp);
    atomic_fetch_add(&job->rejected, rejected);
}

/* Antithetic draws, their log densities, and gamma. Returns how many the target accepted; the gradients of the others
 * are zero. */
static size_t draw(const struct local *local, struct local_work *w, struct rng_stream stream)
{
    struct job job = {.local = local, .w = w, .stream = stream};
    team_for(w->team, (w->draws / 2 + PAIRS - 1) / PAIRS, ask, &job);
    return atomic_load(&job.ended) ? 0 : w->draws - atomic_load(&job.rejected);
}

static void measure(struct local *local, const struct local_work *w, size_t accepted)
{
    const size_t pairs = w->draws / 2;
    double sum = 0, squares = 0, log_det = 0;
    for (size_t i = 0; i < w->dim; i++) {
        log_det += log(local->L[i * w->dim + i]);
    }
    for (size_t p = 0; p < pairs; p++) {
        const double *z = w->z + p * w->dim, half = 0.5 * linalg_dot(w->dim, z, z);
        for (size_t q = p; q < w->draws; q += pairs) {
            const double ratio = isfinite(w->logp[q]) ? w->logp[q] + half : 0;
            sum += ratio;
            squares += ratio * ratio;
        }
    }
    const double n = (double)accepted, mean = sum / n, variance = fmax(0, squares / n - mean * mean);
    local->elbo = mean + (double)w->dim * NORMAL_LOG_SQRT_2PI + log_det + log(n / (double)w->draws);
    local->error = sqrt(variance / n);
    local->off = accepted == w->draws ? 0.5 * variance : INFINITY;
}

/* A pair of which the target accepted both points counts twice, one of which it rejected one once. */
static void weigh_pairs(struct local_work *w)
{
    const size_t d = w->dim, pairs = w->draws / 2;
    for (size_t p = 0; p < pairs; p++) {
        const int count = isfinite(w->logp[p]) + isfinite(w->logp[pairs + p]);
        const double root = sqrt(count);
        for (size_t j = 0; j < d; j++) {
            w->z[p * d + j] *= root;
            w->odd[p * d + j] *= count > 0 ? 1 / root : 0;
        }
    }
}

/* w->vector <- mean gamma. Returns what its noise costs, in nats: half of the sum of its variances. */
static double average(struct local_work *w, size_t accepted)
{
    const size_t d = w->dim, pairs = w->draws / 2;
    double squares = 0;
    memset(w->vector, 0, d * sizeof *w->vector);
    for (size_t p = 0; p < pairs * d; p++) {
        w->vector[p % d] += w->even[p] / (double)accepted;
        squares += 0.25 * w->even[p] * w->even[p];
    }
    const double n = (double)accepted / 2, mean_square = linalg_dot(d, w->vector, w->vector);
    return 0.5 * fmax(0, squares / n - mean_square) / n;
}

/* The sum of the variances of the entries of w->C, a regression of rows of w->odd on rows of w->z: those of residuals
 * need not be alike (White 1980). w->even is used up. */
static double sum_of_variances(struct local_work *w, size_t accepted)
{
    const size_t d = w->dim, n = w->draws / 2;
    double *left = w->even, sum = 0;
    linalg_multiply_nt(n, d, d, w->z, w->C, left); /* -gamma as the regression has it */
    for (size_t p = 0; p < n; p++) {
        const double *z = w->z + p * d;
        double square = 0;
        for (size_t j = 0; j < d; j++) {
            const double off = left[p * d + j] + w->odd[p * d + j];
            square += off * off;
        }
        sum += square * linalg_dot(d, z, z);
    }
    return sum / ((double)accepted * (double)accepted) * (double)n / (double)(n - d);
}

/* w->A <- the regression of -gamma on z, symmetrised. Returns what its noise costs, in nats: a quarter of the sum of
 * the variances of its entries; infinity when the draws are degenerate. */
static double regress(struct local_work *w, size_t accepted)
{
    const size_t d = w->dim, n = w->draws / 2;
    weigh_pairs(w);
    team_gram(w->team, n, d, w->z, w->B);
    memset(w->C, 0, d * d * sizeof *w->C);
    team_add_multiply_tn(w->team, &(struct linalg_tn){d, n, d, -1, w->odd, w->z, w->C});
    if (!linalg_cholesky(d, w->B, w->B)) {
        return INFINITY;
    }
    team_solve_lower(w->team, d, d, w->B, w->C); /* C (z z^T)^-1 */
    team_solve_lower_transposed(w->team, d, d, w->B, w->C);
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < d; j++) {
            w->A[i * d + j] = 0.5 * (w->C[i * d + j] + w->C[j * d + i]);
        }
    }
    return (double)(d + 1) / (double)(8 * d) *
           sum_of_variances(w, accepted); /* symmetrising halves those off the diagonal */
}

/* The KL from N(0, I) to the normal of precision A whose mean is where E[gamma] points; infinity unless A is positive
 * definite. w->C is used up. */
static double whole_step(struct local_work *w)
{
    const size_t d = w->dim;
    double sum = 0;
    if (!linalg_cholesky(d, w->A, w->C)) {
        return INFINITY;
    }
    for (size_t i = 0; i < d; i++) {
        sum += 0.5 * (w->A[i * d + i] - 1) - log(w->C[i * d + i]);
    }
    memcpy(w->step, w->vector, d * sizeof *w->step);
    linalg_solve_lower(1, d, w->C, w->step);
    return sum + 0.5 * linalg_dot(d, w->step, w->step);
}

/* w->B <- (1 - rate) I + rate A; false unless that is positive definite by a margin. w->C is used up. */
static bool mix_precision(struct local_work *w, double rate, double margin)
{
    const size_t d = w->dim;
    for (size_t i = 0; i < d * d; i++) {
        w->B[i] = rate * w->A[i];
    }
    for (size_t i = 0; i < d; i++) {
        w->B[i * d + i] += 1 - rate - margin;
    }
    const bool ok = linalg_cholesky(d, w->B, w->C);
    for (size_t i = 0; i < d; i++) {
        w->B[i * d + i] += margin;
    }
    return ok;
}

/* The mean by rate P^-1 E[gamma] in whitened coordinates, P^-1 = factor factor^T, which then multiplies L. */
static void apply(struct local *local, struct local_work *w, const double *factor, double rate, double longest)
{
    const size_t d = w->dim;
    double *step = w->step;
    linalg_multiply(1, d, d, w->vector, factor, step);    /* factor^T E[gamma] */
    linalg_multiply_nt(1, d, d, step, factor, w->vector); /* factor of that */
    const double size = sqrt(linalg_dot(d, w->vector, w->vector));
    const double scale = rate * size > longest ? longest / size : rate;
    linalg_multiply_nt(1, d, d, w->vector, local->L, step);
    for (size_t j = 0; j < d; j++) {
        local->mean[j] += scale * step[j];
    }
    linalg_multiply_lower(d, d, factor, local->L);
}

/* Precision (1 - rate) I + rate A, with as much of the rate as keeps it well inside the positive definite ones: by less
 * where there is less noise, and then the step is longer too. */
static bool move(struct local *local, struct local_work *w, double rate, double signal, double noise)
{
    double *factor = w->A;
    const double spread = CERTAIN * sqrt(8 * noise / (double)w->dim); /* of the eigenvalues of A */
    const double margin = fmax(EXACT * MARGIN, fmin(MARGIN, spread));
    const double longest = fmax(LONGEST, REACH * sqrt(signal / noise));
    for (int attempt = 0; attempt < 20; attempt++, rate *= 0.5) {
        if (!mix_precision(w, rate, margin)) {
            continue;
        }
        if (!factor_of_inverse(w->team, w->dim, w->B, w->C, factor)) {
            return false;
        }
        apply(local, w, factor, rate, attempt == 0 ? longest : LONGEST);
        return true;
    }
    return false;
}

/* One step from the draws taken last; false when none is worth it, or the draws tell of none. `most`: a longer rate has
 * overshot. */
static bool step(struct local *local, struct local_work *w, size_t accepted, double rate, double most)
{
    const double noise = average(w, accepted) + regress(w, accepted), whole = whole_step(w);
    const double signal = isfinite(whole) ? fmax(0, whole - noise) : fmax(noise, local->off);
    const double best = signal / (signal + noise), least = fmax(w->slight, w->part * local->off) + NOISY * noise;
    return isfinite(noise) && !(w->slight > 0 && noise < QUIET && signal < least) &&
           move(local, w, fmin(most, fmax(rate, best)), signal, noise);
}

/* A step that has made things worse is taken back: noise is known from the draws alone, which may miss what a density
 * does further out. So is one that led where the target gives few values. */
static bool take_back(struct local *local, struct local_work *w, bool few)
{
    const bool worse = local->elbo < w->last.elbo - FALL * w->last.error && local->off > FALL * w->last.off;
    const bool fell = few || worse;
    local_copy(w->dim, fell ? &w->last : local, fell ? local : &w->last);
    return fell;
}

bool local_fit(struct local *local, struct local_work *w, struct rng_stream stream, int steps, double rate)
{
    double most = 1;
    w->last.elbo = w->begun = -INFINITY;
    w->idle = false;
    for (int t = 0; t <= steps && !w->idle; t++) {
        stream.substream++;
        const size_t accepted = draw(local, w, stream);
        const bool few = accepted < w->draws / 2;
        if (few && !isfinite(w->last.elbo)) {
            return t > 0;
        }
        measure(local, w, accepted);
        w->begun = t == 0 ? local->elbo : w->begun;
        const bool fell = take_back(local, w, few);
        if (t == steps || local->off < w->enough) {
            break;
        }
        if (fell) {
            most *= 0.5;
            w->last.elbo = -INFINITY; /* luck, perhaps: it is measured again */
        } else {
            w->idle = !step(local, w, accepted, rate, most);
            most = fmin(1, 2 * most);
        }
    }
    return true;
}

bool local_measure(struct local *local, struct local_work *w, struct rng_stream stream)
{
    return local_fit(local, w, stream, 0, 1);
}

double local_distance(const struct local *local, struct local_work *w, const double *from, const double *x)
{
    double *off = w->vector;
    for (size_t j = 0; j < w->dim; j++) {
        off[j] = x[j] - from[j];
    }
    linalg_solve_lower(1, w->dim, local->L, off);
    return sqrt(linalg_dot(w->dim, off, off));
}

double local_log_density(const struct local *local, size_t d, double distance)
{
    double log_density = -0.5 * distance * distance - (double)d * NORMAL_LOG_SQRT_2PI;
    for (size_t i = 0; i < d; i++) {
        log_density -= log(local->L[i * d + i]);
    }
    return log_density;
}

void local_copy(size_t d, const struct local *from, struct local *to)
{
    const struct local own = *to;
    *to = *from;
    to->mean = memcpy(own.mean, from->mean, d * sizeof *own.mean);
    to->L = memcpy(own.L, from->L, d * d * sizeof *own.L);
    to->peak = memcpy(own.peak, from->peak, d * sizeof *own.peak);
}

rovi_approximation *local_approximation(size_t d, const struct local *local)
{
    struct arena memory = {0};
    double *O = arena_doubles(&memory, d * d);
    rovi_approximation *q = NULL;
    if (O != NULL) {
        linalg_identity(d, O);
        q = approximation_of_identities(
            &(rovi_approximation_parts){.dim = d, .center = local->mean, .whitening = local->L, .rotation = O}, 0);
    }
    arena_free(&memory);
    return q;
}
