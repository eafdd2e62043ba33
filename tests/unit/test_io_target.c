/* SPDX-License-Identifier: BSD-3-Clause */
/* io/description and io/target_file: every type is the density it says, and every mistake is named. */
#include "test_io_support.h"

#include "io/builtin.h"
#include "io/description.h"

#define HALF_LOG_2PI 0.91893853320467274178

static rovi_status read_target(const char *text, rovi_target **target, rovi_error *error)
{
    json_t *root = NULL;
    *target = NULL;
    rovi_status status = document_parse("t.json", text, strlen(text), &root, error);
    if (!status) {
        struct field field = field_root("t.json", root);
        status = description_to_target(&field, target, error);
    }
    json_decref(root);
    return status;
}

static double log_density(const char *text, const double *x)
{
    rovi_target *target;
    rovi_error error = {0};
    double value = NAN;
    if (read_target(text, &target, &error))
        fail_msg("%s", error.message);
    assert_int_equal(rovi_target_evaluate(target, 1, x, &value, NULL, NULL), ROVI_OK);
    rovi_target_free(target);
    return value;
}

static double normal(double x, double mean, double sd)
{
    return -(x - mean) * (x - mean) / (2 * sd * sd) - log(sd) - HALF_LOG_2PI;
}

static void mixtures_are_what_they_say(void **state)
{
    (void)state;
    const double x[] = {0.5, -1.5};
    double plain =
        log(0.25 * exp(normal(.5, 1, 1) + normal(-1.5, 0, 1)) + 0.75 * exp(normal(.5, 0, 1) + normal(-1.5, 2, 1)));
    assert_close(
        log_density("{\"type\": \"gaussian_mixture\", \"weights\": [0.25, 0.75], \"means\": [[1, 0], [0, 2]]}", x),
        plain, 1e-12);
    double scaled = normal(.5, 1, 2) + normal(-1.5, 0, 3);
    assert_close(log_density("{\"type\": \"gaussian_mixture\", \"weights\": [1], \"means\": [[1, 0]], "
                             "\"covariance\": [[4, 0], [0, 9]]}",
                             x),
                 scaled, 1e-12);
    double own =
        log(0.5 * exp(normal(.5, 0, 2) + normal(-1.5, 0, 3)) + 0.5 * exp(normal(.5, 0, 1) + normal(-1.5, 0, 1)));
    assert_close(log_density("{\"type\": \"gaussian_mixture\", \"weights\": [0.5, 0.5], \"means\": [[0, 0], [0, 0]], "
                             "\"covariances\": [[[4, 0], [0, 9]], [[1, 0], [0, 1]]]}",
                             x),
                 own, 1e-12);
    /* one dimension, one component: the Cauchy density at 3 with scale 2 */
    const double three = 3;
    assert_close(log_density("{\"type\": \"student_t_mixture\", \"df\": 1, \"weights\": [1], \"means\": [[0]], "
                             "\"scale\": [[4]]}",
                             &three),
                 -log(acos(-1.0) * 2 * (1 + 2.25)), 1e-12);
}

static void rotations_nest(void **state)
{
    (void)state;
    const double x[] = {1, 2};
    /* quarter turn: x = R y with y = R^T x = (2, -1) */
    const char *turned = "{\"type\": \"rotated\", \"rotation\": [[0, -1], [1, 0]], \"base\": {\"type\": \"banana\"}}";
    const char *back = "{\"type\": \"rotated\", \"rotation\": [[0, 1], [-1, 0]], \"base\": {\"type\": \"rotated\", "
                       "\"rotation\": [[0, -1], [1, 0]], \"base\": {\"type\": \"banana\"}}}";
    assert_close(log_density(turned, x), normal(2, 0, 2) + normal(-1, 1, 1), 1e-12);
    assert_close(log_density(back, x), normal(1, 0, 2) + normal(2, 0.25, 1), 1e-12);
    log_density("{\"type\": \"rotated\", \"rotation\": {\"haar_seed\": 7}, \"base\": {\"type\": \"ring\"}}", x);
}

static void every_builtin_opens(void **state)
{
    (void)state;
    for (size_t i = 0; builtin_at(i); i++) {
        struct target_source source;
        rovi_error error = {0};
        if (target_source_open(&(struct target_request){.name = builtin_at(i)->name}, &source, &error))
            fail_msg("%s", error.message);
        assert_null(source.path);
        assert_true(rovi_target_dim(source.target) >= 1);
        target_source_clear(&source);
    }
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"[1]", "found an array of 1 value, allowed: a target description"},
        {"{\"weights\": [1]}", "the key \"type\" is missing"},
        {"{\"type\": \"gausian\"}", "type: found \"gausian\", allowed: one of \"gaussian_mixture\""},
        {"{\"format\": 1, \"restarts\": []}", "this is a fit"},
        {"{\"type\": \"gaussian_mixture\", \"weights\": [1]}", "the key \"means\" is missing"},
        {"{\"type\": \"gaussian_mixture\", \"weights\": [], \"means\": []}", "means: found an empty array"},
        {"{\"type\": \"gaussian_mixture\", \"weights\": [1], \"means\": [[]]}", "means[0]: found an empty array"},
        {"{\"type\": \"gaussian_mixture\", \"weights\": [1], \"means\": 3}", "means: found 3"},
        {"{\"type\": \"gaussian_mixture\", \"weights\": [0.5, 0.5], \"means\": [[0]]}", "weights: found an array of 2"},
        {"{\"type\": \"gaussian_mixture\", \"weights\": [0.5, 0.5], \"means\": [[0], [1, 2]]}", "means[1]: found"},
        {"{\"type\": \"gaussian_mixture\", \"weights\": [0.5, null], \"means\": [[0], [1]]}", "weights[1]: found null"},
        {"{\"type\": \"gaussian_mixture\", \"weights\": [0, 1], \"means\": [[0], [1]]}", "t.json: "},
        {"{\"type\": \"gaussian_mixture\", \"weights\": [0.5, 0.6], \"means\": [[0], [1]]}", "t.json: "},
        {"{\"type\": \"gaussian_mixture\", \"weights\": [1], \"means\": [[0]], \"covariance\": [[1]], \"covariances\": "
         "[[[1]]]}",
         "found both \"covariance\" and \"covariances\""},
        {"{\"type\": \"gaussian_mixture\", \"weights\": [1], \"means\": [[0]], \"covariances\": [[[1, 0]]]}",
         "covariances[0][0]: found an array of 2"},
        {"{\"type\": \"gaussian_mixture\", \"weights\": [1], \"means\": [[0]], \"scale\": [[1]]}",
         "unknown key \"scale\""},
        {"{\"type\": \"student_t_mixture\", \"weights\": [1], \"means\": [[0]]}", "the key \"df\" is missing"},
        {"{\"type\": \"student_t_mixture\", \"df\": -1, \"weights\": [1], \"means\": [[0]]}", "t.json: "},
        {"{\"type\": \"many_well\"}", "the key \"dim\" is missing"},
        {"{\"type\": \"many_well\", \"dim\": 3}", "t.json: "},
        {"{\"type\": \"funnel\", \"dim\": 1.5}", "dim: found 1.5, allowed: a whole number"},
        {"{\"type\": \"banana\", \"dim\": 2}", "unknown key \"dim\""},
        {"{\"type\": \"rotated\", \"base\": {\"type\": \"ring\"}}", "the key \"rotation\" is missing"},
        {"{\"type\": \"rotated\", \"rotation\": 1, \"base\": {\"type\": \"ring\"}}", "rotation: found 1"},
        {"{\"type\": \"rotated\", \"rotation\": [[1, 1], [0, 1]], \"base\": {\"type\": \"ring\"}}", "t.json: "},
        {"{\"type\": \"rotated\", \"rotation\": {\"haar\": 1}, \"base\": {\"type\": \"ring\"}}",
         "rotation: unknown key"},
        {"{\"type\": \"rotated\", \"rotation\": {\"haar_seed\": 1}, \"base\": {\"type\": \"x\"}}",
         "base.type: found \"x\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rovi_target *target;
        rovi_error error = {0};
        assert_int_equal(read_target(cases[i].text, &target, &error), ROVI_BAD_INPUT);
        assert_null(target);
        if (!strstr(error.message, cases[i].part))
            fail_msg("\"%s\" does not contain \"%s\"", error.message, cases[i].part);
    }
}

static void the_component_is_named(void **state)
{
    (void)state;
    rovi_target *target;
    rovi_error error = {0};
    assert_int_equal(
        read_target("{\"type\": \"gaussian_mixture\", \"weights\": [0.5, 0.5], \"means\": [[0, 0], [1, 1]], "
                    "\"covariances\": [[[1, 0], [0, 1]], [[1, 2], [2, 1]]]}",
                    &target, &error),
        ROVI_BAD_INPUT);
    assert_non_null(strstr(error.message, "positive definite"));
    assert_non_null(strstr(error.message, "1")); /* components count from 0, as in covariances[1] */
}

static void names_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *name, *part;
    } cases[] = {{"no/model.so", "cannot be read"},
                 {"figure1-m4", "did you mean figure1-m"},
                 {"/no/such.json", "cannot be read"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct target_source source;
        rovi_error error = {0};
        assert_int_equal(target_source_open(&(struct target_request){.name = cases[i].name}, &source, &error),
                         ROVI_BAD_INPUT);
        assert_null(source.target);
        if (!strstr(error.message, cases[i].part))
            fail_msg("\"%s\" does not contain \"%s\"", error.message, cases[i].part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixtures_are_what_they_say), cmocka_unit_test(rotations_nest),
        cmocka_unit_test(every_builtin_opens),        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(the_component_is_named),     cmocka_unit_test(names_are_told_apart)};
    return cmocka_run_group_tests_name("io/target_file", tests, NULL, NULL);
}
