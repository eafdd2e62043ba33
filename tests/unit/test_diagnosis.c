/* SPDX-License-Identifier: BSD-3-Clause */
/* The second look: valleys, regions of known mass, verdicts on fits that lost modes and on others, honest errors. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "climb/valley.h"
#include "diagnose/reason.h"
#include "diagnose/region.h"
#include "support.h"

static const double half[] = {0.5, 0.5};

static rovi_diagnosis *diagnose(const rovi_target *target, const rovi_fit *fit, uint64_t seed)
{
    rovi_diagnosis *made = NULL;
    rovi_error error = {0};
    const rovi_diagnosis_options options = {.seed = seed};
    if (rovi_diagnosis_run(target, fit, &options, NULL, NULL, &made, &error) != ROVI_OK) {
        fail_msg("%s", error.message);
    }
    const rovi_diagnosis_parts *parts = rovi_diagnosis_parts_of(made);
    const uint64_t fitted = rovi_fit_parts_of(fit)->evaluations.density;
    if (parts->evaluations.density > fitted) {
        fail_msg("the diagnosis asked %llu times, the fit %llu", (unsigned long long)parts->evaluations.density,
                 (unsigned long long)fitted);
    }
    return made;
}

/* ---- valleys ---- */

static bool are_joined(const rovi_target *target, const double *a, const double *b, double *depth)
{
    struct support_rig rig;
    struct valley valley;
    support_rig_make(&rig, target);
    valley_init(&valley, &rig.arena, &rig.progress, (struct metric){0});
    assert_false(rig.arena.failed);
    const bool joined = valley_joined(&valley, (struct place){a, support_logp(target, a)},
                                      (struct place){b, support_logp(target, b)}, depth);
    support_rig_free(&rig);
    return joined;
}

static void modes_are_parted_by_their_saddle(void **state)
{
    (void)state;
    const double means[] = {-3, -3, 3, 3}, near[] = {-0.8, -0.8, 0.8, 0.8};
    double depth = 0;
    rovi_target *far = support_mixture(2, 2, half, means, 0, NULL), *one = support_mixture(2, 2, half, near, 0, NULL);
    assert_false(are_joined(far, means, means + 2, &depth));
    assert_close(depth, 9 - log(2), 0.2); /* the saddle is at 0: exp(-9), of both; looked for at 15 points */
    assert_true(are_joined(one, near, near + 2, &depth));
    rovi_target_free(far);
    rovi_target_free(one);
}

/* The segments cross nothing at all, or lead far beside; the modes bend. */
static void bent_modes_are_one(void **state)
{
    (void)state;
    double depth = 0;
    rovi_target *ring, *banana, *funnel;
    assert_int_equal(rovi_target_new_ring(&ring, NULL), ROVI_OK);
    assert_int_equal(rovi_target_new_banana(&banana, NULL), ROVI_OK);
    assert_int_equal(rovi_target_new_funnel(3, &funnel, NULL), ROVI_OK);
    assert_true(are_joined(ring, (const double[]){4, 0}, (const double[]){-4, 0.1}, &depth));
    assert_true(are_joined(ring, (const double[]){4, 0}, (const double[]){0, -4}, &depth));
    assert_true(are_joined(banana, (const double[]){-3, 2.25}, (const double[]){3, 2.25}, &depth));
    assert_true(are_joined(funnel, (const double[]){-12, 0, 0}, (const double[]){0, 0.05, -0.02}, &depth));
    rovi_target_free(ring);
    rovi_target_free(banana);
    rovi_target_free(funnel);
}

static void masses_beside_a_fit_add_up_by_odds(void **state)
{
    (void)state;
    struct region_sum sum = {0};
    region_add(&sum, (rovi_estimate){0, NAN});
    assert_close(region_total(&sum).value, 0, 1e-15);
    for (int k = 0; k < 3; k++) {
        region_add(&sum, (rovi_estimate){.5, .01});
    }
    assert_close(region_total(&sum).value, .75, 1e-12); /* each is as much as the fit */
    assert_close(region_total(&sum).mcse, sqrt(3) * .04 / 16, 1e-12);
    const rovi_region half_each = {.mass = {.5, .01}, .missed = 1}, held = {.mass = {.9, .01}};
    const rovi_region regions[] = {held, half_each, half_each, half_each};
    const rovi_diagnosis_parts parts = {.regions = regions, .region_count = 4}, none = {.verdict = ROVI_COLLAPSE_NONE};
    assert_close(rovi_diagnosis_missed(&parts).value, .75, 1e-12);
    assert_close(rovi_diagnosis_missed(&parts).mcse, region_total(&sum).mcse, 1e-15);
    assert_close(rovi_diagnosis_missed(&none).value, 0, 1e-15);
}

/* ---- verdicts ---- */

/* Fits by the settings given, seeds 1.. of them: all must have this verdict. */
static void expect(const rovi_target *target, const char *method, const char *restarts, rovi_collapse verdict,
                   uint64_t seeds)
{
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        char text[16];
        snprintf(text, sizeof text, "%d", (int)seed);
        rovi_fit *fit = support_fit(target, SETTINGS_OF("method", method, "restarts", restarts, "seed", text));
        rovi_diagnosis *made = diagnose(target, fit, seed);
        if (rovi_diagnosis_parts_of(made)->verdict != verdict) {
            fail_msg("%s, seed %d: %s", method, (int)seed, rovi_diagnosis_parts_of(made)->reason);
        }
        rovi_diagnosis_free(made);
        rovi_fit_free(fit);
    }
}

static void collapse_is_seen(void **state)
{
    (void)state;
    const double even[] = {-3, -3, 3, 3}, uneven[] = {0.05, 0.95}, off[] = {2, 2, 8, 8};
    rovi_target *one = support_mixture(2, 2, half, even, 0, NULL), *two = support_mixture(2, 2, uneven, off, 0, NULL);
    expect(one, "mfvi", "1", ROVI_COLLAPSE_SUSPECTED, 5);
    expect(two, "mfvi", "4", ROVI_COLLAPSE_SUSPECTED, 5);
    rovi_target_free(one);
    rovi_target_free(two);
}

static void a_light_mode_in_many_dimensions_is_seen(void **state)
{
    (void)state;
    enum { D = 50 };
    const double weights[] = {0.05, 0.95};
    double means[2 * D];
    for (size_t j = 0; j < D; j++) {
        means[j] = j % 2 == 0 ? -4 / sqrt(D) : 4 / sqrt(D);
        means[D + j] = -means[j];
    }
    rovi_target *target = support_mixture(D, 2, weights, means, 0, NULL);
    expect(target, "mfvi", "1", ROVI_COLLAPSE_SUSPECTED, 2);
    rovi_target_free(target);
}

static void what_is_whole_stays_unaccused(void **state)
{
    (void)state;
    const double means[] = {-3, -3, 3, 3};
    rovi_target *two = support_mixture(2, 2, half, means, 0, NULL), *funnel, *banana, *ring,
                *schools = support_schools();
    assert_int_equal(rovi_target_new_funnel(5, &funnel, NULL), ROVI_OK);
    assert_int_equal(rovi_target_new_banana(&banana, NULL), ROVI_OK);
    assert_int_equal(rovi_target_new_ring(&ring, NULL), ROVI_OK);
    expect(two, "rovi", "4", ROVI_COLLAPSE_NONE, 5);
    expect(two, "mixture", "4", ROVI_COLLAPSE_NONE, 3);
    expect(funnel, "mfvi", "1", ROVI_COLLAPSE_NONE, 3);
    expect(banana, "mfvi", "1", ROVI_COLLAPSE_NONE, 3);
    expect(ring, "mfvi", "1", ROVI_COLLAPSE_NONE, 3);
    expect(schools, "rovi", "2", ROVI_COLLAPSE_NONE, 2);
    rovi_target_free(two);
    rovi_target_free(funnel);
    rovi_target_free(banana);
    rovi_target_free(ring);
    rovi_target_free(schools);
}

/* Two normals of different widths in 200 dimensions, of which the fit has one: the other is found, and weighed by a fit
 * that begins there, since the fit that is moved there is as wide as the first. */
static void another_shape_is_weighed_in_many_dimensions(void **state)
{
    (void)state;
    enum { D = 200 };
    const double weights[] = {0.4, 0.6}, width[][2] = {{1, 1.5}, {0.7, 1}};
    double means[2 * D] = {0}, *covariances = calloc((size_t)2 * D * D, sizeof *covariances);
    assert_non_null(covariances);
    for (size_t c = 0; c < 2; c++) {
        for (size_t j = 0; j < D; j++) {
            means[D + j] = 28 / sqrt(D);
            covariances[j * D + j] = width[c][0] * width[c][0];
            covariances[D * D + j * D + j] = width[c][1] * width[c][1];
        }
        rovi_target *target = support_mixture(D, 2, weights, means, 2, covariances);
        for (uint64_t seed = 1; seed <= 2; seed++) {
            const rovi_diagnosis_options options = {.seed = seed};
            rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "rovi", "restarts", "1"));
            rovi_diagnosis *made;
            assert_int_equal(rovi_diagnosis_run(target, fit, &options, NULL, NULL, &made, NULL), ROVI_OK);
            const rovi_diagnosis_parts *parts = rovi_diagnosis_parts_of(made);
            assert_int_equal(parts->verdict, ROVI_COLLAPSE_SUSPECTED);
            assert_int_equal(parts->region_count, 1);
            const rovi_region *region = &parts->regions[0];
            const double truth = weights[region->mean[0] > 14 / sqrt(D)];
            assert_true(region->held.value < 1e-6);
            assert_true(fabs(region->mass.value - truth) < 4.5 * region->mass.mcse + 1e-6);
            rovi_diagnosis_free(made);
            rovi_fit_free(fit);
        }
        rovi_target_free(target);
    }
    free(covariances);
}

/* Modes 8 apart along the narrowest of coordinates as wide as 1 to 1000, of which the fit has one. */
static void a_mode_along_a_narrow_coordinate_is_missed(void **state)
{
    (void)state;
    enum { D = 200 };
    const double weights[] = {0.4, 0.6};
    double means[2 * D] = {-4}, *covariance = calloc((size_t)D * D, sizeof *covariance);
    assert_non_null(covariance);
    means[D] = 4;
    for (size_t j = 0; j < D; j++) {
        covariance[j * D + j] = pow(1000, 2.0 * (double)j / (D - 1));
    }
    rovi_target *target = support_mixture(D, 2, weights, means, 1, covariance);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "rovi", "restarts", "1"));
        rovi_diagnosis *made = diagnose(target, fit, seed);
        const rovi_diagnosis_parts *parts = rovi_diagnosis_parts_of(made);
        assert_int_equal(parts->verdict, ROVI_COLLAPSE_SUSPECTED);
        assert_int_equal(parts->region_count, 1);
        const double truth = weights[parts->regions[0].mean[0] > 0];
        assert_true(fabs(parts->regions[0].mass.value - truth) < 4.5 * parts->regions[0].mass.mcse + 1e-6);
        rovi_diagnosis_free(made);
        rovi_fit_free(fit);
    }
    rovi_target_free(target);
    free(covariance);
}

/* ---- numbers ---- */

/* What a fit that keeps one mode of .3 and .7 misses has a known mass, and so do the modes of one that keeps both: in
 * 40 diagnoses each, z-scores have mean 0 and variance 1 within 4.5 of their standard errors. */
static void masses_are_honest(void **state)
{
    (void)state;
    enum { RUNS = 40 };
    const double weights[] = {0.3, 0.7}, means[] = {-3, -3, 3, 3};
    rovi_target *target = support_mixture(2, 2, weights, means, 0, NULL);
    rovi_fit *whole = support_fit(target, SETTINGS_OF("method", "rovi", "restarts", "1"));
    rovi_fit *lost = support_fit(target, SETTINGS_OF("method", "mfvi", "restarts", "1"));
    double sum[3] = {0}, squares[3] = {0};
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        rovi_diagnosis *a = diagnose(target, whole, seed), *b = diagnose(target, lost, seed);
        const rovi_diagnosis_parts *one = rovi_diagnosis_parts_of(a), *two = rovi_diagnosis_parts_of(b);
        assert_int_equal(one->mode_count, 2);
        assert_int_equal(two->region_count, 1);
        const rovi_region *region = &two->regions[0];
        const double truth = region->mean[0] < 0 ? 0.3 : 0.7, heavy = one->modes[0].mean[0] < 0 ? 0.3 : 0.7;
        const double z[3] = {(one->modes[0].mass.value - heavy) / one->modes[0].mass.mcse,
                             (region->mass.value - truth) / (region->mass.mcse + 1e-4), /* 1e-5 lies across */
                             one->log_z.value / one->log_z.mcse};
        for (int i = 0; i < 3; i++) {
            sum[i] += z[i];
            squares[i] += z[i] * z[i];
        }
        assert_true(region->missed && region->held.value < 0.01);
        assert_close(region->gain.value, -log(1 - truth), 0.02);
        rovi_diagnosis_free(a);
        rovi_diagnosis_free(b);
    }
    for (int i = 0; i < 3; i++) {
        if (!(fabs(sum[i] / RUNS) < 4.5 / sqrt(RUNS) && squares[i] / RUNS < 1 + 4.5 * sqrt(2.0 / RUNS))) {
            fail_msg("z-scores %d: mean %g, mean square %g", i, sum[i] / RUNS, squares[i] / RUNS);
        }
    }
    rovi_fit_free(whole);
    rovi_fit_free(lost);
    rovi_target_free(target);
}

/* log Z = 0 of a Student t law, whose tails the fit's draws do not meet: 40 diagnoses whose z-scores have mean 0 and
 * variance 1 within 4.5 of their standard errors. By the fit's draws alone the mean is -1.4. */
static void log_z_of_heavy_tails_is_honest(void **state)
{
    (void)state;
    enum { RUNS = 40 };
    const double one = 1, origin[5] = {0};
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new_student_t_mixture(5, 1, 3, &one, origin, 0, NULL, &target, NULL), ROVI_OK);
    rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "rovi", "restarts", "1"));
    double sum = 0, squares = 0, stated = 0;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        rovi_diagnosis *made = diagnose(target, fit, seed);
        const rovi_diagnosis_parts *parts = rovi_diagnosis_parts_of(made);
        if (!isnan(parts->log_z.mcse)) {
            const double z = parts->log_z.value / parts->log_z.mcse;
            sum += z;
            squares += z * z;
            stated++;
        }
        rovi_diagnosis_free(made);
    }
    assert_true(2 * stated > RUNS);
    assert_true(fabs(sum / stated) < 4.5 / sqrt(stated));
    assert_true(squares / stated < 1 + 4.5 * sqrt(2 / stated));
    rovi_fit_free(fit);
    rovi_target_free(target);
}

/* Half of a funnel's mass is in a neck and a mouth that no draw about the fit meets, which no weight tells: no error is
 * stated, but a bound that is below log Z = 0, and above the ELBO. */
static void log_z_of_a_funnel_is_bounded(void **state)
{
    (void)state;
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new_funnel(10, &target, NULL), ROVI_OK);
    rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "mfvi", "restarts", "1"));
    for (uint64_t seed = 1; seed <= 20; seed++) {
        rovi_diagnosis *made = diagnose(target, fit, seed);
        const rovi_diagnosis_parts *parts = rovi_diagnosis_parts_of(made);
        assert_true(isnan(parts->log_z.mcse));
        assert_true(parts->log_z_bound.value < 2 * parts->log_z_bound.mcse);
        assert_true(parts->log_z_bound.value > parts->elbo.value + 0.5);
        rovi_diagnosis_free(made);
    }
    rovi_fit_free(fit);
    rovi_target_free(target);
}

/* Restarts that fell into either mode of an even mixture are as good as each other, and are not the same fit. */
static void restarts_that_differ_are_told_apart(void **state)
{
    (void)state;
    const double means[] = {-3, -3, 3, 3};
    rovi_target *target = support_mixture(2, 2, half, means, 0, NULL);
    rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "mfvi", "restarts", "8"));
    rovi_diagnosis *made = diagnose(target, fit, 1);
    const rovi_diagnosis_parts *parts = rovi_diagnosis_parts_of(made);
    assert_int_equal(parts->cluster_count, 2);
    assert_int_equal(parts->clusters[0].size + parts->clusters[1].size, 8);
    assert_int_equal(parts->cluster[rovi_fit_parts_of(fit)->winner], 0);
    assert_close(parts->clusters[1].shift, 6, 0.1);
    assert_true(fabs(parts->clusters[1].below.value) < 5 * parts->clusters[1].below.mcse + 0.01);
    rovi_diagnosis_free(made);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    const double means[] = {-3, -3, 3, 3};
    rovi_target *target = support_mixture(2, 2, half, means, 0, NULL);
    rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "mfvi"));
    const rovi_diagnosis_parts *first = NULL;
    rovi_diagnosis *made[2];
    for (int threads = 1; threads <= 2; threads++) {
        const rovi_diagnosis_options options = {.seed = 7, .threads = 2 * threads - 1};
        assert_int_equal(rovi_diagnosis_run(target, fit, &options, NULL, NULL, &made[threads - 1], NULL), ROVI_OK);
        const rovi_diagnosis_parts *parts = rovi_diagnosis_parts_of(made[threads - 1]);
        first = first == NULL ? parts : first;
        assert_string_equal(parts->reason, first->reason);
        assert_memory_equal(&parts->elbo, &first->elbo, sizeof parts->elbo);
        assert_memory_equal(&parts->regions[0].mass, &first->regions[0].mass, sizeof parts->elbo);
        assert_memory_equal(&parts->regions[0].gain, &first->regions[0].gain, sizeof parts->elbo);
        assert_int_equal(parts->evaluations.density, first->evaluations.density);
    }
    rovi_diagnosis_free(made[0]);
    rovi_diagnosis_free(made[1]);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

/* ---- limits and bad input ---- */

static int end_at_once(const rovi_progress *progress, void *data)
{
    (void)progress;
    (void)data;
    return 1;
}

static void limits_are_kept(void **state)
{
    (void)state;
    const double means[] = {-3, -3, 3, 3};
    rovi_target *target = support_mixture(2, 2, half, means, 0, NULL);
    rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "mfvi", "restarts", "1"));
    rovi_diagnosis *made;
    rovi_diagnosis_options options = {.no_probe = 1};
    assert_int_equal(rovi_diagnosis_run(target, fit, &options, NULL, NULL, &made, NULL), ROVI_OK);
    assert_int_equal(rovi_diagnosis_parts_of(made)->verdict, ROVI_COLLAPSE_UNKNOWN);
    assert_int_equal(rovi_diagnosis_parts_of(made)->climbs, 0);
    assert_int_equal(rovi_diagnosis_parts_of(made)->evaluations.density,
                     2 * rovi_diagnosis_parts_of(made)->draws); /* of the fit, and of the wider law */
    rovi_diagnosis_free(made);
    options = (rovi_diagnosis_options){.max_time = 1e-9};
    assert_int_equal(rovi_diagnosis_run(target, fit, &options, NULL, NULL, &made, NULL), ROVI_OK);
    assert_int_equal(rovi_diagnosis_parts_of(made)->stop, ROVI_STOP_MAX_TIME);
    assert_int_equal(rovi_diagnosis_parts_of(made)->verdict, ROVI_COLLAPSE_UNKNOWN);
    rovi_diagnosis_free(made);
    assert_int_equal(rovi_diagnosis_run(target, fit, NULL, end_at_once, NULL, &made, NULL), ROVI_OK);
    assert_int_equal(rovi_diagnosis_parts_of(made)->stop, ROVI_STOP_INTERRUPTED);
    rovi_diagnosis_free(made);
    options = (rovi_diagnosis_options){.max_evaluations = 3000};
    assert_int_equal(rovi_diagnosis_run(target, fit, &options, NULL, NULL, &made, NULL), ROVI_OK);
    assert_true(rovi_diagnosis_parts_of(made)->evaluations.density <= 3000);
    rovi_diagnosis_free(made);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

/* A mode that was found and could not be weighed is no mode that was not found. */
static void what_was_not_weighed_is_unknown(void **state)
{
    (void)state;
    rovi_diagnosis_parts parts = {.dim = 1, .climbs = 24, .found = 2};
    reason_conclude(&parts, 1, 2);
    assert_int_equal(parts.verdict, ROVI_COLLAPSE_UNKNOWN);
    assert_non_null(strstr(parts.reason, "found 2 modes beyond the fit that could not be weighed"));
    parts.found = 0;
    reason_conclude(&parts, 1, 0);
    assert_int_equal(parts.verdict, ROVI_COLLAPSE_NONE);
}

/* No draw in a region does not say that the fit has nothing there. */
static void what_the_fit_holds_is_known_by_its_draws(void **state)
{
    (void)state;
    const double x = 20;
    rovi_region region = {.mean = &x, .sd = &x, .mass = {.001, .0001}, .held = {0, 1. / 250}};
    rovi_diagnosis_parts parts = {.dim = 1, .climbs = 24, .draws = 250, .found = 1, .region_count = 1};
    parts.regions = &region;
    reason_conclude(&parts, 1, 0);
    assert_non_null(strstr(parts.reason, "0.10 ± 0.01 % of the mass, too little for 250 draws to tell"));
    region.mass.value = .5;
    reason_conclude(&parts, 1, 0);
    assert_non_null(strstr(parts.reason, "of the mass, of which the fit holds less than 2.4"));
    region.held.value = .05;
    reason_conclude(&parts, 1, 0);
    assert_non_null(strstr(parts.reason, "of the mass, of which the fit holds 10.0 %"));
}

/* Climbs from many modes of a fit that took little leave room for others: four coordinates of two modes each. */
static void many_modes_leave_room_for_a_search(void **state)
{
    (void)state;
    enum { D = 4, K = 1 << D };
    double weights[K], means[K * D];
    for (size_t k = 0; k < K; k++) {
        weights[k] = 1;
        for (size_t j = 0; j < D; j++) {
            weights[k] *= k >> j & 1 ? .7 : .3;
            means[k * D + j] = k >> j & 1 ? 4 : -4;
        }
    }
    rovi_target *target = support_mixture(D, K, weights, means, 0, NULL);
    expect(target, "rovi", "4", ROVI_COLLAPSE_NONE, 2);
    rovi_target_free(target);
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    const double means[] = {-3, -3, 3, 3};
    int code = -1;
    rovi_target *target = support_mixture(2, 2, half, means, 0, NULL), *other, *failing;
    rovi_fit *fit = support_fit(target, SETTINGS_OF("restarts", "1"));
    rovi_diagnosis *made;
    rovi_error error;
    rovi_diagnosis_options options = {.threads = -1};
    assert_int_equal(rovi_target_new_funnel(3, &other, NULL), ROVI_OK);
    assert_int_equal(rovi_target_new(2, support_answer, &code, &failing, NULL), ROVI_OK);
    rovi_status status = rovi_diagnosis_run(other, fit, NULL, NULL, NULL, &made, &error);
    assert_refused(status, &error, ROVI_BAD_INPUT, "the fit has dimension 2, the target 3");
    assert_null(made);
    status = rovi_diagnosis_run(NULL, fit, NULL, NULL, NULL, &made, &error);
    assert_refused(status, &error, ROVI_BAD_INPUT, "needs a target and a fit");
    status = rovi_diagnosis_run(target, fit, &options, NULL, NULL, &made, &error);
    assert_refused(status, &error, ROVI_BAD_INPUT, "threads is -1");
    status = rovi_diagnosis_run(failing, fit, NULL, NULL, NULL, &made, &error);
    assert_refused(status, &error, ROVI_TARGET_FAILED, "");
    code = 1;
    status = rovi_diagnosis_run(failing, fit, NULL, NULL, NULL, &made, &error);
    assert_refused(status, &error, ROVI_TARGET_FAILED, "is it the target that was fitted?");
    rovi_fit_free(fit);
    rovi_target_free(target);
    rovi_target_free(other);
    rovi_target_free(failing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_are_parted_by_their_saddle),
        cmocka_unit_test(bent_modes_are_one),
        cmocka_unit_test(masses_beside_a_fit_add_up_by_odds),
        cmocka_unit_test(collapse_is_seen),
        cmocka_unit_test(a_light_mode_in_many_dimensions_is_seen),
        cmocka_unit_test(what_is_whole_stays_unaccused),
        cmocka_unit_test(another_shape_is_weighed_in_many_dimensions),
        cmocka_unit_test(a_mode_along_a_narrow_coordinate_is_missed),
        cmocka_unit_test(masses_are_honest),
        cmocka_unit_test(log_z_of_heavy_tails_is_honest),
        cmocka_unit_test(log_z_of_a_funnel_is_bounded),
        cmocka_unit_test(restarts_that_differ_are_told_apart),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(what_was_not_weighed_is_unknown),
        cmocka_unit_test(what_the_fit_holds_is_known_by_its_draws),
        cmocka_unit_test(many_modes_leave_room_for_a_search),
        cmocka_unit_test(bad_input_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
