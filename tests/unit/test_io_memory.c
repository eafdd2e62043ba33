/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * io/ without memory: the n-th allocation fails, for every n. Each job must then say "out of memory", leave nothing
 * allocated, and succeed when nothing fails. io/ takes its memory from jansson's allocator, so both are covered at
 * once.
 */
#include "test_io_support.h"

#include "io/description.h"
#include "io/draws_csv.h"
#include "io/init.h"

static size_t taken, fails_at, live;

static void *counting_malloc(size_t size)
{
    if (++taken == fails_at)
        return NULL;
    void *memory = malloc(size);
    live += memory != NULL;
    return memory;
}

static void counting_free(void *memory)
{
    live -= memory != NULL;
    free(memory);
}

/* Run the job with the n-th allocation failing, for n = 1, 2, ... until it needs fewer than n. */
static void starve(rovi_status (*job)(void *data, rovi_error *error), void *data)
{
    size_t before = live;
    for (fails_at = 1;; fails_at++) {
        rovi_error error = {0};
        taken = 0;
        rovi_status status = job(data, &error);
        bool failed = taken >= fails_at;
        if (live != before)
            fail_msg("allocation %zu of %zu: %zu pieces are lost", fails_at, taken, live - before);
        if (failed && status != ROVI_NO_MEMORY)
            fail_msg("allocation %zu of %zu: status %d, \"%s\"", fails_at, taken, (int)status, error.message);
        if (failed)
            continue;
        if (status)
            fail_msg("with memory: %s", error.message);
        break;
    }
    fails_at = 0;
    assert_true(taken > 3);
}

static rovi_status read_target(void *data, rovi_error *error)
{
    const char *text = data;
    json_t *root = NULL;
    rovi_target *target = NULL;
    rovi_status status = document_parse("t.json", text, strlen(text), &root, error);
    if (!status) {
        struct field field = field_root("t.json", root);
        status = description_to_target(&field, &target, error);
    }
    rovi_target_free(target);
    json_decref(root);
    return status;
}

static void reading_targets(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"type\": \"gaussian_mixture\", \"weights\": [0.5, 0.5], \"means\": [[-2, -2], [2, 2]], "
        "\"covariances\": [[[1, 0.5], [0.5, 1]], [[1, -0.5], [-0.5, 1]]]}",
        "{\"type\": \"student_t_mixture\", \"df\": 3, \"weights\": [1], \"means\": [[0]], \"scale\": [[2]]}",
        "{\"type\": \"rotated\", \"rotation\": {\"haar_seed\": 7}, \"base\": {\"type\": \"rotated\", "
        "\"rotation\": [[0, -1], [1, 0]], \"base\": {\"type\": \"banana\"}}}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        starve(read_target, (void *)(uintptr_t)texts[i]);
}

static rovi_status open_builtin(void *data, rovi_error *error)
{
    struct target_source source;
    rovi_status status = target_source_open(&(struct target_request){.name = data}, &source, error);
    target_source_clear(&source);
    return status;
}

static void opening_builtins(void **state)
{
    (void)state;
    char name[] = "asymmetric";
    starve(open_builtin, name);
}

/* The library's own memory is not jansson's; a start stays with the target. */
static rovi_status open_library(void *data, rovi_error *error)
{
    struct target_source source;
    rovi_status status = target_source_open(&(struct target_request){.name = data}, &source, error);
    if (!status)
        status = init_read("tests/fixtures/init.json", source.target, error);
    target_source_clear(&source);
    return status;
}

static void opening_libraries(void **state)
{
    (void)state;
    const char *build = getenv("ROVI_BUILD");
    char path[4096];
    snprintf(path, sizeof path, "%s/fixtures/stan_plain.so", build ? build : "build");
    starve(open_library, path);
}

struct written {
    rovi_fit *fit;
    rovi_settings *settings;
    char *text;
    size_t size;
};

static rovi_status write_fit(void *data, rovi_error *error)
{
    struct written *written = data;
    json_t *values = fit_settings_to_json(written->settings), *description = json_pack("{s:s}", "type", "banana");
    struct fit_context context = hand_context(values, description);
    free(written->text);
    FILE *stream = open_memstream(&written->text, &written->size);
    rovi_status status =
        !values || !description ? ROVI_NO_MEMORY : fit_write(&context, written->fit, stream, "t.json", error);
    fclose(stream);
    json_decref(values);
    json_decref(description);
    return status;
}

static rovi_status read_fit(void *data, rovi_error *error)
{
    struct written *written = data;
    struct fit_file file;
    rovi_target *target = NULL;
    rovi_status status = fit_file_parse("t.json", written->text, written->size, &file, error);
    if (!status)
        status = fit_file_target(&file, &target, error);
    rovi_target_free(target);
    fit_file_clear(&file);
    return status;
}

static rovi_status write_draws(void *data, rovi_error *error)
{
    struct written *written = data;
    struct fit_file file;
    rovi_status status = fit_file_parse("t.json", written->text, written->size, &file, error);
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (!status) {
        struct draws_csv draws = {.fit = &file, .count = 2};
        status = draws_csv_write(&draws, stream, "t.csv", error);
    }
    fclose(stream);
    free(text);
    fit_file_clear(&file);
    return status;
}

static void writing_and_reading_fits(void **state)
{
    (void)state;
    struct written written = {.fit = hand_fit(), .settings = rovi_settings_new()};
    starve(write_fit, &written);
    starve(read_fit, &written);
    starve(write_draws, &written);
    free(written.text);
    rovi_settings_free(written.settings);
    rovi_fit_free(written.fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reading_targets), cmocka_unit_test(opening_builtins),
                                       cmocka_unit_test(opening_libraries), cmocka_unit_test(writing_and_reading_fits)};
    json_set_alloc_funcs(counting_malloc, counting_free);
    return cmocka_run_group_tests_name("io without memory", tests, NULL, NULL);
}
