/* SPDX-License-Identifier: BSD-3-Clause */
/* Masses, means and the mass matrix B against quadrature of the hats themselves; Q = S^T (B - b b^T) S against the
 * closed form of docs/math.md; the entropy's smoothness against a dense eigenvalue iteration. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "family/dictionary.h"
#include "support.h"

static const double uneven[] = {-2.5, -1.9, -0.2, -0.15, 0.03, 0.031, 0.9, 3.5};
#define UNEVEN_CELLS 7

/* Far out on both sides, where the masses are small. */
static const double far[] = {-7, -6.5, -6, 5, 6, 6.25};
#define FAR_CELLS 5

struct pair {
    const double *knots;
    size_t j, k, cells;
};

/* Hat function of node j: 1 at a_j, 0 at the other nodes, constant outside. */
static double node_hat(const struct pair *p, size_t j, double x)
{
    const double left = j > 0 ? support_hat(p->knots, j - 1, x) : 1;
    const double right = j < p->cells ? support_hat(p->knots, j, x) : 0;
    return left - right;
}

static double product_of_node_hats(double x, void *data)
{
    const struct pair *p = data;
    return node_hat(p, p->j, x) * node_hat(p, p->k, x);
}

static double product_of_hats(double x, void *data)
{
    const struct pair *p = data;
    return support_hat(p->knots, p->j, x) * support_hat(p->knots, p->k, x);
}

static double one(double x, void *data)
{
    (void)x;
    (void)data;
    return 1;
}

static double expect_pair(double (*f)(double, void *), size_t J, const double *knots, size_t j, size_t k)
{
    struct pair p = {knots, j, k, J};
    return support_expectation(f, &p, -INFINITY, INFINITY, J + 1, knots);
}

/* Quadrature is good to 1e-13 or so; the closed forms lose a^2 eps/h^2 to cancellation, below 1e-11 for these knots but
 * for the cell of width .001, where u^2 = (X2 - 2 a X1 + a^2 P)/h^2 has an error of about 1e-16/1e-6. */
static void check_against_quadrature(size_t J, const double *knots, double tolerance)
{
    struct arena arena = {0};
    struct dictionary D;
    dictionary_init(&D, &arena, J);
    dictionary_set(&D, J, knots);
    assert_false(arena.failed);
    assert_int_equal(D.cells, J);
    double inside = 0;
    for (size_t k = 0; k < J; k++) {
        assert_true(D.width[k] == knots[k + 1] - knots[k]);
        assert_close(D.mass[k], support_expectation(one, NULL, knots[k], knots[k + 1], 0, NULL), 1e-13);
        assert_close(D.mean[k], support_hat_mean(knots, k), tolerance);
        assert_close(D.off[k], expect_pair(product_of_node_hats, J, knots, k, k + 1), tolerance);
        inside += D.mass[k];
    }
    for (size_t j = 0; j <= J; j++) {
        assert_true(D.knots[j] == knots[j]);
        assert_close(D.diagonal[j], expect_pair(product_of_node_hats, J, knots, j, j), tolerance);
    }
    assert_close(D.outside + inside, 1, 1e-14);
    arena_free(&arena);
}

static void masses_means_and_mass_matrix_match_quadrature(void **state)
{
    (void)state;
    double knots[31];
    dictionary_uniform_knots(30, 3, knots);
    check_against_quadrature(30, knots, 1e-12);
    dictionary_uniform_knots(1, 0.1, knots);
    check_against_quadrature(1, knots, 1e-12);
    check_against_quadrature(UNEVEN_CELLS, uneven, 1e-10);
    check_against_quadrature(FAR_CELLS, far, 1e-12);
}

/* In the tail what counts is the relative error of the mass: N(0,1) puts 1e-9 beyond 6. */
static void tail_masses_are_relatively_exact(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct dictionary D;
    dictionary_init(&D, &arena, FAR_CELLS);
    dictionary_set(&D, FAR_CELLS, far);
    /* the difference of upper tails, of which the smaller is at most half the larger */
    assert_relative(D.mass[4], (erfc(6 / sqrt(2)) - erfc(6.25 / sqrt(2))) / 2, 1e-13);
    assert_relative(D.mass[0], (erfc(6.5 / sqrt(2)) - erfc(7 / sqrt(2))) / 2, 1e-13);
    arena_free(&arena);
}

struct moment {
    double a, h;
    int power;
};

static double moment_of_cell(double u, void *data)
{
    const struct moment *m = data;
    const double x = m->a + u * m->h;
    return m->h * pow(u, m->power) * exp(-0.5 * x * x) / sqrt(2 * acos(-1));
}

/* E[u^power; X in the cell], u = (X - a)/h; substituted, so that a narrow cell costs no digits. */
static double cell_moment(double a, double h, int power)
{
    struct moment m = {a, h, power};
    return support_integrate(moment_of_cell, &m, 0, 1, 1e-16 * h * exp(-0.5 * a * a));
}

/* Between two modes the solver makes cells down to 1e-6 wide: the mass matrix needs its relative accuracy there, for
 * the condition of the system comes on top. */
static void narrow_cells_keep_their_digits(void **state)
{
    (void)state;
    static const double at[] = {-4, -3, -0.5, 0, 0.2, 2, 4};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        for (double width = 1; width > 1e-7; width /= 10) {
            const double knots[] = {at[i], at[i] + width}, h = knots[1] - knots[0];
            const double P = cell_moment(at[i], h, 0), u1 = cell_moment(at[i], h, 1), u2 = cell_moment(at[i], h, 2);
            struct arena arena = {0};
            struct dictionary D;
            dictionary_init(&D, &arena, 1);
            dictionary_set(&D, 1, knots);
            assert_relative(D.mass[0], P, 1e-9); /* a difference of probabilities: 1e-16/h */
            assert_relative(D.off[0], u1 - u2, 1e-9);
            assert_close(D.diagonal[1], u2 + erfc(knots[1] / sqrt(2)) / 2, 1e-15);
            assert_close(D.mean[0], u1 + erfc(knots[1] / sqrt(2)) / 2, 1e-15);
            arena_free(&arena);
        }
    }
}

/* Closed form and quadrature of M_j M_k agree, so that the form may serve as oracle. */
static void closed_form_gram_matches_quadrature(void **state)
{
    (void)state;
    double Q[UNEVEN_CELLS * UNEVEN_CELLS];
    support_gram(UNEVEN_CELLS, uneven, Q);
    for (size_t j = 0; j < UNEVEN_CELLS; j++) {
        for (size_t k = 0; k < UNEVEN_CELLS; k++) {
            const double expected = expect_pair(product_of_hats, UNEVEN_CELLS, uneven, j, k) -
                                    support_hat_mean(uneven, j) * support_hat_mean(uneven, k);
            assert_close(Q[j * UNEVEN_CELLS + k], expected, 1e-10); /* as above: the narrow cell */
        }
    }
}

/* Q_jk = sum over nodes r > j, s > k of (B - b b^T)_rs, b = B 1: S^T (B - b b^T) S written out. */
static double gram_from_mass_matrix(const struct dictionary *D, size_t j, size_t k)
{
    double sum = 0, right_of_j = 0, right_of_k = 0;
    for (size_t r = 0; r <= D->cells; r++) {
        const double b = D->diagonal[r] + (r > 0 ? D->off[r - 1] : 0) + (r < D->cells ? D->off[r] : 0);
        right_of_j += r > j ? b : 0;
        right_of_k += r > k ? b : 0;
        sum += r > j && r > k ? D->diagonal[r] : 0;
        sum += r > j && r + 1 > k && r < D->cells ? D->off[r] : 0;
        sum += r + 1 > j && r > k && r < D->cells ? D->off[r] : 0;
    }
    return sum - right_of_j * right_of_k;
}

static void check_gram(size_t J, const double *knots, double tolerance)
{
    struct arena arena = {0};
    struct dictionary D;
    double *Q = calloc(J * J, sizeof *Q);
    dictionary_init(&D, &arena, J);
    dictionary_set(&D, J, knots);
    support_gram(J, knots, Q);
    for (size_t j = 0; j < J; j++) {
        for (size_t k = 0; k < J; k++) {
            assert_close(gram_from_mass_matrix(&D, j, k), Q[j * J + k], tolerance);
        }
    }
    free(Q);
    arena_free(&arena);
}

static void gram_is_that_of_the_mass_matrix(void **state)
{
    (void)state;
    double knots[161];
    check_gram(UNEVEN_CELLS, uneven, 1e-10);
    check_gram(FAR_CELLS, far, 1e-13);
    dictionary_uniform_knots(29, 2.9, knots);
    check_gram(29, knots, 1e-13);
    dictionary_uniform_knots(160, 4, knots);
    check_gram(160, knots, 1e-12);
}

static void uniform_knots_are_even_and_symmetric(void **state)
{
    (void)state;
    double knots[61];
    assert_int_equal(dictionary_uniform_cells(0.2, 2.9), 29);
    assert_int_equal(dictionary_uniform_cells(0.2, 3), 30);
    assert_int_equal(dictionary_uniform_cells(0.1, 3), 60);
    assert_int_equal(dictionary_uniform_cells(10, 0.1), 1);
    assert_int_equal(dictionary_uniform_cells(0.005, 8), 3200);
    dictionary_uniform_knots(60, 3, knots);
    assert_true(knots[0] == -3 && knots[60] == 3 && knots[30] == 0);
    for (size_t k = 0; k < 60; k++) {
        assert_close(knots[k + 1] - knots[k], 0.1, 1e-14);
        assert_close(knots[k], -knots[60 - k], 1e-15);
    }
}

static void no_cell_is_a_valid_dictionary(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct dictionary D;
    dictionary_init(&D, &arena, 0);
    dictionary_set(&D, 0, (const double[]){1.5});
    assert_false(arena.failed);
    assert_close(D.outside, 1, 1e-15);
    assert_close(D.diagonal[0], 1, 1e-15);
    arena_free(&arena);
}

/* Largest eigenvalue of Q^-1 diag(P_k/h_k^2) by 2000 dense power steps. */
static double dense_smoothness(size_t J, const double *knots)
{
    double *Q = calloc(J * J, sizeof *Q), *A = calloc(J * J, sizeof *A), *x = calloc(J, sizeof *x), norm = 1;
    double *inverse = calloc(J * J, sizeof *inverse), *y = calloc(J, sizeof *y);
    support_gram(J, knots, Q);
    for (size_t c = 0; c < J; c++) {
        memcpy(A, Q, J * J * sizeof *A);
        memset(y, 0, J * sizeof *y);
        y[c] = 1;
        support_solve(J, A, y);
        for (size_t r = 0; r < J; r++) {
            inverse[r * J + c] = y[r];
        }
    }
    support_normals(3, J, x);
    for (int step = 0; step < 2000; step++) {
        double square = 0;
        for (size_t r = 0; r < J; r++) {
            y[r] = 0;
            for (size_t c = 0; c < J; c++) {
                const double h = knots[c + 1] - knots[c];
                y[r] += inverse[r * J + c] * (erfc(knots[c] / sqrt(2)) - erfc(knots[c + 1] / sqrt(2))) / 2 / (h * h) *
                        x[c] / norm;
            }
        }
        for (size_t r = 0; r < J; r++) {
            x[r] = y[r];
            square += x[r] * x[r];
        }
        norm = sqrt(square);
    }
    free(Q);
    free(A);
    free(x);
    free(y);
    free(inverse);
    return norm;
}

static double smoothness(size_t J, const double *knots)
{
    struct arena arena = {0};
    struct dictionary D;
    dictionary_init(&D, &arena, J);
    dictionary_set(&D, J, knots);
    double *work = arena_doubles(&arena, 4 * J + 2);
    const double value = dictionary_entropy_smoothness(&D, work);
    arena_free(&arena);
    return value;
}

/* 200 power steps instead of 2000: near the top the eigenvalues lie about 1/J^2 apart, which leaves a fraction of a
 * percent; a step size needs no more. */
static void entropy_smoothness_matches_a_dense_iteration(void **state)
{
    (void)state;
    double knots[41];
    dictionary_uniform_knots(29, 2.9, knots);
    assert_relative(smoothness(29, knots), dense_smoothness(29, knots), 0.01);
    dictionary_uniform_knots(40, 2, knots);
    assert_relative(smoothness(40, knots), dense_smoothness(40, knots), 0.01);
    assert_relative(smoothness(UNEVEN_CELLS, uneven), dense_smoothness(UNEVEN_CELLS, uneven), 0.01);
    dictionary_uniform_knots(1, 1, knots);
    assert_relative(smoothness(1, knots), dense_smoothness(1, knots), 1e-10);
}

/* On a fine mesh the hats alternate at the highest frequency: 12/mesh^2, up to how the density varies over a cell. */
static void entropy_smoothness_grows_as_twelve_over_mesh_squared(void **state)
{
    (void)state;
    for (size_t J = 20; J <= 320; J *= 2) {
        double knots[321];
        dictionary_uniform_knots(J, 2, knots);
        const double mesh = 4 / (double)J;
        assert_relative(smoothness(J, knots) * mesh * mesh, 12, 0.1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masses_means_and_mass_matrix_match_quadrature),
        cmocka_unit_test(tail_masses_are_relatively_exact),
        cmocka_unit_test(narrow_cells_keep_their_digits),
        cmocka_unit_test(closed_form_gram_matches_quadrature),
        cmocka_unit_test(gram_is_that_of_the_mass_matrix),
        cmocka_unit_test(uniform_knots_are_even_and_symmetric),
        cmocka_unit_test(no_cell_is_a_valid_dictionary),
        cmocka_unit_test(entropy_smoothness_matches_a_dense_iteration),
        cmocka_unit_test(entropy_smoothness_grows_as_twelve_over_mesh_squared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
