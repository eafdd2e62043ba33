/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Modes of q on maps whose modes are known: slope 1 with steep narrow cells, each of which parts two modes. Weights,
 * means and sds are compared with quadrature, with draws and with all cells enumerated.
 */
#include <math.h>
#include <stdlib.h>

#include "support.h"

#define MOST_CELLS 16

/* Knots and slopes of one map: slope[k] on cell k, 1 outside. */
struct shape {
    size_t cells;
    double knots[MOST_CELLS + 1], lambda[MOST_CELLS], alpha, v;
};

static struct shape shape_make(size_t cells, const double *knots, const double *slope)
{
    struct shape s = {.cells = cells, .alpha = 1};
    for (size_t k = 0; k < cells; k++) {
        s.knots[k] = knots[k];
        s.knots[k + 1] = knots[k + 1];
        s.lambda[k] = (slope[k] - 1) * (knots[k + 1] - knots[k]);
    }
    return s;
}

/* Slope 1 but for one cell of half width w about each x, over which the map jumps by `jump`. */
static struct shape jumps_make(size_t count, const double *x, double w, double jump)
{
    struct shape s = {.cells = 2 * count - 1, .alpha = 1};
    for (size_t i = 0; i < count; i++) {
        s.knots[2 * i] = x[i] - w;
        s.knots[2 * i + 1] = x[i] + w;
        s.lambda[2 * i] = jump;
    }
    return s;
}

static rovi_map map_of(const struct shape *s)
{
    return (rovi_map){.cells = s->cells, .knots = s->knots, .lambda = s->lambda, .alpha = s->alpha, .v = s->v};
}

static rovi_approximation *make(size_t d, const rovi_map *maps, const double *center, const double *L, const double *O)
{
    double *identity = calloc(d * d + d, sizeof *identity);
    for (size_t i = 0; i < d; i++) {
        identity[i * d + i] = 1;
    }
    const rovi_approximation_parts parts = {.dim = d,
                                            .center = center != NULL ? center : identity + d * d,
                                            .whitening = L,
                                            .rotation = O != NULL ? O : identity,
                                            .maps = maps};
    rovi_approximation *q = NULL;
    assert_int_equal(rovi_approximation_new(&parts, &q, NULL), ROVI_OK);
    free(identity);
    return q;
}

static rovi_modes *modes_of(const rovi_approximation *q, size_t most)
{
    rovi_modes *modes = NULL;
    assert_int_equal(rovi_approximation_modes(q, most, &modes, NULL), ROVI_OK);
    double sum = 0;
    for (size_t i = 0; i < modes->listed; i++) {
        assert_true(modes->mode[i].weight > 0 && (i == 0 || modes->mode[i].weight <= modes->mode[i - 1].weight));
        sum += modes->mode[i].weight;
    }
    assert_close(modes->listed_weight, sum, 1e-13);
    assert_true((double)modes->listed <= modes->total);
    return modes;
}

static rovi_modes *modes_of_map(const struct shape *s, size_t most)
{
    const rovi_map map = map_of(s);
    rovi_approximation *q = make(1, &map, NULL, NULL, NULL);
    rovi_modes *modes = modes_of(q, most);
    rovi_approximation_free(q);
    return modes;
}

static void assert_mode_count(const struct shape *s, double expected)
{
    rovi_modes *modes = modes_of_map(s, 64);
    if (modes->total != expected || (double)modes->listed != expected) {
        fail_msg("%g modes, not %g", modes->total, expected);
    }
    assert_close(modes->listed_weight, 1, 1e-12);
    rovi_modes_free(modes);
}

/* ---- one coordinate ---- */

struct power {
    const struct shape *shape;
    double level; /* sum of lambda E[psi] */
    int power;
};

static double powers_of_map(double x, void *data)
{
    const struct power *self = data;
    double y = self->shape->alpha * x + self->shape->v - self->level;
    for (size_t k = 0; k < self->shape->cells; k++) {
        y += self->shape->lambda[k] * support_hat(self->shape->knots, k, x);
    }
    return pow(y, self->power);
}

/* E[T^0], E[T], E[T^2] over (from, to) by quadrature. */
static void moments(const struct shape *s, double from, double to, double moment[3])
{
    struct power self = {.shape = s};
    for (size_t k = 0; k < s->cells; k++) {
        self.level += s->lambda[k] * support_hat_mean(s->knots, k);
    }
    for (self.power = 0; self.power < 3; self.power++) {
        moment[self.power] = support_expectation(powers_of_map, &self, from, to, s->cells + 1, s->knots);
    }
}

static void assert_mode(const rovi_mode *mode, const struct shape *s, double from, double to)
{
    double moment[3];
    moments(s, from, to, moment);
    const double mean = moment[1] / moment[0];
    assert_close(mode->weight, moment[0], 1e-12);
    assert_close(mode->mean[0], mean, 1e-10);
    assert_close(mode->sd[0], sqrt(moment[2] / moment[0] - mean * mean), 1e-9);
}

static void symmetric_modes_have_equal_weights(void **state)
{
    (void)state;
    for (double w = 0.1; w > 1e-4; w /= 10) { /* .1: the one steep cell of mesh .2 on [-2.9, 2.9] */
        const struct shape s = jumps_make(1, (const double[]){0}, w, 6);
        rovi_modes *modes = modes_of_map(&s, 64);
        assert_int_equal(modes->listed, 2);
        const int left = modes->mode[0].mean[0] < 0 ? 0 : 1;
        assert_mode(&modes->mode[left], &s, -INFINITY, 0);
        assert_mode(&modes->mode[1 - left], &s, 0, INFINITY);
        rovi_modes_free(modes);
    }
}

static void uneven_modes_are_cut_in_the_steep_cell(void **state)
{
    (void)state;
    struct shape s = jumps_make(1, (const double[]){0.5244}, 0.01, 6); /* Phi(.5244) = .70 */
    s.v = -2;
    rovi_modes *modes = modes_of_map(&s, 64);
    assert_int_equal(modes->listed, 2);
    /* the cut may lie anywhere in the cell, whose mass is .02 phi(.52) = .007 */
    assert_close(modes->mode[0].weight, 0.7, 0.0036);
    assert_close(modes->mode[1].weight, 0.3, 0.0036);
    double all[3];
    moments(&s, -INFINITY, INFINITY, all);
    double mean = 0, square = 0; /* total mean and variance are those of the whole, wherever the cut is */
    for (size_t i = 0; i < 2; i++) {
        const rovi_mode *m = &modes->mode[i];
        mean += m->weight * m->mean[0];
        square += m->weight * (m->sd[0] * m->sd[0] + m->mean[0] * m->mean[0]);
    }
    assert_close(mean, -2, 1e-12);
    assert_close(mean, all[1], 1e-10);
    assert_close(square, all[2], 1e-10);
    rovi_modes_free(modes);
}

/* The mirror image x -> -T(-x) has the same modes on the other side. */
static void mirrored_maps_have_mirrored_modes(void **state)
{
    (void)state;
    struct shape s = jumps_make(3, (const double[]){-1, 0.1, 0.9}, 0.05, 5), mirror = {.cells = s.cells, .alpha = 1};
    for (size_t k = 0; k <= s.cells; k++) {
        mirror.knots[k] = -s.knots[s.cells - k];
    }
    for (size_t k = 0; k < s.cells; k++) {
        mirror.lambda[k] = s.lambda[s.cells - 1 - k];
    }
    rovi_modes *a = modes_of_map(&s, 64), *b = modes_of_map(&mirror, 64);
    assert_int_equal(a->listed, 4);
    assert_int_equal(b->listed, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_close(a->mode[i].weight, b->mode[i].weight, 1e-13);
        assert_close(a->mode[i].mean[0], -b->mode[i].mean[0], 1e-12);
        assert_close(a->mode[i].sd[0], b->mode[i].sd[0], 1e-10);
    }
    rovi_modes_free(a);
    rovi_modes_free(b);
}

static void a_unimodal_map_is_one_mode(void **state)
{
    (void)state;
    const struct shape linear = {.cells = 0, .knots = {0.3}, .alpha = 2.5, .v = 7};
    rovi_modes *modes = modes_of_map(&linear, 64);
    assert_int_equal(modes->listed, 1);
    assert_close(modes->mode[0].weight, 1, 1e-15);
    assert_close(modes->mode[0].mean[0], 7, 1e-14);
    assert_close(modes->mode[0].sd[0], 2.5, 1e-14);
    rovi_modes_free(modes);
    /* slopes that rise by less than two make no valley */
    const struct shape peaked = shape_make(4, (const double[]){-2, -1, 0, 1, 2}, (const double[]){1.5, 1.2, 1.2, 1.5});
    modes = modes_of_map(&peaked, 64);
    assert_int_equal(modes->listed, 1);
    assert_mode(&modes->mode[0], &peaked, -INFINITY, INFINITY);
    rovi_modes_free(modes);
}

/* A cell of slope s at 0 between slopes 1: the valley's density is 1/s of the peaks beside it. */
static void only_valleys_below_half_are_cut(void **state)
{
    (void)state;
    for (int deep = 0; deep < 2; deep++) {
        const double knots[] = {-0.05, 0.05}, slope = deep ? 2.1 : 1.9;
        const struct shape s = shape_make(1, knots, &slope);
        assert_mode_count(&s, deep ? 2 : 1);
    }
}

/* To the right of the valley the slope is 4, the peak a quarter as high: it is that one that the valley must be below
 * half of, and likewise when the sides are exchanged. */
static void the_lower_of_the_two_peaks_decides(void **state)
{
    (void)state;
    for (int deep = 0; deep < 2; deep++) {
        const double s = deep ? 8.6 : 7.4;
        const double knots[] = {-2.9, -0.05, 0.05, 2.9}, right[] = {1, s, 4}, left[] = {4, s, 1};
        struct shape shape = shape_make(3, knots, right);
        assert_mode_count(&shape, deep ? 2 : 1);
        shape = shape_make(3, knots, left);
        assert_mode_count(&shape, deep ? 2 : 1);
    }
}

/* A valley that first dips a little, recovers a little and then falls is one valley; two deep ones are two. */
static void valleys_are_told_from_ripples(void **state)
{
    (void)state;
    const double knots[] = {-0.5, -0.4, -0.3, -0.2, -0.1};
    const struct shape ripple = shape_make(4, knots, (const double[]){5, 3.5, 6, 4});
    const struct shape two = shape_make(4, knots, (const double[]){9, 1.2, 1.2, 9});
    assert_mode_count(&ripple, 2);
    assert_mode_count(&two, 3);
}

/* Pieces below one percent are noise of an estimated density. Phi(-2) = .0228, Phi(-2.6) = .0047. */
static void specks_are_not_modes(void **state)
{
    (void)state;
    const struct shape mode = jumps_make(1, (const double[]){2}, 0.01, 5);
    const struct shape speck = jumps_make(1, (const double[]){2.6}, 0.01, 5);
    const struct shape specks = jumps_make(3, (const double[]){-2.9, 0, 2.6}, 0.01, 5);
    assert_mode_count(&mode, 2);
    assert_mode_count(&speck, 1);
    assert_mode_count(&specks, 2);
}

/* ---- several coordinates ---- */

struct four {
    struct shape shapes[2];
    rovi_map maps[2];
    double center[2], L[4], O[4];
};

static void four_make(struct four *f)
{
    const double c = cos(0.6), s = sin(0.6);
    *f = (struct four){.center = {10, -3}, .L = {2, 0, -0.7, 0.5}, .O = {c, -s, s, c}};
    f->shapes[0] = jumps_make(1, (const double[]){0.2}, 0.001, 8);
    f->shapes[1] = jumps_make(1, (const double[]){-0.4}, 0.001, 6);
    f->shapes[1].v = 1;
    f->maps[0] = map_of(&f->shapes[0]);
    f->maps[1] = map_of(&f->shapes[1]);
}

/* Two modes in each of two coordinates, rotated, whitened and moved: exact moments of the four by quadrature. */
static void four_modes_in_the_plane(void **state)
{
    (void)state;
    struct four f;
    four_make(&f);
    rovi_approximation *q = make(2, f.maps, f.center, f.L, f.O);
    rovi_modes *modes = modes_of(q, 64);
    assert_int_equal(modes->listed, 4);
    assert_true(modes->total == 4);
    const double cuts[2] = {0.2, -0.4};
    double A[4] = {f.L[0] * f.O[0], f.L[0] * f.O[1], f.L[2] * f.O[0] + f.L[3] * f.O[2],
                   f.L[2] * f.O[1] + f.L[3] * f.O[3]};
    for (int i = 0; i < 4; i++) {
        double moment[2][3], mean[2], variance[2];
        for (int j = 0; j < 2; j++) {
            const int right = i >> j & 1;
            moments(&f.shapes[j], right ? cuts[j] : -INFINITY, right ? INFINITY : cuts[j], moment[j]);
            mean[j] = moment[j][1] / moment[j][0];
            variance[j] = moment[j][2] / moment[j][0] - mean[j] * mean[j];
        }
        const double weight = moment[0][0] * moment[1][0];
        size_t found = 4;
        for (size_t m = 0; m < 4; m++) {
            found = fabs(modes->mode[m].weight - weight) < 1e-10 ? m : found;
        }
        assert_true(found < 4);
        for (int j = 0; j < 2; j++) {
            const double *a = A + 2 * j;
            assert_close(modes->mode[found].mean[j], f.center[j] + a[0] * mean[0] + a[1] * mean[1], 1e-9);
            assert_close(modes->mode[found].sd[j], sqrt(a[0] * a[0] * variance[0] + a[1] * a[1] * variance[1]), 1e-8);
        }
    }
    rovi_modes_free(modes);
    rovi_approximation_free(q);
}

/* 20000 draws, seed 4, each given to the mode whose mean is nearest in units of its sd (they lie 8 and 6 sd apart in
 * y): shares, means held to |z| < 4.5; sds to 4.5 sqrt(1/n), twice the error of a normal sample's sd. */
static void modes_are_those_of_the_draws(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct four f;
    four_make(&f);
    rovi_approximation *q = make(2, f.maps, f.center, NULL, f.O);
    rovi_modes *modes = modes_of(q, 64);
    double *z = calloc(2 * N, sizeof *z), count[4] = {0}, sum[4][2] = {{0}}, square[4][2] = {{0}};
    assert_int_equal(rovi_approximation_draw(q, 4, 0, N, z, NULL, NULL), ROVI_OK);
    for (size_t n = 0; n < N; n++) {
        size_t nearest = 0;
        double least = INFINITY;
        for (size_t m = 0; m < modes->listed; m++) {
            const double a = z[2 * n] - modes->mode[m].mean[0], b = z[2 * n + 1] - modes->mode[m].mean[1];
            nearest = a * a + b * b < least ? m : nearest;
            least = fmin(least, a * a + b * b);
        }
        count[nearest]++;
        for (int j = 0; j < 2; j++) {
            const double a = z[2 * n + (size_t)j] - modes->mode[nearest].mean[j];
            sum[nearest][j] += a;
            square[nearest][j] += a * a;
        }
    }
    for (size_t m = 0; m < 4; m++) {
        const rovi_mode *mode = &modes->mode[m];
        assert_true(fabs(count[m] / N - mode->weight) < 4.5 * sqrt(mode->weight * (1 - mode->weight) / N));
        for (int j = 0; j < 2; j++) {
            assert_true(fabs(sum[m][j] / count[m]) < 4.5 * mode->sd[j] / sqrt(count[m]));
            assert_relative(sqrt(square[m][j] / count[m]), mode->sd[j], 4.5 / sqrt(count[m]));
        }
    }
    free(z);
    rovi_modes_free(modes);
    rovi_approximation_free(q);
}

/* 20000 draws, seed 4, whitened and not: the mode that is told is the nearest one, as above, and with a shorter list
 * those of the modes left out are told apart by the length of the list. */
static void draws_are_given_to_their_modes(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct four f;
    four_make(&f);
    for (int whitened = 0; whitened < 2; whitened++) {
        rovi_approximation *q = make(2, f.maps, f.center, whitened ? f.L : NULL, f.O);
        rovi_modes *modes = modes_of(q, 64), *heaviest = modes_of(q, 2);
        double *z = calloc(2 * N, sizeof *z), count[4] = {0};
        size_t *mode = calloc(N, sizeof *mode), *of_two = calloc(N, sizeof *of_two);
        assert_int_equal(rovi_approximation_draw(q, 4, 0, N, z, NULL, NULL), ROVI_OK);
        assert_int_equal(rovi_modes_classify(modes, q, N, z, mode, NULL), ROVI_OK);
        assert_int_equal(rovi_modes_classify(heaviest, q, N, z, of_two, NULL), ROVI_OK);
        for (size_t n = 0; n < N; n++) {
            assert_true(mode[n] < 4);
            count[mode[n]]++;
            assert_int_equal(of_two[n], mode[n] < 2 ? mode[n] : 2);
        }
        for (size_t m = 0; m < 4; m++) {
            const double w = modes->mode[m].weight;
            size_t itself = 4;
            assert_true(fabs(count[m] / N - w) < 4.5 * sqrt(w * (1 - w) / N));
            assert_int_equal(rovi_modes_classify(modes, q, 1, modes->mode[m].mean, &itself, NULL), ROVI_OK);
            assert_int_equal(itself, m);
        }
        free(z);
        free(mode);
        free(of_two);
        rovi_modes_free(modes);
        rovi_modes_free(heaviest);
        rovi_approximation_free(q);
    }
}

/* Without a cut there is nothing to tell. */
static void one_mode_has_all_points(void **state)
{
    (void)state;
    const double knot = 0;
    const rovi_map map = {.cells = 0, .knots = &knot, .alpha = 1};
    rovi_approximation *q = make(1, &map, NULL, NULL, NULL);
    rovi_modes *modes = modes_of(q, 4);
    const double x[] = {-1e300, 0, 3};
    size_t mode[3] = {7, 7, 7};
    assert_int_equal(rovi_modes_classify(modes, q, 3, x, mode, NULL), ROVI_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(mode[i], 0);
    }
    rovi_modes_free(modes);
    rovi_approximation_free(q);
}

static int falling(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Three modes of uneven weight in each of five coordinates: of all 243 products the list has the heaviest. */
static void the_heaviest_cells_are_listed(void **state)
{
    (void)state;
    enum { D = 5 };
    struct shape shapes[D];
    rovi_map maps[D];
    double weights[D][3], all[243];
    for (size_t i = 0; i < D; i++) {
        const double at[] = {-0.8 + 0.17 * (double)i, 0.4 + 0.11 * (double)i};
        shapes[i] = jumps_make(2, at, 0.001, 6);
        maps[i] = map_of(&shapes[i]);
        const double below = erfc(-at[0] / sqrt(2)) / 2, above = erfc(at[1] / sqrt(2)) / 2;
        weights[i][0] = below;
        weights[i][1] = 1 - below - above;
        weights[i][2] = above;
    }
    for (size_t n = 0; n < 243; n++) {
        all[n] = 1;
        for (size_t i = 0, rest = n; i < D; i++, rest /= 3) {
            all[n] *= weights[i][rest % 3];
        }
    }
    qsort(all, 243, sizeof *all, falling);
    rovi_approximation *q = make(D, maps, NULL, NULL, NULL);
    static const size_t mosts[] = {1, 2, 10, 64, 243, 1000};
    for (size_t n = 0; n < sizeof mosts / sizeof *mosts; n++) {
        rovi_modes *modes = modes_of(q, mosts[n]);
        assert_true(modes->total == 243);
        assert_int_equal(modes->listed, mosts[n] < 243 ? mosts[n] : 243);
        double sum = 0;
        for (size_t m = 0; m < modes->listed; m++) {
            size_t itself = 1000;
            assert_close(modes->mode[m].weight, all[m], 1e-12);
            assert_int_equal(rovi_modes_classify(modes, q, 1, modes->mode[m].mean, &itself, NULL), ROVI_OK);
            assert_int_equal(itself, m);
            sum += all[m];
        }
        assert_close(modes->listed_weight, sum, 1e-12);
        rovi_modes_free(modes);
    }
    rovi_approximation_free(q);
}

static void many_coordinates_are_counted_and_listed(void **state)
{
    (void)state;
    enum { MOST_D = 64 };
    const struct shape s = jumps_make(1, (const double[]){0}, 0.01, 6);
    rovi_map maps[MOST_D];
    for (size_t i = 0; i < MOST_D; i++) {
        maps[i] = map_of(&s);
    }
    for (size_t d = 16; d <= MOST_D; d *= 4) {
        rovi_approximation *q = make(d, maps, NULL, NULL, NULL);
        rovi_modes *modes = modes_of(q, 64);
        assert_int_equal(modes->listed, 64);
        assert_true(modes->total == pow(2, (double)d));
        assert_relative(modes->listed_weight, 64 * pow(0.5, (double)d), 1e-12);
        rovi_modes_free(modes);
        rovi_approximation_free(q);
    }
}

static void no_modes_at_all_are_refused(void **state)
{
    (void)state;
    rovi_error error;
    rovi_modes *modes = (rovi_modes *)&error;
    rovi_approximation *q = support_approximation(1, 2, 0);
    assert_refused(rovi_approximation_modes(q, 0, &modes, &error), &error, ROVI_BAD_INPUT, "at least 1");
    assert_null(modes);
    rovi_approximation_free(q);
}

/* Whatever the maps, the weights of all modes sum to 1 and their means average to the mean of q. */
static void modes_of_random_approximations_add_up(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 40; i++) {
        enum { D = 3 };
        rovi_approximation *q = support_approximation(i, D, (int)(i % 2));
        const rovi_approximation_parts *p = rovi_approximation_parts_of(q);
        rovi_modes *modes = modes_of(q, 100000);
        double mean[D] = {0};
        assert_close(modes->listed_weight, 1, 1e-12);
        for (size_t m = 0; m < modes->listed; m++) {
            for (size_t j = 0; j < D; j++) {
                mean[j] += modes->mode[m].weight * modes->mode[m].mean[j];
                assert_true(modes->mode[m].sd[j] > 0);
            }
        }
        for (size_t j = 0; j < D; j++) {
            double expected = p->center[j];
            for (size_t k = 0; k < D; k++) {
                double A = 0;
                for (size_t l = 0; l < D; l++) {
                    A += (p->whitening != NULL ? p->whitening[j * D + l] : j == l) * p->rotation[l * D + k];
                }
                expected += A * p->maps[k].v;
            }
            assert_close(mean[j], expected, 1e-11);
        }
        rovi_modes_free(modes);
        rovi_approximation_free(q);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symmetric_modes_have_equal_weights),
        cmocka_unit_test(uneven_modes_are_cut_in_the_steep_cell),
        cmocka_unit_test(mirrored_maps_have_mirrored_modes),
        cmocka_unit_test(a_unimodal_map_is_one_mode),
        cmocka_unit_test(only_valleys_below_half_are_cut),
        cmocka_unit_test(the_lower_of_the_two_peaks_decides),
        cmocka_unit_test(valleys_are_told_from_ripples),
        cmocka_unit_test(specks_are_not_modes),
        cmocka_unit_test(four_modes_in_the_plane),
        cmocka_unit_test(modes_are_those_of_the_draws),
        cmocka_unit_test(draws_are_given_to_their_modes),
        cmocka_unit_test(one_mode_has_all_points),
        cmocka_unit_test(the_heaviest_cells_are_listed),
        cmocka_unit_test(many_coordinates_are_counted_and_listed),
        cmocka_unit_test(no_modes_at_all_are_refused),
        cmocka_unit_test(modes_of_random_approximations_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
