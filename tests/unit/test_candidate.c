/* SPDX-License-Identifier: BSD-3-Clause */
/* The frame, and the rotations and maps that the solver may begin with: the truth is among them. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/linalg.h"
#include "base/normal.h"
#include "coordinate/candidate.h"
#include "explore/explore.h"
#include "support.h"

#define D_MOST 10

struct fixture {
    rovi_target *target;
    struct support_rig rig;
    struct explorer explorer;
    struct frame frame;
    struct candidates candidates;
};

/* Takes the target. */
static void run(struct fixture *f, rovi_target *target, enum whitening whitening, bool rotate, uint64_t seed)
{
    rovi_settings *settings = rovi_settings_new();
    f->target = target;
    support_rig_make(&f->rig, target);
    explorer_init(&f->explorer, &f->rig.arena, &f->rig.progress, 12, NULL);
    assert_false(f->rig.arena.failed);
    explore_run(&f->explorer, settings, seed);
    rovi_settings_free(settings);
    assert_true(f->explorer.count > 0);
    frame_init(&f->frame, &f->rig.arena, &f->explorer, whitening);
    candidates_init(&f->candidates, &f->rig.arena, &f->explorer, &f->frame);
    assert_false(f->rig.arena.failed);
    frame_make(&f->frame, &f->explorer, whitening);
    assert_true(candidates_make(&f->candidates, rotate));
    assert_true(!rotate || candidates_rotate(&f->candidates, seed));
}

static void drop(struct fixture *f)
{
    candidates_free(&f->candidates);
    rovi_target_free(f->target);
    support_rig_free(&f->rig);
}

/* Greatest |cos| between u (any length) and a column of O. */
static double alignment(size_t d, const double *O, const double *u)
{
    double best = 0;
    for (size_t j = 0; j < d; j++) {
        double along = 0;
        for (size_t r = 0; r < d; r++) {
            along += u[r] * O[r * d + j];
        }
        best = fmax(best, fabs(along) / sqrt(linalg_dot(d, u, u)));
    }
    return best;
}

/* ---- frame ---- */

/* Two normals of one covariance, eigenvalues 1 to 100, .4 and .6, well apart along (1, -1, 1, ...). */
static rovi_target *two(size_t d, double *C, double *means)
{
    support_covariance(80, d, 100, C);
    for (size_t j = 0; j < d; j++) {
        means[j] = 20 - (j % 2 == 0 ? 5 : -5);
        means[d + j] = 20 + (j % 2 == 0 ? 5 : -5);
    }
    return support_mixture(d, 2, (const double[]){.4, .6}, means, 1, C);
}

/* The locals are the components to some 1e-3: they end when a step gains less than its noise. */
/* -log(1 - r^2)/2 for a correlation r, in any units. */
static void coupling_is_what_a_product_lacks(void **state)
{
    (void)state;
    const double mean[] = {1, -2}, covariance[] = {1, 6, 6, 100}, weight[] = {1};
    struct fixture f;
    double P[4];
    run(&f, support_mixture(2, 1, weight, mean, 1, covariance), WHITENING_DIAGONAL, false, 1);
    assert_close(frame_coupling(&f.frame, 0, P), -0.5 * log(1 - 0.36), 1e-6);
    const size_t listed = f.candidates.count;
    assert_true(candidates_add_product(&f.candidates, &f.frame, 0.2));
    assert_int_equal(f.candidates.count, listed); /* the product lacks .223 nats */
    drop(&f);
}

static void frame_makes_components_round(void **state)
{
    (void)state;
    enum { D = 4 };
    struct fixture f;
    double C[D * D], means[2 * D], product[D * D], P[D * D];
    run(&f, two(D, C, means), WHITENING_TRIANGULAR, true, 1);
    assert_int_equal(f.frame.count, 2);
    for (size_t j = 0; j < D; j++) {
        assert_close(f.frame.center[j], .4 * means[j] + .6 * means[D + j], .01);
    }
    linalg_multiply_nt(D, D, D, f.frame.L, f.frame.L, product);
    for (size_t i = 0; i < D * D; i++) {
        assert_close(product[i] / 10, C[i] / 10, .02);
        assert_close(f.frame.covariance[i], i % (D + 1) == 0, .02);
    }
    frame_precision(&f.frame, 0, P);
    linalg_multiply(D, D, D, P, f.frame.covariance, product);
    for (size_t k = 0; k < 2; k++) { /* center + L mean = mean of the local */
        double back[D];
        linalg_multiply(D, D, 1, f.frame.L, f.frame.mean + k * D, back);
        for (size_t i = 0; i < D; i++) {
            assert_close(f.frame.center[i] + back[i], f.explorer.locals[k].mean[i], 1e-10);
        }
    }
    for (size_t i = 0; i < D * D; i++) {
        assert_close(product[i], i % (D + 1) == 0, 1e-12);
    }
    drop(&f);
}

static void frame_of_other_kinds(void **state)
{
    (void)state;
    enum { D = 4 };
    struct fixture f;
    double C[D * D], means[2 * D], H[D * D], expected[D * D];
    run(&f, two(D, C, means), WHITENING_DIAGONAL, false, 1);
    for (size_t i = 0; i < D; i++) {
        assert_relative(f.frame.L[i * D + i], sqrt(C[i * D + i]), .02);
        for (size_t j = 0; j < D; j++) {
            assert_true(i == j || f.frame.L[i * D + j] == 0);
        }
    }
    support_positive_definite(81, D, H);
    for (size_t i = 0; i < D * D; i++) {
        expected[i] = H[i] * f.frame.L[i / D * (D + 1)] * f.frame.L[i % D * (D + 1)];
    }
    frame_hessian(&f.frame, H);
    for (size_t i = 0; i < D * D; i++) {
        assert_close(H[i], expected[i], 1e-12);
    }
    drop(&f);
    run(&f, two(D, C, means), WHITENING_NONE, true, 1);
    assert_null(f.frame.L);
    for (size_t i = 0; i < D; i++) {
        assert_true(f.frame.center[i] == 0);
    }
    drop(&f);
}

/* ---- rotations ---- */

/* Four wells among eight dimensions, rotated: some candidate has every well's direction. Seen from the frame, u^T x is
 * along L^T u. */
static void many_well_directions_are_read_off(void **state)
{
    (void)state;
    enum { D = 8 };
    for (uint64_t index = 0; index < 6; index++) {
        const enum whitening whitening = index % 2 == 0 ? WHITENING_NONE : WHITENING_TRIANGULAR;
        struct fixture f;
        double R[D * D], best = 0;
        rovi_target *base = NULL, *target = NULL;
        support_orthogonal(90 + index, D, R);
        assert_int_equal(rovi_target_new_many_well(D, &base, NULL), ROVI_OK);
        assert_int_equal(rovi_target_new_rotated(base, R, &target, NULL), ROVI_OK);
        run(&f, target, whitening, true, 1 + index);
        for (size_t c = 0; c < f.candidates.count; c++) {
            double least = 1;
            for (size_t i = 0; i < D; i += 2) {
                double u[D] = {0};
                for (size_t r = 0; r < D; r++) {
                    for (size_t s = 0; s < D; s++) {
                        const double L = whitening == WHITENING_NONE ? r == s : f.frame.L[s * D + r];
                        u[r] += L * R[s * D + i];
                    }
                }
                least = fmin(least, alignment(D, f.candidates.list[c].q->rotation, u));
            }
            best = fmax(best, least);
        }
        assert_true(best >= .999);
        drop(&f);
    }
}

/* The line between the means, L^-1 (m_1 - m_0), is a column of some candidate, which has both modes in its map there.
 */
static void the_line_between_two_normals_is_found(void **state)
{
    (void)state;
    static const size_t dims[] = {2, 10};
    for (size_t k = 0; k < 2; k++) {
        const size_t d = dims[k];
        struct fixture f;
        double C[D_MOST * D_MOST], means[2 * D_MOST], u[D_MOST], best = 0;
        run(&f, two(d, C, means), WHITENING_TRIANGULAR, true, 3);
        for (size_t j = 0; j < d; j++) {
            u[j] = means[d + j] - means[j];
        }
        linalg_solve_lower(1, d, f.frame.L, u);
        for (size_t c = 0; c < f.candidates.count; c++) {
            best = fmax(best, alignment(d, f.candidates.list[c].q->rotation, u));
        }
        assert_true(best >= .999);
        drop(&f);
    }
}

/* ---- the list ---- */

static bool is_identity(size_t d, const double *O)
{
    for (size_t i = 0; i < d * d; i++) {
        if (O[i] != (i % (d + 1) == 0)) {
            return false;
        }
    }
    return true;
}

static void candidates_are_sound(void **state)
{
    (void)state;
    enum { D = 4 };
    for (int rotate = 0; rotate < 2; rotate++) {
        struct fixture f;
        double C[D * D], means[2 * D];
        run(&f, two(D, C, means), rotate ? WHITENING_TRIANGULAR : WHITENING_DIAGONAL, rotate, 1);
        assert_in_range(f.candidates.count, 1, CANDIDATE_MOST);
        assert_true(is_identity(D, f.candidates.list[0].q->rotation));
        for (size_t c = 0; c < f.candidates.count; c++) {
            const rovi_approximation *q = f.candidates.list[c].q;
            assert_true(linalg_distance_to_orthogonal(D, q->rotation) < 1e-13);
            assert_true(rotate || is_identity(D, q->rotation));
            for (size_t i = 0; i < D; i++) {
                const struct map *T = &q->maps[i];
                for (size_t s = 0; s < T->D.cells + 2; s++) {
                    assert_true(T->slope[s] > 0);
                }
            }
        }
        drop(&f);
    }
}

/* One dimension: the maps are the marginals of the mixture of locals, with its weights. For mean-field there is a start
 * from each of them alone too. */
static void maps_begin_with_the_modes_weights(void **state)
{
    (void)state;
    const double weights[] = {.3, .7}, means[] = {-6, 6};
    struct fixture f;
    size_t segment = 0;
    run(&f, support_mixture(1, 2, weights, means, 0, NULL), WHITENING_DIAGONAL, false, 1);
    assert_int_equal(f.candidates.count, 3);
    for (size_t c = 0; c < 3; c++) {
        const struct candidate *listed = &f.candidates.list[c];
        const double at = (0 - f.frame.center[0]) / f.frame.L[0];
        const double below = normal_cdf(map_inverse(&listed->q->maps[0], at, &segment));
        const bool both = listed->to - listed->from == 2;
        assert_close(below, both ? .3 : f.explorer.locals[listed->from].mean[0] < 0 ? 1 : 0, .01);
    }
    drop(&f);
}

/* A single local's marginals are lines, of one cell; in its own frame the identity, up to the rounding of L's factors.
 */
static void maps_of_a_normal_are_lines(void **state)
{
    (void)state;
    enum { D = 3 };
    const double weight = 1, mean[D] = {5, -2, 1e4}, covariance[D * D] = {4, 1, 0, 1, 1, 0, 0, 0, 1e6};
    struct fixture f;
    run(&f, support_mixture(D, 1, &weight, mean, 1, covariance), WHITENING_TRIANGULAR, false, 1);
    assert_int_equal(f.candidates.count, 1);
    for (size_t i = 0; i < D; i++) {
        const struct map *T = &f.candidates.list[0].q->maps[i];
        assert_int_equal(T->D.cells, 1);
        for (int x = -20; x <= 20; x++) { /* beyond the knots too */
            assert_close(map_at(T, x), x, 1e-12);
        }
    }
    drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coupling_is_what_a_product_lacks),
        cmocka_unit_test(frame_makes_components_round),
        cmocka_unit_test(frame_of_other_kinds),
        cmocka_unit_test(many_well_directions_are_read_off),
        cmocka_unit_test(the_line_between_two_normals_is_found),
        cmocka_unit_test(candidates_are_sound),
        cmocka_unit_test(maps_begin_with_the_modes_weights),
        cmocka_unit_test(maps_of_a_normal_are_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
