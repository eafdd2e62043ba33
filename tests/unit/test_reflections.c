/* SPDX-License-Identifier: BSD-3-Clause */
/* Rotations held as reflections, and the approximations that hold them, against the same written out as matrices. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/linalg.h"
#include "family/approximation.h"
#include "family/reflections.h"
#include "support.h"

enum { D = 60, R = 7, N = 21 }; /* N: a whole chunk of points and part of another */

static struct reflections make(struct arena *arena, size_t d, size_t r)
{
    struct reflections O;
    reflections_init(&O, arena, d, r);
    support_normals(3, r * d, O.V);
    assert_true(reflections_prepare(&O));
    return O;
}

/* The product of the reflections, one after the other. */
static void write_out(const struct reflections *O, double *A)
{
    const size_t d = O->dim;
    linalg_identity(d, A);
    for (size_t k = 0; k < O->count; k++) { /* A <- A H_k */
        const double *v = O->V + k * d, square = linalg_dot(d, v, v);
        for (size_t i = 0; i < d; i++) {
            const double along = 2 * linalg_dot(d, A + i * d, v) / square;
            for (size_t j = 0; j < d; j++) {
                A[i * d + j] -= along * v[j];
            }
        }
    }
}

static void they_are_the_product_of_reflections(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct reflections O = make(&arena, D, R);
    double *A = arena_doubles(&arena, D * D), *column = arena_doubles(&arena, D);
    write_out(&O, A);
    for (size_t i = 0; i < D; i++) {
        reflections_column(&O, i, column);
        for (size_t j = 0; j < D; j++) {
            assert_close(column[j], A[j * D + i], 1e-14);
        }
    }
    arena_free(&arena);
}

/* O^T O = I to 1e-14, also for as many reflections as there may be. */
static void they_are_orthogonal(void **state)
{
    (void)state;
    const size_t counts[] = {0, 1, R, REFLECTIONS_MOST};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        const size_t d = 300;
        struct arena arena = {0};
        const struct reflections O = make(&arena, d, counts[c]);
        double *A = arena_doubles(&arena, d * d);
        linalg_identity(d, A);
        reflections_apply(&O, d, A);
        assert_true(linalg_distance_to_orthogonal(d, A) < 1e-14);
        arena_free(&arena);
    }
}

static void the_transpose_is_the_adjoint_and_the_inverse(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct reflections O = make(&arena, D, R);
    double *x = arena_doubles(&arena, N * D), *y = arena_doubles(&arena, N * D), *back, *Ox, *Oty;
    support_normals(5, N * D, x);
    support_normals(6, N * D, y);
    Ox = arena_copy(&arena, x, N * D);
    Oty = arena_copy(&arena, y, N * D);
    reflections_apply(&O, N, Ox);
    reflections_apply_transposed(&O, N, Oty);
    back = arena_copy(&arena, Ox, N * D);
    reflections_apply_transposed(&O, N, back);
    for (size_t p = 0; p < N; p++) {
        assert_close(linalg_dot(D, Ox + p * D, y + p * D), linalg_dot(D, x + p * D, Oty + p * D), 1e-13);
    }
    for (size_t i = 0; i < N * D; i++) {
        assert_close(back[i], x[i], 1e-14);
    }
    arena_free(&arena);
}

/* Column place[k] is +-u_k; the other columns stay near their axes: those of a nearly sparse direction hardly move. */
static void they_lead_where_they_are_told(void **state)
{
    (void)state;
    struct arena arena = {0};
    double *U = arena_doubles(&arena, D * D), *kept, *column = arena_doubles(&arena, D);
    size_t place[R];
    struct reflections O;
    support_orthogonal(8, D, U);
    kept = arena_copy(&arena, U, R * D);
    reflections_init(&O, &arena, D, R);
    reflections_lead(&O, U, place);
    for (size_t k = 0; k < R; k++) {
        for (size_t j = 0; j < k; j++) {
            assert_true(place[j] != place[k]);
        }
        reflections_column(&O, place[k], column);
        assert_close(fabs(linalg_dot(D, column, kept + k * D)), 1, 1e-14);
    }
    arena_free(&arena);
}

static void an_axis_as_direction_moves_no_other(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct reflections O;
    double *U = arena_doubles(&arena, D), *column = arena_doubles(&arena, D);
    size_t place = 0;
    U[4] = 1;
    reflections_init(&O, &arena, D, 1);
    reflections_lead(&O, U, &place);
    assert_int_equal(place, 4);
    for (size_t i = 0; i < D; i++) {
        reflections_column(&O, i, column);
        assert_close(fabs(column[i]), 1, 1e-15);
    }
    arena_free(&arena);
}

static void squares_are_those_of_the_matrix(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct reflections O = make(&arena, D, R);
    double *A = arena_doubles(&arena, D * D), *weight = arena_doubles(&arena, D), *out = arena_doubles(&arena, D);
    double *work = arena_doubles(&arena, R * (R + D));
    write_out(&O, A);
    support_normals(9, D, weight);
    reflections_add_squares(&O, weight, out, work);
    for (size_t j = 0; j < D; j++) {
        double sum = 0;
        for (size_t i = 0; i < D; i++) {
            sum += A[j * D + i] * A[j * D + i] * weight[i];
        }
        assert_close(out[j], sum, 1e-13);
    }
    arena_free(&arena);
}

static void a_zero_row_is_refused(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct reflections O = make(&arena, D, R);
    memset(O.V + 2 * D, 0, D * sizeof *O.V);
    assert_false(reflections_prepare(&O));
    arena_free(&arena);
}

/* ---- approximations ---- */

struct both {
    rovi_approximation *compact, *full; /* of the same parts */
    struct arena arena;
};

/* The maps are those of an approximation that the tests make up. */
static struct both make_both(size_t r)
{
    struct both b = {0};
    rovi_approximation *from = support_approximation(4, D, true);
    const struct reflections O = make(&b.arena, D, r);
    double *scale = arena_doubles(&b.arena, D), *L = arena_doubles(&b.arena, D * D),
           *A = arena_doubles(&b.arena, D * D);
    rovi_approximation_parts parts = *rovi_approximation_parts_of(from);
    support_normals(10, D, scale);
    for (size_t i = 0; i < D; i++) {
        scale[i] = L[i * D + i] = exp(scale[i]);
    }
    write_out(&O, A);
    parts.whitening = L;
    parts.rotation = A;
    assert_int_equal(rovi_approximation_new(&parts, &b.full, NULL), ROVI_OK);
    parts.whitening = parts.rotation = NULL;
    parts.scale = scale;
    parts.reflections = r;
    parts.reflectors = O.V;
    assert_int_equal(rovi_approximation_new(&parts, &b.compact, NULL), ROVI_OK);
    rovi_approximation_free(from);
    return b;
}

static void free_both(struct both *b)
{
    rovi_approximation_free(b->compact);
    rovi_approximation_free(b->full);
    arena_free(&b->arena);
}

/* Draws have the size of the scales, up to e^3, and log q is a sum of D terms. */
static void draws_and_densities_are_those_of_the_matrices(void **state)
{
    (void)state;
    for (size_t r = 0; r <= R; r += R) {
        struct both b = make_both(r);
        double x[N * D], z[N * D], log_x[N], log_z[N], at_x[N], y[N * D], w[N * D];
        assert_int_equal(rovi_approximation_draw(b.compact, 1, 0, N, x, log_x, NULL), ROVI_OK);
        assert_int_equal(rovi_approximation_draw(b.full, 1, 0, N, z, log_z, NULL), ROVI_OK);
        assert_int_equal(rovi_approximation_log_density(b.compact, N, x, at_x, NULL), ROVI_OK);
        assert_int_equal(rovi_approximation_coordinates(b.compact, N, x, y, NULL), ROVI_OK);
        assert_int_equal(rovi_approximation_coordinates(b.full, N, x, w, NULL), ROVI_OK);
        for (size_t i = 0; i < N * D; i++) {
            assert_close(x[i], z[i], 1e-12);
            assert_close(y[i], w[i], 1e-12);
        }
        for (size_t p = 0; p < N; p++) {
            assert_close(log_x[p], log_z[p], 1e-12);
            assert_close(at_x[p], log_x[p], 1e-11);
        }
        free_both(&b);
    }
}

static void means_modes_axes_and_gradients_are_those_of_the_matrices(void **state)
{
    (void)state;
    struct both b = make_both(R);
    double one[D], other[D], grad[N * D], u[N * D], w[N * D], u2[N * D], w2[N * D];
    rovi_modes *modes, *same;
    assert_int_equal(rovi_approximation_mean(b.compact, one, NULL), ROVI_OK);
    assert_int_equal(rovi_approximation_mean(b.full, other, NULL), ROVI_OK);
    assert_int_equal(rovi_approximation_modes(b.compact, 3, &modes, NULL), ROVI_OK);
    assert_int_equal(rovi_approximation_modes(b.full, 3, &same, NULL), ROVI_OK);
    assert_int_equal(modes->listed, same->listed);
    for (size_t i = 0; i < D; i++) {
        assert_close(one[i], other[i], 1e-12);
        assert_close(modes->mode[0].mean[i], same->mode[0].mean[i], 1e-12);
        assert_close(modes->mode[0].sd[i], same->mode[0].sd[i], 1e-12);
    }
    approximation_axis(b.compact, 5, one);
    approximation_axis(b.full, 5, other);
    support_normals(11, N * D, grad);
    approximation_pull(b.compact, N, grad, u, w);
    approximation_pull(b.full, N, grad, u2, w2);
    for (size_t i = 0; i < N * D; i++) {
        assert_close(one[i % D], other[i % D], 1e-13);
        assert_close(u[i], u2[i], 1e-13);
        assert_close(w[i], w2[i], 1e-12);
    }
    rovi_modes_free(modes);
    rovi_modes_free(same);
    free_both(&b);
}

static void parts_come_back_bit_for_bit(void **state)
{
    (void)state;
    struct both b = make_both(R);
    const rovi_approximation_parts *p = rovi_approximation_parts_of(b.compact);
    rovi_approximation *copy;
    assert_null(p->rotation);
    assert_null(p->whitening);
    assert_int_equal(rovi_approximation_new(p, &copy, NULL), ROVI_OK);
    const rovi_approximation_parts *c = rovi_approximation_parts_of(copy);
    assert_int_equal(c->reflections, R);
    assert_memory_equal(p->reflectors, c->reflectors, R * D * sizeof(double));
    assert_memory_equal(p->scale, c->scale, D * sizeof(double));
    double x[D], z[D], log_x, log_z;
    assert_int_equal(rovi_approximation_draw(b.compact, 2, 7, 1, x, &log_x, NULL), ROVI_OK);
    assert_int_equal(rovi_approximation_draw(copy, 2, 7, 1, z, &log_z, NULL), ROVI_OK);
    assert_memory_equal(x, z, sizeof x);
    assert_true(log_x == log_z);
    rovi_approximation_free(copy);
    free_both(&b);
}

static void bad_parts_are_refused(void **state)
{
    (void)state;
    struct both b = make_both(R);
    const rovi_approximation_parts good = *rovi_approximation_parts_of(b.compact);
    double *bad = arena_copy(&b.arena, good.reflectors, R * D), *scale = arena_copy(&b.arena, good.scale, D);
    rovi_approximation_parts parts = good;
    rovi_approximation *q;
    rovi_error error;
    memset(bad + 3 * D, 0, D * sizeof *bad);
    parts.reflectors = bad;
    assert_refused(rovi_approximation_new(&parts, &q, &error), &error, ROVI_BAD_INPUT, "reflector 3 has length 0");
    parts = good;
    scale[2] = 0;
    parts.scale = scale;
    assert_refused(rovi_approximation_new(&parts, &q, &error), &error, ROVI_BAD_INPUT, "scale: entry 2 is 0");
    parts = good;
    parts.reflections = D + 1;
    assert_refused(rovi_approximation_new(&parts, &q, &error), &error, ROVI_BAD_INPUT, "no more than dimensions");
    parts = *rovi_approximation_parts_of(b.full);
    parts.scale = good.scale;
    assert_refused(rovi_approximation_new(&parts, &q, &error), &error, ROVI_BAD_INPUT, "not both");
    free_both(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_the_product_of_reflections),
        cmocka_unit_test(they_are_orthogonal),
        cmocka_unit_test(the_transpose_is_the_adjoint_and_the_inverse),
        cmocka_unit_test(they_lead_where_they_are_told),
        cmocka_unit_test(an_axis_as_direction_moves_no_other),
        cmocka_unit_test(squares_are_those_of_the_matrix),
        cmocka_unit_test(a_zero_row_is_refused),
        cmocka_unit_test(draws_and_densities_are_those_of_the_matrices),
        cmocka_unit_test(means_modes_axes_and_gradients_are_those_of_the_matrices),
        cmocka_unit_test(parts_come_back_bit_for_bit),
        cmocka_unit_test(bad_parts_are_refused),
    };
    return cmocka_run_group_tests(tests, support_hold_blas, support_release_blas);
}
