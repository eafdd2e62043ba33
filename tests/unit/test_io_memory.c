/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * io/ without memory: the n-th allocation fails, for every n. Each job must then say "out of memory", leave nothing
 * allocated, and succeed when nothing fails. io/ takes its memory from jansson's allocator, so both are covered at
 * once.
 */
#define _POSIX_C_SOURCE 200809L
#include "test_io_support.h"

#include <unistd.h>

#include "io/description.h"
#include "io/draws_csv.h"
#include "io/draws_netcdf.h"
#include "io/draws_target.h"
#include "io/init.h"
#include "io/partial_file.h"
#include "io/points_csv.h"

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
    assert_true(taken >= 3);
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

static rovi_status write_netcdf(const struct draws *draws, rovi_error *error)
{
    struct output output;
    struct draws_netcdf *netcdf;
    rovi_status status = output_open(&output, "/tmp/rovi-test-memory.nc", error);
    if (status)
        return status;
    status = draws_netcdf_open(&output, &draws->head, &netcdf, error);
    if (!status) {
        status = draws_each(draws, draws_netcdf_put, netcdf, error);
        rovi_status closed = draws_netcdf_close(netcdf, !status, error);
        status = status ? status : closed;
    }
    output_abandon(&output);
    return status;
}

static rovi_status write_draws(void *data, rovi_error *error)
{
    struct written *written = data;
    struct fit_file file;
    rovi_status status = fit_file_parse("t.json", written->text, written->size, &file, error);
    if (status)
        return status;
    rovi_fit_free(file.fit);
    file.fit = near_fit();
    rovi_target *target = NULL;
    struct draws draws;
    status = fit_file_target(&file, &target, error);
    if (!status) {
        const struct draws_request request = {.fit = &file, .target = target, .count = 2, .proposals = 5};
        status = draws_open(&draws, &request, error);
    }
    if (!status) {
        char *text = NULL;
        size_t size;
        FILE *stream = open_memstream(&text, &size);
        struct draws_csv csv = {.layout = DRAWS_ADVI, .stream = stream, .name = "t.csv"};
        draws_csv_begin(&csv, &draws.head);
        status = draws_each(&draws, draws_csv_put, &csv, error);
        fclose(stream);
        free(text);
        if (!status && draws_netcdf_available(NULL) == ROVI_OK)
            status = write_netcdf(&draws, error);
        draws_close(&draws);
    }
    rovi_target_free(target);
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

static rovi_status name_draws(void *data, rovi_error *error)
{
    struct draws_target shown = {.target = data, .include = ROVI_TRANSFORMED | ROVI_GENERATED};
    struct draws_scale scale;
    struct pool pool = {0};
    rovi_status status = draws_target_scale(&shown, &pool, &scale, error);
    pool_free(&pool);
    return status;
}

/* Names that have to be made: those of a target without any. */
static void naming_draws(void **state)
{
    (void)state;
    rovi_target *target;
    assert_int_equal(rovi_target_new_banana(&target, NULL), ROVI_OK);
    starve(name_draws, target);
    rovi_target_free(target);
}

/* ---- restarts kept ---- */

static char kept_output[64], kept_partial[72]; /* names of this process */

/* One restart more in the file each time it succeeds. */
static rovi_status keep_restarts(void *data, rovi_error *error)
{
    const struct partial_key *key = data;
    struct partial_file file;
    rovi_fit *fit = hand_fit();
    rovi_status status = partial_file_open(kept_output, key, &file, error);
    if (!status) {
        status = partial_file_read(&file, error);
        if (!status)
            status = partial_file_add(&file, rovi_fit_parts_of(fit)->restarts, error);
        partial_file_clear(&file);
    }
    rovi_fit_free(fit);
    return status;
}

static void keeping_restarts(void **state)
{
    (void)state;
    rovi_settings *settings = rovi_settings_new();
    snprintf(kept_output, sizeof kept_output, "/tmp/rovi-kept-%ld", (long)getpid());
    snprintf(kept_partial, sizeof kept_partial, "%s.partial", kept_output);
    struct partial_key key = {.dim = 2, .target_fingerprint = "fnv1a64:0123456789abcdef", .settings = settings};
    starve(keep_restarts, &key); /* ends with one restart in the file */
    starve(keep_restarts, &key); /* which is read here */
    unlink(kept_partial);
    rovi_settings_free(settings);
}

/* ---- points ---- */

static rovi_status read_points(void *data, rovi_error *error)
{
    struct pool pool = {0};
    double *points;
    size_t count;
    rovi_status status = points_csv_read(data, 2, &pool, &points, &count, error);
    pool_free(&pool);
    return status;
}

static void reading_points(void **state)
{
    (void)state;
    char path[] = "/tmp/rovi-points-XXXXXX";
    support_file(path, "x.1,x.2\n1,2\n");
    starve(read_points, path);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reading_targets),   cmocka_unit_test(opening_builtins),
                                       cmocka_unit_test(opening_libraries), cmocka_unit_test(writing_and_reading_fits),
                                       cmocka_unit_test(naming_draws),      cmocka_unit_test(reading_points),
                                       cmocka_unit_test(keeping_restarts)};
    json_set_alloc_funcs(counting_malloc, counting_free);
    return cmocka_run_group_tests_name("io without memory", tests, NULL, NULL);
}
