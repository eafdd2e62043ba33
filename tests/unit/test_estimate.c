/* SPDX-License-Identifier: BSD-3-Clause */
/* Estimates as text: two digits of the error, three of a value without one, no exponents, no minus before nothing. */
#include "support.h"

#include <math.h>
#include <stdlib.h>

struct shown {
    rovi_estimate estimate;
    double least;
    const char *text;
};

static void assert_shown(const struct shown *row)
{
    char text[ROVI_ESTIMATE_ROOM];
    assert_ptr_equal(rovi_estimate_text(row->estimate, row->least, text), text);
    assert_string_equal(text, row->text);
}

#define EACH(table)                                                                                                    \
    for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)                                                       \
    assert_shown((table) + i)

static void the_error_sets_the_decimals(void **state)
{
    (void)state;
    static const struct shown table[] = {{{0.0011234, 0.00056}, 0, "0.00112 ± 0.00056"},
                                         {{-1234.5678, 0.12}, 0, "-1234.57 ± 0.12"},
                                         {{1250.3, 34}, 0, "1250 ± 34"},
                                         {{1e5, 2e4}, 0, "100000 ± 20000"},
                                         {{2, 0}, 0, "2.0000 ± 0.0000"}};
    EACH(table);
}

/* What no sampling has: an error of 5e-13. */
static void an_error_is_never_less_than_the_least(void **state)
{
    (void)state;
    static const struct shown table[] = {{{0.35712, 5e-13}, 1e-3, "0.357 ± 0.001"},
                                         {{0.35712, 5e-13}, 0, "0.357120000 ± 0.000000001"},
                                         {{0.35712, 0.0018}, 1e-3, "0.357 ± 0.002"},
                                         {{35.061, 0.151}, 1e-2, "35.06 ± 0.15"},
                                         {{100, 1e-9}, 1, "100 ± 1"}};
    EACH(table);
}

static void without_an_error_three_digits_are_shown(void **state)
{
    (void)state;
    static const struct shown table[] = {{{1250.3, NAN}, 0, "1250"},
                                         {{3.2114, NAN}, 0, "3.21"},
                                         {{0.015319, NAN}, 0, "0.0153"},
                                         {{-2, NAN}, 0, "-2.00"},
                                         {{0, NAN}, 0, "0"},
                                         {{0.0004321, NAN}, 1e-3, "0.000"},
                                         {{4.2e14, NAN}, 0, "420000000000000"}};
    EACH(table);
}

static void nothing_has_no_minus(void **state)
{
    (void)state;
    static const struct shown table[] = {{{-0.0001, 0.012}, 0, "0.000 ± 0.012"},
                                         {{-1e-12, 1e-12}, 0, "0.000000000 ± 0.000000001"},
                                         {{-0.0, 0}, 0, "0.0000 ± 0.0000"},
                                         {{-0.0006, 0.012}, 0, "-0.001 ± 0.012"}};
    EACH(table);
}

/* Whatever the double, the text ends. */
static void extremes_fit(void **state)
{
    (void)state;
    static const double extremes[] = {0, 1e-320, 1e-9, 1, 9.99e14, 1e16, 1.7e308, INFINITY, NAN};
    const size_t n = sizeof extremes / sizeof *extremes;
    for (size_t i = 0; i < 2 * n * n; i++) {
        char text[ROVI_ESTIMATE_ROOM];
        const double value = (i < n * n ? 1 : -1) * extremes[i % n];
        rovi_estimate_text((rovi_estimate){value, extremes[i / n % n]}, 0, text);
        char *end;
        const double read = strtod(text, &end);
        assert_true(end > text);
        if (fabs(value) > 0.01 && isfinite(value) && !(extremes[i / n % n] > 0.01)) {
            assert_relative(read, value, 0.006); /* half of the third digit */
        }
    }
    static const struct shown table[] = {{{1e16, 1e10}, 0, "1e+16 ± 1e+10"}, {{1, 1e300}, 0, "1 ± 1e+300"}};
    EACH(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_error_sets_the_decimals),
                                       cmocka_unit_test(an_error_is_never_less_than_the_least),
                                       cmocka_unit_test(without_an_error_three_digits_are_shown),
                                       cmocka_unit_test(nothing_has_no_minus), cmocka_unit_test(extremes_fit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
