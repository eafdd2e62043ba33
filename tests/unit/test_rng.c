/* SPDX-License-Identifier: BSD-3-Clause */
/* Random numbers: known answers of the generator, addresses, and moments with their z-scores. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/normal.h"
#include "base/rng.h"

/* The uniform of a 64-bit word is the middle of a cell of (0,1): it tells the word's leading bits. */
static void assert_words(struct rng_stream stream, uint64_t index, const uint64_t expected[4])
{
    double u[4];
    rng_uniforms(stream, index, 4, u);
    for (size_t j = 0; j < 4; j++) {
        assert_close(u[j], (double)expected[j] * 0x1p-64, 0x1p-51);
    }
    assert_true(rng_bits(stream, index) == expected[0]);
}

/* Counter and key all zero is the first line of philox4x64-10 in Random123's kat_vectors. The other two come from a
 * transcription of the cipher of Salmon et al. (2011) in Python that also reproduces that file's three lines: key
 * (seed, purpose) and counter (position, index, substream, 0). */
static void test_known_answers(void **state)
{
    (void)state;
    static const uint64_t zero[4] = {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b};
    static const uint64_t first[4] = {0xedc3b61414906cd2, 0x7d288491fb3a5d21, 0x6c2d91c6c6cbc6f9, 0x61c3b01566563f6c};
    static const uint64_t second[4] = {0x6477a8cefaef5dab, 0x0ccd71d5b38bb77e, 0x15f9cd063c639a91, 0x7e8434ea4d845705};
    const struct rng_stream stream = {.seed = 42, .purpose = (enum rng_purpose)3, .substream = 7};
    double u[8];
    assert_words((struct rng_stream){0}, 0, zero);
    assert_words(stream, 5, first);
    rng_uniforms(stream, 5, 8, u);
    for (size_t j = 0; j < 4; j++) {
        assert_close(u[4 + j], (double)second[j] * 0x1p-64, 0x1p-51);
    }
}

/* The first m numbers of an item do not depend on how many are asked for. */
static void test_any_length(void **state)
{
    (void)state;
    const struct rng_stream stream = {.seed = 1, .purpose = RNG_DRAW};
    double whole[13], part[13];
    rng_normals(stream, 99, 13, whole);
    for (size_t n = 0; n <= 13; n++) {
        memset(part, 0, sizeof part);
        rng_normals(stream, 99, n, part);
        assert_memory_equal(part, whole, n * sizeof *part);
        assert_true(n == 13 || part[n] == 0); /* and nothing is written past the end */
    }
}

static void test_normals_are_quantiles(void **state)
{
    (void)state;
    const struct rng_stream stream = {.seed = 8, .purpose = RNG_FIT, .substream = 3};
    double u[9], z[9];
    rng_uniforms(stream, 4, 9, u);
    rng_normals(stream, 4, 9, z);
    for (size_t j = 0; j < 9; j++) {
        assert_true(z[j] == normal_quantile(u[j]));
    }
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seed, purpose, substream, index and position each change every number: 4^4 addresses of 8 numbers, none twice. */
static void test_distinct_addresses(void **state)
{
    (void)state;
    enum { N = 4 * 4 * 4 * 4 * 8 };
    static double u[N];
    for (size_t i = 0; i < N / 8; i++) {
        const struct rng_stream stream = {
            .seed = i % 4, .purpose = (enum rng_purpose)(1 + i / 4 % 4), .substream = i / 16 % 4};
        rng_uniforms(stream, i / 64, 8, u + 8 * i);
    }
    qsort(u, N, sizeof *u, by_value);
    for (size_t i = 1; i < N; i++) {
        assert_true(u[i] > u[i - 1]); /* two of 2048 agree by chance with probability 2^-31 */
    }
    assert_true(u[0] > 0 && u[N - 1] < 1);
}

/* Mean of n values of known variance: |z| < 4, and the seed is fixed. */
static void assert_mean(const char *what, double sum, double n, double mean, double variance)
{
    const double z = (sum / n - mean) / sqrt(variance / n);
    print_message("  %s: z = %.2f\n", what, z);
    assert_true(fabs(z) < 4);
}

static void test_moments(void **state)
{
    (void)state;
    enum { POINTS = 50000, D = 6 };
    const struct rng_stream stream = {.seed = 2, .purpose = RNG_EVIDENCE};
    double sum[4] = {0}, uniform = 0, neighbours = 0, items = 0, z[D], u[D], before[D] = {0};
    for (uint64_t i = 0; i < POINTS; i++) {
        rng_normals(stream, i, D, z);
        rng_uniforms(stream, i + POINTS, D, u);
        for (size_t j = 0; j < D; j++) {
            for (size_t p = 0; p < 4; p++) {
                sum[p] += pow(z[j], (double)(p + 1));
            }
            uniform += u[j];
            neighbours += j > 0 ? z[j] * z[j - 1] : 0;
            items += z[j] * before[j];
        }
        memcpy(before, z, sizeof z);
    }
    const double n = (double)POINTS * D; /* moments of N(0,1): 0, 1, 0, 3; variances of the powers: 1, 2, 15, 96 */
    assert_mean("mean", sum[0], n, 0, 1);
    assert_mean("second moment", sum[1], n, 1, 2);
    assert_mean("third moment", sum[2], n, 0, 15);
    assert_mean("fourth moment", sum[3], n, 3, 96);
    assert_mean("uniform", uniform, n, 0.5, 1.0 / 12);
    assert_mean("neighbours in an item", neighbours, n - POINTS, 0, 1);
    assert_mean("neighbouring items", items, n - D, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_any_length),
        cmocka_unit_test(test_normals_are_quantiles),
        cmocka_unit_test(test_distinct_addresses),
        cmocka_unit_test(test_moments),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
