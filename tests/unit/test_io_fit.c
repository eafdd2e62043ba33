/* SPDX-License-Identifier: BSD-3-Clause */
/* io/fit_file: a fit comes back to the last bit; a file that is no fit, or only part of one, is refused with a reason.
 */
#include "test_io_support.h"

#include "io/draws_csv.h"
#include "io/report.h"

static char *written_fit(size_t *size)
{
    rovi_fit *fit = hand_fit();
    rovi_settings *settings = rovi_settings_new();
    json_t *values = fit_settings_to_json(settings), *description = json_pack("{s:s}", "type", "banana");
    struct fit_context context = hand_context(values, description);
    char *text = NULL;
    FILE *stream = open_memstream(&text, size);
    assert_int_equal(fit_write(&context, fit, stream, "t.json", NULL), ROVI_OK);
    fclose(stream);
    json_decref(values);
    json_decref(description);
    rovi_settings_free(settings);
    rovi_fit_free(fit);
    return text;
}

static void open_written(struct fit_file *file)
{
    size_t size;
    char *text = written_fit(&size);
    rovi_error error = {0};
    if (fit_file_parse("t.json", text, size, file, &error))
        fail_msg("%s", error.message);
    free(text);
}

static void same_bits(const double *a, const double *b, size_t n)
{
    if (n > 0)
        assert_memory_equal(a, b, n * sizeof *a);
}

static void same_rotation(const rovi_approximation_parts *a, const rovi_approximation_parts *b)
{
    assert_int_equal(a->rotation == NULL, b->rotation == NULL);
    if (a->rotation) {
        same_bits(a->rotation, b->rotation, a->dim * a->dim);
        return;
    }
    assert_int_equal(a->reflections, b->reflections);
    same_bits(a->reflectors, b->reflectors, a->reflections * a->dim);
    same_bits(a->scale, b->scale, a->dim);
}

static void same_approximation(const rovi_approximation *one, const rovi_approximation *other)
{
    const rovi_approximation_parts *a = rovi_approximation_parts_of(one), *b = rovi_approximation_parts_of(other);
    assert_int_equal(a->dim, b->dim);
    same_bits(a->center, b->center, a->dim);
    same_rotation(a, b);
    assert_int_equal(a->whitening == NULL, b->whitening == NULL);
    if (a->whitening)
        same_bits(a->whitening, b->whitening, a->dim * a->dim);
    for (size_t i = 0; i < a->dim; i++) {
        assert_int_equal(a->maps[i].cells, b->maps[i].cells);
        same_bits(a->maps[i].knots, b->maps[i].knots, a->maps[i].cells + 1);
        same_bits(a->maps[i].lambda, b->maps[i].lambda, a->maps[i].cells);
        same_bits(&a->maps[i].alpha, &b->maps[i].alpha, 1);
        same_bits(&a->maps[i].v, &b->maps[i].v, 1);
    }
}

static void same_number(double a, double b)
{
    assert_true(a == b || (isnan(a) && isnan(b)));
}

static void same_restart(const rovi_restart *a, const rovi_restart *b)
{
    assert_true(a->seed == b->seed && a->stop == b->stop && a->iterations == b->iterations);
    same_number(a->elbo.value, b->elbo.value);
    same_number(a->elbo.mcse, b->elbo.mcse);
    same_number(a->divergence, b->divergence);
    same_number(a->promise, b->promise);
    assert_true(a->degenerate == b->degenerate);
    assert_true(a->evaluations.density == b->evaluations.density &&
                a->evaluations.gradient == b->evaluations.gradient &&
                a->evaluations.rejected == b->evaluations.rejected);
    assert_int_equal(a->trace_length, b->trace_length);
    for (size_t i = 0; i < a->trace_length; i++) {
        assert_true(a->trace[i].iteration == b->trace[i].iteration);
        assert_true(a->trace[i].evaluations == b->trace[i].evaluations);
        same_number(a->trace[i].seconds, b->trace[i].seconds);
        same_number(a->trace[i].elbo, b->trace[i].elbo);
        same_number(a->trace[i].mcse, b->trace[i].mcse);
    }
    assert_int_equal(a->approximation == NULL, b->approximation == NULL);
    if (a->approximation)
        same_approximation(a->approximation, b->approximation);
}

static void fits_come_back(void **state)
{
    (void)state;
    struct fit_file file;
    open_written(&file);
    rovi_fit *fit = hand_fit();
    const rovi_fit_parts *a = rovi_fit_parts_of(fit), *b = rovi_fit_parts_of(file.fit);
    assert_true(a->stop == b->stop && a->winner == b->winner && a->restart_count == b->restart_count);
    for (size_t i = 0; i < a->restart_count; i++)
        same_restart(a->restarts + i, b->restarts + i);
    same_number(a->elbo.value, b->elbo.value);
    same_number(a->elbo.mcse, b->elbo.mcse);
    same_number(a->kl.value, b->kl.value);
    same_number(a->log_z, b->log_z);
    same_number(a->outside.value, b->outside.value);
    same_number(a->outside.mcse, b->outside.mcse);
    same_number(a->wall_s, b->wall_s);
    same_number(a->target_s, b->target_s);
    assert_true(a->evaluations.density == b->evaluations.density &&
                a->evaluations.gradient == b->evaluations.gradient &&
                a->evaluations.rejected == b->evaluations.rejected && a->threads == b->threads);
    rovi_fit_free(fit);
    fit_file_clear(&file);
}

static void the_context_comes_back(void **state)
{
    (void)state;
    struct fit_file file;
    rovi_target *target;
    open_written(&file);
    assert_string_equal(file.context.command, "rovi fit banana");
    assert_string_equal(file.context.method, "rovi");
    assert_string_equal(file.context.target_fingerprint, "fnv1a64:0123456789abcdef");
    assert_null(file.context.target_path);
    assert_true(file.context.seed == 3 && file.context.total_s == 2.5);
    assert_int_equal(json_object_size(file.context.settings), rovi_settings_count());
    assert_int_equal(fit_file_target(&file, &target, NULL), ROVI_OK);
    assert_int_equal(rovi_target_dim(target), 2);
    rovi_target_free(target);
    fit_file_clear(&file);
}

static void same_estimate(rovi_estimate a, rovi_estimate b)
{
    same_number(a.value, b.value);
    same_number(a.mcse, b.mcse);
}

static void same_findings(const rovi_diagnosis_parts *a, const rovi_diagnosis_parts *b)
{
    assert_true(a->mode_count == b->mode_count && a->region_count == b->region_count);
    for (size_t k = 0; k < a->mode_count; k++) {
        same_number(a->modes[k].weight, b->modes[k].weight);
        same_estimate(a->modes[k].mass, b->modes[k].mass);
        same_bits(a->modes[k].mean, b->modes[k].mean, 2);
        same_bits(a->modes[k].sd, b->modes[k].sd, 2);
        assert_true(a->modes[k].part_of == b->modes[k].part_of && a->modes[k].missed == b->modes[k].missed);
    }
    for (size_t k = 0; k < a->region_count; k++) {
        same_bits(a->regions[k].mean, b->regions[k].mean, 2);
        same_bits(a->regions[k].sd, b->regions[k].sd, 2);
        same_estimate(a->regions[k].mass, b->regions[k].mass);
        same_estimate(a->regions[k].held, b->regions[k].held);
        same_estimate(a->regions[k].gain, b->regions[k].gain);
        same_number(a->regions[k].distance, b->regions[k].distance);
        assert_true(isnan(b->regions[k].depth)); /* JSON has no infinity */
        assert_true(a->regions[k].missed == b->regions[k].missed);
    }
}

static void the_diagnosis_comes_back(void **state)
{
    (void)state;
    struct fit_file file;
    open_written(&file);
    const rovi_diagnosis_parts *a = &hand_diagnosis, *b = file.context.diagnosis;
    assert_non_null(b);
    assert_true(a->verdict == b->verdict && a->stop == b->stop && a->dim == b->dim && a->draws == b->draws);
    assert_string_equal(a->reason, b->reason);
    same_estimate(a->elbo, b->elbo);
    same_number(b->kl.value, NAN);
    same_estimate(a->log_z, b->log_z);
    same_estimate(a->log_z_bound, b->log_z_bound);
    same_number(a->outside.value, b->outside.value);
    same_number(a->outside.mcse, b->outside.mcse);
    same_number(a->k_hat, b->k_hat);
    same_number(a->k_threshold, b->k_threshold);
    same_number(a->ess, b->ess);
    same_findings(a, b);
    assert_true(a->modes_total == b->modes_total && a->found == b->found && a->climbs == b->climbs);
    assert_true(b->cluster_count == 1 && b->clusters[0].size == 2 && b->clusters[0].best == 1);
    assert_memory_equal(a->cluster, b->cluster, sizeof hand_cluster);
    assert_true(a->evaluations.density == b->evaluations.density && a->wall_s == b->wall_s);
    fit_file_clear(&file);
}

/* However a file is cut, it is refused, and never read as something else. */
static void cut_files_are_refused(void **state)
{
    (void)state;
    size_t size;
    char *text = written_fit(&size);
    for (size_t length = 0; length + 2 < size; length += 1 + length / 40) {
        struct fit_file file;
        rovi_error error = {0};
        assert_int_equal(fit_file_parse("t.json", text, length, &file, &error), ROVI_BAD_INPUT);
        assert_memory_equal(error.message, "t.json:", 7);
        assert_null(file.fit);
    }
    free(text);
}

static void refused(const char *text, const char *part)
{
    struct fit_file file;
    rovi_error error = {0};
    assert_int_equal(fit_file_parse("t.json", text, strlen(text), &file, &error), ROVI_BAD_INPUT);
    if (!strstr(error.message, part))
        fail_msg("\"%s\" does not contain \"%s\"", error.message, part);
}

static void other_files_are_refused(void **state)
{
    (void)state;
    refused("[]", "allowed: a fit");
    refused("{}", "this is not a fit");
    refused("{\"type\": \"banana\"}", "this is a target description");
    refused("{\"format\": 2, \"rovi\": \"9.0.0\"}", "found fit format 2, allowed: up to 1");
    refused("{\"format\": \"one\", \"rovi\": \"0.1.0\"}", "format: found \"one\"");
    refused("{\"format\": 1, \"rovi\": \"0.1.0\"}", "\"restarts\" is missing");
    refused("{\"format\": 1, \"rovi\": \"0.1.0\", \"restarts\": []}", "restarts: found an empty array");
}

/* `set` replaces the value at the pointer-like path of keys and indices. */
static void refused_after(const char *path, const char *value, const char *part)
{
    size_t size;
    char *text = written_fit(&size), copy[128];
    json_t *root = json_loads(text, 0, NULL), *at = root, *new_value = json_loads(value, JSON_DECODE_ANY, NULL);
    strcpy(copy, path);
    char *last = strrchr(copy, '/');
    *last++ = '\0';
    for (char *key = strtok(copy, "/"); key; key = strtok(NULL, "/"))
        at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10)) : json_object_get(at, key);
    int failed = json_is_array(at) ? json_array_set_new(at, strtoul(last, NULL, 10), new_value)
                                   : json_object_set_new(at, last, new_value);
    assert_int_equal(failed, 0);
    free(text);
    text = json_dumps(root, JSON_REAL_PRECISION(17));
    refused(text, part);
    free(text);
    json_decref(root);
}

static void wrong_values_are_refused(void **state)
{
    (void)state;
    refused_after("/dim", "3", "center: found an array of 2 values, allowed: an array of 3 numbers");
    refused_after("/dim", "0", "dim: found 0");
    refused_after("/winner", "3", "winner: found 3");
    refused_after("/winner", "2", "failed");
    refused_after("/status", "\"great\"", "status: found \"great\"");
    refused_after("/elbo", "{\"value\": 1}", "\"mcse\" is missing");
    refused_after("/restarts/0/seed", "-1", "restarts[0].seed: found -1");
    refused_after("/restarts/1/trace/elbo", "[1]", "restarts[1].trace.elbo: found an array of 1 value");
    refused_after("/restarts/1/trace/iteration", "[1, 2.5]", "iteration[1]: found 2.5");
    refused_after("/restarts/0/approximation/rotation/1", "[1, 0, 0]",
                  "approximation.rotation[1]: found an array of 3");
    refused_after("/restarts/0/approximation/rotation/1", "[1, 1]", "t.json: ");
    refused_after("/restarts/0/approximation/whitening/0/0", "-1", "t.json: ");
    refused_after("/restarts/0/approximation/maps/0/alpha", "0", "t.json: ");
    refused_after("/restarts/0/approximation/maps/0/lambda/0", "-1", "t.json: ");
    refused_after("/restarts/0/approximation/maps/0/knots", "[0, 1]",
                  "knots: found an array of 2 values, allowed: an array of 3");
    refused_after("/restarts/0/approximation/maps/0/knots/0", "7", "t.json: ");
    refused_after("/restarts/0/approximation/maps/1", "[]", "maps[1]");
    refused_after("/diagnosis/modes/0/mean", "[1]", "diagnosis.modes[0].mean: found an array of 1 value");
    refused_after("/diagnosis/modes/1/part_of", "2", "modes[1].part_of: found 2");
    refused_after("/diagnosis/modes/1/missed", "0", "missed: found 0, allowed: true or false");
    refused_after("/diagnosis/regions", "{}", "diagnosis.regions: found");
    refused_after("/diagnosis/clusters/0/best", "3", "clusters[0].best: found 3");
    refused_after("/diagnosis/restart_cluster", "[0, 0]", "restart_cluster: found an array of 2 values");
    refused_after("/diagnosis/search", "\"done\"", "diagnosis.search: found \"done\"");
    refused_after("/diagnosis/k_hat", "\"high\"", "k_hat: found \"high\"");
    refused_after("/collapse/verdict", "\"maybe\"", "collapse.verdict: found \"maybe\"");
    refused_after("/diagnosis", "7", "t.json: diagnosis");
}

static void draws_are_the_libraries(void **state)
{
    (void)state;
    struct fit_file file;
    rovi_target *target;
    open_written(&file);
    assert_int_equal(fit_file_target(&file, &target, NULL), ROVI_OK);
    const struct draws_request request = {.fit = &file, .target = target, .seed = 5, .count = 3};
    struct draws draws;
    assert_int_equal(draws_open(&draws, &request, NULL), ROVI_OK);
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    struct draws_csv csv = {.stream = stream, .name = "t.csv"};
    draws_csv_begin(&csv, &draws.head);
    assert_int_equal(draws_each(&draws, draws_csv_put, &csv, NULL), ROVI_OK);
    draws_close(&draws);
    fclose(stream);
    double x[6], log_q[3], log_p[3];
    rovi_approximation_draw(rovi_fit_approximation(file.fit), 5, 0, 3, x, log_q, NULL);
    rovi_target_evaluate(target, 3, x, log_p, NULL, NULL);
    char *line = strstr(text, "\nlp_approx__,lp__,x.1,x.2\n") + 1;
    for (size_t i = 0; i < 3; i++) {
        char *at = line = strchr(line, '\n') + 1;
        same_number(strtod(at, &at), log_q[i]);
        same_number(strtod(at + 1, &at), log_p[i]);
        same_number(strtod(at + 1, &at), x[2 * i]);
        same_number(strtod(at + 1, &at), x[2 * i + 1]);
    }
    assert_true(text[0] == '#');
    free(text);
    rovi_target_free(target);
    fit_file_clear(&file);
}

/* ---- mixtures ---- */

/* A fit whose winner is a mixture; the text is the caller's. */
static char *written_mixture(rovi_fit **fit, size_t *size)
{
    rovi_approximation *part[] = {hand_approximation(1), hand_reflected(0), hand_reflected(1)}, *q;
    const double weights[] = {1.0 / 3, 1e-300, 2.0 / 3};
    assert_int_equal(rovi_approximation_new_mixture(3, weights, (const rovi_approximation *const *)part, &q, NULL),
                     ROVI_OK);
    const rovi_restart restarts[] = {{.approximation = part[0]}, {.approximation = q}};
    const rovi_fit_parts parts = {.winner = 1, .restart_count = 2, .restarts = restarts, .threads = 1};
    assert_int_equal(rovi_fit_new(&parts, fit, NULL), ROVI_OK);
    for (size_t k = 0; k < 3; k++)
        rovi_approximation_free(part[k]);
    rovi_approximation_free(q);
    rovi_settings *settings = rovi_settings_new();
    json_t *values = fit_settings_to_json(settings), *description = json_pack("{s:s}", "type", "banana");
    struct fit_context context = hand_context(values, description);
    context.diagnosis = NULL; /* it is of another fit */
    char *text = NULL;
    FILE *stream = open_memstream(&text, size);
    assert_int_equal(fit_write(&context, *fit, stream, "t.json", NULL), ROVI_OK);
    fclose(stream);
    json_decref(values);
    json_decref(description);
    rovi_settings_free(settings);
    return text;
}

static void mixtures_come_back(void **state)
{
    (void)state;
    size_t size;
    rovi_fit *fit;
    char *text = written_mixture(&fit, &size);
    struct fit_file file;
    rovi_error error = {0};
    if (fit_file_parse("t.json", text, size, &file, &error))
        fail_msg("%s", error.message);
    const rovi_approximation *a = rovi_fit_approximation(fit), *b = rovi_fit_approximation(file.fit);
    assert_int_equal(rovi_approximation_components(b), 3);
    assert_null(rovi_approximation_parts_of(b));
    for (size_t k = 0; k < 3; k++) {
        double p = 0, r = 1;
        same_approximation(rovi_approximation_component(a, k, &p), rovi_approximation_component(b, k, &r));
        same_bits(&p, &r, 1);
    }
    free(text);
    rovi_fit_free(fit);
    fit_file_clear(&file);
}

static void mixture_refused_after(const char *key, const char *value, const char *part)
{
    size_t size;
    rovi_fit *fit;
    char *text = written_mixture(&fit, &size);
    json_t *root = json_loads(text, 0, NULL);
    json_t *q = json_object_get(json_array_get(json_object_get(root, "restarts"), 1), "approximation");
    if (value)
        assert_int_equal(json_object_set_new(q, key, json_loads(value, JSON_DECODE_ANY, NULL)), 0);
    else
        assert_int_equal(json_object_del(q, key), 0);
    free(text);
    text = json_dumps(root, JSON_REAL_PRECISION(17));
    refused(text, part);
    free(text);
    json_decref(root);
    rovi_fit_free(fit);
}

static void wrong_mixtures_are_refused(void **state)
{
    (void)state;
    mixture_refused_after("weights", NULL, "\"weights\" is missing");
    mixture_refused_after("weights", "[0.5, 0.5]", "restarts[1].approximation.weights: found an array of 2 values");
    mixture_refused_after("weights", "[0.5, \"a\", 0.5]", "weights[1]: found \"a\"");
    mixture_refused_after("weights", "[0.5, 0, 0.5]", "t.json: weight 1 is 0; it must be positive");
    mixture_refused_after("weights", "[0.5, 0.5, 0.5]", "must sum to 1");
    mixture_refused_after("components", "7", "components: found 7, allowed: an array of components");
    mixture_refused_after("components", "[]", "t.json: ");
    mixture_refused_after("components", "[1, 2, 3]", "components[0]");
    mixture_refused_after("components", "[{}, {}, {}]", "components[0]");
}

static void component_refused_after(size_t k, const char *key, const char *value, const char *part)
{
    size_t size;
    rovi_fit *fit;
    char *text = written_mixture(&fit, &size);
    json_t *root = json_loads(text, 0, NULL);
    json_t *q = json_object_get(json_array_get(json_object_get(root, "restarts"), 1), "approximation");
    json_t *component = json_array_get(json_object_get(q, "components"), k);
    assert_int_equal(json_object_set_new(component, key, json_loads(value, JSON_DECODE_ANY, NULL)), 0);
    free(text);
    text = json_dumps(root, 0);
    json_decref(root);
    struct fit_file file;
    rovi_error error = {0};
    assert_refused(fit_file_parse("t.json", text, strlen(text), &file, &error), &error, ROVI_BAD_INPUT, part);
    free(text);
    rovi_fit_free(fit);
}

static void wrong_reflections_are_refused(void **state)
{
    (void)state;
    component_refused_after(2, "scale", "[1]", "scale: found an array of 1 value");
    component_refused_after(2, "scale", "[1, -1]", "scale: entry 1 is -1");
    component_refused_after(2, "reflectors", "[[0, 0]]", "reflector 0 has length 0");
    component_refused_after(2, "reflectors", "[[1, 2, 3]]", "reflectors[0]: found an array of 3 values");
    component_refused_after(2, "reflectors", "7", "reflectors: found 7");
    component_refused_after(2, "reflectors", "[[1, 0], [1, 0], [1, 0]]", "no more than dimensions");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixtures_come_back),       cmocka_unit_test(wrong_mixtures_are_refused),
        cmocka_unit_test(fits_come_back),           cmocka_unit_test(the_context_comes_back),
        cmocka_unit_test(the_diagnosis_comes_back), cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(other_files_are_refused),  cmocka_unit_test(wrong_values_are_refused),
        cmocka_unit_test(draws_are_the_libraries),  cmocka_unit_test(wrong_reflections_are_refused)};
    return cmocka_run_group_tests_name("io/fit_file", tests, NULL, NULL);
}
