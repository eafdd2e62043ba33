/* SPDX-License-Identifier: BSD-3-Clause */
/* Modes that a mixture has missed: found where there is one, nothing where there is none, with any number of threads.
 */
#include <math.h>
#include <string.h>

#include "explore/local.h"
#include "mixture/seek.h"
#include "support.h"

#define D     6
#define K     3
#define DRAWS 1000

static const double weights[K] = {.4, .4, .2}, sd[K] = {1.5, 1, .6};
static const double means[K * D] = {3, 3, 3, 0, 0, 0, -3, -3, 0, 3, 0, 0, 0, 3, -4, -4, 3, 3};

struct fixture {
    rovi_target *target;
    struct support_rig rig;
    struct blend blend;
    struct team *team;
    rovi_settings *settings;
    rovi_estimate elbo;
    size_t added;
};

/* The target of three normals; a blend of the first `known` of them. */
static void make(struct fixture *f, size_t known, size_t threads)
{
    double C[K * D * D] = {0}, L[D * D] = {0};
    for (size_t k = 0; k < K; k++) {
        for (size_t j = 0; j < D; j++) {
            C[k * D * D + j * (D + 1)] = sd[k] * sd[k];
        }
    }
    *f = (struct fixture){.target = support_mixture(D, K, weights, means, K, C),
                          .team = threads > 1 ? team_new(threads) : NULL,
                          .settings = rovi_settings_new()};
    support_rig_make(&f->rig, f->target);
    assert_true(blend_init(&f->blend, D, K));
    for (size_t k = 0; k < known; k++) {
        double mean[D];
        memcpy(mean, means + k * D, sizeof mean);
        for (size_t j = 0; j < D; j++) {
            L[j * (D + 1)] = sd[k];
        }
        assert_true(blend_add(&f->blend, local_approximation(D, &(struct local){.mean = mean, .L = L})));
    }
    assert_true(blend_sample(&f->blend, DRAWS, &f->rig.meter, f->team,
                             (struct rng_stream){.seed = 7, .purpose = RNG_FIT, .substream = (uint64_t)1 << 32}));
    f->elbo = blend_weigh(&f->blend);
}

static void seek(struct fixture *f)
{
    const struct rng_stream stream = {.seed = 3, .purpose = RNG_START, .substream = (uint64_t)2 << 32};
    assert_true(seek_blend(&f->blend, f->elbo.value, f->settings, &f->rig.progress, f->team, stream, &f->added));
}

static void drop(struct fixture *f)
{
    blend_free(&f->blend);
    team_free(f->team);
    rovi_settings_free(f->settings);
    support_rig_free(&f->rig);
    rovi_target_free(f->target);
}

/* It is normal, so that the local fit is exact but for rounding; 1e-3 is what a climb may leave of the mean. */
static void a_mode_that_was_missed_is_found(void **state)
{
    (void)state;
    for (size_t known = 1; known < K; known++) {
        struct fixture f;
        make(&f, known, 1);
        seek(&f);
        assert_int_equal(f.added, K - known);
        for (size_t j = 0; j < D && known + 1 == K; j++) {
            assert_close(rovi_approximation_parts_of(f.blend.q[known])->center[j], means[known * D + j], 1e-3);
        }
        drop(&f);
    }
}

/* The mixture is the target, log p - log q is 0 everywhere, and no climb has a reason to begin. */
static void nothing_is_found_where_nothing_is_missed(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, K, 1);
    const uint64_t gradients = atomic_load(&f.rig.meter.gradient);
    seek(&f);
    assert_int_equal(f.added, 0);
    assert_int_equal(atomic_load(&f.rig.meter.gradient), gradients);
    drop(&f);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    struct fixture one, three;
    make(&one, 2, 1);
    make(&three, 2, 3);
    seek(&one);
    seek(&three);
    assert_int_equal(three.added, one.added);
    assert_memory_equal(rovi_approximation_parts_of(three.blend.q[2])->center,
                        rovi_approximation_parts_of(one.blend.q[2])->center, D * sizeof(double));
    drop(&one);
    drop(&three);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mode_that_was_missed_is_found),
        cmocka_unit_test(nothing_is_found_where_nothing_is_missed),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
