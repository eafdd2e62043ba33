/* SPDX-License-Identifier: BSD-3-Clause */
/* target/library, stan, plugin: shared libraries as targets, by fixtures that have known answers. */
#include <dlfcn.h>
#include <math.h>
#include <string.h>

#include "support.h"

#define MU    1.0 /* of the plain model: see tests/fixtures/stan_model.h */
#define NU    (-2.0)
#define SD_U  1.0
#define SD_V  2.0
#define RHO   0.8
#define LOG2P 1.8378770664093454836

static rovi_target *open_fixture(const char *name, const char *data)
{
    rovi_target *target = NULL;
    rovi_error error = {ROVI_OK, ""};
    if (rovi_target_open(support_fixture(name), data, 1, NULL, &target, &error) != ROVI_OK) {
        fail_msg("%s: %s", name, error.message);
    }
    return target;
}

/* A number that a fixture counts. */
static long count_of(const char *name, const char *symbol)
{
    void *handle = dlopen(support_fixture(name), RTLD_NOW | RTLD_NOLOAD);
    assert_non_null(handle);
    void *address = dlsym(handle, symbol);
    assert_non_null(address);
    long (*count)(void);
    memcpy(&count, &address, sizeof count);
    const long now = count();
    dlclose(handle); /* takes back what RTLD_NOLOAD added: the library stays */
    return now;
}

static void refuses(const char *name, const char *data, const char *part)
{
    rovi_target *target = (rovi_target *)&target;
    rovi_error error = {ROVI_OK, ""};
    const rovi_status status = rovi_target_open(support_fixture(name), data, 1, NULL, &target, &error);
    assert_refused(status, &error, ROVI_BAD_INPUT, part);
    assert_null(target);
    assert_null(strchr(error.message, '\n'));
}

static double plain_density(const double *x)
{
    const double a = (x[0] - MU) / SD_U, b = (x[1] - NU) / SD_V, rest = 1 - RHO * RHO;
    return -(a * a - 2 * RHO * a * b + b * b) / (2 * rest) - LOG2P - log(SD_U * SD_V) - log(rest) / 2;
}

static void a_stan_model_is_its_density(void **state)
{
    (void)state;
    rovi_target *target = open_fixture("stan_plain", NULL);
    assert_int_equal(rovi_target_dim(target), 2);
    assert_true(rovi_target_is_concurrent(target));
    assert_true(rovi_target_has_gradient(target));
    assert_true(isnan(rovi_target_log_z(target)));
    assert_string_equal(rovi_target_coordinate_name(target, 1), "sigma");
    assert_null(rovi_target_coordinate_name(target, 2));
    for (uint64_t i = 0; i < 20; i++) {
        double x[2];
        support_normals(i, 2, x);
        assert_close(support_logp(target, x), plain_density(x), 1e-13);
        support_check_gradient(target, x, 1e-9);
    }
    rovi_target_free(target);
    assert_int_equal(count_of("stan_plain", "bs_test_objects"), 0);
}

static void data_reach_the_model(void **state)
{
    (void)state;
    rovi_target *target = open_fixture("stan_plain", "{\"shift\": 5}");
    const double there[] = {6, 0}, plain[] = {1, 0};
    assert_close(support_logp(target, there), plain_density(plain), 1e-13);
    rovi_target_free(target);
    refuses("stan_plain", "{\"sift\": 5}",
            "the model cannot be made from its data: Exception: variable does not exist; ");
    refuses("stan_plain", "no/such.json", "Could not open the data file");
    refuses("stan_plain", "data.csv", "allowed: a file whose name ends in .json");
    assert_int_equal(count_of("stan_plain", "bs_test_messages"), 0);
    assert_int_equal(count_of("stan_plain", "bs_test_objects"), 0);
}

static void draws_are_constrained(void **state)
{
    (void)state;
    rovi_target *target = open_fixture("stan_plain", NULL);
    const double x[] = {0.5, -1, 2, 0};
    const struct {
        unsigned include;
        size_t count;
        const char *last;
    } cases[] = {{0, 2, "sigma"},
                 {ROVI_TRANSFORMED, 3, "t.1"},
                 {ROVI_GENERATED, 3, "g"},
                 {ROVI_TRANSFORMED | ROVI_GENERATED, 4, "g"}};
    double out[8], again[4];
    assert_true(rovi_target_is_constrained(target));
    for (size_t c = 0; c < 4; c++) {
        const rovi_outputs outputs = {.include = cases[c].include, .seed = 3, .first = 10};
        const size_t m = cases[c].count;
        assert_int_equal(rovi_target_output_count(target, outputs.include), m);
        assert_string_equal(rovi_target_output_name(target, outputs.include, 0), "mu");
        assert_string_equal(rovi_target_output_name(target, outputs.include, m - 1), cases[c].last);
        assert_null(rovi_target_output_name(target, outputs.include, m));
        assert_int_equal(rovi_target_constrain(target, &outputs, 2, x, out, NULL), ROVI_OK);
        assert_close(out[0], 0.5, 0);
        assert_close(out[1], exp(-1), 1e-15);
        assert_close(out[m + 1], 1, 1e-15);
        /* draw number 11 is the same whatever it is asked with */
        const rovi_outputs second = {.include = cases[c].include, .seed = 3, .first = 11};
        assert_int_equal(rovi_target_constrain(target, &second, 1, x + 2, again, NULL), ROVI_OK);
        assert_memory_equal(again, out + m, m * sizeof *out);
        if (outputs.include & ROVI_TRANSFORMED) {
            assert_close(out[2], -0.5, 0);
        }
        if (outputs.include & ROVI_GENERATED) {
            assert_true(out[m - 1] >= 0 && out[m - 1] < 1 && out[m - 1] != out[2 * m - 1]);
        }
    }
    rovi_target_free(target);
    assert_int_equal(count_of("stan_plain", "bs_test_objects"), 0); /* generators too */
}

static void other_targets_are_their_own_outputs(void **state)
{
    (void)state;
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new_ring(&target, NULL), ROVI_OK);
    const rovi_outputs outputs = {.include = ROVI_TRANSFORMED};
    const double x[] = {1, 2, 3, 4};
    double out[4];
    rovi_error error = {ROVI_OK, ""};
    assert_false(rovi_target_is_constrained(target));
    assert_int_equal(rovi_target_output_count(target, outputs.include), 2);
    assert_null(rovi_target_output_name(target, outputs.include, 0));
    assert_int_equal(rovi_target_constrain(target, &outputs, 2, x, out, NULL), ROVI_OK);
    assert_memory_equal(out, x, sizeof x);
    assert_refused(rovi_target_unconstrain(target, "{}", out, &error), &error, ROVI_BAD_INPUT, "no constrained scale");
    assert_refused(rovi_target_constrain(target, NULL, 1, x, out, &error), &error, ROVI_BAD_INPUT, "NULL");
    rovi_failures said;
    rovi_target_failures(target, &said);
    assert_int_equal(said.density, 0);
    rovi_target_free(target);
}

static void json_is_taken_to_the_unconstrained_scale(void **state)
{
    (void)state;
    rovi_target *target = open_fixture("stan_plain", NULL);
    double x[2] = {7, 7};
    rovi_error error = {ROVI_OK, ""};
    assert_int_equal(rovi_target_unconstrain(target, "{\"mu\": 3, \"sigma\": 2}", x, &error), ROVI_OK);
    assert_close(x[0], 3, 0);
    assert_close(x[1], log(2), 1e-15);
    assert_refused(rovi_target_unconstrain(target, "{\"nu\": 3}", x, &error), &error, ROVI_BAD_INPUT,
                   "rejects these values: Exception: variable does not exist");
    assert_refused(rovi_target_unconstrain(target, "{\"mu\": 4, \"sigma\": -2}", x, &error), &error, ROVI_BAD_INPUT,
                   "sigma is not positive");
    assert_close(x[0], 3, 0); /* as it was */
    rovi_target_free(target);
    assert_int_equal(count_of("stan_plain", "bs_test_messages"), 0);
}

static void exceptions_are_counted_and_survived(void **state)
{
    (void)state;
    rovi_target *target = open_fixture("stan_throws", NULL);
    const double x[] = {3, 0, 1, 0, 4, 1};
    double logp[3], grad[6], out[6];
    rovi_failures said;
    assert_int_equal(rovi_target_evaluate(target, 3, x, logp, grad, NULL), ROVI_OK);
    assert_true(logp[0] == -INFINITY && logp[2] == -INFINITY);
    assert_close(logp[1], plain_density(x + 2), 1e-13);
    assert_int_equal(rovi_target_evaluate(target, 3, x, logp, NULL, NULL), ROVI_OK);
    const rovi_outputs outputs = {0};
    assert_int_equal(rovi_target_constrain(target, &outputs, 3, x, out, NULL), ROVI_OK);
    assert_true(isnan(out[0]) && isnan(out[1]) && isnan(out[5]));
    assert_close(out[2], 1, 0);
    rovi_target_failures(target, &said);
    assert_int_equal(said.density, 4);
    assert_int_equal(said.outputs, 2);
    assert_string_equal(said.density_message, "Exception: u is too large (in model.stan, line 7)"); /* one line */
    assert_string_equal(said.outputs_message, "Exception: u is too large to be constrained");
    rovi_target_free(target);
    assert_int_equal(count_of("stan_throws", "bs_test_messages"), 0);
}

static void a_fit_of_a_model(void **state)
{
    (void)state;
    rovi_target *target = open_fixture("stan_plain", NULL);
    rovi_fit *fit = support_fit(target, SETTINGS_OF("restarts", "1", "draws", "2000"));
    const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
    assert_true(fabs(parts->elbo.value) <= 0.01 + 4 * parts->elbo.mcse); /* log Z = 0, and q can be exact */
    rovi_fit_free(fit);
    rovi_target_free(target);
}

/* The fixture ends the process when another thread asks. */
static void a_model_without_threads_has_one(void **state)
{
    (void)state;
    rovi_target *target = open_fixture("stan_unthreaded", NULL);
    assert_false(rovi_target_is_concurrent(target));
    rovi_fit *fit = support_fit(target, SETTINGS_OF("restarts", "3", "threads", "4", "draws", "1000"));
    assert_int_equal(rovi_fit_parts_of(fit)->threads, 1);
    rovi_fit_free(fit);
    rovi_target_free(target);
}

static void a_model_that_fails_everywhere_is_quoted(void **state)
{
    (void)state;
    static const char *const solvers[] = {"coordinate", "gradient"};
    for (size_t s = 0; s < 2; s++) {
        rovi_target *target = open_fixture("stan_fails", NULL);
        rovi_settings *settings = SETTINGS_OF("solver", solvers[s], "restarts", "2");
        rovi_fit *fit = NULL;
        rovi_error error = {ROVI_OK, ""};
        const rovi_status status = rovi_fit_run(target, settings, NULL, NULL, &fit, &error);
        assert_refused(status, &error, ROVI_TARGET_FAILED,
                       "it said: Exception: normal_lpdf: Scale parameter is -1, but must be positive!");
        assert_null(fit);
        rovi_settings_free(settings);
        rovi_target_free(target);
    }
    assert_int_equal(count_of("stan_fails", "bs_test_messages"), 0);
}

static void a_view_of_a_model_speaks_for_it(void **state)
{
    (void)state;
    const double R[] = {0, -1, 1, 0}, x[] = {0, 0};
    double logp;
    rovi_target *target = NULL;
    rovi_failures said;
    assert_int_equal(rovi_target_new_rotated(open_fixture("stan_fails", NULL), R, &target, NULL), ROVI_OK);
    assert_int_equal(rovi_target_evaluate(target, 1, x, &logp, NULL, NULL), ROVI_OK);
    rovi_target_failures(target, &said);
    assert_int_equal(said.density, 1);
    assert_null(rovi_target_coordinate_name(target, 0)); /* its coordinates are others */
    assert_false(rovi_target_is_constrained(target));
    rovi_target_free(target);
    assert_int_equal(count_of("stan_fails", "bs_test_objects"), 0);
}

static void a_density_that_is_nan_is_outside(void **state)
{
    (void)state;
    rovi_target *target = open_fixture("stan_nan", NULL);
    const double x[] = {1, 1, 1, -1};
    double logp[2], grad[4];
    rovi_failures said;
    assert_int_equal(rovi_target_evaluate(target, 2, x, logp, grad, NULL), ROVI_OK);
    assert_true(logp[0] == -INFINITY && grad[0] == 0 && grad[1] == 0);
    assert_close(logp[1], plain_density(x + 2), 1e-13);
    rovi_target_failures(target, &said);
    assert_int_equal(said.density, 0); /* it said nothing */
    rovi_target_free(target);
}

static char printed[64];
static size_t printed_length;

static void keep(const char *text, size_t size)
{
    if (printed_length + size < sizeof printed) {
        memcpy(printed + printed_length, text, size);
    }
    printed_length += size;
}

static void prints_go_to_the_log(void **state)
{
    (void)state;
    rovi_target *target = NULL;
    const double x[] = {0, 0};
    assert_int_equal(rovi_target_open(support_fixture("stan_prints"), NULL, 1, keep, &target, NULL), ROVI_OK);
    support_logp(target, x);
    assert_string_equal(printed, "a line of the model\n");
    rovi_target_free(target);
    target = open_fixture("stan_prints", NULL); /* without a log: dropped, and not to the former one */
    support_logp(target, x);
    assert_int_equal(printed_length, 20);
    rovi_target_free(target);
}

static void libraries_that_are_no_targets(void **state)
{
    (void)state;
    rovi_target *target = NULL;
    rovi_error error = {ROVI_OK, ""};
    refuses("stan_old", NULL, "before 2.0 (bs_major_version is missing)");
    refuses("stan_future", NULL, "found a model of BridgeStan 3.7.0, allowed: of BridgeStan 2");
    refuses("stan_incomplete", NULL, "the symbol bs_set_print_callback is missing");
    refuses("stan_twins", NULL, "found the name \"mu\" twice");
    refuses("stan_miscounts", NULL, "names are not as many");
    refuses("library_other", NULL, "are both missing");
    refuses("no_such", NULL, "cannot be loaded as a shared library: cannot open shared object file: No such file");
    refuses("plugin_future", NULL, "found rovi_plugin_abi = 2, allowed: 1");
    refuses("plugin_incomplete", NULL, "the symbol rovi_plugin_logp is missing");
    assert_refused(rovi_target_open("CMakeLists.txt", NULL, 1, NULL, &target, &error), &error, ROVI_BAD_INPUT,
                   "CMakeLists.txt: cannot be loaded as a shared library: ");
    assert_refused(rovi_target_open(NULL, NULL, 1, NULL, &target, &error), &error, ROVI_BAD_INPUT, "path is NULL");
    assert_int_equal(count_of("stan_twins", "bs_test_objects"), 0);
    assert_int_equal(count_of("stan_miscounts", "bs_test_objects"), 0);
}

static long plugins_open(void)
{
    void *handle = dlopen(support_fixture("plugin_data"), RTLD_NOW | RTLD_NOLOAD);
    assert_non_null(handle);
    const long *open = dlsym(handle, "plugin_test_open");
    assert_non_null(open);
    const long now = *open;
    dlclose(handle);
    return now;
}

static void a_plugin_with_everything(void **state)
{
    (void)state;
    rovi_target *target = open_fixture("plugin_data", "4");
    const double x[] = {1, -2, 0.5, 3};
    double logp, grad[4];
    assert_int_equal(rovi_target_dim(target), 4);
    assert_false(rovi_target_is_concurrent(target));
    assert_false(rovi_target_has_gradient(target));
    assert_false(rovi_target_is_constrained(target));
    assert_close(rovi_target_log_z(target), 2 * LOG2P, 1e-14);
    assert_string_equal(rovi_target_coordinate_name(target, 2), "gamma");
    assert_string_equal(rovi_target_output_name(target, 0, 3), "delta");
    assert_int_equal(rovi_target_evaluate(target, 1, x, &logp, grad, NULL), ROVI_OK);
    assert_close(logp, -7.125, 1e-14);
    for (size_t j = 0; j < 4; j++) {
        assert_close(grad[j], -x[j], 1e-9); /* rounding: eps |f|/h = 2.2e-16 * 7/6e-6 */
    }
    rovi_target_free(target);
    assert_int_equal(plugins_open(), 0);
}

static void plugins_that_go_wrong_are_closed(void **state)
{
    (void)state;
    refuses("plugin_data", "-1", "the plugin rejects its data: the data are -1, but must be a number");
    refuses("plugin_data", "0", "found rovi_plugin_dim() = 0, allowed: from 1");
    refuses("plugin_data", "5", "found the name \"alpha\" twice");
    refuses("plugin_data", "6", "rovi_plugin_name(5) is NULL");
    refuses("plugin", "data.json", "allowed: none, as it has no rovi_plugin_open");
    assert_int_equal(plugins_open(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_stan_model_is_its_density),
                                       cmocka_unit_test(data_reach_the_model),
                                       cmocka_unit_test(draws_are_constrained),
                                       cmocka_unit_test(other_targets_are_their_own_outputs),
                                       cmocka_unit_test(json_is_taken_to_the_unconstrained_scale),
                                       cmocka_unit_test(exceptions_are_counted_and_survived),
                                       cmocka_unit_test(a_fit_of_a_model),
                                       cmocka_unit_test(a_model_without_threads_has_one),
                                       cmocka_unit_test(a_model_that_fails_everywhere_is_quoted),
                                       cmocka_unit_test(a_view_of_a_model_speaks_for_it),
                                       cmocka_unit_test(a_density_that_is_nan_is_outside),
                                       cmocka_unit_test(prints_go_to_the_log),
                                       cmocka_unit_test(libraries_that_are_no_targets),
                                       cmocka_unit_test(a_plugin_with_everything),
                                       cmocka_unit_test(plugins_that_go_wrong_are_closed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
