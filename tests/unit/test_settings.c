/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of settings, driven only through the public header, as a command line would. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define ROOM 32

static int make(void **state)
{
    *state = rovi_settings_new();
    return *state == NULL;
}

static int drop(void **state)
{
    rovi_settings_free(*state);
    return 0;
}

static void set(rovi_settings *settings, const char *name, const char *value)
{
    rovi_error error = {0};
    if (rovi_settings_set(settings, name, value, &error) != ROVI_OK) {
        fail_msg("%s = %s: %s", name, value, error.message);
    }
}

static void assert_setting(const rovi_settings *settings, const char *name, const char *expected)
{
    char text[ROOM] = "";
    assert_int_equal(rovi_settings_get(settings, name, text, sizeof text, NULL), ROVI_OK);
    if (strcmp(text, expected) != 0) {
        fail_msg("%s is %s, not %s", name, text, expected);
    }
}

/* The ends of "least..most". */
static void ends_of(const rovi_setting *setting, char least[ROOM], char most[ROOM])
{
    const char *dots = strstr(setting->allowed, "..");
    assert_non_null(dots);
    snprintf(least, ROOM, "%.*s", (int)(dots - setting->allowed), setting->allowed);
    snprintf(most, ROOM, "%s", dots + 2);
}

static void assert_reads_back(rovi_settings *settings, const char *name, const char *value)
{
    char text[ROOM] = "", again[ROOM] = "";
    set(settings, name, value);
    assert_int_equal(rovi_settings_get(settings, name, text, sizeof text, NULL), ROVI_OK);
    set(settings, name, text);
    assert_int_equal(rovi_settings_get(settings, name, again, sizeof again, NULL), ROVI_OK);
    assert_string_equal(text, again);
    if (strcmp(text, value) != 0 && strtod(text, NULL) != strtod(value, NULL)) {
        fail_msg("%s = %s reads back as %s", name, value, text);
    }
}

static void table_is_complete(void **state)
{
    (void)state;
    const size_t count = rovi_settings_count();
    assert_true(count > 15);
    assert_null(rovi_settings_at(count));
    assert_null(rovi_settings_at(SIZE_MAX));
    for (size_t i = 0; i < count; i++) {
        const rovi_setting *s = rovi_settings_at(i);
        assert_true(strlen(s->name) > 0 && strlen(s->help) > 10 && strchr(s->help, '\n') == NULL);
        assert_null(strchr(s->name, '-'));
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(s->name, rovi_settings_at(j)->name);
        }
    }
}

static void new_settings_are_the_defaults_and_in_range(void **state)
{
    rovi_settings *other = rovi_settings_new();
    for (size_t i = 0; i < rovi_settings_count(); i++) {
        const rovi_setting *s = rovi_settings_at(i);
        assert_setting(*state, s->name, s->default_value);
        set(other, s->name, s->default_value); /* which refuses what is out of range */
        assert_setting(other, s->name, s->default_value);
    }
    rovi_settings_free(other);
}

/* The ends of the range are allowed and read back; a little beyond them is refused. */
static void numbers_keep_to_their_range(void **state)
{
    for (size_t i = 0; i < rovi_settings_count(); i++) {
        const rovi_setting *s = rovi_settings_at(i);
        char least[ROOM], most[ROOM], beyond[ROOM];
        rovi_error error;
        if (s->type == ROVI_SETTING_CHOICE) {
            continue;
        }
        ends_of(s, least, most);
        assert_reads_back(*state, s->name, least);
        assert_reads_back(*state, s->name, most);
        if (s->type == ROVI_SETTING_INTEGER) {
            snprintf(beyond, sizeof beyond, "%lld", strtoll(least, NULL, 10) - 1);
            assert_refused(rovi_settings_set(*state, s->name, beyond, &error), &error, ROVI_BAD_INPUT, s->allowed);
            snprintf(beyond, sizeof beyond, "%lld", strtoll(most, NULL, 10) + 1);
        } else {
            snprintf(beyond, sizeof beyond, "%.17g", nextafter(strtod(least, NULL), -1));
            assert_refused(rovi_settings_set(*state, s->name, beyond, &error), &error, ROVI_BAD_INPUT, s->allowed);
            snprintf(beyond, sizeof beyond, "%.17g", nextafter(strtod(most, NULL), INFINITY));
        }
        if (strcmp(most, "inf") != 0) {
            assert_refused(rovi_settings_set(*state, s->name, beyond, &error), &error, ROVI_BAD_INPUT, beyond);
            assert_refused(rovi_settings_set(*state, s->name, "inf", &error), &error, ROVI_BAD_INPUT, s->allowed);
        }
        char now[ROOM];
        assert_int_equal(rovi_settings_get(*state, s->name, now, sizeof now, NULL), ROVI_OK);
        assert_true(strtod(now, NULL) == strtod(most, NULL)); /* what was refused changed nothing */
    }
}

static void every_choice_reads_back(void **state)
{
    size_t choices = 0;
    for (size_t i = 0; i < rovi_settings_count(); i++) {
        const rovi_setting *s = rovi_settings_at(i);
        const char *at = s->allowed;
        while (s->type == ROVI_SETTING_CHOICE) {
            char word[ROOM];
            const size_t length = strcspn(at, "|");
            snprintf(word, sizeof word, "%.*s", (int)length, at);
            set(*state, s->name, word);
            assert_setting(*state, s->name, word);
            choices++;
            if (at[length] == '\0') {
                break;
            }
            at += length + 1;
        }
    }
    assert_true(choices >= 6);
}

/* 1000 doubles over the whole range of exponents that step_map allows: text and back is the same double. */
static void reals_read_back_to_the_last_bit(void **state)
{
    double normals[1000];
    support_normals(1, 1000, normals);
    for (size_t i = 0; i < 1000; i++) {
        const double value = fmin(1e3, fabs(normals[i]) * pow(10, -(double)(i % 320)));
        char text[ROOM], got[ROOM];
        snprintf(text, sizeof text, "%.17g", value);
        set(*state, "step_map", text);
        assert_int_equal(rovi_settings_get(*state, "step_map", got, sizeof got, NULL), ROVI_OK);
        assert_true(strtod(got, NULL) == value);
    }
    set(*state, "step_map", "0.1");
    assert_setting(*state, "step_map", "0.1"); /* the shortest text, not 0.10000000000000001 */
}

static void names_may_have_hyphens(void **state)
{
    set(*state, "max-evaluations", "7");
    assert_setting(*state, "max_evaluations", "7");
    assert_setting(*state, "max-evaluations", "7");
}

static void bad_names_are_named(void **state)
{
    static const char *const names[] = {"", "mes", "meshh", "Mesh", "max evaluations", "max__evaluations", "-mesh"};
    rovi_error error;
    char text[ROOM];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_refused(rovi_settings_set(*state, names[i], "1", &error), &error, ROVI_BAD_INPUT, names[i]);
        assert_refused(rovi_settings_get(*state, names[i], text, sizeof text, &error), &error, ROVI_BAD_INPUT,
                       names[i]);
    }
    assert_refused(rovi_settings_set(*state, NULL, "1", &error), &error, ROVI_BAD_INPUT, "no setting");
    assert_int_equal(rovi_settings_set(*state, "nothing", "1", NULL), ROVI_BAD_INPUT);
}

static void bad_values_are_refused_with_what_is_allowed(void **state)
{
    static const struct {
        const char *name, *value, *allowed;
    } bad[] = {
        {"mesh", "", "0.005..10"},
        {"mesh", "x", "0.005..10"},
        {"mesh", "0.1x", "0.005..10"},
        {"mesh", " 0.1", "0.005..10"},
        {"mesh", "0.1 ", "0.005..10"},
        {"mesh", "nan", "0.005..10"},
        {"mesh", "-nan", "0.005..10"},
        {"mesh", "1e999", "0.005..10"},
        {"mesh", "0,1", "0.005..10"},
        {"restarts", "1.5", "1..10000"},
        {"restarts", "1e2", "1..10000"},
        {"restarts", "", "1..10000"},
        {"restarts", " 1", "1..10000"},
        {"restarts", "99999999999999999999", "1..10000"},
        {"restarts", "nan", "1..10000"},
        {"method", "ROVI", "auto|mfvi|rovi"},
        {"method", "", "auto|mfvi|rovi"},
        {"method", "rov", "auto|mfvi|rovi"},
        {"method", "mfvi|rovi", "auto|mfvi|rovi"},
        {"preset", "fast", "default|paper|thorough"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rovi_error error;
        assert_refused(rovi_settings_set(*state, bad[i].name, bad[i].value, &error), &error, ROVI_BAD_INPUT,
                       bad[i].allowed);
        assert_non_null(strstr(error.message, bad[i].name));
        assert_non_null(strstr(error.message, bad[i].value));
    }
    rovi_error error;
    assert_refused(rovi_settings_set(*state, "mesh", NULL, &error), &error, ROVI_BAD_INPUT, "0.005..10");
    for (size_t i = 0; i < rovi_settings_count(); i++) {
        assert_setting(*state, rovi_settings_at(i)->name, rovi_settings_at(i)->default_value);
    }
}

static void too_little_room_is_said_and_nothing_written(void **state)
{
    char text[ROOM] = "untouched";
    rovi_error error;
    set(*state, "mesh", "0.125");
    assert_refused(rovi_settings_get(*state, "mesh", text, 5, &error), &error, ROVI_BAD_INPUT, "mesh");
    assert_refused(rovi_settings_get(*state, "mesh", text, 0, &error), &error, ROVI_BAD_INPUT, "0 characters");
    assert_string_equal(text, "untouched");
    assert_int_equal(rovi_settings_get(*state, "mesh", text, 6, &error), ROVI_OK);
    assert_string_equal(text, "0.125");
}

/* arXiv 2510.17063 recommends eta_MF = 1e-3 and eta_O = 1e-2; its public code has the rest. */
static void the_paper_preset_has_the_papers_values(void **state)
{
    set(*state, "preset", "paper");
    assert_setting(*state, "preset", "paper");
    assert_setting(*state, "mesh", "0.2");
    assert_setting(*state, "range", "2.9");
    assert_setting(*state, "alpha", "0.1");
    assert_setting(*state, "batch", "2000");
    assert_setting(*state, "iterations", "3000");
    assert_setting(*state, "step_map", "0.001");
    assert_setting(*state, "step_rotation", "0.01");
    assert_setting(*state, "step_decay", "1");  /* steps do not shrink */
    assert_setting(*state, "refinements", "0"); /* knots do not move */
    assert_setting(*state, "start_slope", "0"); /* lambda_0 = 0 */
}

static void explicit_values_win_over_a_preset_set_before(void **state)
{
    set(*state, "preset", "paper");
    set(*state, "batch", "17");
    assert_setting(*state, "batch", "17");
    assert_setting(*state, "range", "2.9");
}

static void presets_leave_no_trace_of_one_another(void **state)
{
    set(*state, "seed", "99"); /* no preset names it */
    set(*state, "preset", "paper");
    set(*state, "preset", "thorough");
    rovi_settings *direct = rovi_settings_new();
    set(direct, "preset", "thorough");
    for (size_t i = 0; i < rovi_settings_count(); i++) {
        char expected[ROOM];
        const char *name = rovi_settings_at(i)->name;
        assert_int_equal(rovi_settings_get(direct, name, expected, sizeof expected, NULL), ROVI_OK);
        assert_setting(*state, name, strcmp(name, "seed") == 0 ? "99" : expected);
    }
    rovi_settings_free(direct);
    set(*state, "preset", "default");
    for (size_t i = 0; i < rovi_settings_count(); i++) {
        const rovi_setting *s = rovi_settings_at(i);
        assert_setting(*state, s->name, strcmp(s->name, "seed") == 0 ? "99" : s->default_value);
    }
}

static void a_refused_preset_changes_nothing(void **state)
{
    set(*state, "batch", "17");
    assert_int_equal(rovi_settings_set(*state, "preset", "papers", NULL), ROVI_BAD_INPUT);
    assert_setting(*state, "batch", "17");
    assert_setting(*state, "preset", "default");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)
    const struct CMUnitTest tests[] = {
        TEST(table_is_complete),
        TEST(new_settings_are_the_defaults_and_in_range),
        TEST(numbers_keep_to_their_range),
        TEST(every_choice_reads_back),
        TEST(reals_read_back_to_the_last_bit),
        TEST(names_may_have_hyphens),
        TEST(bad_names_are_named),
        TEST(bad_values_are_refused_with_what_is_allowed),
        TEST(too_little_room_is_said_and_nothing_written),
        TEST(the_paper_preset_has_the_papers_values),
        TEST(explicit_values_win_over_a_preset_set_before),
        TEST(presets_leave_no_trace_of_one_another),
        TEST(a_refused_preset_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
