/* SPDX-License-Identifier: BSD-3-Clause */
/* The ELBO and its standard error against closed forms, quadrature and repetition. */
#include <math.h>
#include <stdlib.h>

#include "evidence/elbo.h"
#include "support.h"

static const struct rng_stream stream = {.seed = 17, .purpose = RNG_EVIDENCE};

/* The law of center + O diag(slope) x: no cells. */
static rovi_approximation *gaussian(size_t d, const double *center, const double *slope, const double *O)
{
    static const double knot = 0;
    rovi_map maps[8];
    rovi_approximation *q = NULL;
    assert_true(d <= 8);
    for (size_t i = 0; i < d; i++) {
        maps[i] = (rovi_map){.cells = 0, .knots = &knot, .alpha = slope[i], .v = 0};
    }
    const rovi_approximation_parts parts = {.dim = d, .center = center, .rotation = O, .maps = maps};
    assert_int_equal(rovi_approximation_new(&parts, &q, NULL), ROVI_OK);
    return q;
}

/* N(mean, O diag(slope^2) O^T) */
static rovi_target *gaussian_target(size_t d, const double *mean, const double *slope, const double *O)
{
    const double one = 1;
    double covariance[64];
    rovi_target *target = NULL;
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < d; j++) {
            covariance[i * d + j] = 0;
            for (size_t k = 0; k < d; k++) {
                covariance[i * d + j] += O[i * d + k] * O[j * d + k] * slope[k] * slope[k];
            }
        }
    }
    for (size_t i = 0; i < d * d; i++) { /* symmetric to the last bit */
        covariance[i] = covariance[i / d <= i % d ? i : i % d * d + i / d];
    }
    assert_int_equal(rovi_target_new_gaussian_mixture(d, 1, &one, mean, 1, covariance, &target, NULL), ROVI_OK);
    return target;
}

/* n ratios by a team of one, which the caller frees. */
static double *ratios_of(const rovi_approximation *q, const rovi_target *target, struct rng_stream from, size_t n,
                         struct team *team)
{
    struct meter meter;
    double *ratio = calloc(n, sizeof *ratio);
    meter_init(&meter, target);
    assert_true(elbo_log_ratios(q, &meter, from, team, 0, n, ratio));
    const rovi_evaluations e = meter_evaluations(&meter);
    assert_int_equal(e.density, n);
    assert_int_equal(e.gradient, 0);
    size_t outside = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(isfinite(ratio[i]) || ratio[i] == -INFINITY);
        outside += ratio[i] == -INFINITY;
    }
    assert_int_equal(e.rejected, outside);
    return ratio;
}

static struct elbo elbo_of(const rovi_approximation *q, const rovi_target *target, struct rng_stream from, size_t n)
{
    double *ratio = ratios_of(q, target, from, n, NULL);
    const struct elbo elbo = elbo_of_ratios(n, ratio);
    free(ratio);
    return elbo;
}

/* log p = log q everywhere: every ratio is 0 up to the rounding of two log densities of size ten or so. */
static void the_target_itself_has_elbo_zero(void **state)
{
    (void)state;
    const double center[] = {1, -2, 0.5}, slope[] = {0.5, 1, 3};
    double O[9];
    support_orthogonal(1, 3, O);
    rovi_approximation *q = gaussian(3, center, slope, O);
    rovi_target *target = gaussian_target(3, center, slope, O);
    const struct elbo elbo = elbo_of(q, target, stream, 1000);
    assert_close(elbo.estimate.value, 0, 1e-13);
    assert_close(elbo.estimate.mcse, 0, 1e-14);
    assert_true(elbo.outside.value == 0);
    rovi_target_free(target);
    rovi_approximation_free(q);
}

/* KL(N(a, diag s^2) || N(b, diag r^2)) = sum log(r/s) + (s^2 + (a - b)^2)/(2 r^2) - 1/2, the same O for both. */
static double gaussian_kl(size_t d, const double *a, const double *s, const double *b, const double *r)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        sum += log(r[i] / s[i]) + (s[i] * s[i] + (a[i] - b[i]) * (a[i] - b[i])) / (2 * r[i] * r[i]) - 0.5;
    }
    return sum;
}

/* 20000 draws, seed 17: |z| < 4. */
static void the_kl_of_gaussians_comes_out(void **state)
{
    (void)state;
    const double O[] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const double a[] = {0, 1, 0.2}, s[] = {0.7, 1, 1.3}, b[] = {0.4, 0.5, 0}, r[] = {1, 1.5, 1.2};
    rovi_approximation *q = gaussian(3, a, s, O);
    rovi_target *target = gaussian_target(3, b, r, O);
    const struct elbo elbo = elbo_of(q, target, stream, 20000);
    assert_true(fabs(elbo.estimate.value + gaussian_kl(3, a, s, b, r)) < 4 * elbo.estimate.mcse);
    assert_true(elbo.estimate.mcse < 0.02 && elbo.estimate.mcse > 0.001);
    rovi_target_free(target);
    rovi_approximation_free(q);
}

/* log p = -x^2/2 - x on x > 0, no value elsewhere: by status, NaN or -infinity, as x falls. */
static int half_line(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)d;
    (void)data;
    if (grad != NULL) {
        *grad = -x[0] - 1;
    }
    *logp = x[0] > 0 ? -0.5 * x[0] * x[0] - x[0] : x[0] > -0.5 ? NAN : -INFINITY;
    return x[0] < -1;
}

#define Q_MEAN 0.3
#define Q_SD   1.2

static double log_q_at(double x)
{
    const double u = (x - Q_MEAN) / Q_SD;
    return -0.5 * u * u - log(Q_SD * sqrt(2 * acos(-1)));
}

/* q_t (log p - log q_t), q_t = q/share on x > 0 */
static double truncated_integrand(double x, void *data)
{
    const double share = *(const double *)data, log_qt = log_q_at(x) - log(share);
    return exp(log_qt) * (-0.5 * x * x - x - log_qt);
}

static double half_line_share(void)
{
    return 0.5 * erfc(-Q_MEAN / Q_SD / sqrt(2));
}

static double half_line_elbo(void)
{
    double share = half_line_share();
    return support_integrate(truncated_integrand, &share, 0, 15, 1e-12);
}

/* 20000 draws, seed 17: |z| < 4 for both, and the share outside is Phi(-Q_MEAN/Q_SD). */
static void a_support_is_respected(void **state)
{
    (void)state;
    const double center = Q_MEAN, slope = Q_SD, one = 1;
    rovi_approximation *q = gaussian(1, &center, &slope, &one);
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(1, half_line, NULL, &target, NULL), ROVI_OK);
    const struct elbo elbo = elbo_of(q, target, stream, 20000);
    const double outside = 1 - half_line_share();
    assert_true(fabs(elbo.outside.value - outside) < 4 * sqrt(outside * (1 - outside) / 20000));
    assert_true(fabs(elbo.estimate.value - half_line_elbo()) < 4 * elbo.estimate.mcse);
    rovi_target_free(target);
    rovi_approximation_free(q);
}

static int nowhere(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)d;
    (void)x;
    (void)grad;
    (void)data;
    *logp = NAN;
    return 0;
}

static int fatal(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)d;
    (void)x;
    (void)grad;
    (void)logp;
    ++*(int *)data;
    return -1;
}

/* What all ratios have in common is as exact as one of them. */
static void a_large_constant_costs_no_digits(void **state)
{
    (void)state;
    enum { N = 4000 };
    static double small[N], large[N];
    double noise[1];
    for (size_t i = 0; i < N; i++) {
        rng_normals((struct rng_stream){.seed = 5, .purpose = RNG_PROBE}, i, 1, noise);
        small[i] = ldexp(round(ldexp(noise[0], 12)), -12); /* so that the shift rounds nothing */
        large[i] = small[i] - 1e12;
    }
    const struct elbo a = elbo_of_ratios(N, small), b = elbo_of_ratios(N, large);
    assert_true(fabs(b.estimate.value + 1e12 - a.estimate.value) < 2e-4); /* two units in the last place */
    assert_close(b.estimate.mcse, a.estimate.mcse, 1e-12);
    assert_close(b.gap, a.gap, 1e-12);
}

/* Two at a time of four: the means of e^ratio are 2 and 4. What lies outside counts as weight 0; a whole group of it,
 * as a point outside, whose share of 1/2 has an error of its own. */
static void several_draws_at_a_time(void **state)
{
    (void)state;
    const double ratio[] = {0, log(3), -INFINITY, log(8), 99}, none[] = {-INFINITY, -INFINITY, log(2), log(2)};
    double mean[2];
    const rovi_estimate both = elbo_of_several(4, ratio, mean), half = elbo_of_several(4, none, mean);
    assert_close(both.value, 1.5 * log(2), 1e-15);
    assert_close(both.mcse, 0.5 * log(2), 1e-15);
    assert_close(elbo_of_several(5, ratio, mean).value, both.value, 0); /* one is left over */
    assert_close(half.value, 0, 1e-15);
    assert_true(isnan(elbo_of_several(3, ratio, mean).value));
}

static void without_support_there_is_no_elbo(void **state)
{
    (void)state;
    const double zero = 0, one = 1;
    rovi_approximation *q = gaussian(1, &zero, &one, &one);
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(1, nowhere, NULL, &target, NULL), ROVI_OK);
    const struct elbo elbo = elbo_of(q, target, stream, 100);
    assert_true(isnan(elbo.estimate.value) && isnan(elbo.estimate.mcse) && elbo.outside.value == 1);
    rovi_target_free(target);
    rovi_approximation_free(q);
}

static void a_fatal_target_is_asked_once(void **state)
{
    (void)state;
    const double zero = 0, one = 1;
    int calls = 0;
    struct meter meter;
    double ratio[300];
    rovi_approximation *q = gaussian(1, &zero, &one, &one);
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(1, fatal, &calls, &target, NULL), ROVI_OK);
    meter_init(&meter, target);
    assert_true(elbo_log_ratios(q, &meter, stream, NULL, 0, 300, ratio));
    assert_int_equal(calls, 1);
    assert_true(atomic_load(&meter.failed));
    for (size_t i = 0; i < 300; i++) {
        assert_true(ratio[i] == -INFINITY);
    }
    rovi_target_free(target);
    rovi_approximation_free(q);
}

static void any_team_gives_the_same_bits(void **state)
{
    (void)state;
    enum { N = 1000, D = 4 }; /* not a whole number of blocks */
    const double weights[] = {0.3, 0.7}, means[2 * D] = {-1, 0, 0, 0, 1, 0, 0.5, 0};
    rovi_approximation *q = support_approximation(3, D, 1);
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new_gaussian_mixture(D, 2, weights, means, 0, NULL, &target, NULL), ROVI_OK);
    double *expected = ratios_of(q, target, stream, N, NULL);
    for (size_t threads = 1; threads <= 3; threads++) {
        struct team *team = team_new(threads);
        double *ratio = ratios_of(q, target, stream, N, team);
        assert_memory_equal(ratio, expected, N * sizeof *ratio);
        free(ratio);
        team_free(team);
    }
    free(expected);
    rovi_target_free(target);
    rovi_approximation_free(q);
}

static void more_draws_join_those_before(void **state)
{
    (void)state;
    enum { N = 300, FIRST = 130 }; /* neither a whole number of blocks */
    const double a = Q_MEAN, s = Q_SD, b = 0, r = 1.5, one = 1;
    struct meter meter;
    double ratio[N];
    rovi_approximation *q = gaussian(1, &a, &s, &one);
    rovi_target *target = gaussian_target(1, &b, &r, &one);
    double *expected = ratios_of(q, target, stream, N, NULL);
    meter_init(&meter, target);
    assert_true(elbo_log_ratios(q, &meter, stream, NULL, 0, FIRST, ratio));
    assert_true(elbo_log_ratios(q, &meter, stream, NULL, FIRST, N, ratio));
    assert_int_equal(meter_evaluations(&meter).density, N);
    for (size_t i = 0; i < N; i++) {
        assert_true(fabs(ratio[i] - expected[i]) < 1e-13 * (1 + fabs(expected[i])));
    }
    free(expected);
    rovi_target_free(target);
    rovi_approximation_free(q);
}

/* With z_i the error of repeat i in units of its own mcse, sum z_i^2 over 200 repeats is chi-square: 200 +- 4.5 * 20.
 * Seeds 0..199, 500 draws each. */
static void check_calibration(const rovi_approximation *q, const rovi_target *target, double exact)
{
    double chi_square = 0, sum = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        const struct rng_stream from = {.seed = seed, .purpose = RNG_EVIDENCE};
        const struct elbo elbo = elbo_of(q, target, from, 500);
        const double z = (elbo.estimate.value - exact) / elbo.estimate.mcse;
        chi_square += z * z;
        sum += z;
    }
    assert_true(chi_square > 110 && chi_square < 290);
    assert_true(fabs(sum / sqrt(200)) < 4.5);
}

static void the_error_is_as_large_as_it_says(void **state)
{
    (void)state;
    const double a = Q_MEAN, s = Q_SD, b = 0, r = 1.5, one = 1;
    rovi_approximation *q = gaussian(1, &a, &s, &one);
    rovi_target *whole = gaussian_target(1, &b, &r, &one), *half = NULL;
    check_calibration(q, whole, -gaussian_kl(1, &a, &s, &b, &r));
    assert_int_equal(rovi_target_new(1, half_line, NULL, &half, NULL), ROVI_OK);
    check_calibration(q, half, half_line_elbo());
    rovi_target_free(half);
    rovi_target_free(whole);
    rovi_approximation_free(q);
}

static void ratios_are_summed_up_as_by_hand(void **state)
{
    (void)state;
    const double three[] = {1, -INFINITY, 2, 3}, alone[] = {-INFINITY, 5}, lost[] = {NAN, INFINITY, -INFINITY};
    struct elbo elbo = elbo_of_ratios(4, three);
    assert_close(elbo.estimate.value, 2 + log(0.75), 1e-15);
    assert_close(elbo.estimate.mcse, sqrt(1.0 / 3 + 0.25 / (0.75 * 4)), 1e-15);
    assert_true(elbo.outside.value == 0.25);
    assert_close(elbo.divergence, 0.5, 1e-15);
    assert_close(elbo.gap, log((exp(1) + exp(2) + exp(3)) / 3) - 2, 1e-15);
    elbo = elbo_of_ratios(2, alone);
    assert_close(elbo.estimate.value, 5 + log(0.5), 1e-15);
    assert_true(isnan(elbo.estimate.mcse));
    elbo = elbo_of_ratios(3, lost);
    assert_true(isnan(elbo.estimate.value) && elbo.outside.value == 1);
}

/* Large and nearly equal ratios: the spread must survive the size. */
static void a_large_level_keeps_the_error(void **state)
{
    (void)state;
    double ratio[1000], after[1000], normals[1000];
    support_normals(5, 1000, normals);
    double sum = 0, square = 0;
    for (size_t i = 0; i < 1000; i++) {
        ratio[i] = 1e9;
        after[i] = 1e9 + round(1024 * normals[i]) / 1024; /* exact in doubles at 1e9 */
        sum += after[i] - 1e9;
    }
    for (size_t i = 0; i < 1000; i++) {
        square += pow(after[i] - 1e9 - sum / 1000, 2);
    }
    const double mcse = sqrt(square / 999 / 1000);
    assert_relative(elbo_of_ratios(1000, after).estimate.mcse, mcse, 1e-6);
    assert_relative(elbo_gain(1000, ratio, after).mcse, mcse, 1e-9);
    assert_close(elbo_gain(1000, ratio, after).value, sum / 1000, 1e-9);
}

static void gain_is_paired(void **state)
{
    (void)state;
    const double before[] = {100, -50, 3, -INFINITY, 0, 1}, after[] = {101, -48, 6, 1, -INFINITY, 3};
    const rovi_estimate gain = elbo_gain(6, before, after); /* of 1, 2, 3, 2 */
    assert_close(gain.value, 2, 1e-15);
    assert_close(gain.mcse, sqrt(2.0 / 3 / 4), 1e-14);
    const double none[] = {-INFINITY, NAN}, one[] = {-INFINITY, 1};
    assert_true(isnan(elbo_gain(2, none, one).value) && isnan(elbo_gain(2, one, one).mcse));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_constant_costs_no_digits),
        cmocka_unit_test(the_target_itself_has_elbo_zero),
        cmocka_unit_test(the_kl_of_gaussians_comes_out),
        cmocka_unit_test(a_support_is_respected),
        cmocka_unit_test(several_draws_at_a_time),
        cmocka_unit_test(without_support_there_is_no_elbo),
        cmocka_unit_test(a_fatal_target_is_asked_once),
        cmocka_unit_test(any_team_gives_the_same_bits),
        cmocka_unit_test(more_draws_join_those_before),
        cmocka_unit_test(the_error_is_as_large_as_it_says),
        cmocka_unit_test(ratios_are_summed_up_as_by_hand),
        cmocka_unit_test(a_large_level_keeps_the_error),
        cmocka_unit_test(gain_is_paired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
