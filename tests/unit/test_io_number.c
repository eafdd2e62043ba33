/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers come back to the last bit, and are short where they can be. */
#include "test_io_support.h"

#include <float.h>

#include "io/number.h"

static void comes_back(double value)
{
    char text[NUMBER_ROOM + 1];
    size_t length = number_write(value, text);
    assert_true(length > 0 && length <= NUMBER_ROOM);
    text[length] = '\0';
    char *end;
    double read = strtod(text, &end);
    if (*end != '\0' || read != value || !signbit(read) != !signbit(value))
        fail_msg("%.17g was written as %s", value, text);
}

/* A million bit patterns over all exponents, and a million over those that need no printf, by a linear congruence. */
static void random_bits_come_back(void **state)
{
    (void)state;
    uint64_t bits = 1;
    for (int i = 0; i < 1000000; i++) {
        double value;
        bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            comes_back(value);
        uint64_t near = (bits >> 63 << 63) | ((1023 - 18 + (bits >> 52) % 73) << 52) | (bits << 12 >> 12);
        memcpy(&value, &near, sizeof value);
        comes_back(value);
    }
}

static void edges_come_back(void **state)
{
    (void)state;
    static const double edges[] = {0.0,
                                   -0.0,
                                   DBL_MIN,
                                   DBL_TRUE_MIN,
                                   DBL_MAX,
                                   1e-5,
                                   1.0001e-5,
                                   9.999e15,
                                   1e16,
                                   1e22,
                                   9007199254740993.0,
                                   0.1 + 0.2,
                                   1 - DBL_EPSILON / 2,
                                   1 + DBL_EPSILON};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        comes_back(edges[i]);
        comes_back(nextafter(edges[i], INFINITY));
        comes_back(nextafter(edges[i], -INFINITY));
    }
    for (double power = 1e-6; power < 1e17; power *= 10) /* where the number of digits before the point changes */
        for (int side = -1; side <= 1; side++)
            comes_back(side ? nextafter(power, side < 0 ? 0 : INFINITY) : power);
}

static void reads(double value, const char *expected)
{
    char text[NUMBER_ROOM + 1];
    text[number_write(value, text)] = '\0';
    assert_string_equal(text, expected);
}

static void texts_are_short(void **state)
{
    (void)state;
    reads(0, "0");
    reads(-0.0, "-0");
    reads(1, "1");
    reads(-0.1, "-0.1");
    reads(100, "100");
    reads(123456.75, "123456.75");
    reads(0.00012, "0.00012");
    reads(1.0 / 3, "0.33333333333333331");
    reads(1e300, "1.0000000000000001e+300");
    reads(INFINITY, "inf");
    reads(-INFINITY, "-inf");
    reads(NAN, "NaN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_bits_come_back), cmocka_unit_test(edges_come_back),
                                       cmocka_unit_test(texts_are_short)};
    return cmocka_run_group_tests_name("io/number", tests, NULL, NULL);
}
