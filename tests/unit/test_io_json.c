/* SPDX-License-Identifier: BSD-3-Clause */
/* io/json: errors say where and what; doubles come back to the last bit. */
#include "test_io_support.h"

#include "io/bytes.h"
#include "io/json.h"
#include "io/report.h"

static json_t *parsed(const char *text)
{
    json_t *root = NULL;
    assert_int_equal(document_parse("t.json", text, strlen(text), &root, NULL), ROVI_OK);
    return root;
}

static void errors_have_line_and_column(void **state)
{
    (void)state;
    static const struct {
        const char *text, *start;
    } cases[] = {{"{\"a\": 1,\n  \"b\": }", "t.json:2:"},
                 {"{\"a\": 1, \"a\": 2}", "t.json:1:"},
                 {"", "t.json:1:"},
                 {"{\"a\": 1} x", "t.json:1:"},
                 {"[1e999]", "t.json:1:"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rovi_error error = {0};
        json_t *root;
        assert_int_equal(document_parse("t.json", cases[i].text, strlen(cases[i].text), &root, &error), ROVI_BAD_INPUT);
        assert_null(root);
        assert_memory_equal(error.message, cases[i].start, strlen(cases[i].start));
    }
}

static void fields_report_their_path(void **state)
{
    (void)state;
    json_t *root = parsed("{\"base\": {\"means\": [[1, 2], [3, \"x\"]]}}");
    struct field top = field_root("t.json", root), base, means;
    double values[4];
    rovi_error error = {0};
    assert_int_equal(field_get(&top, "base", &base, &error), ROVI_OK);
    assert_int_equal(field_get(&base, "means", &means, &error), ROVI_OK);
    assert_int_equal(field_to_matrix(&means, 2, 2, values, &error), ROVI_BAD_INPUT);
    assert_string_equal(error.message, "t.json: base.means[1][1]: found \"x\", allowed: a number");
    assert_int_equal(field_to_matrix(&means, 2, 3, values, &error), ROVI_BAD_INPUT);
    assert_string_equal(error.message,
                        "t.json: base.means[0]: found an array of 2 values, allowed: an array of 3 numbers");
    assert_int_equal(field_get(&base, "weights", &means, &error), ROVI_BAD_INPUT);
    assert_string_equal(error.message, "t.json: base: the key \"weights\" is missing");
    json_decref(root);
}

static void unknown_keys_get_a_suggestion(void **state)
{
    (void)state;
    static const char *const keys[] = {"type", "weights", NULL};
    json_t *root = parsed("{\"type\": 1, \"wieghts\": 2}");
    struct field top = field_root("t.json", root);
    rovi_error error = {0};
    assert_int_equal(field_check_keys(&top, keys, &error), ROVI_BAD_INPUT);
    assert_string_equal(error.message,
                        "t.json: unknown key \"wieghts\" (did you mean weights?), allowed: type, weights");
    json_decref(root);
}

static void whole_numbers_are_checked(void **state)
{
    (void)state;
    json_t *root = parsed("[5, -1, 2.5, \"18446744073709551615\", \"18446744073709551616\", \"1x\"]");
    struct field top = field_root("t.json", root);
    const int good[] = {1, 0, 0, 1, 0, 0};
    for (size_t i = 0; i < 6; i++) {
        struct field item = field_item(&top, i);
        uint64_t value;
        assert_int_equal(field_to_uint64(&item, &value, NULL) == ROVI_OK, good[i]);
        if (i == 3)
            assert_true(value == UINT64_MAX);
    }
    size_t size;
    struct field item = field_item(&top, 0);
    rovi_error error = {0};
    assert_int_equal(field_to_size(&item, 1, 4, &size, &error), ROVI_BAD_INPUT);
    assert_string_equal(error.message, "t.json: [0]: found 5, allowed: a whole number from 1 to 4");
    json_decref(root);
}

/* Bit patterns of all kinds of doubles, written and read. */
static void doubles_come_back(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    static double values[COUNT], back[COUNT];
    uint64_t bits = 88172645463325252u; /* xorshift */
    for (size_t i = 0; i < COUNT; i++) {
        do {
            bits ^= bits << 13;
            bits ^= bits >> 7;
            bits ^= bits << 17;
            memcpy(values + i, &bits, sizeof bits);
        } while (!isfinite(values[i]));
    }
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    json_t *array = json_from_doubles(COUNT, values);
    assert_int_equal(document_write(array, stream, "t.json", NULL), ROVI_OK);
    fclose(stream);
    json_decref(array);
    array = parsed(text);
    struct field top = field_root("t.json", array);
    assert_int_equal(field_to_doubles(&top, COUNT, back, NULL), ROVI_OK);
    assert_memory_equal(values, back, sizeof values);
    json_decref(array);
    free(text);
}

static void what_is_not_finite_is_null(void **state)
{
    (void)state;
    const double values[] = {NAN, INFINITY, -INFINITY};
    json_t *array = json_from_doubles(3, values);
    struct field top = field_root("t.json", array), item = field_item(&top, 0);
    double back[3];
    assert_true(json_is_null(item.value));
    assert_int_equal(field_to_nullables(&top, 3, back, NULL), ROVI_OK);
    assert_true(isnan(back[0]) && isnan(back[1]) && isnan(back[2]));
    assert_int_equal(field_to_doubles(&top, 3, back, NULL), ROVI_BAD_INPUT);
    json_decref(array);
}

static void text_that_is_not_utf8_is_kept_readable(void **state)
{
    (void)state;
    json_t *text = json_from_text("caf\xe9.json");
    assert_string_equal(json_string_value(text), "caf?.json");
    json_decref(text);
}

/* The published test vectors of FNV-1a, 64 bits. */
static void fingerprints_are_fnv1a(void **state)
{
    (void)state;
    char fingerprint[FINGERPRINT_SIZE];
    bytes_fingerprint("", 0, fingerprint);
    assert_string_equal(fingerprint, "fnv1a64:cbf29ce484222325");
    bytes_fingerprint("foobar", 6, fingerprint);
    assert_string_equal(fingerprint, "fnv1a64:85944171f73967e8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(errors_have_line_and_column),
                                       cmocka_unit_test(fields_report_their_path),
                                       cmocka_unit_test(unknown_keys_get_a_suggestion),
                                       cmocka_unit_test(whole_numbers_are_checked),
                                       cmocka_unit_test(doubles_come_back),
                                       cmocka_unit_test(what_is_not_finite_is_null),
                                       cmocka_unit_test(text_that_is_not_utf8_is_kept_readable),
                                       cmocka_unit_test(fingerprints_are_fnv1a)};
    return cmocka_run_group_tests_name("io/json", tests, NULL, NULL);
}
