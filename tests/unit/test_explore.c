/* SPDX-License-Identifier: BSD-3-Clause */
/* Exploration: all modes of off-centre mixtures, once each, and the mass where there is no mode. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "explore/explore.h"
#include "explore/explored.h"
#include "support.h"

#define D_MOST 10
#define ROOM   12

struct fixture {
    rovi_target *target;
    struct support_rig rig;
    struct explorer explorer;
    rovi_settings *settings;
};

/* Takes the target. */
static void run(struct fixture *f, rovi_target *target, uint64_t seed)
{
    f->target = target;
    f->settings = rovi_settings_new();
    support_rig_make(&f->rig, target);
    explorer_init(&f->explorer, &f->rig.arena, &f->rig.progress, ROOM, NULL);
    assert_false(f->rig.arena.failed);
    explore_run(&f->explorer, f->settings, seed);
}

static void drop(struct fixture *f)
{
    rovi_settings_free(f->settings);
    rovi_target_free(f->target);
    support_rig_free(&f->rig);
}

/* Sorted by ELBO, weights that sum to 1, Cholesky factors. */
static void assert_sound(const struct fixture *f)
{
    const struct explorer *e = &f->explorer;
    double sum = 0;
    for (size_t k = 0; k < e->count; k++) {
        sum += e->weight[k];
        assert_true(isfinite(e->locals[k].elbo) && (k == 0 || e->locals[k].elbo <= e->locals[k - 1].elbo));
        for (size_t i = 0; i < e->dim; i++) {
            assert_true(e->locals[k].L[i * e->dim + i] > 0);
        }
    }
    assert_true(e->count <= ROOM && (e->count == 0 || fabs(sum - 1) < 1e-12));
}

/* .35 N(b - s u, C) + .65 N(b + s u, C), b = (shift, -shift, ...)/sqrt d; all in so many units. */
static rovi_target *two_in_units(size_t d, double s, double shift, double unit, double *means)
{
    const double weights[] = {.35, .65};
    double u[D_MOST], C[D_MOST * D_MOST], norm = 0;
    support_normals(60 + d, d, u);
    support_covariance(61, d, 3, C);
    for (size_t j = 0; j < d; j++) {
        norm += u[j] * u[j];
    }
    for (size_t j = 0; j < d; j++) {
        const double b = (j % 2 == 0 ? shift : -shift) / sqrt((double)d);
        means[j] = unit * (b - s * u[j] / sqrt(norm));
        means[d + j] = unit * (b + s * u[j] / sqrt(norm));
    }
    for (size_t j = 0; j < d * d; j++) {
        C[j] *= unit * unit;
    }
    return support_mixture(d, 2, weights, means, 1, C);
}

static rovi_target *two(size_t d, double s, double shift, double *means)
{
    return two_in_units(d, s, shift, 1, means);
}

/* The modes are far apart: each local is the component, but for what the other one adds to its tails, and its weight
 * the component's. A restart that climbs to the lighter mode from 1000 away may miss the other one; a fit has four. */
static void both_modes_are_found_wherever_they_are(void **state)
{
    (void)state;
    static const size_t dims[] = {2, 10};
    const double shifts[] = {0, 30, 1000};
    for (size_t k = 0; k < 6; k++) {
        size_t missed = 0;
        for (uint64_t seed = 1; seed <= 3; seed++) {
            const size_t d = dims[k % 2];
            struct fixture f;
            double means[2 * D_MOST];
            run(&f, two(d, 6, shifts[k / 2], means), seed);
            assert_sound(&f);
            missed += f.explorer.count == 1;
            assert_in_range(f.explorer.count, 1, 2);
            for (size_t j = 0; j < d && f.explorer.count == 2; j++) {
                assert_close(f.explorer.weight[0], .65, .01);
                assert_close((f.explorer.locals[0].mean[j] - means[d + j]) / 100, 0, 1e-3);
                assert_close((f.explorer.locals[1].mean[j] - means[j]) / 100, 0, 1e-3);
            }
            drop(&f);
        }
        assert_in_range(missed, 0, k / 2 == 2 ? 1 : 0);
    }
}

/* What is too low to be a mode is told in the widths of another, not in units of x. */
static void modes_are_found_in_any_units(void **state)
{
    (void)state;
    const double units[] = {1e-3, 1e3};
    double means[2 * D_MOST];
    for (size_t k = 0; k < 2; k++) {
        struct fixture f;
        run(&f, two_in_units(10, 6, 0, units[k], means), 1);
        assert_sound(&f);
        assert_int_equal(f.explorer.count, 2);
        assert_close(f.explorer.weight[0], .65, .01);
        drop(&f);
    }
}

/* Of a local N(0, 4 I) whose ELBO is 3: inside, with its density up to a nat, and only when it is near the target. */
static void home_is_where_target_and_local_agree(void **state)
{
    (void)state;
    enum { d = 10 };
    struct fixture f;
    double means[2 * D_MOST], x[d] = {2}, far[d] = {20};
    run(&f, two(d, 6, 0, means), 1);
    struct explorer *e = &f.explorer;
    struct local *local = &e->locals[0];
    e->count = 1;
    memset(local->mean, 0, d * sizeof *local->mean);
    for (size_t i = 0; i < d * d; i++) {
        local->L[i] = i % (d + 1) == 0 ? 2 : 0;
    }
    local->elbo = 3;
    local->off = 0.2;
    const double near = -0.5 - d * (0.91893853320467274178 + log(2)); /* log density one standard deviation away */
    assert_close(local_log_density(local, d, 1), near, 1e-14);
    assert_true(explored_is_home(e, x, 3 + near + 0.9) && explored_is_home(e, x, 3 + near - 0.9));
    assert_false(explored_is_home(e, x, 3 + near + 1.1) || explored_is_home(e, x, 3 + near - 1.1));
    assert_false(explored_is_home(e, far, 3 + local_log_density(local, d, 10)));
    local->off = 0.3;
    assert_false(explored_is_home(e, x, 3 + near));
    drop(&f);
}

/* Six standard deviations apart, a normal over both modes is a local optimum too, in which the first start may end: it
 * spans those found later, which explain more. */
static void what_spans_others_is_dropped(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct fixture f;
        const double weights[] = {.35, .65}, means[] = {-1.8, -2.4, 1.8, 2.4};
        run(&f, support_mixture(2, 2, weights, means, 0, NULL), seed);
        assert_sound(&f);
        assert_int_equal(f.explorer.count, 2);
        for (size_t k = 0; k < 2; k++) {
            const double *m = f.explorer.locals[k].mean;
            assert_true(hypot(m[0] - means[0], m[1] - means[1]) < .5 || hypot(m[0] - means[2], m[1] - means[3]) < .5);
        }
        drop(&f);
    }
}

/* Light, and with no valley before it: what a later search begins at is a part of what an earlier one has left; one of
 * more weight is news, as both are to the first search of all. */
static void a_light_part_of_what_is_known_is_no_news(void **state)
{
    (void)state;
    const double light[] = {.03, .3}, means[] = {0, 0, .8, 0}, C[] = {1, 0, 0, 1, .0025, 0, 0, .0025};
    double mean[2] = {0, 0}, L[4] = {1, 0, 0, 1}, peak[2] = {0, 0};
    for (size_t k = 0; k < 2; k++) {
        for (int again = 0; again < 2; again++) {
            struct fixture f;
            struct local wide = {.mean = mean, .L = L, .peak = peak, .off = .1, .elbo = log1p(-light[k])};
            const struct known_modes known = {.count = 1, .locals = &wide};
            f.target = support_mixture(2, 2, (double[]){1 - light[k], light[k]}, means, 2, C);
            assert_int_equal(rovi_target_set_start(f.target, means + 2, NULL), ROVI_OK);
            f.settings = rovi_settings_new();
            support_rig_make(&f.rig, f.target);
            explorer_init(&f.explorer, &f.rig.arena, &f.rig.progress, ROOM, NULL);
            explored_adopt(&f.explorer, &known);
            f.explorer.again = again;
            explore_run(&f.explorer, f.settings, 1);
            assert_sound(&f);
            assert_int_equal(explored_has_news(&f.explorer), k == 1 || !again);
            drop(&f);
        }
    }
}

static void one_mode_is_found_once(void **state)
{
    (void)state;
    const double one = 1;
    double mean[D_MOST], C[D_MOST * D_MOST];
    support_normals(70, D_MOST, mean);
    support_covariance(71, D_MOST, 1e4, C);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct fixture f;
        run(&f, support_mixture(D_MOST, 1, &one, mean, 1, C), seed);
        assert_sound(&f);
        assert_int_equal(f.explorer.count, 1);
        assert_true(fabs(f.explorer.locals[0].elbo) <=
                    4 * f.explorer.locals[0].error + 1e-6); /* ends when it gains less */
        drop(&f);
    }
}

/* Eight schools: the pole is at log tau = -infinity; the posterior of log tau has mean .8 and sd 1.1 or so. The funnel:
 * z_1 has mean 0 and sd 3, and no mode in the neck is worth a local (there the density has its maximum at -13.5 for d =
 * 5, where a normal of the right widths has no more mass than elsewhere). */
static void no_mode_ends_in_the_mass(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct fixture f;
        run(&f, support_schools(), seed);
        assert_sound(&f);
        assert_true(f.explorer.count >= 1);
        assert_true(fabs(f.explorer.locals[0].mean[1] - .8) < 2);
        drop(&f);
        rovi_target *target = NULL;
        assert_int_equal(rovi_target_new_funnel(5, &target, NULL), ROVI_OK);
        run(&f, target, seed);
        assert_sound(&f);
        assert_true(f.explorer.count >= 1);
        assert_true(fabs(f.explorer.locals[0].mean[0]) < 6 && f.explorer.locals[0].elbo > -3);
        drop(&f);
    }
}

#define COUNTS 20
#define SLOPES 4
#define SCALE  (SLOPES + COUNTS)

/* x as Stan sees a parameter between low and high; the log Jacobian is added to *logp, its slope goes to *grad, and
 * dv/dx to *slope. */
static double within(double x, double low, double high, double *logp, double *grad, double *slope)
{
    const double u = 1 / (1 + exp(-x));
    *logp += log(high - low) - x - 2 * log1p(exp(-x));
    *grad = 1 - 2 * u;
    *slope = (high - low) * u * (1 - u);
    return low + (high - low) * u;
}

/* Twenty counts about exp(4 + t - t^3/4), each with an effect of its own: the logarithm of the rate is a cubic of t, of
 * coefficients between -10 and 10, and a normal number of a scale between 0 and 5. Rates overflow where searching
 * begins, and the density grows without end where the scale goes to zero. Its integral is exp(4209.5) or so. */
static int counts(size_t d, const double *x, double *grad, double *logp, void *data)
{
    double b[SLOPES], slope[SLOPES], scale_slope = 0, own[SCALE + 1] = {0};
    *logp = 0;
    for (size_t k = 0; k < SLOPES; k++) {
        b[k] = within(x[k], -10, 10, logp, &own[k], &slope[k]);
    }
    const double s = within(x[SCALE], 0, 5, logp, &own[SCALE], &scale_slope);
    for (size_t i = 0; i < COUNTS; i++) {
        const double t = -1.7 + 3.4 * (double)i / (COUNTS - 1), power[SLOPES] = {1, t, t * t, t * t * t};
        const double count = floor(exp(4 + t - t * t * t / 4)), effect = x[SLOPES + i];
        const double log_rate = b[0] + b[1] * t + b[2] * t * t + b[3] * t * t * t + effect, off = count - exp(log_rate);
        *logp += count * log_rate - exp(log_rate) - effect * effect / (2 * s * s) - log(s);
        for (size_t k = 0; k < SLOPES; k++) {
            own[k] += off * power[k] * slope[k];
        }
        own[SLOPES + i] = off - effect / (s * s);
        own[SCALE] += (effect * effect / (s * s) - 1) / s * scale_slope;
    }
    (void)data;
    if (grad != NULL) {
        memcpy(grad, own, d * sizeof *grad);
    }
    return !isfinite(*logp);
}

/* Where no climb comes to a maximum, and steps from the start do not find back, they begin at the end of a climb. Some
 * end in the neck of the funnel, a few nats below the best normal. */
static void climbs_without_a_maximum_lead_to_the_mass(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct fixture f;
        rovi_target *target = NULL;
        assert_int_equal(rovi_target_new(SCALE + 1, counts, NULL, &target, NULL), ROVI_OK);
        assert_int_equal(rovi_target_check_gradient(target, seed, NULL), ROVI_OK);
        run(&f, target, seed);
        assert_sound(&f);
        assert_true(f.explorer.count > 0 && f.explorer.locals[0].elbo > 4200 && f.explorer.locals[0].elbo < 4209.5);
        drop(&f);
    }
}

static void no_finite_start_finds_nothing(void **state)
{
    (void)state;
    struct fixture f;
    rovi_target *target = NULL;
    int outside = 1;
    assert_int_equal(rovi_target_new(3, support_answer, &outside, &target, NULL), ROVI_OK);
    run(&f, target, 1);
    assert_int_equal(f.explorer.count, 0);
    drop(&f);
}

static void same_seed_same_modes(void **state)
{
    (void)state;
    struct fixture f, g;
    double means[4];
    run(&f, two(2, 4, 5, means), 9);
    run(&g, two(2, 4, 5, means), 9);
    assert_int_equal(f.explorer.count, g.explorer.count);
    for (size_t k = 0; k < f.explorer.count; k++) {
        assert_memory_equal(f.explorer.locals[k].mean, g.explorer.locals[k].mean, 2 * sizeof(double));
        assert_memory_equal(f.explorer.locals[k].L, g.explorer.locals[k].L, 4 * sizeof(double));
        assert_true(f.explorer.locals[k].elbo == g.explorer.locals[k].elbo);
    }
    drop(&f);
    drop(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_modes_are_found_wherever_they_are),
        cmocka_unit_test(modes_are_found_in_any_units),
        cmocka_unit_test(home_is_where_target_and_local_agree),
        cmocka_unit_test(what_spans_others_is_dropped),
        cmocka_unit_test(a_light_part_of_what_is_known_is_no_news),
        cmocka_unit_test(one_mode_is_found_once),
        cmocka_unit_test(no_mode_ends_in_the_mass),
        cmocka_unit_test(climbs_without_a_maximum_lead_to_the_mass),
        cmocka_unit_test(no_finite_start_finds_nothing),
        cmocka_unit_test(same_seed_same_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
