/* SPDX-License-Identifier: BSD-3-Clause */
/* Places that are asked for hold what sorting all would put there. */
#include "test_io_support.h"

#include "io/order.h"

#define MOST 5000

static int ascending(const void *a, const void *b)
{
    const double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

static double next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11);
}

/* Distinct values, many that are equal, ascending, descending, all the same, and infinite ones. */
static double value_of(int kind, size_t i, uint64_t *state)
{
    const double random = next(state);
    switch (kind) {
    case 0:
        return random;
    case 1:
        return fmod(random, 5);
    case 2:
        return (double)i;
    case 3:
        return -(double)i;
    case 4:
        return 7;
    default:
        return fmod(random, 3) == 0 ? -INFINITY : fmod(random, 3) == 1 ? INFINITY : random;
    }
}

static void holds_what_sorting_puts_there(int kind, size_t n, uint64_t *state)
{
    double values[MOST], sorted[MOST];
    struct order_range range[3];
    for (size_t i = 0; i < n; i++)
        values[i] = sorted[i] = value_of(kind, i, state);
    for (size_t k = 0; k < 3; k++) {
        const size_t from = (size_t)fmod(next(state), (double)n), width = (size_t)fmod(next(state), 30);
        range[k] = (struct order_range){from, from + width < n ? from + width : n - 1};
    }
    order_values(n, values, 3, range);
    qsort(sorted, n, sizeof *sorted, ascending);
    for (size_t k = 0; k < 3; k++)
        assert_memory_equal(values + range[k].from, sorted + range[k].from,
                            (range[k].to - range[k].from + 1) * sizeof *values);
    qsort(values, n, sizeof *values, ascending);
    assert_memory_equal(values, sorted, n * sizeof *values); /* none was lost */
}

static void wanted_places_are_as_if_sorted(void **state)
{
    (void)state;
    uint64_t random = 1;
    static const size_t sizes[] = {1, 2, 3, 12, 13, 100, 1001, MOST};
    for (int kind = 0; kind < 6; kind++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int repeat = 0; repeat < 20; repeat++)
                holds_what_sorting_puts_there(kind, sizes[s], &random);
}

static void nothing_is_no_trouble(void **state)
{
    (void)state;
    double value = 1;
    order_values(0, &value, 0, NULL);
    order_values(1, &value, 0, NULL);
    assert_true(value == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(wanted_places_are_as_if_sorted),
                                       cmocka_unit_test(nothing_is_no_trouble)};
    return cmocka_run_group_tests_name("io/order", tests, NULL, NULL);
}
