/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the theory says of a mixture: the table of Figure 1, closed forms, brute force over half-spaces by sampling-free
 * sums, the order of all bounds against the exact optimum, and what must not matter (numbering, turning by 90 degrees).
 */
#include "support.h"

#include <math.h>

#include "base/normal.h"
#include "theory/bounds.h"
#include "theory/sides.h"

static const double half[] = {0.5, 0.5};

static rovi_separation *separate(const rovi_target *target)
{
    rovi_separation *out = NULL;
    rovi_error error = {0};
    if (rovi_separation_run(target, NULL, &out, &error) != ROVI_OK) {
        fail_msg("%s", error.message);
    }
    return out;
}

static rovi_target *figure1(double m)
{
    const double means[] = {-m, -m, m, m};
    return support_mixture(2, 2, half, means, 0, NULL);
}

/* m, least KL, pi(E), e^{-2b}, (4), (5): an independent program's, to the digits it printed */
static void test_figure1(void **state)
{
    (void)state;
    static const double table[][6] = {{1, 0.2226, 0.267, 0.160, NAN, NAN},
                                      {1.5, 0.6040, 0.125, 0.0747, NAN, NAN},
                                      {2, 0.6841, 0.0445, 0.0636, 0.249, 0.109},
                                      {3, 0.6931, 0.0027, 0.0625, 0.225, 0.0184},
                                      {4, 0.6931, 6.3e-5, 0.0625, 0.196, 0.0060}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const double m = table[i][0], tail = normal_upper(m);
        rovi_target *target = figure1(m);
        rovi_separation *s = separate(target);
        const rovi_separation_pair *pair = &s->pairs[0];
        assert_close(pair->mean_field.kl.value, table[i][1], 1.5e-4);
        assert_relative(pair->best_mass.mass, 2 * tail * (1 - tail), 1e-9);
        assert_relative(pair->best_mass.mass, table[i][2], 0.01);
        assert_relative(pair->best_epsilon.epsilon, tail * (2 - tail), 1e-6); /* 1 - Phi(m)^2 */
        assert_relative(pair->limit, table[i][3], 0.004);
        assert_int_equal(pair->by_mass.applies, !isnan(table[i][4]));
        if (pair->by_mass.applies) {
            assert_relative(pair->by_mass.bound, table[i][4], 0.004);
            assert_relative(pair->by_mass.sharper, table[i][5], 0.01);
        } else {
            assert_true(isnan(pair->by_mass.bound) && isnan(pair->by_mass.sharper));
        }
        assert_int_equal(pair->collapses, m > 1.2);
        assert_int_equal(pair->survivor, -1);
        assert_true(pair->rotated.kl.value < 1e-9 && fabs(pair->rotated.degrees - 45) < 1e-6);
        assert_true(pair->least_bound < 1e-12); /* (7) and (8) for the identity */
        rovi_separation_free(s);
        rovi_target_free(target);
    }
}

/* (6) is where the exact optimum switches; the printed form is not. */
static void test_transition(void **state)
{
    (void)state;
    static const double table[][4] = {{0.8, 0, 0.6250, 1}, {0.8, 0.5, 0.5907, 0.7803}};
    for (int i = 0; i < 2; i++) {
        for (int side = -1; side <= 1; side += 2) {
            const double r = table[i][0], t = table[i][1], w = table[i][2] + side * 1e-3, weights[] = {w, 1 - w};
            const double means[] = {-6, -6, 6, 6}, covariances[] = {1, r, r, 1, 1, t, t, 1};
            rovi_target *target = support_mixture(2, 2, weights, means, 2, covariances);
            rovi_separation *s = separate(target);
            const rovi_separation_pair *pair = &s->pairs[0];
            assert_close(pair->critical_weight, table[i][2], 6e-5); /* four digits */
            assert_close(pair->printed_weight, table[i][3], 6e-5);
            assert_close(pair->h[0], -0.5 * log(1 - r * r), 1e-12);
            assert_close(pair->h[1], -0.5 * log(1 - t * t), 1e-12);
            assert_true(pair->by_mass.applies && pair->collapses);
            assert_int_equal(pair->favoured, side > 0 ? 0 : 1);
            assert_int_equal(pair->survivor, side > 0 ? 0 : 1);
            rovi_separation_free(s);
            rovi_target_free(target);
        }
    }
}

/* Condition 100, eight sds apart: (7), and the order bound >= optimum that makes (8) the one to believe here */
static void test_off_axis(void **state)
{
    (void)state;
    static const double table[][2] = {{5, 0.277}, {12, 0.810}, {20, 1.205}};
    for (int i = 0; i < 3; i++) {
        const double angle = table[i][0] * acos(-1) / 180, c = cos(angle), s = sin(angle);
        const double reach = 4 * sqrt(c * c + 100 * s * s);
        const double means[] = {-reach * c, -reach * s, reach * c, reach * s}, covariance[] = {1, 0, 0, 100};
        rovi_target *target = support_mixture(2, 2, half, means, 1, covariance);
        rovi_separation *separation = separate(target);
        const rovi_separation_pair *pair = &separation->pairs[0];
        const double other = 4 * reach * reach * fmin(s * s / 100, c * c) / 8; /* (8): what the other axis absorbs */
        assert_close(pair->shared_line, table[i][1], 6e-4);
        assert_close(pair->along_line, pair->shared_line, 1e-10); /* (31) for one covariance is (7) */
        assert_close(pair->shared_axes, other, 1e-10);
        assert_true(pair->rotated.kl.value <= pair->least_bound + 1e-9);
        rovi_separation_free(separation);
        rovi_target_free(target);
    }
}

/* Every bound is above the exact optimum, and what a rotation reaches is below what none does. */
static void test_bounds_hold(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 8; i++) {
        double u[5], S[8];
        support_normals(i, 5, u);
        support_positive_definite(2 * i, 2, S);
        support_positive_definite(2 * i + 1, 2, S + 4);
        const double w = 0.5 + 0.4 * tanh(u[4]), weights[] = {w, 1 - w};
        const double means[] = {4 * u[0], 4 * u[1], 4 * u[2], 4 * u[3]};
        const int shared = i % 2;
        rovi_target *target = support_mixture(2, 2, weights, means, shared ? 1 : 2, S);
        rovi_separation *s = separate(target);
        const rovi_separation_pair *pair = &s->pairs[0];
        const double best = pair->rotated.kl.value - 1e-8;
        assert_true(pair->along_line >= best && pair->keep_one >= best && s->least_bound >= best);
        assert_true(shared ? pair->shared_line >= best && pair->shared_axes >= best : isnan(pair->shared_axes));
        assert_true(pair->mean_field.kl.value >= best);
        for (int k = 0; k < 2; k++) {
            assert_true(pair->mean_field.kl.value <= pair->h[k] - log(pair->weight[k]) + 1e-8);
        }
        assert_close(pair->mean_field.share[0].value + pair->mean_field.share[1].value, 1, 1e-12);
        rovi_separation_free(s);
        rovi_target_free(target);
    }
}

/* ---- half-spaces ---- */

/* P(U < a, V < b) of component k by Simpson's rule over the conditional, sharing nothing with binormal.c */
struct corner {
    double a, b, r;
};

static double corner_integrand(double x, void *data)
{
    const struct corner *c = data;
    return normal_density(x) * normal_cdf((c->b - c->r * x) / sqrt(1 - c->r * c->r));
}

static double corner(double a, double b, double r)
{
    struct corner c = {a, b, r};
    return support_integrate(corner_integrand, &c, -9, fmin(a, 9), 1e-11);
}

struct tried {
    double epsilon, mass;
};

/* The pattern A_0 = {x_1 < c_1}, A_1 = {x_2 > c_2}, component 0 below */
static struct tried try(const struct gaussians *g, double c1, double c2)
{
    double in[2], out = 0;
    for (size_t k = 0; k < 2; k++) {
        const double *S = g->covariance + 4 * k, *m = g->mean + 2 * k, r = S[1] / sqrt(S[0] * S[3]);
        const double a = (c1 - m[0]) / sqrt(S[0]), b = (c2 - m[1]) / sqrt(S[3]);
        const double low = corner(a, b, r), high = corner(-a, -b, r);
        in[k] = k == 0 ? low : high;
        out += g->weight[k] * (1 - low - high);
    }
    return (struct tried){1 - fmin(in[0], in[1]), out};
}

static void test_half_spaces_by_brute_force(void **state)
{
    (void)state;
    double weight[] = {0.3, 0.7}, mean[] = {-2, -1.5, 2, 1}, covariance[] = {1, 0.4, 0.4, 2, 0.5, -0.3, -0.3, 1};
    const struct gaussians g = {2, 2, weight, mean, covariance};
    rovi_sides definition, mass;
    double epsilon = 1, least = 1;
    sides_find(&g, 0, 1, &definition, &mass);
    for (double c1 = -2; c1 <= 2; c1 += 0.1) {
        for (double c2 = -1.5; c2 <= 1; c2 += 0.1) {
            const struct tried there = try(&g, c1, c2);
            epsilon = fmin(epsilon, there.epsilon);
            least = fmin(least, there.mass);
        }
    }
    /* never worse than the best of the grid, and better by little: half a step of 0.1 */
    assert_true(definition.epsilon <= epsilon + 1e-9 && definition.epsilon > epsilon - 0.01);
    assert_true(mass.mass <= least + 1e-9 && mass.mass > least - 0.003);
    const struct tried again = try(&g, definition.threshold[0], definition.threshold[1]);
    assert_close(definition.epsilon, again.epsilon, 1e-9);
    assert_close(definition.mass, again.mass, 1e-9);
    assert_true(mass.mass <= definition.mass && definition.epsilon <= mass.epsilon);
    assert_true(definition.sign[0] == 1 && definition.sign[1] == 1 && definition.axis[0] == 0 &&
                definition.axis[1] == 1);
}

/* Of several axes the two that separate best, with the signs that fit */
static void test_axes_and_signs(void **state)
{
    (void)state;
    double weight[] = {0.5, 0.5}, mean[] = {0, 3, 0.5, 4, 0, -3, -0.5, -5}, covariance[32] = {0};
    for (size_t i = 0; i < 4; i++) {
        covariance[5 * i] = covariance[16 + 5 * i] = 1;
    }
    const struct gaussians g = {4, 2, weight, mean, covariance};
    rovi_sides definition, mass;
    sides_find(&g, 0, 1, &definition, &mass);
    assert_true(definition.axis[0] == 1 && definition.axis[1] == 3);
    assert_true(definition.sign[0] == -1 && definition.sign[1] == -1);
    assert_true(mass.axis[0] == 1 && mass.axis[1] == 3);
}

/* Far apart even 1 - Phi(20) is not lost, and farther still it is the case epsilon = 0. */
static void test_far_apart(void **state)
{
    (void)state;
    rovi_target *far = figure1(20), *beyond = figure1(60);
    rovi_separation *s = separate(far), *t = separate(beyond);
    assert_relative(s->pairs[0].best_mass.mass, 2 * normal_upper(20), 1e-6);
    assert_true(t->pairs[0].best_mass.mass == 0 && t->pairs[0].by_mass.applies);
    assert_true(t->pairs[0].by_mass.bound == 0 && t->pairs[0].by_mass.sharper == 0);
    rovi_separation_free(s);
    rovi_separation_free(t);
    rovi_target_free(far);
    rovi_target_free(beyond);
}

static void test_numbering_does_not_matter(void **state)
{
    (void)state;
    const double w[] = {0.3, 0.7}, v[] = {0.7, 0.3}, m[] = {-2, -1.5, 2, 1}, n[] = {2, 1, -2, -1.5};
    const double S[] = {1, 0.4, 0.4, 2, 0.5, -0.3, -0.3, 1}, T[] = {0.5, -0.3, -0.3, 1, 1, 0.4, 0.4, 2};
    const double quarter[] = {0, -1, 1, 0};
    rovi_target *a = support_mixture(2, 2, w, m, 2, S), *b = support_mixture(2, 2, v, n, 2, T), *turned = NULL;
    rovi_separation *s = separate(a), *t = separate(b);
    assert_int_equal(rovi_target_new_rotated(a, quarter, &turned, NULL), ROVI_OK);
    rovi_separation *u = separate(turned);
    const rovi_separation_pair *p = s->pairs, *q = t->pairs, *r = u->pairs;
    assert_relative(p->best_epsilon.epsilon, q->best_epsilon.epsilon, 1e-6);
    assert_relative(p->best_epsilon.epsilon, r->best_epsilon.epsilon, 1e-6);
    assert_relative(p->best_mass.mass, q->best_mass.mass, 1e-6);
    assert_relative(p->best_mass.mass, r->best_mass.mass, 1e-6);
    assert_close(p->critical_weight, 1 - q->critical_weight, 1e-12);
    assert_close(p->along_line, q->along_line, 1e-12);
    assert_close(p->along_line, r->along_line, 1e-12);
    assert_close(p->rotated.kl.value, q->rotated.kl.value, 1e-7);
    assert_close(p->mean_field.kl.value, r->mean_field.kl.value, 1e-7);
    rovi_separation_free(s);
    rovi_separation_free(t);
    rovi_separation_free(u);
    rovi_target_free(b);
    rovi_target_free(turned); /* and a */
}

/* ---- bounds alone ---- */

static void test_collapse_bound(void **state)
{
    (void)state;
    const rovi_estimate b = {1.4, 0};
    for (double epsilon = 1e-12; epsilon < exp(-2.8); epsilon *= 3) {
        const rovi_collapse_bound bound = bounds_collapse(epsilon, b);
        const double delta = -1.4 / log(epsilon);
        assert_true(bound.applies && bound.sharper <= bound.bound);
        assert_relative(bound.bound, sqrt(delta / 2) - delta / 2, 1e-14);
        assert_relative(bound.sharper, pow((1 - sqrt(1 - 2 * delta)) / 2, 2), 1e-12);
    }
    assert_true(!bounds_collapse(0.07, b).applies && bounds_collapse(0, b).sharper == 0);
    /* an uncertain b counts at its upper end */
    assert_true(bounds_collapse(0.06, b).applies && !bounds_collapse(0.06, (rovi_estimate){1.4, 0.01}).applies);
}

/* h against the definition: the product of N(m_i, 1/Lambda_ii) has this KL, and no other normal product less. */
static void test_product_gap(void **state)
{
    (void)state;
    double S[9], inverse[9], work[64];
    support_positive_definite(3, 3, S);
    assert_true(bounds_work(3) <= sizeof work / sizeof *work);
    const double gap = bounds_product_gap(3, S, work);
    for (size_t i = 0; i < 3; i++) {
        double A[9], e[3] = {0};
        for (size_t j = 0; j < 9; j++) {
            A[j] = S[j];
        }
        e[i] = 1;
        support_solve(3, A, e);
        for (size_t j = 0; j < 3; j++) {
            inverse[3 * i + j] = e[j];
        }
    }
    const double det =
        S[0] * (S[4] * S[8] - S[5] * S[7]) - S[1] * (S[3] * S[8] - S[5] * S[6]) + S[2] * (S[3] * S[7] - S[4] * S[6]);
    for (int n = 0; n < 200; n++) {
        double u[3], kl = 0.5 * (log(det) - 3);
        support_normals((uint64_t)n, 3, u);
        for (size_t i = 0; i < 3; i++) {
            const double variance = exp(n == 0 ? 0 : 0.2 * u[i]) / inverse[4 * i];
            kl += 0.5 * (inverse[4 * i] * variance - log(variance));
        }
        assert_true(n == 0 ? fabs(kl - gap) < 1e-12 : kl >= gap);
    }
}

/* ---- several components, and more dimensions ---- */

static void test_three_components(void **state)
{
    (void)state;
    const double weights[] = {0.2, 0.3, 0.5}, means[] = {-4, -4, 4, 4, 4, -4};
    rovi_target *target = support_mixture(2, 3, weights, means, 0, NULL);
    rovi_separation *s = separate(target);
    assert_true(s->pair_count == 3 && s->count == 3 && s->mean_field.share_count == 3);
    assert_true(s->pairs[1].component[0] == 0 && s->pairs[1].component[1] == 2);
    assert_close(s->pairs[0].weight[0], 0.4, 1e-12);
    /* x.1 < 0, x.2 > 0 parts the first two; the third lies in E whole */
    assert_close(s->pairs[0].best_mass.whole_mass, 0.5, 1e-3);
    assert_true(s->pairs[0].by_mass.applies && !s->by_whole[0].applies);
    assert_true(s->rotated.kl.value <= s->mean_field.kl.value + 1e-9);
    assert_true(s->rotated.kl.value <= s->least_bound + 1e-9);
    rovi_separation_free(s);
    rovi_target_free(target);
}

/* Three coordinates, the third without a part in it: as in the plane, but by a fit, from above */
static void test_more_dimensions(void **state)
{
    (void)state;
    const double weights[] = {0.4, 0.6}, means[] = {-3, -3, 0, 3, 3, 0};
    rovi_target *target = support_mixture(3, 2, weights, means, 0, NULL);
    rovi_separation *s = separate(target);
    const rovi_separation_pair *pair = &s->pairs[0];
    const double exact = -log(0.6);
    assert_true(!pair->mean_field.exact && isnan(pair->rotated.kl.value) && pair->rotated.share_count == 0);
    assert_true(fabs(pair->mean_field.kl.value - exact) < 0.01); /* a fit's error and its dictionary's floor */
    assert_true(pair->mean_field.kl.value <= exact + 1e-12);     /* N(m_1, I) alone costs that */
    assert_true(pair->collapses && pair->survivor == 1 && pair->by_mass.applies);
    assert_true(pair->mean_field.share[1].value > 0.99);
    assert_true(pair->least_bound < 1e-12);
    rovi_separation_free(s);
    rovi_target_free(target);
}

/* Apart along one axis alone, and overlapping, the mixture is a product itself: the mean-field fit is better than any
 * component alone, and its shares are the weights, by what its draws are likely to be of. 4.5 of their standard errors,
 * and .01 for the fit, whose KL allows for sqrt(KL/2) at most. */
static void test_shares_of_a_fit(void **state)
{
    (void)state;
    const double weights[] = {0.3, 0.7}, means[] = {-1.5, 0, 0, 1.5, 0, 0};
    rovi_target *target = support_mixture(3, 2, weights, means, 0, NULL);
    rovi_separation *s = separate(target);
    const rovi_optimum *fit = &s->pairs[0].mean_field;
    assert_true(!fit->exact && fit->share_count == 2 && !s->pairs[0].collapses);
    assert_true(fit->kl.value < 0.01 && fit->kl.value < -log(0.7));
    assert_close(fit->share[0].value + fit->share[1].value, 1, 1e-12);
    for (int k = 0; k < 2; k++) {
        assert_true(fit->share[k].mcse > 0 && fit->share[k].mcse < 0.5 / sqrt(4000)); /* that of a coin at most */
        assert_true(fabs(fit->share[k].value - weights[k]) < 4.5 * fit->share[k].mcse + 0.01);
    }
    rovi_separation_free(s);
    rovi_target_free(target);
}

static void test_refusals(void **state)
{
    (void)state;
    rovi_error error;
    rovi_separation *out = NULL;
    const double means[] = {-1, 1, 2, 3}, one[] = {1};
    rovi_target *line = support_mixture(1, 2, half, means, 0, NULL),
                *single = support_mixture(2, 1, one, means, 0, NULL);
    rovi_target *ring = NULL, *students = NULL;
    assert_int_equal(rovi_target_new_ring(&ring, NULL), ROVI_OK);
    assert_int_equal(rovi_target_new_student_t_mixture(2, 2, 3, half, means, 0, NULL, &students, NULL), ROVI_OK);
    assert_refused(rovi_separation_run(NULL, NULL, &out, &error), &error, ROVI_BAD_INPUT, "NULL");
    assert_refused(rovi_separation_run(line, NULL, &out, &error), &error, ROVI_BAD_INPUT, "one dimension");
    assert_refused(rovi_separation_run(single, NULL, &out, &error), &error, ROVI_BAD_INPUT, "one component");
    assert_refused(rovi_separation_run(ring, NULL, &out, &error), &error, ROVI_BAD_INPUT, "not a mixture");
    assert_refused(rovi_separation_run(students, NULL, &out, &error), &error, ROVI_BAD_INPUT, "Student t with df = 3");
    assert_true(out == NULL);
    rovi_separation_free(NULL);
    rovi_target_free(line);
    rovi_target_free(single);
    rovi_target_free(ring);
    rovi_target_free(students);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figure1),
        cmocka_unit_test(test_transition),
        cmocka_unit_test(test_off_axis),
        cmocka_unit_test(test_bounds_hold),
        cmocka_unit_test(test_half_spaces_by_brute_force),
        cmocka_unit_test(test_axes_and_signs),
        cmocka_unit_test(test_far_apart),
        cmocka_unit_test(test_numbering_does_not_matter),
        cmocka_unit_test(test_collapse_bound),
        cmocka_unit_test(test_product_gap),
        cmocka_unit_test(test_three_components),
        cmocka_unit_test(test_more_dimensions),
        cmocka_unit_test(test_shares_of_a_fit),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests_name("separation", tests, NULL, NULL);
}
