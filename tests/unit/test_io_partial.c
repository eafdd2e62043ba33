/* SPDX-License-Identifier: BSD-3-Clause */
/* FIT.json.partial: restarts come back to the last bit, whatever a crash left behind them, and only to their own fit.
 */
#define _POSIX_C_SOURCE 200809L
#include "test_io_support.h"

#include <stdio.h>
#include <unistd.h>

#include "io/partial_file.h"

#define OUTPUT  "test_io_partial.json"
#define PARTIAL OUTPUT ".partial"

static struct partial_key hand_key(const rovi_settings *settings)
{
    return (struct partial_key){.dim = 2, .target_fingerprint = "fnv1a64:0123456789abcdef", .settings = settings};
}

/* Leaves the first `count` restarts of the fit made by hand in the file. */
static void write_partial(size_t count)
{
    rovi_settings *settings = SETTINGS_OF("seed", "3");
    const struct partial_key key = hand_key(settings);
    struct partial_file file;
    rovi_fit *fit = hand_fit();
    unlink(PARTIAL);
    assert_int_equal(partial_file_open(OUTPUT, &key, &file, NULL), ROVI_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(partial_file_add(&file, rovi_fit_parts_of(fit)->restarts + i, NULL), ROVI_OK);
    partial_file_clear(&file);
    rovi_fit_free(fit);
    rovi_settings_free(settings);
}

static size_t read_bytes(char *bytes, size_t room)
{
    FILE *file = fopen(PARTIAL, "rb");
    assert_non_null(file);
    const size_t count = fread(bytes, 1, room, file);
    assert_true(count < room);
    fclose(file);
    return count;
}

static void write_bytes(const char *bytes, size_t count)
{
    FILE *file = fopen(PARTIAL, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static rovi_status read_partial(const rovi_settings *settings, struct partial_file *file, rovi_error *error)
{
    const struct partial_key key = hand_key(settings);
    assert_int_equal(partial_file_open(OUTPUT, &key, file, NULL), ROVI_OK);
    return partial_file_read(file, error);
}

/* The text of a restart has all of its bits. */
static void same_text(const rovi_restart *a, const rovi_restart *b)
{
    json_t *one = fit_restart_to_json(a), *other = fit_restart_to_json(b);
    assert_true(json_equal(one, other));
    json_decref(one);
    json_decref(other);
}

static void restarts_come_back(void **state)
{
    (void)state;
    write_partial(3);
    rovi_settings *settings = SETTINGS_OF("seed", "3");
    rovi_fit *fit = hand_fit();
    struct partial_file file;
    assert_int_equal(read_partial(settings, &file, NULL), ROVI_OK);
    assert_int_equal(file.count, 3);
    for (size_t i = 0; i < 3; i++)
        same_text(file.restarts + i, rovi_fit_parts_of(fit)->restarts + i);
    partial_file_remove(&file);
    assert_int_not_equal(access(PARTIAL, F_OK), 0);
    partial_file_clear(&file);
    assert_int_equal(read_partial(settings, &file, NULL), ROVI_OK);
    assert_int_equal(file.count, 0); /* no file is no restarts */
    partial_file_clear(&file);
    rovi_fit_free(fit);
    rovi_settings_free(settings);
}

/* Wherever the file is cut, what is whole comes back, and the next restart goes where the cut one began. */
static void a_torn_end_is_dropped(void **state)
{
    (void)state;
    static char bytes[1 << 14];
    write_partial(2);
    const size_t count = read_bytes(bytes, sizeof bytes);
    rovi_settings *settings = SETTINGS_OF("seed", "3");
    rovi_fit *fit = hand_fit();
    size_t ends = 0;
    for (size_t cut = 0; cut <= count; cut++) {
        struct partial_file file;
        ends += cut > 0 && bytes[cut - 1] == '\n';
        write_bytes(bytes, cut);
        assert_int_equal(read_partial(settings, &file, NULL), ROVI_OK);
        assert_int_equal(file.count, ends > 0 ? ends - 1 : 0);
        assert_int_equal(partial_file_add(&file, rovi_fit_parts_of(fit)->restarts, NULL), ROVI_OK);
        const size_t before = file.count;
        partial_file_clear(&file);
        assert_int_equal(read_partial(settings, &file, NULL), ROVI_OK);
        assert_int_equal(file.count, before + 1);
        same_text(file.restarts + before, rovi_fit_parts_of(fit)->restarts);
        partial_file_clear(&file);
    }
    assert_int_equal(ends, 3);
    rovi_fit_free(fit);
    rovi_settings_free(settings);
    unlink(PARTIAL);
}

static void refused_with(const rovi_settings *settings, const char *part)
{
    struct partial_file file;
    rovi_error error = {0};
    const rovi_status status = read_partial(settings, &file, &error);
    assert_refused(status, &error, ROVI_BAD_INPUT, part);
    assert_int_equal(file.count, 0);
    partial_file_clear(&file);
}

static void another_fit_is_refused(void **state)
{
    (void)state;
    write_partial(2);
    static const char *const pairs[][3] = {{"seed", "4", "another setting seed"},
                                           {"method", "mfvi", "another setting method"},
                                           {"max_evaluations", "7", "another setting max_evaluations"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        rovi_settings *settings = SETTINGS_OF("seed", "3", pairs[i][0], pairs[i][1]);
        refused_with(settings, pairs[i][2]);
        rovi_settings_free(settings);
    }
    rovi_settings *settings = SETTINGS_OF("seed", "3", "threads", "7", "max_time", "2.5"); /* change no restart */
    struct partial_file file;
    assert_int_equal(read_partial(settings, &file, NULL), ROVI_OK);
    assert_int_equal(file.count, 2);
    partial_file_clear(&file);
    rovi_settings_free(settings);
    unlink(PARTIAL);
}

static void another_target_is_refused(void **state)
{
    (void)state;
    write_partial(1);
    rovi_settings *settings = SETTINGS_OF("seed", "3");
    struct partial_key keys[] = {hand_key(settings), hand_key(settings), hand_key(settings), hand_key(settings)};
    static const char *const parts[] = {"another target", "another file of data", "another dimension",
                                        "another --start"};
    keys[0].target_fingerprint = "fnv1a64:0123456789abcdee";
    keys[1].data_fingerprint = "fnv1a64:0123456789abcdef";
    keys[2].dim = 3;
    keys[3].start = PARTIAL; /* any file will do */
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct partial_file file;
        rovi_error error = {0};
        assert_int_equal(partial_file_open(OUTPUT, keys + i, &file, NULL), ROVI_OK);
        assert_refused(partial_file_read(&file, &error), &error, ROVI_BAD_INPUT, parts[i]);
        partial_file_clear(&file);
    }
    rovi_settings_free(settings);
    unlink(PARTIAL);
}

static void what_is_no_such_file_is_refused(void **state)
{
    (void)state;
    rovi_settings *settings = SETTINGS_OF("seed", "3");
    static char bytes[1 << 14];
    write_bytes("{}\n", 3);
    refused_with(settings, "does not hold restarts of a fit");
    write_bytes("no JSON\n", 8);
    refused_with(settings, "not valid JSON");
    write_partial(2);
    const size_t count = read_bytes(bytes, sizeof bytes);
    *strstr(bytes, "7, \"elbo\"") = 'x'; /* the seed, inside a whole line */
    write_bytes(bytes, count);
    refused_with(settings, "not valid JSON");
    rovi_settings_free(settings);
    unlink(PARTIAL);
}

static void a_place_that_cannot_be_written_is_named(void **state)
{
    (void)state;
    rovi_settings *settings = SETTINGS_OF("seed", "3");
    const struct partial_key key = hand_key(settings);
    struct partial_file file;
    rovi_error error = {0};
    rovi_fit *fit = hand_fit();
    assert_int_equal(partial_file_open("no/such/folder/f.json", &key, &file, NULL), ROVI_OK);
    assert_refused(partial_file_add(&file, rovi_fit_parts_of(fit)->restarts, &error), &error, ROVI_IO_FAILED,
                   "no/such/folder/f.json.partial: cannot be written: No such file");
    partial_file_clear(&file);
    rovi_fit_free(fit);
    rovi_settings_free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restarts_come_back),
        cmocka_unit_test(a_torn_end_is_dropped),
        cmocka_unit_test(another_fit_is_refused),
        cmocka_unit_test(another_target_is_refused),
        cmocka_unit_test(what_is_no_such_file_is_refused),
        cmocka_unit_test(a_place_that_cannot_be_written_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
