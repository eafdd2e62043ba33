/* SPDX-License-Identifier: BSD-3-Clause */
/* Turns of the rotation: their gradient against finite differences, which planes move, and how far. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/linalg.h"
#include "coordinate/turn.h"
#include "family/quantile.h"
#include "family/reference.h"
#include "support.h"

#define D_MOST 6

struct fixture {
    rovi_target *target;
    rovi_approximation *q;
    struct support_rig rig;
    struct batch batch;
    struct turn turn;
};

/* Takes both. */
static void make(struct fixture *f, rovi_target *target, rovi_approximation *q, size_t n)
{
    *f = (struct fixture){.target = target, .q = q};
    support_rig_make(&f->rig, target);
    batch_init(&f->batch, &f->rig.arena, n, target, NULL);
    turn_init(&f->turn, &f->rig.arena, rovi_target_dim(target), NULL);
    assert_false(f->rig.arena.failed);
}

static void drop(struct fixture *f)
{
    rovi_approximation_free(f->q);
    rovi_target_free(f->target);
    support_rig_free(&f->rig);
}

static struct turn_outlook plan(struct fixture *f, uint64_t substream)
{
    const struct rng_stream stream = {.seed = 12, .purpose = RNG_FIT, .substream = substream};
    rovi_stop stop;
    assert_true(batch_evaluate(&f->batch, f->q, stream, &f->rig.progress, &stop));
    return turn_plan(&f->turn, f->q, &f->batch);
}

static size_t planes_that_move(const struct fixture *f)
{
    size_t count = 0;
    for (size_t i = 0; i < f->turn.dim; i++) {
        for (size_t j = i + 1; j < f->turn.dim; j++) {
            count += f->turn.angles[i * f->turn.dim + j] != 0;
        }
    }
    return count;
}

/* ---- the gradient ---- */

/* -mean log p at n points y of the frame, turned in plane (i, j) by theta about v. */
static double turned(const struct fixture *f, size_t n, const double *y, size_t i, size_t j, double theta)
{
    const size_t d = f->turn.dim;
    double sum = 0, at[D_MOST], z[D_MOST];
    for (size_t p = 0; p < n; p++) {
        const double a = y[p * d + i] - f->q->maps[i].v, b = y[p * d + j] - f->q->maps[j].v;
        memcpy(at, y + p * d, d * sizeof *at);
        at[i] = f->q->maps[i].v + cos(theta) * a + sin(theta) * b; /* (I + theta K) y, K_ij = 1 = -K_ji */
        at[j] = f->q->maps[j].v + cos(theta) * b - sin(theta) * a;
        approximation_place(f->q, 1, at, z);
        sum -= support_logp(f->target, z) / (double)n;
    }
    return sum;
}

/* Differences of fourth order with step 1e-3 are good to 1e-10. */
static void gradient_is_that_of_the_objective(void **state)
{
    (void)state;
    enum { D = 3, N = 128 };
    const double weights[] = {.2, .5, .3}, h = 1e-3;
    double means[3 * D], C[3 * D * D], y[N * D];
    for (int whitening = 0; whitening < 2; whitening++) {
        struct fixture f;
        support_normals(1, 3 * D, means);
        for (uint64_t k = 0; k < 3; k++) {
            support_positive_definite(k, D, C + k * D * D);
        }
        make(&f, support_mixture(D, 3, weights, means, 3, C), support_approximation(31, D, whitening), N);
        rovi_stop stop;
        const struct rng_stream stream = {.seed = 12, .purpose = RNG_FIT, .substream = 1};
        assert_true(batch_evaluate(&f.batch, f.q, stream, &f.rig.progress, &stop));
        memcpy(y, f.batch.y, sizeof y); /* planning uses the batch up */
        plan(&f, 1);
        for (size_t i = 0; i < D; i++) {
            for (size_t j = i + 1; j < D; j++) {
                const double F[] = {turned(&f, N, y, i, j, -2 * h), turned(&f, N, y, i, j, -h),
                                    turned(&f, N, y, i, j, h), turned(&f, N, y, i, j, 2 * h)};
                const double expected = (F[0] - 8 * F[1] + 8 * F[2] - F[3]) / (12 * h);
                assert_close(f.turn.cross[j * D + i] - f.turn.cross[i * D + j], expected, 1e-8);
            }
        }
        drop(&f);
    }
}

/* ---- targets that are products, and the best q of a given frame ---- */

struct product {
    double R[D_MOST * D_MOST]; /* log p = sum_i log_e(i, (R^T x)_i) */
};

/* Coordinate 0: two wells; 1: short tails; others: normal with sd 2, 3, ... */
static double log_e(size_t i, double t, double *slope)
{
    const double s = (double)i;
    *slope = i == 0 ? 4 * t - 2 * t * t * t : i == 1 ? -t * t * t : -t / (s * s);
    return i == 0 ? 2 * t * t - t * t * t * t / 2 : i == 1 ? -t * t * t * t / 4 : -t * t / (2 * s * s);
}

static int product_logp(size_t d, const double *x, double *grad, double *logp, void *data)
{
    const double *R = ((const struct product *)data)->R;
    *logp = 0;
    memset(grad == NULL ? logp : grad, 0, grad == NULL ? sizeof *logp : d * sizeof *grad);
    for (size_t i = 0; i < d; i++) {
        double t = 0, slope = 0;
        for (size_t r = 0; r < d; r++) {
            t += R[r * d + i] * x[r];
        }
        *logp += log_e(i, t, &slope);
        for (size_t r = 0; grad != NULL && r < d; r++) {
            grad[r] += slope * R[r * d + i];
        }
    }
    return 0;
}

/* q with rotation O and the target's own marginals as maps. */
static rovi_approximation *product_fit(size_t d, const double *O)
{
    static const double knots[2] = {-1, 1}, lambda[1] = {0}, zero[D_MOST] = {0};
    rovi_map maps[D_MOST];
    for (size_t i = 0; i < d; i++) {
        maps[i] = (rovi_map){.cells = 1, .knots = knots, .lambda = lambda, .alpha = 1, .v = 0};
    }
    const rovi_approximation_parts parts = {.dim = d, .center = zero, .rotation = O, .maps = maps};
    rovi_approximation *q = approximation_make(&parts, QUANTILE_KNOTS);
    assert_non_null(q);
    for (size_t i = 0; i < d; i++) {
        struct log_density density = {.n = QUANTILE_GRID};
        for (size_t j = 0; j < QUANTILE_GRID; j++) {
            double slope = 0;
            density.t[j] = (i < 2 ? 3.5 : 6 * (double)i) * (2 * (double)j / (QUANTILE_GRID - 1) - 1);
            density.log_q[j] = log_e(i, density.t[j], &slope);
        }
        assert_true(quantile_map(&density, &q->maps[i]));
    }
    return q;
}

/* O <- R with plane (i, j) turned by theta */
static void turned_frame(size_t d, const double *R, size_t i, size_t j, double theta, double *O)
{
    memcpy(O, R, d * d * sizeof *O);
    for (size_t r = 0; r < d; r++) {
        O[r * d + i] = cos(theta) * R[r * d + i] + sin(theta) * R[r * d + j];
        O[r * d + j] = cos(theta) * R[r * d + j] - sin(theta) * R[r * d + i];
    }
}

static double cosine(size_t d, const double *R, const double *O, size_t i)
{
    double sum = 0;
    for (size_t r = 0; r < d; r++) {
        sum += R[r * d + i] * O[r * d + i];
    }
    return sum;
}

static rovi_target *product_target(struct product *self, size_t d)
{
    rovi_target *target = NULL;
    support_orthogonal(40, d, self->R);
    assert_int_equal(rovi_target_new(d, product_logp, self, &target, NULL), ROVI_OK);
    return target;
}

/* The curvature is that of independent coordinates whose maps are right. Away from the answer the gradients w are
 * larger than at it, h with them, and the steps too short: every turn comes nearer, and near the answer they are
 * Newton's. What is left is the noise of 4096 points, about 1/64 of a radian over the square root of h. */
static void a_plane_is_turned_right(void **state)
{
    (void)state;
    enum { D = 5 };
    static const size_t planes[][2] = {{0, 1}, {0, 3}, {1, 2}};
    for (size_t k = 0; k < 3; k++) {
        struct fixture f;
        struct product self;
        double O[D * D];
        const size_t i = planes[k][0], j = planes[k][1];
        rovi_target *target = product_target(&self, D);
        turned_frame(D, self.R, i, j, .2, O);
        make(&f, target, product_fit(D, O), 4096);
        double off = .2;
        for (uint64_t turn = 0; turn < 15; turn++) {
            const struct turn_outlook outlook = plan(&f, 20 * k + turn);
            turn_apply(&f.turn, f.q, 1);
            const double now = acos(cosine(D, self.R, f.q->rotation, i));
            assert_true(off < .05 || (outlook.gain > 0 && now < off));
            off = now;
        }
        assert_true(off < .03 && cosine(D, self.R, f.q->rotation, j) > cos(.03));
        assert_true(linalg_distance_to_orthogonal(D, f.q->rotation) < 1e-14);
        drop(&f);
    }
}

/* In the right frame all that is seen is noise. Of d(d-1)/2 = 10 planes, .1 (d-1)/d = .08 are to move by chance at a
 * time, 24 in 300: more than 24 + 4 sqrt(24) = 44 are too many, fewer than 24 - 4 sqrt(24) = 4 mean that the threshold
 * is too careful for what it says. */
static void noise_turns_no_more_than_it_may(void **state)
{
    (void)state;
    enum { D = 5 };
    struct fixture f;
    struct product self;
    rovi_target *target = product_target(&self, D);
    make(&f, target, product_fit(D, self.R), 1024);
    size_t moved = 0;
    for (uint64_t k = 0; k < 300; k++) {
        const struct turn_outlook outlook = plan(&f, 100 + k);
        moved += planes_that_move(&f);
        assert_true(outlook.unresolved > 0 && outlook.unresolved < .2);
    }
    print_message("%zu planes moved by chance\n", moved);
    assert_in_range(moved, 4, 44);
    drop(&f);
}

/* w = -y exactly: the gradient is zero on every draw, and every rotation as good. */
static void an_isotropic_normal_turns_nothing(void **state)
{
    (void)state;
    enum { D = 5 };
    const double knot = 0, one = 1;
    double O[D * D], mean[D];
    rovi_map maps[D];
    rovi_approximation *q = NULL;
    struct fixture f;
    support_orthogonal(41, D, O);
    support_normals(42, D, mean);
    for (size_t i = 0; i < D; i++) {
        maps[i] = (rovi_map){.cells = 0, .knots = &knot, .lambda = NULL, .alpha = 1, .v = 0};
    }
    const rovi_approximation_parts parts = {.dim = D, .center = mean, .rotation = O, .maps = maps};
    assert_int_equal(rovi_approximation_new(&parts, &q, NULL), ROVI_OK);
    make(&f, support_mixture(D, 1, &one, mean, 0, NULL), q, 1024);
    for (uint64_t k = 0; k < 20; k++) {
        const struct turn_outlook outlook = plan(&f, k);
        assert_int_equal(planes_that_move(&f), 0);
        assert_true(outlook.gain == 0 && outlook.unresolved < 1e-6);
    }
    drop(&f);
}

/* The mean of q is that of its maps, b + L O v; a share of nothing gives back what was planned from. */
static void the_mean_stays(void **state)
{
    (void)state;
    enum { D = 4 };
    const double weights[] = {.3, .7};
    double means[2 * D], before[D], after[D], v[D], old_v[D], old_O[D * D];
    struct fixture f;
    support_normals(43, 2 * D, means);
    make(&f, support_mixture(D, 2, weights, means, 0, NULL), support_approximation(44, D, 1), 2048);
    for (size_t i = 0; i < D; i++) {
        v[i] = old_v[i] = f.q->maps[i].v;
    }
    memcpy(old_O, f.q->rotation, sizeof old_O);
    approximation_place(f.q, 1, v, before);
    plan(&f, 1);
    assert_true(planes_that_move(&f) > 0);
    for (size_t s = 0; s < 3; s++) {
        turn_apply(&f.turn, f.q, s == 0 ? 1 : s == 1 ? .4 : 0);
        for (size_t i = 0; i < D; i++) {
            v[i] = f.q->maps[i].v;
        }
        approximation_place(f.q, 1, v, after);
        for (size_t i = 0; i < D; i++) {
            assert_close(after[i], before[i], 1e-13);
        }
    }
    for (size_t i = 0; i < D; i++) {
        assert_close(f.q->maps[i].v, old_v[i], 1e-13);
        for (size_t j = 0; j < D; j++) {
            assert_close(f.q->rotation[i * D + j], old_O[i * D + j], 1e-13);
        }
    }
    drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_is_that_of_the_objective),
        cmocka_unit_test(a_plane_is_turned_right),
        cmocka_unit_test(noise_turns_no_more_than_it_may),
        cmocka_unit_test(an_isotropic_normal_turns_nothing),
        cmocka_unit_test(the_mean_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
