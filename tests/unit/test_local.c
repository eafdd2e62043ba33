/* SPDX-License-Identifier: BSD-3-Clause */
/* Gaussian variational inference: exact where the target is normal, and against quadrature in one dimension where not.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "explore/local.h"
#include "support.h"

#define D_MOST       12
#define LOG_SQRT_2PI 0.91893853320467274178

struct fixture {
    rovi_target *target;
    struct support_rig rig;
    struct local local;
    struct local_work work;
};

static const struct rng_stream draws = {.seed = 5, .purpose = RNG_START};

/* Takes the target. */
static void make(struct fixture *f, rovi_target *target)
{
    f->target = target;
    support_rig_make(&f->rig, target);
    local_init(&f->local, &f->rig.arena, rovi_target_dim(target));
    local_work_init(&f->work, &f->rig.arena, &f->rig.progress, NULL);
    assert_false(f->rig.arena.failed);
}

static void drop(struct fixture *f)
{
    support_rig_free(&f->rig);
    rovi_target_free(f->target);
}

static void start_round(struct local *local, size_t d, double sd)
{
    for (size_t i = 0; i < d * d; i++) {
        local->L[i] = i % (d + 1) == 0 ? sd : 0;
    }
}

/* ---- normal targets ---- */

/* A step of rate r leaves the share 1 - r of what the precision is off by, as seen from where it is, and the mean moves
 * by at most two standard deviations: from a start of the right size, ten steps of rate 1 end at the answer, to the
 * rounding of a matrix of condition 1e6, 1e-10. */
static void a_normal_is_found_exactly(void **state)
{
    (void)state;
    const double one = 1, sd[] = {1, 30, 1e3, 1e4};
    const size_t d = 8;
    double mean[D_MOST], C[D_MOST * D_MOST];
    support_normals(1, d, mean);
    support_covariance(2, d, 1e6, C);
    for (size_t s = 0; s < 4; s++) {
        struct fixture f;
        make(&f, support_mixture(d, 1, &one, mean, 1, C));
        support_normals(3 + s, d, f.local.mean);
        start_round(&f.local, d, sd[s]);
        assert_true(local_fit(&f.local, &f.work, draws, 30, 1));
        for (size_t i = 0; i < d; i++) {
            assert_close((f.local.mean[i] - mean[i]) / sqrt(C[i * d + i]), 0, 1e-8);
            for (size_t j = 0; j < d; j++) {
                double sum = 0;
                for (size_t k = 0; k < d; k++) {
                    sum += f.local.L[i * d + k] * f.local.L[j * d + k];
                }
                assert_close((sum - C[i * d + j]) / sqrt(C[i * d + i] * C[j * d + j]), 0, 1e-8);
                assert_true(j <= i || f.local.L[i * d + j] == 0);
            }
        }
        assert_close(f.local.elbo, 0, 1e-8);  /* log Z, whatever the draws */
        assert_close(f.local.error, 0, 1e-4); /* the root of what rounding leaves of a variance */
        drop(&f);
    }
}

/* From Laplace's approximation, which is exact too. */
static void laplace_of_a_normal_is_exact(void **state)
{
    (void)state;
    const double one = 1, H[] = {2, .5, .5, 1}, mean[] = {3, -4};
    const double C[] = {1 / 1.75, -.5 / 1.75, -.5 / 1.75, 2 / 1.75}, saddle[] = {1, 2, 2, 1};
    struct fixture f;
    make(&f, support_mixture(2, 1, &one, mean, 1, C));
    assert_true(local_laplace(&f.local, &f.work, mean, H));
    assert_true(local_fit(&f.local, &f.work, draws, 0, .5)); /* no step: only the measure */
    assert_close(f.local.elbo, 0, 1e-12);
    assert_true(f.local.mean[0] == 3 && f.local.mean[1] == -4);
    assert_false(local_laplace(&f.local, &f.work, mean, saddle));
    drop(&f);
}

/* ---- one dimension, against brute force ---- */

/* log p and its derivative */
static double gumbel(double x, double *slope)
{
    *slope = exp(-x) - 1;
    return -x - exp(-x);
}

static double quartic(double x, double *slope)
{
    *slope = 2 - x * x * x;
    return 2 * x - x * x * x * x / 4;
}

typedef double (*curve)(double x, double *slope);

static int curve_logp(size_t d, const double *x, double *grad, double *logp, void *data)
{
    double slope = 0;
    (void)d;
    *logp = (*(const curve *)data)(x[0], &slope);
    if (grad != NULL) {
        grad[0] = slope;
    }
    return 0;
}

struct normal {
    curve f;
    double m, s;
};

static double logp_at(double x, void *data)
{
    const struct normal *q = data;
    double slope = 0;
    return q->f(q->m + q->s * x, &slope);
}

/* ELBO of N(m, s^2) by quadrature. */
static double elbo(curve f, double m, double s)
{
    struct normal q = {f, m, s};
    return support_expectation(logp_at, &q, -10, 10, 0, NULL) + log(s) + .5 + LOG_SQRT_2PI;
}

/* The best normal by coordinate search with shrinking steps, down to 1e-3. */
static struct normal best_normal(curve f)
{
    struct normal q = {f, 0, 1};
    for (double step = .2; step > 5e-4; step *= .5) {
        for (bool moved = true; moved;) {
            const double now = elbo(f, q.m, q.s);
            const struct normal next[] = {
                {f, q.m + step, q.s}, {f, q.m - step, q.s}, {f, q.m, q.s * (1 + step)}, {f, q.m, q.s / (1 + step)}};
            moved = false;
            for (size_t k = 0; k < 4 && !moved; k++) {
                if (elbo(f, next[k].m, next[k].s) > now) {
                    q = next[k];
                    moved = true;
                }
            }
        }
    }
    return q;
}

/* A local normal of the curve, off its mode and narrow. Keeps self. */
static void make_beside(struct fixture *f, curve *self)
{
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(1, curve_logp, self, &target, NULL), ROVI_OK);
    make(f, target);
    f->local.mean[0] = 4;
    f->local.L[0] = .3;
}

/* Small steps at the end average over about 1/.02 batches of 68 draws, so over 3400: an error of .017 sd in the mean
 * and of half as much, relatively, in the sd times that of the curvature, about 1. Both within four of these. For the
 * Gumbel density the answer is known: mean 1/2, sd 1. */
static void skewed_densities_as_by_brute_force(void **state)
{
    (void)state;
    static const curve curves[] = {gumbel, quartic};
    for (size_t k = 0; k < 2; k++) {
        struct fixture f;
        curve self = curves[k];
        const struct normal best = best_normal(curves[k]);
        if (k == 0) {
            assert_close(best.m, .5, 2e-3);
            assert_close(best.s, 1, 2e-3);
        }
        make_beside(&f, &self);
        assert_true(local_fit(&f.local, &f.work, draws, 60, .5));
        struct rng_stream more = draws;
        more.seed = 77;
        assert_true(local_fit(&f.local, &f.work, more, 200, .02));
        assert_close((f.local.mean[0] - best.m) / best.s, 0, .07);
        assert_close(log(f.local.L[0] / best.s), 0, .07);
        assert_true(elbo(curves[k], f.local.mean[0], f.local.L[0]) > elbo(curves[k], best.m, best.s) - .01);
        assert_true(fabs(f.local.elbo - elbo(curves[k], f.local.mean[0], f.local.L[0])) < 5 * f.local.error);
        drop(&f);
    }
}

/* ---- where steps end ---- */

static uint64_t batches(const struct fixture *f)
{
    return atomic_load(&f->rig.meter.gradient) / f->work.draws;
}

/* A normal target is met by one whole step, which has no noise; the next draws show that no step would gain. */
static void a_normal_takes_one_step(void **state)
{
    (void)state;
    const double one = 1;
    const size_t d = 8;
    double mean[D_MOST], C[D_MOST * D_MOST];
    struct fixture f;
    support_normals(1, d, mean);
    support_covariance(2, d, 100, C);
    make(&f, support_mixture(d, 1, &one, mean, 1, C));
    f.work.slight = 1e-4;
    support_normals(3, d, f.local.mean);
    start_round(&f.local, d, 1);
    assert_true(local_fit(&f.local, &f.work, draws, 30, .5));
    assert_int_equal(batches(&f), 2);
    assert_close(f.local.elbo, 0, 1e-8);
    drop(&f);
}

/* Where log p is no quadratic function, steps end when they gain nothing beside their noise: long before the last, and
 * at most N, about .01 nats with 68 draws, from the best. */
static void steps_end_in_the_noise(void **state)
{
    (void)state;
    static const curve curves[] = {gumbel, quartic};
    for (size_t k = 0; k < 2; k++) {
        struct fixture f;
        curve self = curves[k];
        const struct normal best = best_normal(curves[k]);
        make_beside(&f, &self);
        f.work.slight = 1e-4;
        assert_true(local_fit(&f.local, &f.work, draws, 200, .5));
        assert_in_range(batches(&f), 3, 100);
        assert_true(elbo(curves[k], f.local.mean[0], f.local.L[0]) > elbo(curves[k], best.m, best.s) - .03);
        drop(&f);
    }
}

/* ---- what must hold everywhere ---- */

/* After every step L is a Cholesky factor and all numbers are finite, from starts that suit nothing. */
static void stays_a_normal(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < 3; kind++) {
        struct fixture f;
        rovi_target *target = NULL;
        assert_int_equal(kind == 0   ? rovi_target_new_funnel(4, &target, NULL)
                         : kind == 1 ? rovi_target_new_banana(&target, NULL)
                                     : rovi_target_new_many_well(4, &target, NULL),
                         ROVI_OK);
        make(&f, target);
        const size_t d = rovi_target_dim(target);
        for (size_t start = 0; start < 4; start++) {
            support_normals(20 + start, d, f.local.mean);
            start_round(&f.local, d, pow(10, (double)start - 2));
            for (uint64_t t = 0; t < 40; t++) {
                const struct rng_stream stream = {.seed = 6, .purpose = RNG_START, .substream = 2 * t};
                assert_true(local_fit(&f.local, &f.work, stream, 1, .5));
                for (size_t i = 0; i < d * d; i++) {
                    assert_true(isfinite(f.local.L[i]) && isfinite(f.local.mean[i / d]));
                    assert_true(i / d >= i % d ? i / d > i % d || f.local.L[i] > 0 : f.local.L[i] == 0);
                }
            }
        }
        drop(&f);
    }
}

/* A unit normal with no value where x_1 < *data */
static int bounded(size_t d, const double *x, double *grad, double *logp, void *data)
{
    *logp = 0;
    for (size_t i = 0; i < d; i++) {
        *logp -= .5 * x[i] * x[i];
        if (grad != NULL) {
            grad[i] = -x[i];
        }
    }
    return x[0] < *(const double *)data;
}

/* A few rejected draws are left out; where most are rejected, nothing can be said. */
static void rejected_draws(void **state)
{
    (void)state;
    double edge = -2; /* 2.3 % of the draws */
    struct fixture f;
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(2, bounded, &edge, &target, NULL), ROVI_OK);
    make(&f, target);
    start_round(&f.local, 2, 1);
    assert_true(local_fit(&f.local, &f.work, draws, 20, .5));
    assert_true(isfinite(f.local.elbo) && fabs(f.local.mean[0]) < 1 && fabs(f.local.mean[1]) < .5);
    edge = 1;
    assert_false(local_fit(&f.local, &f.work, draws, 20, .5));
    edge = INFINITY;
    assert_false(local_fit(&f.local, &f.work, draws, 20, .5));
    drop(&f);
}

/* ---- threads ---- */

/* Two components of a common shape, 70 dimensions: several blocks of pairs, and of rows of each product. */
#define MANY 70

static rovi_target *two_of_many(void)
{
    static double means[2 * MANY], C[MANY * MANY];
    const double weights[] = {.3, .7};
    for (size_t i = 0; i < MANY; i++) {
        for (size_t j = 0; j < MANY; j++) {
            C[i * MANY + j] = pow(.5, fabs((double)i - (double)j));
        }
    }
    means[0] = 9;
    means[2 * MANY - 1] = -4;
    return support_mixture(MANY, 2, weights, means, 1, C);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    const size_t d = MANY;
    struct fixture f[3];
    for (size_t k = 0; k < 3; k++) {
        make(&f[k], two_of_many());
        f[k].work.team = k > 0 ? team_new(k + 1) : NULL;
        f[k].work.work = arena_doubles(&f[k].rig.arena, (k + 1) * f[k].work.work_size);
        assert_non_null(f[k].work.work);
        start_round(&f[k].local, d, 2);
        assert_true(local_fit(&f[k].local, &f[k].work, draws, 6, .5));
        assert_memory_equal(f[k].local.mean, f[0].local.mean, d * sizeof(double));
        assert_memory_equal(f[k].local.L, f[0].local.L, d * d * sizeof(double));
        assert_true(f[k].local.elbo == f[0].local.elbo && f[k].local.error == f[0].local.error);
    }
    for (size_t k = 0; k < 3; k++) {
        team_free(f[k].work.team);
        drop(&f[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_normal_is_found_exactly),
        cmocka_unit_test(laplace_of_a_normal_is_exact),
        cmocka_unit_test(skewed_densities_as_by_brute_force),
        cmocka_unit_test(a_normal_takes_one_step),
        cmocka_unit_test(steps_end_in_the_noise),
        cmocka_unit_test(stays_a_normal),
        cmocka_unit_test(rejected_draws),
        cmocka_unit_test(threads_do_not_change_a_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
