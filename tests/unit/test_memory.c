/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Out of memory, everywhere: each call is repeated with its first, second, ... allocation made to fail until one
 * succeeds. A failure has to be ROVI_NO_MEMORY with a NULL handle, and nothing may stay allocated. The program is
 * linked with the linker's --wrap for malloc, calloc, realloc, aligned_alloc, posix_memalign and free, so that what the
 * library asks for goes through here; what the C library and the BLAS take for themselves does not.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>

#include "support.h"

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **out, size_t alignment, size_t size);
void __real_free(void *memory) __attribute__((weak)); /* so that a forgotten --wrap=free is a failed test */

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);
void __wrap_free(void *memory);
/* NOLINTEND(bugprone-reserved-identifier) */

/* Allocations of the call under test; any thread of it may make one. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool counting;
static long made, live, fail_at; /* fail_at: number of the allocation to fail, from 1; 0: none */

/* No machine has MOST bytes; a sanitizer's allocator ends the program instead of saying so. */
#define MOST ((size_t)1 << 46)

static bool may_allocate(size_t size)
{
    pthread_mutex_lock(&lock);
    const bool may = (!counting || ++made != fail_at) && size < MOST;
    live += counting && may;
    pthread_mutex_unlock(&lock);
    return may;
}

void *__wrap_malloc(size_t size)
{
    return may_allocate(size) ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may_allocate(count * size) ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
    if (old == NULL) {
        return __wrap_malloc(size);
    }
    pthread_mutex_lock(&lock);
    const bool may = !counting || ++made != fail_at;
    pthread_mutex_unlock(&lock);
    return may ? __real_realloc(old, size) : NULL;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return may_allocate(size) ? __real_aligned_alloc(alignment, size) : NULL;
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    return may_allocate(size) ? __real_posix_memalign(out, alignment, size) : ENOMEM;
}

void __wrap_free(void *memory)
{
    pthread_mutex_lock(&lock);
    live -= counting && memory != NULL;
    pthread_mutex_unlock(&lock);
    __real_free(memory);
}

static void count_from(long nth)
{
    made = live = 0;
    fail_at = nth;
    counting = true;
}

/* A call under test: does its work, frees what it made when that succeeded, and says how it went. Sets *out_is_null
 * when its handle is NULL (true when it makes none). */
typedef rovi_status (*action)(void *data, bool *out_is_null, rovi_error *error);

/* Fails the n-th allocation for n = 1, 2, ... until none is failed; returns how many allocations a success takes. */
static long survive(action act, void *data)
{
    for (long n = 1; n < 100000; n++) {
        rovi_error error = {.status = ROVI_OK};
        bool out_is_null = false;
        count_from(n);
        const rovi_status status = act(data, &out_is_null, &error);
        counting = false;
        if (live != 0) {
            fail_msg("allocation %ld of %ld failed: %ld were not freed", n, made, live);
        }
        if (made < n) { /* there was no n-th allocation */
            assert_int_equal(status, ROVI_OK);
            return made;
        }
        if (status != ROVI_NO_MEMORY || !out_is_null) {
            fail_msg("allocation %ld of %ld failed: status %d, handle %s", n, made, (int)status,
                     out_is_null ? "NULL" : "not NULL");
        }
        assert_refused(status, &error, ROVI_NO_MEMORY, "memory");
    }
    fail_msg("no end of allocations");
    return 0;
}

/* ---- targets ---- */

static int unit_normal(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)data;
    *logp = 0;
    for (size_t i = 0; i < d; i++) {
        *logp -= 0.5 * x[i] * x[i];
        if (grad != NULL) {
            grad[i] = -x[i];
        }
    }
    return 0;
}

static int unit_normals(size_t n, size_t d, const double *x, double *grad, double *logp, void *data)
{
    for (size_t i = 0; i < n; i++) {
        unit_normal(d, x + i * d, grad == NULL ? NULL : grad + i * d, logp + i, data);
    }
    return 0;
}

enum kind { CALLBACK, BATCH, GAUSSIANS, STUDENTS, MANY_WELL, FUNNEL, BANANA, RING, KINDS };

static rovi_status make_target(enum kind kind, rovi_target **target, rovi_error *error)
{
    static const double weights[] = {0.5, 0.5}, means[] = {-1, 0, 1, 0}, matrices[] = {1, 0.5, 0.5, 1, 2, 0, 0, 1};
    switch (kind) {
    case CALLBACK:
        return rovi_target_new(2, unit_normal, NULL, target, error);
    case BATCH:
        return rovi_target_new_batch(2, unit_normals, NULL, target, error);
    case GAUSSIANS:
        return rovi_target_new_gaussian_mixture(2, 2, weights, means, 2, matrices, target, error);
    case STUDENTS:
        return rovi_target_new_student_t_mixture(2, 2, 3, weights, means, 1, matrices, target, error);
    case MANY_WELL:
        return rovi_target_new_many_well(2, target, error);
    case FUNNEL:
        return rovi_target_new_funnel(2, target, error);
    case BANANA:
        return rovi_target_new_banana(target, error);
    default:
        return rovi_target_new_ring(target, error);
    }
}

static rovi_status target_action(void *data, bool *out_is_null, rovi_error *error)
{
    rovi_target *target = NULL;
    const rovi_status status = make_target(*(const enum kind *)data, &target, error);
    *out_is_null = target == NULL;
    rovi_target_free(target);
    return status;
}

static void targets(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        enum kind kind = (enum kind)k;
        assert_true(survive(target_action, &kind) >= 1);
    }
}

/* The base stays the caller's when the view of it cannot be made. */
static rovi_status rotated_action(void *data, bool *out_is_null, rovi_error *error)
{
    const double rotation[] = {0, 1, -1, 0};
    rovi_target *base = NULL, *target = NULL;
    (void)data;
    rovi_status status = make_target(GAUSSIANS, &base, error);
    if (status == ROVI_OK) {
        status = rovi_target_new_rotated(base, rotation, &target, error);
    }
    *out_is_null = target == NULL;
    rovi_target_free(status == ROVI_OK ? target : base);
    return status;
}

static void a_rotated_target(void **state)
{
    (void)state;
    assert_true(survive(rotated_action, NULL) >= 2);
}

static rovi_status evaluate_action(void *data, bool *out_is_null, rovi_error *error)
{
    const double x[] = {0, 1, 2, 3};
    double logp[2], grad[4];
    *out_is_null = true;
    return rovi_target_evaluate(data, 2, x, logp, grad, error);
}

static void evaluation(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        rovi_target *target = NULL;
        assert_int_equal(make_target((enum kind)k, &target, NULL), ROVI_OK);
        assert_true(survive(evaluate_action, target) >= 1);
        rovi_target_free(target);
    }
}

/* ---- the approximation ---- */

static rovi_status approximation_action(void *data, bool *out_is_null, rovi_error *error)
{
    rovi_approximation *q = NULL;
    const rovi_status status = rovi_approximation_new(data, &q, error);
    *out_is_null = q == NULL;
    rovi_approximation_free(q);
    return status;
}

static rovi_status draw_action(void *data, bool *out_is_null, rovi_error *error)
{
    double x[200], log_q[100];
    *out_is_null = true;
    return rovi_approximation_draw(data, 1, 0, 100, x, log_q, error);
}

static rovi_status log_density_action(void *data, bool *out_is_null, rovi_error *error)
{
    const double x[] = {0, 1, 2, 3};
    double log_q[2];
    *out_is_null = true;
    return rovi_approximation_log_density(data, 2, x, log_q, error);
}

static rovi_status modes_action(void *data, bool *out_is_null, rovi_error *error)
{
    rovi_modes *modes = NULL;
    const rovi_status status = rovi_approximation_modes(data, 64, &modes, error);
    *out_is_null = modes == NULL;
    rovi_modes_free(modes);
    return status;
}

struct classified {
    rovi_approximation *q;
    rovi_modes *modes;
};

static rovi_status modes_classify_action(void *data, bool *out_is_null, rovi_error *error)
{
    const struct classified *self = data;
    const double x[] = {0, 1, 2, 3};
    size_t mode[2];
    *out_is_null = true;
    return rovi_modes_classify(self->modes, self->q, 2, x, mode, error);
}

/* Two modes in each of two coordinates. */
static void classification(void **state)
{
    (void)state;
    const double knots[] = {-0.01, 0.01}, lambda[] = {6}, zero[2] = {0}, identity[] = {1, 0, 0, 1};
    const rovi_map map = {.cells = 1, .knots = knots, .lambda = lambda, .alpha = 1}, maps[] = {map, map};
    const rovi_approximation_parts parts = {.dim = 2, .center = zero, .rotation = identity, .maps = maps};
    struct classified c = {0};
    assert_int_equal(rovi_approximation_new(&parts, &c.q, NULL), ROVI_OK);
    assert_true(survive(modes_action, c.q) > 3);
    assert_int_equal(rovi_approximation_modes(c.q, 64, &c.modes, NULL), ROVI_OK);
    assert_true(survive(modes_classify_action, &c) >= 1);
    rovi_modes_free(c.modes);
    rovi_approximation_free(c.q);
}

static rovi_status resample_action(void *data, bool *out_is_null, rovi_error *error)
{
    const double log_weight[] = {0, 1, 2};
    size_t chosen[2];
    (void)data;
    *out_is_null = true;
    return rovi_resample(3, log_weight, 1, 2, chosen, error);
}

static void resampling(void **state)
{
    (void)state;
    assert_true(survive(resample_action, NULL) >= 1);
}

static rovi_status haar_action(void *data, bool *out_is_null, rovi_error *error)
{
    double rotation[9];
    (void)data;
    *out_is_null = true;
    return rovi_haar_rotation(3, 1, rotation, error);
}

static void approximation(void **state)
{
    (void)state;
    for (int whitening = 0; whitening < 2; whitening++) {
        rovi_approximation *q = support_approximation(1, 2, whitening);
        rovi_approximation_parts parts = *rovi_approximation_parts_of(q);
        assert_true(survive(approximation_action, &parts) > 10);
        assert_true(survive(draw_action, q) >= 1);
        assert_true(survive(log_density_action, q) >= 1);
        assert_true(survive(modes_action, q) > 3);
        rovi_approximation_free(q);
    }
    assert_true(survive(haar_action, NULL) >= 1);
}

/* ---- settings and fits ---- */

static rovi_status settings_action(void *data, bool *out_is_null, rovi_error *error)
{
    rovi_settings *settings = rovi_settings_new();
    (void)data;
    *out_is_null = settings == NULL;
    if (settings == NULL) { /* which has no error to fill */
        *error = (rovi_error){ROVI_NO_MEMORY, "out of memory"};
        return ROVI_NO_MEMORY;
    }
    const rovi_status status = rovi_settings_set(settings, "preset", "paper", error);
    rovi_settings_free(settings);
    return status;
}

static void settings(void **state)
{
    (void)state;
    assert_int_equal(survive(settings_action, NULL), 1);
}

struct run {
    rovi_target *target;
    rovi_settings *settings;
};

static rovi_status fit_action(void *data, bool *out_is_null, rovi_error *error)
{
    const struct run *run = data;
    rovi_fit *fit = NULL;
    const rovi_status status = rovi_fit_run(run->target, run->settings, NULL, NULL, &fit, error);
    *out_is_null = fit == NULL;
    rovi_fit_free(fit);
    return status;
}

/* Directions fewer than the target's two take the solver for many dimensions. */
static void check_fit_of(const char *directions, const char *solver, const char *method, const char *restarts,
                         const char *threads)
{
    struct run run = {.settings = rovi_settings_new()};
    const char *const values[][2] = {{"directions", directions}, {"solver", solver},   {"method", method},
                                     {"restarts", restarts},     {"threads", threads}, {"batch", "64"},
                                     {"iterations", "4"},        {"draws", "100"},     {"trace", "2"},
                                     {"refinements", "2"},       {"mesh", "1"},        {"smoothness", "100"}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        assert_int_equal(rovi_settings_set(run.settings, values[i][0], values[i][1], NULL), ROVI_OK);
    }
    assert_int_equal(make_target(GAUSSIANS, &run.target, NULL), ROVI_OK);
    assert_true(survive(fit_action, &run) > 50);
    rovi_target_free(run.target);
    rovi_settings_free(run.settings);
}

static void check_fit(const char *solver, const char *method, const char *restarts, const char *threads)
{
    check_fit_of("0", solver, method, restarts, threads);
}

static void fits_on_one_thread(void **state)
{
    (void)state;
    check_fit("gradient", "rovi", "2", "1");
    check_fit("gradient", "mfvi", "1", "1");
    check_fit("coordinate", "rovi", "2", "1");
    check_fit_of("1", "coordinate", "auto", "2", "1");
}

/* With two restarts the threads allocate in no fixed order: which allocation is the n-th varies, that one fails does
 * not. */
static void fits_on_two_threads(void **state)
{
    (void)state;
    check_fit("gradient", "rovi", "2", "2");
    check_fit("gradient", "rovi", "1", "2");
    check_fit("coordinate", "rovi", "1", "2");
}

/* Without settings even those have to be allocated. Cancelled at once, so that the fit is short. */
static int cancel(const rovi_progress *progress, void *data)
{
    (void)progress;
    (void)data;
    return 1;
}

static rovi_status default_fit_action(void *data, bool *out_is_null, rovi_error *error)
{
    rovi_fit *fit = NULL;
    const rovi_status status = rovi_fit_run(data, NULL, cancel, NULL, &fit, error);
    *out_is_null = fit == NULL;
    rovi_fit_free(fit);
    return status;
}

static void a_fit_without_settings(void **state)
{
    (void)state;
    rovi_target *target = NULL;
    assert_int_equal(make_target(CALLBACK, &target, NULL), ROVI_OK);
    assert_true(survive(default_fit_action, target) > 50);
    rovi_target_free(target);
}

static rovi_status langevin_action(void *data, bool *out_is_null, rovi_error *error)
{
    const double centers[] = {-1, 0, 1, 0};
    const rovi_langevin_input input = {.center_count = 2, .centers = centers};
    rovi_langevin_settings *settings = rovi_langevin_settings_new();
    rovi_langevin *run = NULL;
    rovi_status status = ROVI_NO_MEMORY;
    if (settings == NULL) { /* which has no error to fill */
        *error = (rovi_error){ROVI_NO_MEMORY, "out of memory"};
    } else if ((status = rovi_langevin_settings_set(settings, "steps", "10", error)) == ROVI_OK &&
               (status = rovi_langevin_settings_set(settings, "threads", "2", error)) == ROVI_OK) {
        status = rovi_langevin_run(data, settings, &input, NULL, NULL, &run, error);
    }
    *out_is_null = run == NULL;
    rovi_langevin_free(run);
    rovi_langevin_settings_free(settings);
    return status;
}

static rovi_status default_langevin_action(void *data, bool *out_is_null, rovi_error *error)
{
    rovi_langevin *run = NULL;
    const rovi_status status = rovi_langevin_run(data, NULL, NULL, cancel, NULL, &run, error);
    *out_is_null = run == NULL;
    rovi_langevin_free(run);
    return status;
}

struct diagnosed {
    rovi_target *target;
    rovi_fit *fit;
    int threads;
};

static rovi_status diagnosis_action(void *data, bool *out_is_null, rovi_error *error)
{
    const struct diagnosed *of = data;
    const rovi_diagnosis_options options = {.threads = of->threads, .max_evaluations = 3000};
    rovi_diagnosis *diagnosis = NULL;
    const rovi_status status = rovi_diagnosis_run(of->target, of->fit, &options, NULL, NULL, &diagnosis, error);
    *out_is_null = diagnosis == NULL;
    rovi_diagnosis_free(diagnosis);
    return status;
}

/* Of a fit that keeps one mode, so that a region is weighed, by its local normal. */
static void diagnoses(void **state)
{
    (void)state;
    const double weights[] = {0.5, 0.5}, means[] = {-3, -3, 3, 3};
    rovi_settings *settings = rovi_settings_new();
    struct diagnosed of = {.target = NULL};
    assert_int_equal(rovi_settings_set(settings, "method", "mfvi", NULL), ROVI_OK);
    assert_int_equal(rovi_settings_set(settings, "restarts", "2", NULL), ROVI_OK);
    assert_int_equal(rovi_target_new_gaussian_mixture(2, 2, weights, means, 0, NULL, &of.target, NULL), ROVI_OK);
    assert_int_equal(rovi_fit_run(of.target, settings, NULL, NULL, &of.fit, NULL), ROVI_OK);
    for (of.threads = 1; of.threads <= 2; of.threads++) {
        assert_true(survive(diagnosis_action, &of) > 50);
    }
    rovi_fit_free(of.fit);
    rovi_target_free(of.target);
    rovi_settings_free(settings);
}

static rovi_status classify_action(void *data, bool *out_is_null, rovi_error *error)
{
    const double x[] = {0, 1, 2, 3};
    size_t component[2];
    *out_is_null = true;
    return rovi_target_classify(data, 2, x, component, error);
}

static void langevin_runs(void **state)
{
    (void)state;
    rovi_target *target = NULL;
    assert_int_equal(make_target(GAUSSIANS, &target, NULL), ROVI_OK);
    assert_true(survive(langevin_action, target) > 20);
    assert_true(survive(default_langevin_action, target) > 20);
    assert_true(survive(classify_action, target) >= 1);
    rovi_target_free(target);
}

static rovi_status plane_action(void *data, bool *out_is_null, rovi_error *error)
{
    const double box[] = {-6, -6, 6, 6};
    const enum kind kind = *(const enum kind *)data;
    const rovi_plane_options options = {.points = 128, .threads = 2, .box = kind == CALLBACK ? box : NULL};
    rovi_target *target = NULL;
    rovi_plane *plane = NULL;
    rovi_plane_product *product = NULL;
    rovi_status status = make_target(kind, &target, error);
    status = status == ROVI_OK ? rovi_plane_new(target, &options, &plane, error) : status;
    status = status == ROVI_OK ? rovi_plane_best(plane, &product, error) : status;
    *out_is_null = product == NULL;
    rovi_plane_product_free(product);
    rovi_plane_free(plane);
    rovi_target_free(target);
    return status;
}

static void a_plane(void **state)
{
    (void)state;
    enum kind kinds[] = {CALLBACK, GAUSSIANS, BANANA};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        assert_true(survive(plane_action, &kinds[i]) > 20);
    }
}

static rovi_status separation_action(void *data, bool *out_is_null, rovi_error *error)
{
    const struct run *run = data;
    rovi_separation *separation = NULL;
    const rovi_status status = rovi_separation_run(run->target, run->settings, &separation, error);
    *out_is_null = separation == NULL;
    rovi_separation_free(separation);
    return status;
}

/* Above two dimensions, where it takes fits */
static void a_separation(void **state)
{
    (void)state;
    const double weights[] = {0.5, 0.5}, means[] = {-1, 0, 0, 1, 0, 0};
    struct run run = {.target = support_mixture(3, 2, weights, means, 0, NULL),
                      .settings = SETTINGS_OF("solver", "gradient", "restarts", "1", "threads", "1", "batch", "64",
                                              "iterations", "4", "draws", "100", "trace", "2", "mesh", "1")};
    assert_true(survive(separation_action, &run) > 50);
    rovi_settings_free(run.settings);
    run.settings = NULL; /* the defaults have to be allocated; in the plane, for no fit */
    rovi_target_free(run.target);
    assert_int_equal(make_target(GAUSSIANS, &run.target, NULL), ROVI_OK);
    assert_true(survive(separation_action, &run) > 50);
    rovi_target_free(run.target);
}

struct mixing {
    const rovi_approximation *part[2];
    const rovi_approximation *q;
};

static rovi_status mixture_action(void *data, bool *out_is_null, rovi_error *error)
{
    const struct mixing *m = data;
    rovi_approximation *q = NULL;
    const rovi_status status = rovi_approximation_new_mixture(2, (const double[]){.4, .6}, m->part, &q, error);
    *out_is_null = q == NULL;
    rovi_approximation_free(q);
    return status;
}

static void mixtures(void **state)
{
    (void)state;
    rovi_approximation *a = support_approximation(1, 2, 1), *b = support_approximation(2, 2, 0), *q = NULL;
    struct mixing m = {.part = {a, b}};
    assert_true(survive(mixture_action, &m) > 10);
    assert_int_equal(rovi_approximation_new_mixture(2, (const double[]){.4, .6}, m.part, &q, NULL), ROVI_OK);
    assert_true(survive(draw_action, q) >= 1);
    assert_true(survive(log_density_action, q) >= 1);
    assert_true(survive(modes_action, q) > 3);
    struct classified c = {.q = q};
    assert_int_equal(rovi_approximation_modes(q, 4, &c.modes, NULL), ROVI_OK);
    assert_true(survive(modes_classify_action, &c) >= 1);
    rovi_modes_free(c.modes);
    rovi_approximation_free(a);
    rovi_approximation_free(b);
    rovi_approximation_free(q);
}

/* Little of everything: components that are found, refined, and grown, on two threads. */
static rovi_status mixture_fit_action(void *data, bool *out_is_null, rovi_error *error)
{
    rovi_settings *settings = rovi_settings_new();
    rovi_fit *fit = NULL;
    static const char *const set[][2] = {{"method", "mixture"}, {"restarts", "1"},     {"draws", "100"},
                                         {"threads", "2"},      {"tolerance", "0.03"}, {"max_evaluations", "150000"}};
    rovi_status status = settings == NULL ? ROVI_NO_MEMORY : ROVI_OK;
    if (settings == NULL && error != NULL) {
        *out_is_null = true;
        *error = (rovi_error){.status = ROVI_NO_MEMORY, .message = "out of memory"};
        return status;
    }
    for (size_t i = 0; i < 6 && status == ROVI_OK; i++) {
        status = rovi_settings_set(settings, set[i][0], set[i][1], error);
    }
    if (status == ROVI_OK) {
        status = rovi_fit_run(data, settings, NULL, NULL, &fit, error);
    }
    *out_is_null = fit == NULL;
    rovi_fit_free(fit);
    rovi_settings_free(settings);
    return status;
}

static void fits_of_mixtures(void **state)
{
    (void)state;
    rovi_target *target = NULL;
    assert_int_equal(make_target(GAUSSIANS, &target, NULL), ROVI_OK);
    rovi_target_set_concurrent(target, 1);
    assert_true(survive(mixture_fit_action, target) > 50);
    rovi_target_free(target);
}

static rovi_status fit_new_action(void *data, bool *out_is_null, rovi_error *error)
{
    rovi_fit *fit = NULL;
    const rovi_status status = rovi_fit_new(data, &fit, error);
    *out_is_null = fit == NULL;
    rovi_fit_free(fit);
    return status;
}

static void a_fit_from_parts(void **state)
{
    (void)state;
    rovi_approximation *q = support_approximation(1, 2, 0), *r = support_approximation(2, 2, 1);
    const rovi_trace_point trace[2] = {{.iteration = 0}, {.iteration = 1}};
    const rovi_restart restarts[3] = {{.approximation = q, .trace_length = 2, .trace = trace},
                                      {.approximation = NULL, .stop = ROVI_STOP_FAILED},
                                      {.approximation = r}};
    rovi_fit_parts parts = {.restart_count = 3, .restarts = restarts, .winner = 2};
    assert_true(survive(fit_new_action, &parts) > 10);
    rovi_approximation_free(q);
    rovi_approximation_free(r);
}

/* What an allocation of absurd size would take is refused, not wrapped around. */
static void sizes_beyond_memory(void **state)
{
    (void)state;
    rovi_error error;
    double rotation;
    assert_refused(rovi_haar_rotation((size_t)1 << 29, 1, &rotation, &error), &error, ROVI_NO_MEMORY, "memory");
    assert_refused(rovi_haar_rotation((size_t)1 << 31, 1, &rotation, &error), &error, ROVI_NO_MEMORY, "memory");
    rovi_target *target = NULL;
    rovi_langevin *run = NULL;
    rovi_langevin_settings *settings = rovi_langevin_settings_new();
    assert_int_equal(make_target(GAUSSIANS, &target, NULL), ROVI_OK);
    assert_int_equal(rovi_langevin_settings_set(settings, "draws", "9007199254740991", NULL), ROVI_OK);
    assert_refused(rovi_langevin_run(target, settings, NULL, NULL, NULL, &run, &error), &error, ROVI_NO_MEMORY,
                   "memory");
    assert_null(run);
    rovi_langevin_settings_free(settings);
    rovi_target_free(target);
}

/* Without this, what is freed would go uncounted. */
/* ---- shared libraries: what they take for themselves is not counted ---- */

static rovi_status library_action(void *data, bool *out_is_null, rovi_error *error)
{
    rovi_target *target = NULL;
    const rovi_status status = rovi_target_open(data, NULL, 1, NULL, &target, error);
    *out_is_null = target == NULL;
    rovi_target_free(target);
    return status;
}

static rovi_status check_action(void *data, bool *out_is_null, rovi_error *error)
{
    *out_is_null = true;
    return rovi_target_check_gradient(data, 1, error);
}

static rovi_status unconstrain_action(void *data, bool *out_is_null, rovi_error *error)
{
    double x[2] = {0, 0};
    *out_is_null = true;
    return rovi_target_unconstrain(data, "{\"mu\": 1, \"sigma\": 2}", x, error);
}

static void libraries(void **state)
{
    (void)state;
    static const char *const names[] = {"stan_plain", "plugin", "plugin_data"};
    for (size_t i = 0; i < 3; i++) {
        char path[4096];
        strcpy(path, support_fixture(names[i]));
        assert_true(survive(library_action, path) > 4);
    }
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_open(support_fixture("stan_plain"), NULL, 1, NULL, &target, NULL), ROVI_OK);
    assert_true(survive(check_action, target) >= 5);
    assert_int_equal(survive(unconstrain_action, target), 1);
    rovi_target_free(target);
}

static rovi_status start_action(void *data, bool *out_is_null, rovi_error *error)
{
    rovi_target *target = NULL;
    *out_is_null = true;
    rovi_status status = rovi_target_new_ring(&target, error);
    if (status == ROVI_OK) {
        status = rovi_target_set_start(target, data, error);
    }
    double logp = 0;
    if (status == ROVI_OK) {
        status = rovi_target_evaluate(target, 1, data, &logp, NULL, error);
    }
    rovi_target_free(target);
    return status;
}

static void a_start(void **state)
{
    (void)state;
    double start[] = {4, 0};
    assert_true(survive(start_action, start) >= 3);
}

static int everything_is_wrapped(void **state)
{
    (void)state;
    void *(*volatile take)(size_t) = malloc; /* volatile: compilers know what malloc and free do not touch */
    void (*volatile give_back)(void *) = free;
    count_from(0);
    void *memory = take(1);
    const bool taken = live == 1;
    give_back(memory);
    counting = false;
    if (!taken || live != 0) {
        print_error("link with --wrap for malloc, calloc, realloc, aligned_alloc, posix_memalign and free\n");
        return 1;
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets),
        cmocka_unit_test(a_rotated_target),
        cmocka_unit_test(evaluation),
        cmocka_unit_test(approximation),
        cmocka_unit_test(classification),
        cmocka_unit_test(resampling),
        cmocka_unit_test(settings),
        cmocka_unit_test(fits_on_one_thread),
        cmocka_unit_test(fits_on_two_threads),
        cmocka_unit_test(a_fit_without_settings),
        cmocka_unit_test(a_plane),
        cmocka_unit_test(a_separation),
        cmocka_unit_test(mixtures),
        cmocka_unit_test(fits_of_mixtures),
        cmocka_unit_test(a_fit_from_parts),
        cmocka_unit_test(langevin_runs),
        cmocka_unit_test(diagnoses),
        cmocka_unit_test(sizes_beyond_memory),
        cmocka_unit_test(libraries),
        cmocka_unit_test(a_start),
    };
    return cmocka_run_group_tests(tests, everything_is_wrapped, NULL);
}
