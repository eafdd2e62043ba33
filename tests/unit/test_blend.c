/* SPDX-License-Identifier: BSD-3-Clause */
/* Weights of a mixture: the best by closed form and by search, what is pruned and what is not, any number of threads.
 */
#include <math.h>
#include <string.h>

#include "mixture/blend.h"
#include "support.h"

#define MOST  6
#define DRAWS 4000

struct fixture {
    rovi_target *target;
    struct support_rig rig;
    struct blend blend;
};

/* N(mean, sd^2) on the line */
static rovi_approximation *normal(double mean, double sd)
{
    const double one[1] = {1}, knot[1] = {0};
    const rovi_map map = {.cells = 0, .knots = knot, .alpha = sd};
    rovi_approximation *q = NULL;
    assert_int_equal(
        rovi_approximation_new(&(rovi_approximation_parts){.dim = 1, .center = &mean, .rotation = one, .maps = &map},
                               &q, NULL),
        ROVI_OK);
    return q;
}

/* Takes the target; `count` normals, sampled by so many threads. */
static void make(struct fixture *f, rovi_target *target, size_t count, const double *mean, const double *sd,
                 size_t threads)
{
    struct team *team = threads > 1 ? team_new(threads) : NULL;
    f->target = target;
    support_rig_make(&f->rig, target);
    assert_true(blend_init(&f->blend, 1, MOST));
    for (size_t k = 0; k < count; k++) {
        assert_true(blend_add(&f->blend, normal(mean[k], sd[k])));
    }
    assert_true(blend_sample(&f->blend, DRAWS, &f->rig.meter, team,
                             (struct rng_stream){.seed = 7, .purpose = RNG_FIT, .substream = (uint64_t)1 << 32}));
    team_free(team);
}

static void drop(struct fixture *f)
{
    blend_free(&f->blend);
    support_rig_free(&f->rig);
    rovi_target_free(f->target);
}

static double total(const struct blend *b)
{
    double sum = 0;
    for (size_t k = 0; k < b->count; k++) {
        sum += b->weight[k];
    }
    return sum;
}

static rovi_target *pair(double distance)
{
    const double weights[] = {.3, .7}, means[] = {-distance / 2, distance / 2};
    return support_mixture(1, 2, weights, means, 0, NULL);
}

/* The components are those of the target, 20 apart: log p - log q is constant on each, and the weights are exact. */
static void weights_of_components_that_are_apart_are_exact(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, pair(20), 2, (const double[]){10, -10}, (const double[]){1, 1}, 1);
    const rovi_estimate elbo = blend_weigh(&f.blend);
    assert_close(f.blend.weight[0], .7, 1e-9);
    assert_close(f.blend.weight[1], .3, 1e-9);
    assert_close(elbo.value, 0, 1e-9);
    assert_close(elbo.mcse, 0, 1e-9);
    assert_close(total(&f.blend), 1, 1e-14);
    drop(&f);
}

/* -KL(w N(-1,.8^2) + (1-w) N(1.2,1) || target) by quadrature, and the best w by golden section. */
struct mix {
    double w, mean[2], sd[2];
};

static double density(double x, double mean, double sd)
{
    return exp(-(x - mean) * (x - mean) / (2 * sd * sd)) / (sd * 2.5066282746310002);
}

static double integrand(double x, void *data)
{
    const struct mix *m = data;
    const double q = m->w * density(x, m->mean[0], m->sd[0]) + (1 - m->w) * density(x, m->mean[1], m->sd[1]);
    const double p = .3 * density(x, -1, 1) + .7 * density(x, 1, 1);
    return q > 0 && p > 0 ? q * (log(p) - log(q)) : 0;
}

static double elbo_at(struct mix m, double w)
{
    m.w = w;
    return support_integrate(integrand, &m, -12, 12, 1e-11);
}

static double best_weight(struct mix m)
{
    double lo = 0, hi = 1;
    while (hi - lo > 1e-7) {
        const double a = lo + .382 * (hi - lo), b = lo + .618 * (hi - lo);
        if (elbo_at(m, a) > elbo_at(m, b)) {
            hi = b;
        } else {
            lo = a;
        }
    }
    return .5 * (lo + hi);
}

/* With 4000 draws of each the weight is known to some .01 (five runs scatter by .006), the ELBO to its error: 4 of
 * them. */
static void weights_of_components_that_overlap_are_the_best(void **state)
{
    (void)state;
    struct fixture f;
    const struct mix m = {.mean = {-1, 1.2}, .sd = {.8, 1}};
    const double best = best_weight(m);
    make(&f, pair(2), 2, m.mean, m.sd, 1);
    const rovi_estimate elbo = blend_weigh(&f.blend);
    assert_in_range(f.blend.count, 2, 2);
    assert_true(fabs(f.blend.weight[0] - best) < .03);
    assert_true(fabs(elbo.value - elbo_at(m, best)) < 4 * elbo.mcse + 1e-4);
    assert_true(elbo.mcse > 0 && elbo.mcse < .02);
    drop(&f);
}

static void a_duplicate_is_pruned(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, pair(20), 3, (const double[]){10, -10, 10}, (const double[]){1, 1, 1}, 1);
    blend_prune(&f.blend, .001);
    assert_int_equal(f.blend.count, 2);
    const rovi_estimate elbo = blend_weigh(&f.blend);
    assert_close(elbo.value, 0, 1e-6);
    assert_close(fmax(f.blend.weight[0], f.blend.weight[1]), .7, 1e-4);
    drop(&f);
}

static void one_that_spans_the_others_is_pruned(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, pair(8), 3, (const double[]){1, -4, 4}, (const double[]){4, 1, 1}, 1);
    blend_prune(&f.blend, .001);
    assert_int_equal(f.blend.count, 2);
    for (size_t k = 0; k < 2; k++) {
        assert_close(fabs(rovi_approximation_parts_of(f.blend.q[k])->center[0]), 4, 1e-12);
    }
    drop(&f);
}

/* All that are dropped together cost no more than the loss: of components each of which is worth something, few. */
static void what_is_needed_stays(void **state)
{
    (void)state;
    const double means[] = {-6, 0, 6}, weights[] = {.01, .5, .49}, sd[] = {1, 1, 1};
    struct fixture f;
    make(&f, support_mixture(1, 3, weights, means, 0, NULL), 3, means, sd, 1);
    blend_prune(&f.blend, .005); /* without the lightest the ELBO is log .99 = -.01 */
    assert_int_equal(f.blend.count, 3);
    blend_prune(&f.blend, .05);
    assert_in_range(f.blend.count, 2, 3); /* it is alone where it is: dropping is for those that others stand in for */
    drop(&f);
}

static int positive(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)data;
    *logp = -(x[0] - 5) * (x[0] - 5) / 2;
    for (size_t i = 0; grad != NULL && i < d; i++) {
        grad[i] = 5 - x[i];
    }
    return x[0] > 0 ? 0 : 1;
}

static void a_component_outside_the_support_is_dropped(void **state)
{
    (void)state;
    struct fixture f;
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(1, positive, NULL, &target, NULL), ROVI_OK);
    make(&f, target, 3, (const double[]){-40, 5, -90}, (const double[]){1, 1, 1}, 1);
    const rovi_estimate elbo = blend_weigh(&f.blend);
    assert_int_equal(f.blend.count, 1);
    assert_int_equal(f.blend.degenerate, 2);
    assert_close(rovi_approximation_parts_of(f.blend.q[0])->center[0], 5, 1e-12);
    assert_close(f.blend.weight[0], 1, 1e-14);
    assert_close(elbo.value, .9189385332046727, 1e-6); /* log sqrt(2 pi), but for 3e-7 of mass below 0 */
    drop(&f);
}

static void nothing_inside_the_support_is_no_elbo(void **state)
{
    (void)state;
    struct fixture f;
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(1, positive, NULL, &target, NULL), ROVI_OK);
    make(&f, target, 2, (const double[]){-40, -90}, (const double[]){1, 1}, 1);
    blend_prune(&f.blend, .001);
    assert_true(blend_weigh(&f.blend).value == -INFINITY);
    assert_in_range(f.blend.count, 1, 2);
    drop(&f);
}

/* A width of 1e-320 has a log determinant that is finite and densities that are not. */
static void what_leaves_the_numbers_is_dropped(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, pair(20), 3, (const double[]){10, -10, 3}, (const double[]){1, 1, 1e-320}, 1);
    const rovi_estimate elbo = blend_weigh(&f.blend);
    assert_true(isfinite(elbo.value));
    blend_prune(&f.blend, .001);
    assert_int_equal(f.blend.count, 2);
    assert_close(blend_weigh(&f.blend).value, 0, 1e-4);
    drop(&f);
}

/* Components that overlap, one twice, and one that spans the others, in five orders: the same ones are kept, with the
 * same weights and ELBO, to the error of 4000 draws of each (a weight to some .01, as above). */
static void the_order_of_components_does_not_matter(void **state)
{
    (void)state;
    static const size_t orders[][MOST] = {
        {0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {4, 0, 5, 1, 3, 2}, {3, 5, 1, 4, 2, 0}, {2, 4, 0, 3, 5, 1}};
    static const double mean[MOST] = {-4, -1, 1.5, 5, 5, .5}, sd[MOST] = {1, 1, 1, 1, 1, 4};
    static const double weights[] = {.2, .3, .1, .4}, means[] = {-4, -1, 1.5, 5};
    for (size_t o = 0; o < sizeof orders / sizeof orders[0]; o++) {
        struct fixture f;
        double m[MOST], s[MOST];
        for (size_t k = 0; k < MOST; k++) {
            m[k] = mean[orders[o][k]];
            s[k] = sd[orders[o][k]];
        }
        make(&f, support_mixture(1, 4, weights, means, 0, NULL), MOST, m, s, 1);
        blend_prune(&f.blend, .0005);
        const rovi_estimate elbo = blend_weigh(&f.blend);
        assert_int_equal(f.blend.count, 4);
        assert_true(fabs(elbo.value) < .0005 + 4 * elbo.mcse);
        for (size_t k = 0; k < 4; k++) {
            const double center = rovi_approximation_parts_of(f.blend.q[k])->center[0];
            const size_t j = center < -3 ? 0 : center < 0 ? 1 : center < 3 ? 2 : 3;
            assert_close(f.blend.weight[k], weights[j], .03);
        }
        drop(&f);
    }
}

/* A component that starts with nearly no weight, or with nearly all, ends with what it deserves: in a few steps, the
 * last of which leave no more to gain than the greatest level shows. */
static void weights_do_not_depend_on_where_they_begin(void **state)
{
    (void)state;
    static const double begins[] = {1e-5, .5, 1 - 1e-5};
    const struct mix m = {.mean = {-1, 1.2}, .sd = {.8, 1}};
    double weight[3];
    struct fixture f;
    make(&f, pair(2), 2, m.mean, m.sd, 1);
    for (size_t i = 0; i < 3; i++) {
        f.blend.weight[0] = begins[i];
        f.blend.weight[1] = 1 - begins[i];
        const rovi_estimate elbo = blend_weigh(&f.blend);
        weight[i] = f.blend.weight[0];
        assert_int_equal(f.blend.count, 2);
        assert_true(fmax(f.blend.level[0], f.blend.level[1]) - elbo.value < 2e-6);
    }
    assert_close(weight[1], weight[0], 1e-4);
    assert_close(weight[2], weight[0], 1e-4);
    drop(&f);
}

/* Before a new component is refined it may be of no use, and stays all the same. */
static void approaching_drops_none(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, pair(20), 3, (const double[]){10, -10, 30}, (const double[]){1, 1, 1}, 1);
    const double before = blend_approach(&f.blend).value, once = f.blend.weight[2];
    assert_int_equal(f.blend.count, 3);
    assert_true(once < 1e-6);
    assert_true(blend_approach(&f.blend).value > before - 1e-9);
    blend_weigh(&f.blend);
    assert_int_equal(f.blend.count, 2);
    drop(&f);
}

/* Of two equal components each is half of the mixture where the other is; of one that is apart, nothing. */
static void shares_say_which_components_touch(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, pair(20), 3, (const double[]){10, 10, -10}, (const double[]){1, 1, 1}, 1);
    blend_approach(&f.blend);
    for (size_t k = 0; k < 2; k++) {
        assert_close(blend_share(&f.blend, 0, k) + blend_share(&f.blend, 1, k), 1, 1e-9);
        assert_close(blend_share(&f.blend, 2, k), 0, 1e-9);
    }
    assert_close(blend_share(&f.blend, 2, 2), 1, 1e-9);
    drop(&f);
}

static void bits_are_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    struct fixture one, three;
    const double mean[] = {-1, 1.2, 0, .5}, sd[] = {.8, 1, 2, .5};
    make(&one, pair(2), 4, mean, sd, 1);
    make(&three, pair(2), 4, mean, sd, 3);
    assert_memory_equal(one.blend.ratio, three.blend.ratio, (size_t)4 * DRAWS * sizeof(double));
    assert_memory_equal(one.blend.share, three.blend.share, (size_t)16 * DRAWS * sizeof(double));
    const rovi_estimate a = blend_weigh(&one.blend), b = blend_weigh(&three.blend);
    assert_memory_equal(&a, &b, sizeof a);
    assert_memory_equal(one.blend.weight, three.blend.weight, one.blend.count * sizeof(double));
    drop(&one);
    drop(&three);
}

static void a_mixture_is_taken_apart_and_replaced(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, pair(20), 3, (const double[]){10, -10, 3}, (const double[]){1, 1, 2}, 1);
    const rovi_approximation *two[] = {f.blend.q[0], f.blend.q[1]};
    rovi_approximation *q = NULL;
    assert_int_equal(rovi_approximation_new_mixture(2, (const double[]){.25, .75}, two, &q, NULL), ROVI_OK);
    assert_true(blend_set(&f.blend, q));
    assert_int_equal(f.blend.count, 2);
    assert_true(f.blend.weight[0] == .25 && f.blend.weight[1] == .75);
    assert_true(rovi_approximation_parts_of(f.blend.q[1])->center[0] == -10);
    assert_true(blend_set(&f.blend, rovi_approximation_component(q, 0, NULL)));
    assert_int_equal(f.blend.count, 1);
    assert_true(f.blend.weight[0] == 1);
    while (f.blend.count < MOST) {
        assert_true(blend_add(&f.blend, normal(0, 1)));
    }
    assert_close(total(&f.blend), 1, 1e-14);
    assert_false(blend_add(&f.blend, normal(0, 1))); /* no room; it is freed */
    rovi_approximation_free(q);
    drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_of_components_that_are_apart_are_exact),
        cmocka_unit_test(weights_of_components_that_overlap_are_the_best),
        cmocka_unit_test(a_duplicate_is_pruned),
        cmocka_unit_test(one_that_spans_the_others_is_pruned),
        cmocka_unit_test(what_is_needed_stays),
        cmocka_unit_test(a_component_outside_the_support_is_dropped),
        cmocka_unit_test(nothing_inside_the_support_is_no_elbo),
        cmocka_unit_test(what_leaves_the_numbers_is_dropped),
        cmocka_unit_test(the_order_of_components_does_not_matter),
        cmocka_unit_test(weights_do_not_depend_on_where_they_begin),
        cmocka_unit_test(approaching_drops_none),
        cmocka_unit_test(shares_say_which_components_touch),
        cmocka_unit_test(bits_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(a_mixture_is_taken_apart_and_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
