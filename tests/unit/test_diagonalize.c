/* SPDX-License-Identifier: BSD-3-Clause */
/* Joint diagonalisation of families whose common eigenvectors are known. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/diagonalize.h"
#include "base/linalg.h"
#include "support.h"

#define D_MOST 20
#define COUNT  6

static double C[COUNT * D_MOST * D_MOST], truth[D_MOST * D_MOST], found[D_MOST * D_MOST];

/* truth^T diag(e) truth: rows of truth are the eigenvectors. */
static void compose(size_t d, const double *e, double *A)
{
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < d; j++) {
            A[i * d + j] = 0;
            for (size_t k = 0; k < d; k++) {
                A[i * d + j] += truth[k * d + i] * e[k] * truth[k * d + j];
            }
        }
    }
}

static double cosine(size_t d, size_t row, size_t column)
{
    double sum = 0;
    for (size_t r = 0; r < d; r++) {
        sum += truth[row * d + r] * found[r * d + column];
    }
    return fabs(sum);
}

/* Every eigenvector from..to-1 is a column up to sign, each of another one. */
static void assert_columns(size_t d, size_t from, size_t to, double least)
{
    bool used[D_MOST] = {false};
    for (size_t k = from; k < to; k++) {
        size_t best = 0;
        for (size_t j = 1; j < d; j++) {
            best = cosine(d, k, j) > cosine(d, k, best) ? j : best;
        }
        assert_true(cosine(d, k, best) >= least);
        assert_false(used[best]);
        used[best] = true;
    }
    assert_true(linalg_distance_to_orthogonal(d, found) < 1e-13);
}

/* Six matrices with random eigenvalues, of which those from `same` on are all equal. */
static void make_family(uint64_t index, size_t d, size_t same)
{
    double e[D_MOST];
    support_orthogonal(100 + index, d, truth);
    for (size_t k = 0; k < COUNT; k++) {
        support_normals(200 + 10 * index + k, d, e);
        for (size_t i = same; i < d; i++) {
            e[i] = e[same];
        }
        compose(d, e, C + k * d * d);
    }
}

/* Angles are still below 1e-8 radians: 1 - |cos| below 1e-12 even over all planes. */
static void exact_families_are_recovered(void **state)
{
    (void)state;
    static const size_t dims[] = {2, 5, 20};
    for (size_t k = 0; k < 3; k++) {
        for (uint64_t index = 0; index < 4; index++) {
            make_family(10 * k + index, dims[k], dims[k]);
            linalg_identity(dims[k], found);
            diagonalize_jointly(dims[k], COUNT, C, found);
            assert_columns(dims[k], 0, dims[k], 1 - 1e-12);
        }
    }
}

/* A start other than the identity is turned further. What is handed in must then be seen from it. */
static void goes_on_from_a_start(void **state)
{
    (void)state;
    enum { D = 4 };
    double start[D * D], image[D * D];
    make_family(50, D, D);
    support_orthogonal(51, D, start);
    for (size_t k = 0; k < COUNT; k++) { /* C <- start^T C start */
        linalg_multiply(D, D, D, C + k * D * D, start, image);
        memset(C + k * D * D, 0, D * D * sizeof *C);
        linalg_add_multiply_tn(D, D, D, 1, start, image, C + k * D * D);
    }
    memcpy(found, start, sizeof start);
    diagonalize_jointly(D, COUNT, C, found);
    assert_columns(D, 0, D, 1 - 1e-12);
}

/* Multiples of the identity have no preference: nothing turns, to the last bit. */
static void isotropic_matrices_turn_nothing(void **state)
{
    (void)state;
    enum { D = 5 };
    double before[D * D];
    make_family(60, D, 0);
    support_orthogonal(61, D, found);
    memcpy(before, found, sizeof before);
    diagonalize_jointly(D, COUNT, C, found);
    assert_memory_equal(before, found, sizeof before);
}

/* The eigenvectors outside the degenerate subspace are found; inside, any basis is as good. */
static void degenerate_subspaces_do_not_disturb(void **state)
{
    (void)state;
    for (uint64_t index = 0; index < 4; index++) {
        make_family(70 + index, 8, 3);
        linalg_identity(8, found);
        diagonalize_jointly(8, COUNT, C, found);
        assert_columns(8, 0, 3, 1 - 1e-12);
    }
}

/* The angle of a plane is off by about noise/(gap sqrt(count)): .01/(1.4 * 2.4) = .003, and over d = 5 planes' worth of
 * them 1 - cos is 5 * .003^2/2 = 2e-5; near-equal eigenvalues, which six matrices rarely all have, are the rest. */
static void noise_turns_little(void **state)
{
    (void)state;
    enum { D = 5 };
    double noise[D * D];
    for (uint64_t index = 0; index < 5; index++) {
        make_family(80 + index, D, D);
        for (size_t k = 0; k < COUNT; k++) {
            support_normals(900 + COUNT * index + k, D * D, noise);
            for (size_t i = 0; i < D; i++) {
                for (size_t j = 0; j < D; j++) {
                    C[(k * D + i) * D + j] += .01 * (noise[i * D + j] + noise[j * D + i]) / sqrt(2);
                }
            }
        }
        linalg_identity(D, found);
        diagonalize_jointly(D, COUNT, C, found);
        assert_columns(D, 0, D, 1 - 5e-4);
    }
}

/* One matrix: its eigenvectors. The off-diagonal entries are gone and the eigenvalues on the diagonal are its own. */
static void one_matrix_is_an_eigenproblem(void **state)
{
    (void)state;
    const double e[] = {1, 2, 4, 8, -3};
    support_orthogonal(99, 5, truth);
    compose(5, e, C);
    linalg_identity(5, found);
    diagonalize_jointly(5, 1, C, found);
    assert_columns(5, 0, 5, 1 - 1e-12);
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < 5; j++) {
            assert_true(i == j || fabs(C[i * 5 + j]) < 1e-7);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_families_are_recovered),
        cmocka_unit_test(goes_on_from_a_start),
        cmocka_unit_test(isotropic_matrices_turn_nothing),
        cmocka_unit_test(degenerate_subspaces_do_not_disturb),
        cmocka_unit_test(noise_turns_little),
        cmocka_unit_test(one_matrix_is_an_eigenproblem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
