/* SPDX-License-Identifier: BSD-3-Clause */
/* A small fit made by hand, without the solver, for the tests of io/. Static, as each test is a program of its own. */
#ifndef ROVI_TEST_IO_SUPPORT_H
#define ROVI_TEST_IO_SUPPORT_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/fit_file.h"
#include "support.h"

/* Numbers that need all their digits: thirds, the least normal and subnormal double, negative zero. */
static const double hand_knots0[] = {-4.0 / 3, -1e-17, 1.0 / 3}, hand_lambda0[] = {2.2250738585072014e-308, 1.0 / 7};
static const double hand_knots1[] = {0.0};
static const double hand_center[] = {-0.0, 4.9406564584124654e-324}, hand_whitening[] = {1.0 / 3, 0, 0.1, 2e5};

static inline rovi_approximation *hand_approximation(int whitened)
{
    const double angle = 0.7, rotation[] = {cos(angle), -sin(angle), sin(angle), cos(angle)};
    const rovi_map maps[] = {{2, hand_knots0, hand_lambda0, 0.1, 1e300}, {0, hand_knots1, NULL, 1.0 / 3, -2.5}};
    const rovi_approximation_parts parts = {.dim = 2,
                                            .center = hand_center,
                                            .whitening = whitened ? hand_whitening : NULL,
                                            .rotation = rotation,
                                            .maps = maps};
    rovi_approximation *q = NULL;
    assert_int_equal(rovi_approximation_new(&parts, &q, NULL), ROVI_OK);
    return q;
}

/* The same maps in the compact form, with one reflection or none. */
static inline rovi_approximation *hand_reflected(size_t reflections)
{
    static const double vector[] = {1.0 / 3, -1e-17}, scale[] = {2.2250738585072014e-308, 1.0 / 7};
    const rovi_map maps[] = {{2, hand_knots0, hand_lambda0, 0.1, 1e300}, {0, hand_knots1, NULL, 1.0 / 3, -2.5}};
    const rovi_approximation_parts parts = {.dim = 2,
                                            .center = hand_center,
                                            .reflections = reflections,
                                            .reflectors = reflections > 0 ? vector : NULL,
                                            .scale = scale,
                                            .maps = maps};
    rovi_approximation *q = NULL;
    assert_int_equal(rovi_approximation_new(&parts, &q, NULL), ROVI_OK);
    return q;
}

/* Three restarts: one that whitens, the winner, one that failed. */
static inline rovi_fit *hand_fit(void)
{
    rovi_approximation *first = hand_approximation(1), *second = hand_approximation(0);
    const rovi_trace_point trace[] = {{0, 10, 0.25, NAN, NAN}, {5, UINT64_C(9007199254740993), 0.5, -1.0 / 3, 1e-3}};
    const rovi_restart restarts[] = {
        {.seed = 7, .elbo = {-1.5, 0.01}, .stop = ROVI_STOP_MAX_TIME, .iterations = 5, .approximation = first},
        {.seed = UINT64_MAX,
         .elbo = {-0.3, 0.001},
         .stop = ROVI_STOP_CONVERGED,
         .iterations = 6,
         .trace_length = 2,
         .trace = trace,
         .approximation = second,
         .evaluations = {UINT64_C(9007199254740993), 80, 2},
         .divergence = 1.0 / 3,
         .promise = -1e-17,
         .degenerate = 3},
        {.seed = 9, .elbo = {NAN, NAN}, .stop = ROVI_STOP_FAILED, .divergence = NAN, .promise = NAN},
    };
    const rovi_fit_parts parts = {.stop = ROVI_STOP_CONVERGED,
                                  .winner = 1,
                                  .restart_count = 3,
                                  .restarts = restarts,
                                  .elbo = {-0.31, 0.002},
                                  .kl = {NAN, NAN},
                                  .log_z = NAN,
                                  .outside = {1.0 / 3, 1.0 / 7},
                                  .evaluations = {100, 90, 3},
                                  .threads = 2,
                                  .wall_s = 1.0 / 7,
                                  .target_s = 0.1};
    rovi_fit *fit = NULL;
    assert_int_equal(rovi_fit_new(&parts, &fit, NULL), ROVI_OK);
    rovi_approximation_free(first);
    rovi_approximation_free(second);
    return fit;
}

/* A fit whose draws lie where a target has weight, unlike those of the fit above. */
static inline rovi_fit *near_fit(void)
{
    rovi_approximation *q = support_approximation(2, 2, 1);
    const rovi_restart restart = {.approximation = q, .stop = ROVI_STOP_CONVERGED};
    const rovi_fit_parts parts = {.restart_count = 1, .restarts = &restart};
    rovi_fit *fit = NULL;
    assert_int_equal(rovi_fit_new(&parts, &fit, NULL), ROVI_OK);
    rovi_approximation_free(q);
    return fit;
}

/* One mode and what was found beside it; of the three restarts one failed. */
static const rovi_diagnosed_mode hand_modes[] = {
    {.weight = 1, .mass = {2.0 / 3, 0.01}, .mean = hand_whitening, .sd = hand_whitening + 2},
    {.weight = 1e-17, .mass = {NAN, NAN}, .mean = hand_center, .sd = hand_whitening + 2, .part_of = 0, .missed = 1}};
static const rovi_region hand_regions[] = {{.mean = hand_center,
                                            .sd = hand_whitening + 2,
                                            .mass = {1.0 / 3, 0.01},
                                            .held = {0, 1e-4},
                                            .gain = {0.4, 0.002},
                                            .distance = 5.5,
                                            .depth = INFINITY,
                                            .missed = 1}};
static const rovi_restart_cluster hand_clusters[] = {{2, 1, {0, 0}, 0, 1}};
static const size_t hand_cluster[] = {0, 0, 1};
static const rovi_diagnosis_parts hand_diagnosis = {.verdict = ROVI_COLLAPSE_SUSPECTED,
                                                    .reason = "a region is missed",
                                                    .stop = ROVI_STOP_CONVERGED,
                                                    .dim = 2,
                                                    .draws = 4000,
                                                    .elbo = {-0.32, 0.003},
                                                    .kl = {NAN, NAN},
                                                    .outside = {0.125, 0.0625},
                                                    .log_z = {-0.1, 0.02},
                                                    .k_hat = NAN,
                                                    .k_threshold = 0.7,
                                                    .ess = 1234.5,
                                                    .mode_count = 2,
                                                    .modes_total = 2,
                                                    .modes = hand_modes,
                                                    .region_count = 1,
                                                    .regions = hand_regions,
                                                    .found = 3,
                                                    .climbs = 107,
                                                    .cluster_count = 1,
                                                    .clusters = hand_clusters,
                                                    .restart_count = 3,
                                                    .cluster = hand_cluster,
                                                    .evaluations = {5000, 4000, 1},
                                                    .wall_s = 0.25,
                                                    .target_s = 1.0 / 3};

static inline struct fit_context hand_context(json_t *settings, json_t *description)
{
    return (struct fit_context){.version = "0.1.0",
                                .command = "rovi fit banana",
                                .method = "rovi",
                                .preset = "default",
                                .target = "banana",
                                .seed = 3,
                                .total_s = 2.5,
                                .settings = settings,
                                .target_description = description,
                                .diagnosis = &hand_diagnosis,
                                .target_fingerprint = "fnv1a64:0123456789abcdef"};
}

#endif
