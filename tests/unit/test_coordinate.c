/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The coordinate solver from end to end, with all defaults but for what a test names and, to save time, two restarts
 * instead of four, which makes it harder. A small, fixed part of what
 * `make bench` asks over many seeds: the optimum is reached, whatever the target's place, units and rotation; no fit is
 * worse than a normal one; and all of it has the same bits for any number of threads.
 *
 * Every limit on a KL is on the estimate less three of its standard errors.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "explore/local.h"
#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define RESTARTS     "2"

/* ---- what a fit is asked ---- */

struct demand {
    const char *what, *method, *precondition;
    int seed;
    double most; /* KL */
};

static rovi_fit *fit_for(const rovi_target *target, const struct demand *demand)
{
    char seed[32];
    snprintf(seed, sizeof seed, "%d", demand->seed);
    return support_fit(target, SETTINGS_OF("method", demand->method, "precondition", demand->precondition, "seed", seed,
                                           "restarts", RESTARTS));
}

static void assert_reached(const rovi_fit *fit, const struct demand *demand)
{
    const rovi_estimate kl = rovi_fit_parts_of(fit)->kl;
    if (!(kl.value - 3 * kl.mcse <= demand->most)) {
        fail_msg("%s, %s, precondition %s, seed %d: KL %g +- %g, not %g", demand->what, demand->method,
                 demand->precondition, demand->seed, kl.value, kl.mcse, demand->most);
    }
}

static void check(const rovi_target *target, const struct demand *demand)
{
    rovi_fit *fit = fit_for(target, demand);
    assert_reached(fit, demand);
    rovi_fit_free(fit);
}

/* ---- the plane, against the exact optimum on a grid of angles and densities ---- */

struct planar {
    const char *name;
    double w, a, b, r; /* w N(-(a,b), r) + (1-w) N((a,b), -r), unit variances, correlations r and -r */
    double mfvi, rovi; /* least KL; both from a grid, which shares nothing with the solver */
};

static const struct planar planars[] = {
    {"figure 1, m = 1", .5, 1, 1, 0, .2226, 0},  {"figure 1, m = 2", .5, 2, 2, 0, .6841, 0},
    {"figure 1, m = 3", .5, 3, 3, 0, .6931, 0},  {"uneven", .3, 3, 3, 0, .3567, 0},
    {"misaligned", .5, 2.25, 1.25, 0, .6237, 0}, /* the table's (-2.5,-1.5) and (2,1), about their midpoint */
    {"asymmetric", .5, 2, 2, .5, .8077, .0713},  {"far asymmetric", .5, 5, 5, .8, 1.2040, .2400},
    {"needles", .5, 5, 5, .98, 2.3076, .5347}, /* one component alone is at log 2 */
};

static rovi_target *planar_target(const struct planar *p, double x, double y)
{
    const double weights[] = {p->w, 1 - p->w}, means[] = {x - p->a, y - p->b, x + p->a, y + p->b};
    const double covariances[] = {1, p->r, p->r, 1, 1, -p->r, -p->r, 1};
    return support_mixture(2, 2, weights, means, 2, covariances);
}

static void check_planar(const struct planar *p, double x, double y, int seed)
{
    rovi_target *target = planar_target(p, x, y);
    check(target, &(struct demand){p->name, "rovi", "auto", seed, p->rovi + .01});
    check(target, &(struct demand){p->name, "rovi", "none", seed, p->rovi + .01});
    check(target, &(struct demand){p->name, "mfvi", "auto", seed, p->mfvi + .01});
    check(target, &(struct demand){p->name, "mfvi", "none", seed, p->mfvi + .01});
    rovi_target_free(target);
}

static void the_plane_is_solved_to_the_exact_optimum(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(planars); k++) {
        for (int seed = 1; seed <= 3; seed++) {
            const bool shift = strcmp(planars[k].name, "misaligned") == 0; /* where the table has it */
            check_planar(&planars[k], shift ? -.25 : 0, shift ? -.25 : 0, seed);
        }
    }
}

static void the_plane_is_solved_off_centre(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(planars); k++) {
        check_planar(&planars[k], 5, 0, 4 + (int)k);
    }
    check_planar(&planars[2], -300, 1000, 1);
    check_planar(&planars[6], -300, 1000, 2);
}

/* Two modes 8 sd apart along the first axis, with one covariance of condition 100 whose minor axis is 35 degrees off
 * it. The best rotation leaves .038 to one of them, at KL .6601; from an even split, and from one mode alone, it is
 * hard to find. The exact optimum is that of `rovi separation`. */
static void a_lesser_mode_is_kept(void **state)
{
    (void)state;
    const double weights[] = {.5, .5}, c = cos(35 * acos(-1) / 180), s = sin(35 * acos(-1) / 180), least = .01;
    const double C[] = {least * c * c + s * s, (least - 1) * c * s, (least - 1) * c * s, least * s * s + c * c};
    const double means[] = {-4 * sqrt(C[0]), 0, 4 * sqrt(C[0]), 0};
    rovi_target *target = support_mixture(2, 2, weights, means, 1, C);
    for (int seed = 1; seed <= 5; seed++) {
        check(target, &(struct demand){"a lesser mode", "rovi", "none", seed, .6601 + .01});
    }
    rovi_target_free(target);
}

/* ---- more dimensions ---- */

#define D_MOST 20

/* w N(b - s u, C) + (1-w) N(b + s u, C), u a random unit vector, b = shift times a random vector */
struct two_normals {
    size_t d;
    double w, s, condition, shift;
    double u[D_MOST], b[D_MOST], C[D_MOST * D_MOST], means[2 * D_MOST];
};

static rovi_target *two_normals(struct two_normals *t, uint64_t index)
{
    double norm = 0;
    support_normals(1000 + index, t->d, t->u);
    support_normals(2000 + index, t->d, t->b);
    for (size_t j = 0; j < t->d; j++) {
        norm += t->u[j] * t->u[j];
    }
    for (size_t j = 0; j < t->d; j++) {
        t->u[j] /= sqrt(norm);
        t->b[j] *= t->shift;
        t->means[j] = t->b[j] - t->s * t->u[j];
        t->means[t->d + j] = t->b[j] + t->s * t->u[j];
    }
    support_covariance(3000 + index, t->d, t->condition, t->C);
    return support_mixture(t->d, 2, (const double[]){t->w, 1 - t->w}, t->means, 1, t->C);
}

/* u^T A^-1 u */
static double inverse_form(const struct two_normals *t)
{
    double A[D_MOST * D_MOST], x[D_MOST], sum = 0;
    memcpy(A, t->C, t->d * t->d * sizeof *A);
    memcpy(x, t->u, t->d * sizeof *x);
    support_solve(t->d, A, x);
    for (size_t j = 0; j < t->d; j++) {
        sum += t->u[j] * x[j];
    }
    return sum;
}

/* Share of 20,000 draws on the side of the second component: error .0035. */
static double share_beyond(const rovi_fit *fit, size_t d, const double *b, const double *u)
{
    double x[D_MOST], share = 0;
    for (uint64_t k = 0; k < 20000; k++) {
        double along = 0;
        assert_int_equal(rovi_approximation_draw(rovi_fit_approximation(fit), 9, k, 1, x, NULL, NULL), ROVI_OK);
        for (size_t j = 0; j < d; j++) {
            along += u[j] * (x[j] - b[j]);
        }
        share += along > 0 ? 1.0 / 20000 : 0;
    }
    return share;
}

static void two_round_normals_are_found_with_their_masses(void **state)
{
    (void)state;
    for (uint64_t index = 0; index < 2; index++) {
        struct two_normals t = {.d = 10, .w = .4, .s = 4, .condition = 1, .shift = index == 0 ? 0 : 20};
        rovi_target *target = two_normals(&t, index);
        for (int kind = 0; kind < 2; kind++) {
            const struct demand demand = {"two round normals", "rovi", kind ? "none" : "auto", 1 + (int)index, .01};
            rovi_fit *fit = fit_for(target, &demand);
            assert_reached(fit, &demand);
            assert_close(share_beyond(fit, t.d, t.b, t.u), .6, .02 + 3 * .0035);
            rovi_fit_free(fit);
        }
        rovi_target_free(target);
    }
}

/* One covariance, eight standard deviations apart along a random direction. Whitened, the family holds the target.
 * Without whitening it pays at most the least of the bounds (7) and (8) and of a collapsed fit, which is exact here for
 * the component and pays log 2 for the other one. */
static void two_normals_of_one_covariance_are_found(void **state)
{
    (void)state;
    for (uint64_t index = 3; index < 5; index++) {
        struct two_normals t = {.d = index == 3 ? 10 : 5, .w = .5, .condition = 100, .shift = 3};
        rovi_target_free(two_normals(&t, index)); /* for its u */
        t.s = 4 / sqrt(inverse_form(&t));
        rovi_target *target = two_normals(&t, index);
        double form = 0;
        for (size_t i = 0; i < t.d; i++) {
            for (size_t j = 0; j < t.d; j++) {
                form += t.u[i] * t.C[i * t.d + j] * t.u[j];
            }
        }
        const double bound = fmin(log(2), .5 * log(form * inverse_form(&t)));
        check(target, &(struct demand){"one covariance", "rovi", "auto", 1 + (int)index, .02});
        check(target, &(struct demand){"one covariance", "rovi", "none", 1 + (int)index, bound + .02});
        rovi_target_free(target);
    }
}

static double well(double t, void *data)
{
    (void)data;
    return exp(t / 2 + 6 * t * t - t * t * t * t);
}

static void many_well_is_found_in_any_rotation(void **state)
{
    (void)state;
    enum { D = 8 };
    const double right = support_integrate(well, NULL, 0, 6, 1e-4), left = support_integrate(well, NULL, -6, 0, 1e-4);
    for (uint64_t index = 0; index < 2; index++) {
        const struct demand demand = {"many-well", "rovi", index == 0 ? "auto" : "none", 1 + (int)index, .02};
        double R[D * D], u[D], zero[D] = {0};
        rovi_target *base = NULL, *target = NULL;
        support_orthogonal(50 + index, D, R);
        assert_int_equal(rovi_target_new_many_well(D, &base, NULL), ROVI_OK);
        assert_int_equal(rovi_target_new_rotated(base, R, &target, NULL), ROVI_OK);
        rovi_fit *fit = fit_for(target, &demand);
        assert_reached(fit, &demand);
        for (size_t i = 0; i < D; i += 2) { /* well i runs along column i of R */
            for (size_t j = 0; j < D; j++) {
                u[j] = R[j * D + i];
            }
            assert_close(share_beyond(fit, D, zero, u), right / (left + right), .02 + 3 * .0035);
        }
        rovi_fit_free(fit);
        rovi_target_free(target);
    }
}

static void an_ill_conditioned_normal_far_out_is_exact(void **state)
{
    (void)state;
    enum { D = 20 };
    const double one = 1;
    double mean[D], C[D * D];
    support_covariance(60, D, 1e8, C);
    support_normals(61, D, mean);
    for (size_t i = 0; i < D; i++) {
        mean[i] *= 1e4;
    }
    rovi_target *target = support_mixture(D, 1, &one, mean, 1, C);
    check(target, &(struct demand){"condition 1e8", "rovi", "auto", 1, .01});
    rovi_target_free(target);
}

/* ---- affine changes of the target ---- */

/* x = b + A y, y of the base; A is lower triangular. */
struct affine {
    const rovi_target *base;
    const double *A, *b;
};

static int affine_logp(size_t d, const double *x, double *grad, double *logp, void *data)
{
    const struct affine *self = data;
    double y[D_MOST], g[D_MOST], log_det = 0;
    for (size_t i = 0; i < d; i++) {
        y[i] = x[i] - self->b[i];
        for (size_t j = 0; j < i; j++) {
            y[i] -= self->A[i * d + j] * y[j];
        }
        y[i] /= self->A[i * d + i];
        log_det += log(self->A[i * d + i]);
    }
    if (rovi_target_evaluate(self->base, 1, y, logp, grad == NULL ? NULL : g, NULL) != ROVI_OK) {
        return -1;
    }
    *logp -= log_det;
    for (size_t i = d; grad != NULL && i-- > 0;) { /* A^-T g */
        grad[i] = g[i];
        for (size_t j = i + 1; j < d; j++) {
            grad[i] -= self->A[j * d + i] * grad[j];
        }
        grad[i] /= self->A[i * d + i];
    }
    return 0;
}

static rovi_target *affine_target(struct affine *self)
{
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(rovi_target_dim(self->base), affine_logp, self, &target, NULL), ROVI_OK);
    rovi_target_set_concurrent(target, 1);
    rovi_target_set_log_z(target, 0);
    return target;
}

static rovi_estimate kl_of(const rovi_target *target, const char *precondition)
{
    rovi_fit *fit =
        support_fit(target, SETTINGS_OF("method", "rovi", "precondition", precondition, "restarts", RESTARTS));
    const rovi_estimate kl = rovi_fit_parts_of(fit)->kl;
    rovi_fit_free(fit);
    return kl;
}

/* The random starts differ, and with them what a fit ends in, by up to the tolerance (.005) of its polishing. */
static void assert_same_kl(rovi_estimate a, rovi_estimate b, const char *what)
{
    if (!(fabs(a.value - b.value) <= 4 * hypot(a.mcse, b.mcse) + .005)) {
        fail_msg("%s: KL %g +- %g, not %g +- %g", what, b.value, b.mcse, a.value, a.mcse);
    }
}

/* Two modes of different shapes, and a heavy-tailed target, in d dimensions. */
static rovi_target *shaped(int kind, size_t d)
{
    const double weights[] = {.35, .65}, one = 1;
    double means[2 * D_MOST], C[2 * D_MOST * D_MOST];
    rovi_target *target = NULL;
    support_normals(70, 2 * d, means);
    support_covariance(71, d, 4, C);
    support_covariance(72, d, 4, C + d * d);
    for (size_t j = 0; j < d; j++) {
        means[j] = -4;
    }
    if (kind == 0) {
        return support_mixture(d, 2, weights, means, 2, C);
    }
    assert_int_equal(rovi_target_new_student_t_mixture(d, 1, 5, &one, means, 1, C, &target, NULL), ROVI_OK);
    return target;
}

static void units_and_correlations_do_not_matter_to_a_whitened_fit(void **state)
{
    (void)state;
    enum { D = 4 };
    double b[D], L[D * D], units[D * D] = {0};
    support_normals(73, D, b);
    support_normals(74, D * D, L);
    for (size_t i = 0; i < D; i++) {
        units[i * D + i] = pow(10, -3 + 2.0 * (double)i); /* 1e-3 .. 1e3 */
        for (size_t j = 0; j < D; j++) {
            L[i * D + j] = j > i ? 0 : j < i ? L[i * D + j] : exp(L[i * D + j]);
        }
    }
    for (int kind = 0; kind < 2; kind++) {
        rovi_target *base = shaped(kind, D);
        const rovi_estimate plain = kl_of(base, "auto");
        struct affine in_units = {base, units, b}, skewed = {base, L, b};
        rovi_target *targets[2] = {affine_target(&in_units), affine_target(&skewed)};
        assert_same_kl(plain, kl_of(targets[0], "auto"), kind == 0 ? "mixture, units" : "Student t, units");
        assert_same_kl(plain, kl_of(targets[1], "auto"), kind == 0 ? "mixture, triangular" : "Student t, triangular");
        rovi_target_free(targets[0]);
        rovi_target_free(targets[1]);
        rovi_target_free(base);
    }
}

/* x -> c R x + b, done to the mixture's own numbers. */
static rovi_target *similar(size_t d, double c, const double *R, const double *b)
{
    const double weights[] = {.35, .65};
    double means[2 * D_MOST], C[2 * D_MOST * D_MOST], turned[2 * D_MOST], D[2 * D_MOST * D_MOST];
    support_normals(80, 2 * d, means);
    support_covariance(81, d, 4, C);
    support_covariance(82, d, 4, C + d * d);
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < d; i++) {
            turned[k * d + i] = b[i];
            for (size_t j = 0; j < d; j++) {
                turned[k * d + i] += c * R[i * d + j] * (means[k * d + j] + (k == 0 ? -4 : 0));
                double sum = 0;
                for (size_t r = 0; r < d; r++) {
                    for (size_t s = 0; s < d; s++) {
                        sum += R[i * d + r] * C[(k * d + r) * d + s] * R[j * d + s];
                    }
                }
                D[(k * d + i) * d + j] = c * c * sum;
            }
        }
        for (size_t i = 0; i < d; i++) { /* symmetric to the last bit */
            for (size_t j = 0; j < i; j++) {
                D[(k * d + i) * d + j] = D[(k * d + j) * d + i];
            }
        }
    }
    return support_mixture(d, 2, weights, turned, 2, D);
}

static void scale_place_and_rotation_do_not_matter_without_whitening(void **state)
{
    (void)state;
    enum { D = 3 };
    const double scale[] = {.01, 1, 100};
    double R[D * D] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, b[D] = {0};
    rovi_target *plain = similar(D, 1, R, b);
    const rovi_estimate kl = kl_of(plain, "none");
    for (size_t k = 0; k < 3; k++) {
        char what[64];
        snprintf(what, sizeof what, "scale %g", scale[k]);
        support_orthogonal(83 + k, D, R);
        support_normals(86 + k, D, b);
        rovi_target *target = similar(D, scale[k], R, b);
        assert_same_kl(kl, kl_of(target, "none"), what);
        rovi_target_free(target);
    }
    rovi_target_free(plain);
}

/* ---- never worse than a normal ---- */

static double ratio_mean(const rovi_target *target, const rovi_approximation *q, size_t n, double *error)
{
    double x[D_MOST], log_q, sum = 0, squares = 0;
    for (size_t k = 0; k < n; k++) {
        assert_int_equal(rovi_approximation_draw(q, 4, k, 1, x, &log_q, NULL), ROVI_OK);
        const double ratio = support_logp(target, x) - log_q;
        sum += ratio;
        squares += ratio * ratio;
    }
    const double mean = sum / (double)n;
    *error = sqrt((squares / (double)n - mean * mean) / (double)n);
    return mean;
}

/* The ELBO of N(mean, L L^T), on 20,000 draws. */
static rovi_estimate elbo_of_normal(const rovi_target *target, const struct local *local)
{
    const size_t d = rovi_target_dim(target);
    const double knot = 0;
    double identity[D_MOST * D_MOST] = {0};
    rovi_map maps[D_MOST];
    for (size_t i = 0; i < d; i++) {
        identity[i * d + i] = 1;
        maps[i] = (rovi_map){.cells = 0, .knots = &knot, .lambda = NULL, .alpha = 1, .v = 0};
    }
    const rovi_approximation_parts parts = {
        .dim = d, .center = local->mean, .whitening = local->L, .rotation = identity, .maps = maps};
    rovi_approximation *q = NULL;
    rovi_estimate elbo;
    assert_int_equal(rovi_approximation_new(&parts, &q, NULL), ROVI_OK);
    elbo.value = ratio_mean(target, q, 20000, &elbo.mcse);
    rovi_approximation_free(q);
    return elbo;
}

/* Gaussian variational inference for long, from several starts; the last steps are small, so that they average over
 * some fifty batches. */
static rovi_estimate best_normal(const rovi_target *target)
{
    static const double rate[] = {.5, .1, .02};
    const size_t d = rovi_target_dim(target);
    struct support_rig rig;
    struct local local;
    struct local_work work;
    rovi_estimate best = {-INFINITY, 0};
    support_rig_make(&rig, target);
    local_init(&local, &rig.arena, d);
    local_work_init(&work, &rig.arena, &rig.progress, NULL);
    for (uint64_t start = 0; start < 4; start++) {
        struct rng_stream stream = {.seed = 100 + start, .purpose = RNG_PROBE};
        bool ok = true;
        support_normals(90 + start, d, local.mean);
        for (size_t i = 0; i < d * d; i++) {
            local.L[i] = i % (d + 1) == 0 ? .5 : 0;
        }
        for (size_t k = 0; k < 3 && ok; k++, stream.seed += 1000) {
            ok = local_fit(&local, &work, stream, 100, rate[k]);
        }
        const rovi_estimate elbo = ok ? elbo_of_normal(target, &local) : best;
        best = elbo.value > best.value ? elbo : best;
    }
    assert_true(isfinite(best.value));
    support_rig_free(&rig);
    return best;
}

/* Takes the target. */
static void check_against_normal(rovi_target *target, const char *what)
{
    const rovi_estimate normal = best_normal(target);
    rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "rovi", "restarts", RESTARTS));
    const rovi_estimate elbo = rovi_fit_parts_of(fit)->elbo;
    if (!(elbo.value >= normal.value - 3 * hypot(elbo.mcse, normal.mcse))) {
        fail_msg("%s: ELBO %g +- %g, of a normal %g +- %g", what, elbo.value, elbo.mcse, normal.value, normal.mcse);
    }
    rovi_fit_free(fit);
    rovi_target_free(target);
}

static void funnel_and_banana_are_no_worse_than_a_normal(void **state)
{
    (void)state;
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new_funnel(5, &target, NULL), ROVI_OK);
    check_against_normal(target, "funnel");
    assert_int_equal(rovi_target_new_banana(&target, NULL), ROVI_OK);
    check_against_normal(target, "banana");
}

static void heavy_tails_are_no_worse_than_a_normal(void **state)
{
    (void)state;
    const double one = 1;
    double mean[5], scale[25];
    rovi_target *target = NULL;
    support_normals(95, 5, mean);
    support_positive_definite(96, 5, scale);
    assert_int_equal(rovi_target_new_student_t_mixture(5, 1, 3, &one, mean, 1, scale, &target, NULL), ROVI_OK);
    check_against_normal(target, "Student t");
}

/* Logistic regression on ten cases of which nine are ones, prior N(0, 5^2): skewed, since the data bound the
 * coefficients on one side only. */
static int logistic(size_t d, const double *x, double *grad, double *logp, void *data)
{
    const double *covariates = data;
    *logp = 0;
    for (size_t j = 0; j < d; j++) {
        *logp -= x[j] * x[j] / 50;
        if (grad != NULL) {
            grad[j] = -x[j] / 25;
        }
    }
    for (size_t k = 0; k < 10; k++) {
        const double sign = k == 0 ? -1 : 1;
        double eta = 0;
        for (size_t j = 0; j < d; j++) {
            eta += sign * covariates[k * d + j] * x[j];
        }
        *logp -= eta > 0 ? log1p(exp(-eta)) : log1p(exp(eta)) - eta;
        for (size_t j = 0; grad != NULL && j < d; j++) {
            grad[j] += sign * covariates[k * d + j] / (1 + exp(eta));
        }
    }
    return 0;
}

static void a_skewed_posterior_is_no_worse_than_a_normal(void **state)
{
    (void)state;
    double covariates[10 * 4];
    rovi_target *target = NULL;
    support_normals(97, 10 * 4, covariates);
    for (size_t k = 0; k < 10; k++) {
        covariates[k * 4] = 1;
    }
    assert_int_equal(rovi_target_new(4, logistic, covariates, &target, NULL), ROVI_OK);
    rovi_target_set_concurrent(target, 1);
    check_against_normal(target, "logistic regression");
}

#define SKEWED   20
#define D_SKEWED 10

/* A fit of each of three seeds has an ELBO of log Z, 0, to so many nats. */
static void check_seeds(size_t d, rovi_logp logp, const char *restarts, const char *const seeds[3], double most)
{
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(d, logp, NULL, &target, NULL), ROVI_OK);
    for (size_t s = 0; s < 3; s++) {
        rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "rovi", "seed", seeds[s], "restarts", restarts));
        assert_close(rovi_fit_parts_of(fit)->elbo.value, 0, most);
        rovi_fit_free(fit);
    }
    rovi_target_free(target);
}

/* Correlations that a few hundred draws show by chance turn the axes: without them the fit is exact but for .02 nats,
 * with them .06 to .17 are lost. */
static void a_product_of_skewed_coordinates_keeps_its_axes(void **state)
{
    static const char *const seeds[] = {"1", "2", "3"};
    (void)state;
    check_seeds(SKEWED, support_skewed, "1", seeds, 0.045);
}

#define APART 12 /* of both modes, in each of the first two coordinates */

/* Two such products of half of the mass each: log Z is 0. */
static int two_skewed(size_t d, const double *x, double *grad, double *logp, void *data)
{
    double other[D_SKEWED], slope[2][D_SKEWED], value[2];
    (void)data;
    memcpy(other, x, d * sizeof *other);
    other[0] -= APART;
    other[1] -= APART;
    support_skewed(d, x, slope[0], &value[0], NULL);
    support_skewed(d, other, slope[1], &value[1], NULL);
    const double top = fmax(value[0], value[1]), first = exp(value[0] - top), second = exp(value[1] - top);
    *logp = top + log(0.5 * (first + second));
    for (size_t i = 0; i < d && grad != NULL; i++) {
        grad[i] = (first > 0 ? first * slope[0][i] : 0) + (second > 0 ? second * slope[1][i] : 0);
        grad[i] /= first + second;
    }
    return !isfinite(*logp);
}

/* The first climb leads to no normal near either, so that leading directions begin; the search for the other mode is
 * no shorter for that. With one of the modes the ELBO is -.7. */
static void two_skewed_modes_are_both_found(void **state)
{
    static const char *const seeds[] = {"1", "5", "9"};
    (void)state;
    check_seeds(D_SKEWED, two_skewed, "4", seeds, 0.4);
}

/* ---- eight schools ---- */

#define SCHOOLS 8

/* Posterior means and standard deviations of mu, tau, theta, without sampling: given tau, y_j ~ N(mu, sigma_j^2 +
 * tau^2) and mu has a normal posterior, and given both, so has theta_j; what is left is one integral over log tau, by
 * the trapezoidal rule from -15 to 8, outside which lies less than 1e-6 of the mass (the density of log tau falls like
 * tau towards 0 and like tau^-8 towards infinity). */
static void integrate_schools(double *mean, double *sd)
{
    double total = 0, first[SCHOOLS + 2] = {0}, second[SCHOOLS + 2] = {0};
    for (int k = 0; k <= 4000; k++) {
        const double log_tau = -15 + 23.0 * k / 4000, tau = exp(log_tau), t2 = tau * tau;
        double precision = 1.0 / 25, weighted = 0, squares = 0, log_w = log_tau - log1p(t2 / 25);
        for (size_t j = 0; j < SCHOOLS; j++) {
            const double v = support_deviation[j] * support_deviation[j] + t2;
            precision += 1 / v;
            weighted += support_effect[j] / v;
            squares += support_effect[j] * support_effect[j] / v;
            log_w -= .5 * log(v);
        }
        const double m = weighted / precision;
        const double w = exp(log_w - .5 * (log(precision) + squares - m * weighted));
        total += w;
        first[0] += w * m;
        second[0] += w * (m * m + 1 / precision);
        first[1] += w * tau;
        second[1] += w * t2;
        for (size_t j = 0; j < SCHOOLS; j++) { /* theta_j = s y_j + (1-s) mu + noise of variance (1-s) tau^2 ... */
            const double s2 = support_deviation[j] * support_deviation[j], s = t2 / (s2 + t2);
            const double at = s * support_effect[j] + (1 - s) * m;
            first[2 + j] += w * at;
            second[2 + j] += w * (at * at + s * s2 + (1 - s) * (1 - s) / precision); /* ... which is s sigma_j^2 */
        }
    }
    for (size_t i = 0; i < SCHOOLS + 2; i++) {
        mean[i] = first[i] / total;
        sd[i] = sqrt(second[i] / total - mean[i] * mean[i]);
    }
}

static void eight_schools_has_the_right_gradient(void **state)
{
    (void)state;
    const double x[] = {4, 1.2, 7, 6, 3, 5, 2, 4, 8, 5};
    rovi_target *target = support_schools();
    support_check_gradient(target, x, 1e-8);
    rovi_target_free(target);
}

/* Its mode is degenerate: the density has a pole at tau = 0. 20,000 draws leave errors of a hundredth of the sd. */
static void eight_schools_ends_in_the_mass(void **state)
{
    (void)state;
    enum { N = 20000 };
    static const char *const seed[] = {"1", "2"};
    double expected[SCHOOLS + 2], sd[SCHOOLS + 2];
    integrate_schools(expected, sd);
    rovi_target *target = support_schools();
    for (size_t s = 0; s < COUNT(seed); s++) {
        rovi_fit *fit = support_fit(target, SETTINGS_OF("method", "rovi", "seed", seed[s], "restarts", RESTARTS));
        double mean[SCHOOLS + 2] = {0}, x[SCHOOLS + 2];
        for (uint64_t k = 0; k < N; k++) {
            assert_int_equal(rovi_approximation_draw(rovi_fit_approximation(fit), 1, k, 1, x, NULL, NULL), ROVI_OK);
            x[1] = exp(x[1]);
            for (size_t i = 0; i < SCHOOLS + 2; i++) {
                mean[i] += x[i] / N;
            }
        }
        for (size_t i = 0; i < SCHOOLS + 2; i++) {
            if (!(fabs(mean[i] - expected[i]) <= .5 * sd[i])) {
                fail_msg("seed %s, parameter %zu: mean %g, not %g, sd %g", seed[s], i, mean[i], expected[i], sd[i]);
            }
        }
        rovi_fit_free(fit);
    }
    rovi_target_free(target);
}

static void eight_schools_is_no_worse_than_a_normal(void **state)
{
    (void)state;
    check_against_normal(support_schools(), "eight schools");
}

/* ---- threads ---- */

static bool same_doubles(size_t n, const double *a, const double *b)
{
    return memcmp(a, b, n * sizeof *a) == 0;
}

static void assert_same_products(const rovi_approximation_parts *p, const rovi_approximation_parts *q)
{
    const size_t d = p->dim;
    assert_true(same_doubles(d * d, p->rotation, q->rotation) && same_doubles(d, p->center, q->center));
    assert_true(same_doubles(d * d, p->whitening, q->whitening));
    for (size_t i = 0; i < d; i++) {
        const rovi_map *s = &p->maps[i], *t = &q->maps[i];
        assert_true(s->cells == t->cells && s->alpha == t->alpha && s->v == t->v);
        assert_true(same_doubles(s->cells + 1, s->knots, t->knots) && same_doubles(s->cells, s->lambda, t->lambda));
    }
}

static void assert_same_bits(const rovi_fit *a, const rovi_fit *b)
{
    const rovi_fit_parts *f = rovi_fit_parts_of(a), *g = rovi_fit_parts_of(b);
    const rovi_approximation *p = rovi_fit_approximation(a), *q = rovi_fit_approximation(b);
    const size_t count = rovi_approximation_components(p);
    assert_true(f->elbo.value == g->elbo.value && f->winner == g->winner);
    assert_memory_equal(&f->evaluations, &g->evaluations, sizeof f->evaluations);
    assert_int_equal(rovi_approximation_components(q), count);
    for (size_t k = 0; k < count; k++) {
        double weight[2] = {0, 1};
        const rovi_approximation *one = rovi_approximation_component(p, k, &weight[0]);
        const rovi_approximation *other = rovi_approximation_component(q, k, &weight[1]);
        assert_true(weight[0] == weight[1]);
        assert_same_products(rovi_approximation_parts_of(one), rovi_approximation_parts_of(other));
    }
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    static const char *const restarts[] = {"1", "2"}; /* the threads work inside one, and side by side */
    rovi_target *target = similar(5, 1, (const double[25]){[0] = 1, [6] = 1, [12] = 1, [18] = 1, [24] = 1},
                                  (const double[5]){1, 2, 3, 4, 5});
    for (size_t k = 0; k < COUNT(restarts); k++) {
        rovi_fit *one = support_fit(target, SETTINGS_OF("method", "rovi", "threads", "1", "restarts", restarts[k]));
        rovi_fit *two = support_fit(target, SETTINGS_OF("method", "rovi", "threads", "2", "restarts", restarts[k]));
        assert_same_bits(one, two);
        rovi_fit_free(one);
        rovi_fit_free(two);
    }
    rovi_target_free(target);
}

/* The gradient solver refines maps to more cells than an update along a line ever makes. */
static void a_start_may_have_any_number_of_cells(void **state)
{
    (void)state;
    enum { CELLS = 4000 };
    static const double weight[] = {1}, mean[] = {1, -2};
    static double knots[CELLS + 1], lambda[CELLS];
    rovi_target *target = support_mixture(2, 1, weight, mean, 0, NULL);
    rovi_settings *settings = SETTINGS_OF("method", "rovi", "restarts", "1");
    rovi_approximation *start;
    rovi_fit *fit;
    for (size_t k = 0; k < CELLS; k++) {
        knots[k + 1] = 4.0 * (double)(k + 1) / CELLS;
        lambda[k] = 0.5 * (knots[k + 1] - knots[k]); /* slope 1.5, where the target's is 1 */
    }
    const rovi_map map = {.cells = CELLS, .knots = knots, .lambda = lambda, .alpha = 1}, maps[] = {map, map};
    const rovi_approximation_parts parts = {
        .dim = 2, .center = mean, .rotation = (const double[]){1, 0, 0, 1}, .maps = maps};
    assert_int_equal(rovi_approximation_new(&parts, &start, NULL), ROVI_OK);
    assert_int_equal(rovi_fit_continue(target, settings, start, NULL, NULL, &fit, NULL), ROVI_OK);
    const rovi_estimate kl = rovi_fit_parts_of(fit)->kl;
    assert_true(kl.value - 3 * kl.mcse < 0.01);
    rovi_fit_free(fit);
    rovi_approximation_free(start);
    rovi_settings_free(settings);
    rovi_target_free(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plane_is_solved_to_the_exact_optimum),
        cmocka_unit_test(the_plane_is_solved_off_centre),
        cmocka_unit_test(a_lesser_mode_is_kept),
        cmocka_unit_test(two_round_normals_are_found_with_their_masses),
        cmocka_unit_test(two_normals_of_one_covariance_are_found),
        cmocka_unit_test(many_well_is_found_in_any_rotation),
        cmocka_unit_test(an_ill_conditioned_normal_far_out_is_exact),
        cmocka_unit_test(units_and_correlations_do_not_matter_to_a_whitened_fit),
        cmocka_unit_test(scale_place_and_rotation_do_not_matter_without_whitening),
        cmocka_unit_test(funnel_and_banana_are_no_worse_than_a_normal),
        cmocka_unit_test(heavy_tails_are_no_worse_than_a_normal),
        cmocka_unit_test(a_skewed_posterior_is_no_worse_than_a_normal),
        cmocka_unit_test(a_product_of_skewed_coordinates_keeps_its_axes),
        cmocka_unit_test(two_skewed_modes_are_both_found),
        cmocka_unit_test(eight_schools_has_the_right_gradient),
        cmocka_unit_test(eight_schools_ends_in_the_mass),
        cmocka_unit_test(eight_schools_is_no_worse_than_a_normal),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(a_start_may_have_any_number_of_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
