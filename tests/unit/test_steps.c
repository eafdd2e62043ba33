/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two steps against finite differences. With the reference points fixed, the Monte Carlo average of the objective
 *     F = -mean log p(center + L O T(x)) - sum_i (sum_k P_k log s_ik + P_out log alpha)
 * is a smooth function of lambda, v and O; the test computes it from the definition, with the target as the only code
 * in common, and the gradients that the steps used are read off from how far they moved.
 */
#include <math.h>
#include <string.h>

#include "gradient/steps.h"
#include "support.h"

#define DIM    3
#define J_MOST 9
#define N      192

struct fixture {
    rovi_target *target;
    rovi_approximation *q;
    struct arena arena;
    struct batch batch;
    struct steps steps;
    struct supervisor supervisor;
    struct meter meter;
    struct progress progress;
    struct team *team;
    double mean[DIM][J_MOST]; /* E[psi_k] of map i */
};

static const struct rng_stream points = {.seed = 3, .purpose = RNG_FIT};

static void fixture_make(struct fixture *f, rovi_target *target, int whitening, size_t threads)
{
    *f = (struct fixture){.target = target, .q = support_approximation(77, DIM, whitening)};
    f->team = threads > 1 ? team_new(threads) : NULL;
    supervisor_init(&f->supervisor, NULL, NULL, INFINITY);
    meter_init(&f->meter, target);
    f->progress = (struct progress){.supervisor = &f->supervisor, .meter = &f->meter};
    batch_init(&f->batch, &f->arena, N, target, f->team);
    steps_init(&f->steps, &f->arena, DIM, J_MOST, f->team);
    assert_false(f->arena.failed);
    for (size_t i = 0; i < DIM; i++) {
        struct map *T = &f->q->maps[i];
        for (size_t k = 0; k < T->D.cells; k++) {
            T->lambda[k] += 0.3; /* well inside the cone */
            f->mean[i][k] = support_hat_mean(T->D.knots, k);
        }
        map_prepare(T);
    }
}

static void evaluate(struct fixture *f)
{
    rovi_stop stop;
    assert_true(batch_evaluate(&f->batch, f->q, points, &f->progress, &stop));
}

static void fixture_free(struct fixture *f)
{
    rovi_approximation_free(f->q);
    rovi_target_free(f->target);
    supervisor_destroy(&f->supervisor);
    team_free(f->team);
    arena_free(&f->arena);
}

/* Three components with full covariances in three dimensions. */
static rovi_target *mixture(void)
{
    const double weights[] = {0.2, 0.5, 0.3};
    double means[3 * DIM], covariances[3 * DIM * DIM];
    rovi_target *target = NULL;
    support_normals(1, 3 * DIM, means);
    for (size_t k = 0; k < 3; k++) {
        support_positive_definite(k, DIM, covariances + k * DIM * DIM);
    }
    assert_int_equal(rovi_target_new_gaussian_mixture(DIM, 3, weights, means, 3, covariances, &target, NULL), ROVI_OK);
    return target;
}

/* A unit normal that has no value where x_1 + x_2 < 0. */
static int half_space(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)data;
    *logp = 0;
    for (size_t i = 0; i < d; i++) {
        *logp -= 0.5 * (x[i] - 1) * (x[i] - 1);
        if (grad != NULL) {
            grad[i] = 1 - x[i];
        }
    }
    return x[0] + x[1] < 0;
}

static rovi_target *bounded(void)
{
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(DIM, half_space, NULL, &target, NULL), ROVI_OK);
    return target;
}

/* ---- the objective, from its definition ---- */

static double probability(double a, double b)
{
    return (erfc(a / sqrt(2)) - erfc(b / sqrt(2))) / 2;
}

static double entropy_of_map(const struct map *T)
{
    double sum = 0, outside = 1;
    for (size_t k = 0; k < T->D.cells; k++) {
        const double a = T->D.knots[k], b = T->D.knots[k + 1];
        sum += probability(a, b) * log(T->alpha + T->lambda[k] / (b - a));
        outside -= probability(a, b);
    }
    return sum + outside * log(T->alpha);
}

static double value_of_map(const struct fixture *f, size_t i, double x)
{
    const struct map *T = &f->q->maps[i];
    double y = T->alpha * x + T->v;
    for (size_t k = 0; k < T->D.cells; k++) {
        y += T->lambda[k] * (support_hat(T->D.knots, k, x) - f->mean[i][k]);
    }
    return y;
}

/* F over the points at which the target has a value, from lambda, v and O as they stand in f->q. */
static double objective(const struct fixture *f)
{
    const rovi_approximation *q = f->q;
    double sum = 0, entropy = 0;
    size_t valid = 0;
    for (size_t p = 0; p < N; p++) {
        double y[DIM], w[DIM] = {0}, z[DIM], logp;
        for (size_t i = 0; i < DIM; i++) {
            y[i] = value_of_map(f, i, f->batch.x[p * DIM + i]);
        }
        for (size_t i = 0; i < DIM; i++) {
            for (size_t j = 0; j < DIM; j++) {
                w[i] += q->rotation[i * DIM + j] * y[j];
            }
        }
        for (size_t i = 0; i < DIM; i++) {
            z[i] = q->center[i] + (q->whitening == NULL ? w[i] : 0);
            for (size_t j = 0; q->whitening != NULL && j < DIM; j++) {
                z[i] += q->whitening[i * DIM + j] * w[j];
            }
        }
        assert_int_equal(rovi_target_evaluate(f->target, 1, z, &logp, NULL, NULL), ROVI_OK);
        if (isfinite(logp)) {
            sum += logp;
            valid++;
        }
    }
    for (size_t i = 0; i < DIM; i++) {
        entropy += entropy_of_map(&q->maps[i]);
    }
    return -sum / (double)valid - entropy;
}

/* dF/d*parameter by central differences of fourth order, step 1e-3: the error is some 1e-12 F^(5) from the formula and
 * 1e-13 from rounding. */
static double derivative(const struct fixture *f, double *parameter)
{
    const double at = *parameter, h = 1e-3;
    double F[4];
    static const double step[4] = {-2, -1, 1, 2};
    for (int s = 0; s < 4; s++) {
        *parameter = at + step[s] * h;
        F[s] = objective(f);
    }
    *parameter = at;
    return (F[0] - 8 * F[1] + 8 * F[2] - F[3]) / (12 * h);
}

/* ---- the map step ---- */

/* A step that stays inside the cone moves lambda by -eta Q^-1 dF/dlambda and v by -eta dF/dv. */
static void check_map_gradient(struct fixture *f)
{
    const double eta = 1e-4;
    double lambda[DIM][J_MOST], v[DIM], expected_v[DIM], expected[DIM][J_MOST];
    evaluate(f);
    for (size_t i = 0; i < DIM; i++) {
        struct map *T = &f->q->maps[i];
        v[i] = T->v;
        expected_v[i] = derivative(f, &T->v);
        for (size_t k = 0; k < T->D.cells; k++) {
            lambda[i][k] = T->lambda[k];
            expected[i][k] = derivative(f, &T->lambda[k]);
        }
    }
    map_step(&f->steps, f->q, &f->batch, eta);
    for (size_t i = 0; i < DIM; i++) {
        const struct map *T = &f->q->maps[i];
        const size_t J = T->D.cells;
        double Q[J_MOST * J_MOST];
        support_gram(J, T->D.knots, Q);
        assert_close((v[i] - T->v) / eta, expected_v[i], 1e-7);
        for (size_t j = 0; j < J; j++) {
            double gradient = 0;
            for (size_t k = 0; k < J; k++) {
                gradient += Q[j * J + k] * (lambda[i][k] - T->lambda[k]) / eta;
                assert_true(T->lambda[k] > 0);
            }
            assert_close(gradient, expected[i][j], 1e-7);
        }
    }
}

static void map_step_follows_the_gradient(void **state)
{
    (void)state;
    for (int whitening = 0; whitening < 2; whitening++) {
        struct fixture f;
        fixture_make(&f, mixture(), whitening, 1);
        check_map_gradient(&f);
        assert_int_equal(f.batch.valid, N);
        fixture_free(&f);
    }
}

/* Only points with a value are averaged: N is not what the sum is divided by. */
static void rejected_points_do_not_count(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f, bounded(), 1, 1);
    check_map_gradient(&f);
    assert_true(f.batch.valid > N / 4 && f.batch.valid < N - 10);
    fixture_free(&f);
}

/* lambda is that of a dense oracle when the step leaves the cone: KKT in the norm of Q. */
static void map_step_projects(void **state)
{
    (void)state;
    struct fixture f;
    const double eta = 3; /* far outside */
    double lambda[DIM][J_MOST], gradient[DIM][J_MOST];
    size_t held = 0;
    fixture_make(&f, mixture(), 0, 1);
    evaluate(&f);
    for (size_t i = 0; i < DIM; i++) {
        for (size_t k = 0; k < f.q->maps[i].D.cells; k++) {
            lambda[i][k] = f.q->maps[i].lambda[k];
            gradient[i][k] = derivative(&f, &f.q->maps[i].lambda[k]);
        }
    }
    map_step(&f.steps, f.q, &f.batch, eta);
    for (size_t i = 0; i < DIM; i++) {
        const struct map *T = &f.q->maps[i];
        const size_t J = T->D.cells;
        double Q[J_MOST * J_MOST];
        support_gram(J, T->D.knots, Q);
        for (size_t j = 0; j < J; j++) {
            double multiplier = eta * gradient[i][j]; /* Q(new - (old - eta Q^-1 g)) */
            for (size_t k = 0; k < J; k++) {
                multiplier += Q[j * J + k] * (T->lambda[k] - lambda[i][k]);
            }
            held += T->lambda[j] == 0;
            assert_true(T->lambda[j] >= 0 && multiplier > -1e-6);
            assert_true(T->lambda[j] == 0 || fabs(multiplier) < 1e-6); /* finite differences to 1e-7, times eta */
        }
    }
    assert_true(held > 0);
    fixture_free(&f);
}

static void a_small_map_step_lowers_the_objective(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f, mixture(), 1, 1);
    for (size_t k = 0; k < f.q->maps[0].D.cells; k += 2) {
        f.q->maps[0].lambda[k] = 0; /* on the boundary as well */
    }
    map_prepare(&f.q->maps[0]);
    for (int step = 0; step < 5; step++) {
        evaluate(&f);
        const double before = objective(&f);
        map_step(&f.steps, f.q, &f.batch, 1e-3);
        assert_true(objective(&f) < before);
    }
    fixture_free(&f);
}

static void maps_are_left_prepared(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f, mixture(), 0, 1);
    evaluate(&f);
    map_step(&f.steps, f.q, &f.batch, 0.01);
    for (size_t i = 0; i < DIM; i++) {
        for (double x = -4; x < 4; x += 0.31) {
            const struct map *T = &f.q->maps[i];
            assert_close(map_value(T, map_segment(T, x), x), value_of_map(&f, i, x), 1e-12);
        }
    }
    fixture_free(&f);
}

/* ---- the rotation step ---- */

/* Columns i and j of O turned by t: O (cos t, -sin t; sin t, cos t) in their plane. */
static void turn(double *O, size_t i, size_t j, double t)
{
    for (size_t r = 0; r < DIM; r++) {
        const double a = O[r * DIM + i], b = O[r * DIM + j];
        O[r * DIM + i] = cos(t) * a + sin(t) * b;
        O[r * DIM + j] = cos(t) * b - sin(t) * a;
    }
}

static double derivative_of_turn(const struct fixture *f, size_t i, size_t j)
{
    static const double step[4] = {-2, -1, 1, 2};
    const double h = 1e-4; /* small, so that no point crosses the edge of a support */
    double F[4], O[DIM * DIM];
    memcpy(O, f->q->rotation, sizeof O);
    for (int s = 0; s < 4; s++) {
        turn(f->q->rotation, i, j, step[s] * h);
        F[s] = objective(f);
        memcpy(f->q->rotation, O, sizeof O);
    }
    return (F[0] - 8 * F[1] + 8 * F[2] - F[3]) / (12 * h);
}

/* The rotation after a step of eta from O, which is put back. */
static void stepped(struct fixture *f, double eta, double *after)
{
    double O[DIM * DIM];
    memcpy(O, f->q->rotation, sizeof O);
    assert_true(rotation_step(&f->steps, f->q, &f->batch, eta));
    memcpy(after, f->q->rotation, sizeof O);
    memcpy(f->q->rotation, O, sizeof O);
    approximation_prepare_rotation(f->q);
}

/* The step goes along O S with S skew, S_ji - S_ij = the derivative of F when columns i and j turn. S is read off by a
 * central difference in eta, 1e-4 either way: good to 1e-8 times |G|^3. */
static void check_rotation_gradient(rovi_target *target, int whitening)
{
    const double eta = 1e-4;
    struct fixture f;
    double forth[DIM * DIM], back[DIM * DIM];
    fixture_make(&f, target, whitening, 1);
    evaluate(&f);
    stepped(&f, eta, forth);
    stepped(&f, -eta, back);
    for (size_t i = 0; i < DIM; i++) {
        for (size_t j = 0; j < DIM; j++) {
            double S = 0; /* (O^T G~)_ij */
            for (size_t r = 0; r < DIM; r++) {
                S -= f.q->rotation[r * DIM + i] * (forth[r * DIM + j] - back[r * DIM + j]) / (2 * eta);
            }
            const double expected = i == j ? 0 : -0.5 * derivative_of_turn(&f, i, j);
            assert_close(S, expected, 1e-5);
        }
    }
    fixture_free(&f);
}

static void rotation_step_follows_the_gradient(void **state)
{
    (void)state;
    check_rotation_gradient(mixture(), 0);
    check_rotation_gradient(mixture(), 1);
    check_rotation_gradient(bounded(), 1); /* rejected points do not count */
}

static void a_small_rotation_step_lowers_the_objective(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f, mixture(), 1, 1);
    for (int step = 0; step < 5; step++) {
        evaluate(&f);
        const double before = objective(&f);
        assert_true(rotation_step(&f.steps, f.q, &f.batch, 1e-3));
        assert_true(objective(&f) < before);
    }
    fixture_free(&f);
}

static void the_transform_follows_the_rotation(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f, mixture(), 1, 1);
    evaluate(&f);
    assert_true(rotation_step(&f.steps, f.q, &f.batch, 0.1));
    for (size_t i = 0; i < DIM; i++) {
        for (size_t j = 0; j < DIM; j++) {
            double LO = 0;
            for (size_t k = 0; k < DIM; k++) {
                LO += f.q->whitening[i * DIM + k] * f.q->rotation[k * DIM + j];
            }
            assert_close(f.q->transform[i * DIM + j], LO, 1e-14);
        }
    }
    fixture_free(&f);
}

/* ---- what may go wrong ---- */

struct state_of_q {
    double lambda[DIM][J_MOST], v[DIM], rotation[DIM * DIM];
};

static void state_of(const rovi_approximation *q, struct state_of_q *s)
{
    memset(s, 0, sizeof *s);
    memcpy(s->rotation, q->rotation, sizeof s->rotation);
    for (size_t i = 0; i < DIM; i++) {
        memcpy(s->lambda[i], q->maps[i].lambda, q->maps[i].D.cells * sizeof(double));
        s->v[i] = q->maps[i].v;
    }
}

static int nowhere(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)d;
    (void)x;
    (void)grad;
    (void)logp;
    (void)data;
    return 1;
}

/* Finite, but their sum is not; the sign changes so that it would be NaN or either infinity. */
static int beyond_doubles(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)data;
    *logp = -1;
    for (size_t i = 0; grad != NULL && i < d; i++) {
        grad[i] = x[i] > 0 ? -1e308 : 1e308;
    }
    return 0;
}

static void check_nothing_moves(rovi_logp logp)
{
    struct fixture f;
    struct state_of_q before, after;
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(DIM, logp, NULL, &target, NULL), ROVI_OK);
    fixture_make(&f, target, 1, 1);
    state_of(f.q, &before);
    evaluate(&f);
    map_step(&f.steps, f.q, &f.batch, 0.1);
    rotation_step(&f.steps, f.q, &f.batch, 0.1);
    state_of(f.q, &after);
    assert_memory_equal(&after, &before, sizeof before);
    fixture_free(&f);
}

static void gradients_that_are_not_numbers_move_nothing(void **state)
{
    (void)state;
    check_nothing_moves(nowhere);
    check_nothing_moves(beyond_doubles);
}

static void any_team_makes_the_same_steps(void **state)
{
    (void)state;
    struct state_of_q expected = {.v = {0}}, got;
    for (size_t threads = 1; threads <= 3; threads++) {
        struct fixture f;
        fixture_make(&f, mixture(), 1, threads);
        for (int step = 0; step < 5; step++) {
            evaluate(&f);
            map_step(&f.steps, f.q, &f.batch, 0.02);
            evaluate(&f);
            rotation_step(&f.steps, f.q, &f.batch, 0.02);
        }
        state_of(f.q, threads == 1 ? &expected : &got);
        if (threads > 1) {
            assert_memory_equal(&got, &expected, sizeof got);
        }
        fixture_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_step_follows_the_gradient),
        cmocka_unit_test(rejected_points_do_not_count),
        cmocka_unit_test(map_step_projects),
        cmocka_unit_test(a_small_map_step_lowers_the_objective),
        cmocka_unit_test(maps_are_left_prepared),
        cmocka_unit_test(rotation_step_follows_the_gradient),
        cmocka_unit_test(a_small_rotation_step_lowers_the_objective),
        cmocka_unit_test(the_transform_follows_the_rotation),
        cmocka_unit_test(gradients_that_are_not_numbers_move_nothing),
        cmocka_unit_test(any_team_makes_the_same_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
