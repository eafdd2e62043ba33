/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Seventeen digits by one operation in long double. Powers of ten up to 10^27 are exact in its 64 bits, so that
 * value * 10^k is off by at most 2^-64 of itself: .006 of the last of 17 digits, and as much again when a half is added
 * to round it. The digits then are off by less than .512, and half the distance of two doubles is at least
 * 10^16 2^-54 = .555 of the last digit: they read back to the same double. What is too large or too small for an exact
 * power is left to printf, and so is everything where long double is no wider than double.
 */
#include "io/number.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DIGITS 17
/* What is written without an exponent; the margins are for log10, which may round across a power of ten. */
#define SMALLEST 1.0001e-5
#define LARGEST  9.999e15

static const long double power[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
                                    1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
                                    1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};

static size_t write_word(const char *word, char *text)
{
    size_t length = 0;
    for (; word[length]; length++)
        text[length] = word[length];
    return length;
}

static size_t write_by_printf(double value, char *text)
{
    char whole[NUMBER_ROOM + 1];
    int length = snprintf(whole, sizeof whole, "%.17g", value);
    memcpy(text, whole, (size_t)length);
    return (size_t)length;
}

/* The 17 digits of a positive value, as a number in [10^16, 10^17), and the decimal exponent of the first one. */
static uint64_t seventeen_digits(double value, int *exponent)
{
    static const uint64_t least = UINT64_C(10000000000000000);
    *exponent = (int)floor(log10(value));
    for (;;) {
        uint64_t digits = (uint64_t)((long double)value * power[DIGITS - 1 - *exponent] + 0.5L);
        if (digits >= least && digits < 10 * least)
            return digits;
        *exponent += digits < least ? -1 : 1; /* log10 was rounded across a power of ten */
    }
}

/* Fifteen digits where these are the value, as for what a person typed: below 2^53, and over an exact power of ten, so
 * that the quotient is rounded once, as a reader rounds it. */
static uint64_t shorten(uint64_t digits, int exponent, double value)
{
    uint64_t fifteen = (digits + 50) / 100;
    int shift = DIGITS - 3 - exponent;
    if (shift >= 0 && shift <= 22 && (double)fifteen / (double)power[shift] == value)
        return fifteen * 100;
    return digits;
}

/* d.ddd, 0.00ddd or ddd: at least one digit before the point, no zeros at the end behind it. */
static size_t place_point(const char *digits, int exponent, char *text)
{
    size_t length = 0, last = DIGITS;
    while (last > 1 && digits[last - 1] == '0')
        last--;
    if (exponent < 0) {
        length = write_word("0.", text);
        for (int zeros = exponent + 1; zeros < 0; zeros++)
            text[length++] = '0';
        memcpy(text + length, digits, last);
        return length + last;
    }
    size_t whole = (size_t)exponent + 1;
    memcpy(text, digits, whole);
    if (last <= whole)
        return whole;
    text[whole] = '.';
    memcpy(text + whole + 1, digits + whole, last - whole);
    return last + 1;
}

static size_t write_plain(double value, char *text)
{
    int exponent;
    uint64_t number = seventeen_digits(value, &exponent);
    char digits[DIGITS];
    number = shorten(number, exponent, value);
    if (number == UINT64_C(100000000000000000)) { /* 9.99999999999999999 became 10 */
        number /= 10;
        exponent++;
    }
    for (size_t i = DIGITS; i-- > 0; number /= 10)
        digits[i] = (char)('0' + number % 10);
    return place_point(digits, exponent, text);
}

size_t number_write(double value, char *text)
{
    if (!isfinite(value))
        return write_word(isnan(value) ? "NaN" : value > 0 ? "inf" : "-inf", text);
    double size = fabs(value);
    if (LDBL_MANT_DIG < 64 || size < SMALLEST || size > LARGEST)
        return value == 0 && !signbit(value) ? write_word("0", text) : write_by_printf(value, text);
    *text = '-';
    size_t sign = value < 0;
    return sign + write_plain(size, text + sign);
}
