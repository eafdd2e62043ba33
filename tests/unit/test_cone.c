/* SPDX-License-Identifier: BSD-3-Clause */
/* Q^-1 g and the projection onto lambda >= 0 in the norm of Q, checked with the dense closed-form Q. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "family/cone.h"
#include "support.h"

#define MOST 160

struct problem {
    struct arena arena;
    struct dictionary D;
    double *Q; /* J x J, closed form */
    double *work;
};

static struct problem problem_make(size_t J, const double *knots)
{
    struct problem p = {0};
    dictionary_init(&p.D, &p.arena, J);
    dictionary_set(&p.D, J, knots);
    p.Q = arena_doubles(&p.arena, J * J);
    p.work = arena_doubles(&p.arena, cone_project_work(J));
    support_gram(J, knots, p.Q);
    return p;
}

static struct problem problem_uniform(size_t J, double range)
{
    double knots[MOST + 1];
    dictionary_uniform_knots(J, range, knots);
    return problem_make(J, knots);
}

/* [-2.5, 3] in cells of random width, the widest up to about a hundred times the narrowest. */
static struct problem problem_random(uint64_t index, size_t J)
{
    double knots[MOST + 1], normals[MOST];
    support_normals(index, J, normals);
    knots[0] = 0;
    for (size_t k = 0; k < J; k++) {
        knots[k + 1] = knots[k] + exp(fmax(-2.3, fmin(2.3, normals[k])));
    }
    const double scale = 5.5 / knots[J];
    for (size_t k = 0; k <= J; k++) {
        knots[k] = -2.5 + scale * knots[k];
    }
    return problem_make(J, knots);
}

static void problem_free(struct problem *p)
{
    arena_free(&p->arena);
}

/* y = Q x, and the largest |entry| of any term that was summed */
static double multiply(const struct problem *p, const double *x, double *y)
{
    const size_t J = p->D.cells;
    double scale = 0;
    for (size_t j = 0; j < J; j++) {
        y[j] = 0;
        for (size_t k = 0; k < J; k++) {
            y[j] += p->Q[j * J + k] * x[k];
            scale = fmax(scale, fabs(p->Q[j * J + k] * x[k]));
        }
    }
    return scale;
}

static double norm(const struct problem *p, const double *x)
{
    double y[MOST], sum = 0;
    multiply(p, x, y);
    for (size_t k = 0; k < p->D.cells; k++) {
        sum += x[k] * y[k];
    }
    return sqrt(fmax(0, sum));
}

static void subtract(size_t n, const double *x, const double *y, double *difference)
{
    for (size_t k = 0; k < n; k++) {
        difference[k] = x[k] - y[k];
    }
}

/* ---- Q^-1 g ---- */

/* Condition of Q: about 1/smallest eigenvalue ~ 12/h^2 over the tail density; the dense solve itself is no better than
 * 1e-16 times that, so the bound is on the residual Q x - g, relative to |Q| |x|. */
static void check_solve(const struct problem *p, const double *g)
{
    double x[MOST], Qx[MOST];
    cone_gram_solve(&p->D, g, x, p->work);
    const double scale = multiply(p, x, Qx);
    for (size_t k = 0; k < p->D.cells; k++) {
        assert_true(fabs(Qx[k] - g[k]) <= 1e-11 * scale);
    }
}

static void gram_solve_inverts_the_dense_gram(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 40; i++) {
        double g[MOST];
        struct problem p = i < 20 ? problem_uniform(1 + 4 * i, 3) : problem_random(i, 2 * i - 35);
        support_normals(100 + i, p.D.cells, g);
        check_solve(&p, g);
        problem_free(&p);
    }
}

/* Where Q is well conditioned the solution itself can be compared, and x may be g. */
static void gram_solve_matches_elimination_in_place(void **state)
{
    (void)state;
    struct problem p = problem_uniform(15, 2.5);
    double g[15], expected[15], A[15 * 15];
    support_normals(7, 15, g);
    memcpy(expected, g, sizeof g);
    memcpy(A, p.Q, sizeof A);
    support_solve(15, A, expected);
    cone_gram_solve(&p.D, g, g, p.work);
    for (size_t k = 0; k < 15; k++) {
        assert_relative(g[k], expected[k], 1e-9);
    }
    problem_free(&p);
}

/* ---- the projection ---- */

/* lambda is the projection of z if and only if lambda >= 0, m = Q(lambda - z) >= 0 and lambda_k m_k = 0 (KKT). The
 * multiplier m is a sum of J terms, known up to rounding: 1e-12 J of the largest term in it. */
static void assert_optimal(const struct problem *p, const double *z, const double *lambda)
{
    const size_t J = p->D.cells;
    double difference[MOST] = {0}, multiplier[MOST], ignored[MOST];
    subtract(J, lambda, z, difference);
    const double noise = 1e-12 * (double)J * (multiply(p, z, ignored) + multiply(p, lambda, ignored) + 1e-300);
    multiply(p, difference, multiplier);
    for (size_t k = 0; k < J; k++) {
        assert_true(lambda[k] >= 0);
        if (!(multiplier[k] >= -noise) || !(lambda[k] == 0 || fabs(multiplier[k]) <= noise)) {
            fail_msg("J = %zu, k = %zu: lambda %g, multiplier %g, noise %g", J, k, lambda[k], multiplier[k], noise);
        }
    }
}

static void project(const struct problem *p, const double *z, double *lambda)
{
    memcpy(lambda, z, p->D.cells * sizeof *z);
    const size_t rounds = cone_project(&p->D, lambda, p->work);
    assert_true(rounds <= 60 + p->D.cells); /* far from the limit at which it gives up */
}

static void projection_meets_the_optimality_conditions(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 400; i++) {
        double z[MOST], lambda[MOST];
        struct problem p =
            i % 2 == 0 ? problem_uniform(1 + i % 97, 1 + (double)(i % 3)) : problem_random(i, 1 + i % 83);
        support_normals(1000 + i, p.D.cells, z);
        for (size_t k = 0; k < p.D.cells; k++) {
            z[k] += 0.3 * (double)(i % 5) - 0.6; /* from mostly negative to mostly positive */
        }
        project(&p, z, lambda);
        assert_optimal(&p, z, lambda);
        problem_free(&p);
    }
}

/* Mesh .05 on [-4, 4], inputs as a gradient step makes them: positive and smooth plus a multiple of Q^-1 noise, which
 * is rough and far outside the cone. */
static void fine_meshes_are_projected_exactly(void **state)
{
    (void)state;
    struct problem p = problem_uniform(160, 4);
    for (uint64_t i = 0; i < 60; i++) {
        double g[MOST], z[MOST], lambda[MOST];
        support_normals(3000 + i, 160, g);
        cone_gram_solve(&p.D, g, z, p.work);
        for (size_t k = 0; k < 160; k++) {
            z[k] = 0.05 + pow(10, -(double)(i % 8)) * z[k];
        }
        project(&p, z, lambda);
        assert_optimal(&p, z, lambda);
    }
    problem_free(&p);
}

/* Rough inputs that grow towards the ends, on a mesh of .005: 1e-12 of what the ends weigh is all of the middle. The
 * number of rounds must not grow with the mesh. */
static void rough_inputs_on_the_finest_mesh_end_soon(void **state)
{
    (void)state;
    enum { J = 1320 };
    struct arena arena = {0};
    struct dictionary D;
    double knots[J + 1], lambda[J];
    dictionary_uniform_knots(J, 3.3, knots);
    dictionary_init(&D, &arena, J);
    dictionary_set(&D, J, knots);
    double *work = arena_doubles(&arena, cone_project_work(J));
    for (uint64_t i = 0; i < 24; i++) {
        support_normals(400 + i, J, lambda);
        for (size_t k = 0; k < J; k++) {
            const double growth = 2 + 2 * (double)(i % 6); /* decades from the middle to the ends */
            lambda[k] *= pow(10, growth * (knots[k] * knots[k] / (3.3 * 3.3) - 1));
        }
        const size_t rounds = cone_project(&D, lambda, work);
        if (rounds > 400) {
            fail_msg("input %d took %zu rounds", (int)i, rounds);
        }
        for (size_t k = 0; k < J; k++) {
            assert_true(lambda[k] >= 0);
        }
    }
    arena_free(&arena);
}

static void negative_inputs_are_projected_exactly(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 50; i++) {
        double z[MOST], lambda[MOST];
        struct problem p = problem_random(i, 1 + 3 * i);
        support_normals(4000 + i, p.D.cells, z);
        for (size_t k = 0; k < p.D.cells; k++) {
            z[k] = -fabs(z[k]);
        }
        project(&p, z, lambda);
        assert_optimal(&p, z, lambda);
        for (size_t k = 0; k < p.D.cells; k++) {
            assert_true(lambda[k] == 0); /* hats are positively correlated: Q z < 0, so that 0 is optimal */
        }
        problem_free(&p);
    }
}

static void points_inside_stay_to_the_last_bit(void **state)
{
    (void)state;
    struct problem p = problem_uniform(80, 3);
    double z[80], lambda[80];
    for (uint64_t i = 0; i < 20; i++) {
        support_normals(5000 + i, 80, z);
        for (size_t k = 0; k < 80; k++) {
            z[k] = k % 7 == i % 7 ? 0 : fabs(z[k]);
        }
        project(&p, z, lambda);
        assert_memory_equal(z, lambda, sizeof z);
    }
    problem_free(&p);
}

static void projecting_twice_changes_nothing(void **state)
{
    (void)state;
    struct problem p = problem_random(9, 60);
    double z[60], once[60], twice[60];
    for (uint64_t i = 0; i < 20; i++) {
        support_normals(6000 + i, 60, z);
        project(&p, z, once);
        project(&p, once, twice);
        assert_memory_equal(once, twice, sizeof once);
    }
    problem_free(&p);
}

static void projection_does_not_expand(void **state)
{
    (void)state;
    struct problem p = problem_random(10, 40);
    for (uint64_t i = 0; i < 100; i++) {
        double a[40], b[40], Pa[40], Pb[40], before[40], after[40];
        support_normals(7000 + i, 40, a);
        support_normals(8000 + i, 40, b);
        project(&p, a, Pa);
        project(&p, b, Pb);
        subtract(40, a, b, before);
        subtract(40, Pa, Pb, after);
        assert_true(norm(&p, after) <= norm(&p, before) * (1 + 1e-12));
    }
    problem_free(&p);
}

/* lambda = 0 off the set, Q(lambda - z) = 0 on it: solved densely. */
static void solve_with_free_set(const struct problem *p, const double *z, unsigned set, double *lambda)
{
    const size_t J = p->D.cells;
    double Qz[8], A[64], x[8];
    size_t free_cells[8], n = 0;
    multiply(p, z, Qz);
    for (size_t k = 0; k < J; k++) {
        lambda[k] = 0;
        if (set >> k & 1u) {
            free_cells[n++] = k;
        }
    }
    for (size_t r = 0; r < n; r++) {
        x[r] = Qz[free_cells[r]];
        for (size_t c = 0; c < n; c++) {
            A[r * n + c] = p->Q[free_cells[r] * J + free_cells[c]];
        }
    }
    support_solve(n, A, x);
    for (size_t r = 0; r < n; r++) {
        lambda[free_cells[r]] = x[r];
    }
}

/* Of all 2^J active sets, the feasible solution nearest to z. */
static void project_by_trying_all(const struct problem *p, const double *z, double *best)
{
    const size_t J = p->D.cells;
    double least = INFINITY;
    for (unsigned set = 0; set < 1u << J; set++) {
        double lambda[8], difference[8];
        bool feasible = true;
        solve_with_free_set(p, z, set, lambda);
        for (size_t k = 0; k < J; k++) {
            feasible = feasible && lambda[k] >= 0;
        }
        subtract(J, lambda, z, difference);
        const double distance = norm(p, difference);
        if (feasible && distance < least) {
            least = distance;
            memcpy(best, lambda, J * sizeof *best);
        }
    }
}

static void projection_matches_trying_all_active_sets(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 120; i++) {
        double z[8], lambda[8], expected[8];
        struct problem p = i % 2 == 0 ? problem_uniform(1 + i % 8, 2) : problem_random(i, 1 + i % 8);
        support_normals(9000 + i, p.D.cells, z);
        project(&p, z, lambda);
        project_by_trying_all(&p, z, expected);
        for (size_t k = 0; k < p.D.cells; k++) {
            assert_close(lambda[k], expected[k], 1e-9); /* 1e-16 times the condition of Q, up to 1e6 here */
        }
        problem_free(&p);
    }
}

static void one_cell_is_clipped_at_zero(void **state)
{
    (void)state;
    struct problem p = problem_uniform(1, 1);
    double lambda = -2;
    cone_project(&p.D, &lambda, p.work);
    assert_true(lambda == 0);
    lambda = 0.25;
    assert_int_equal(cone_project(&p.D, &lambda, p.work), 0);
    assert_true(lambda == 0.25);
    problem_free(&p);
}

/* A step from a gradient beyond all measure may hand over anything: it has to come back. */
static void values_that_are_not_numbers_come_back(void **state)
{
    (void)state;
    struct problem p = problem_uniform(30, 3);
    double lambda[30];
    support_normals(1, 30, lambda);
    lambda[4] = NAN;
    cone_project(&p.D, lambda, p.work);
    support_normals(1, 30, lambda);
    lambda[4] = INFINITY;
    cone_project(&p.D, lambda, p.work);
    support_normals(1, 30, lambda);
    for (size_t k = 0; k < 30; k++) {
        lambda[k] *= 1e300;
    }
    cone_project(&p.D, lambda, p.work);
    for (size_t k = 0; k < 30; k++) {
        assert_true(lambda[k] >= 0);
    }
    problem_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gram_solve_inverts_the_dense_gram),
        cmocka_unit_test(gram_solve_matches_elimination_in_place),
        cmocka_unit_test(projection_meets_the_optimality_conditions),
        cmocka_unit_test(fine_meshes_are_projected_exactly),
        cmocka_unit_test(rough_inputs_on_the_finest_mesh_end_soon),
        cmocka_unit_test(negative_inputs_are_projected_exactly),
        cmocka_unit_test(points_inside_stay_to_the_last_bit),
        cmocka_unit_test(projecting_twice_changes_nothing),
        cmocka_unit_test(projection_does_not_expand),
        cmocka_unit_test(projection_matches_trying_all_active_sets),
        cmocka_unit_test(one_cell_is_clipped_at_zero),
        cmocka_unit_test(values_that_are_not_numbers_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
