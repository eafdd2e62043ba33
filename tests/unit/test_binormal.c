/* SPDX-License-Identifier: BSD-3-Clause */
/* The bivariate normal: 18 digits from mpmath (30 digits, scaled integrand), closed forms and identities. */
#include "support.h"

#include <math.h>

#include "base/binormal.h"
#include "base/normal.h"

static void test_values(void **state)
{
    (void)state;
    static const double table[][4] = {
        {0.5, -0.3, 0.6, 0.270071491026150339}, {0.5, -0.3, -0.6, 0.101592099747496544},
        {3, 4, 0.5, 4.89835140094362075e-6},    {3, 4, -0.5, 6.83705380492011455e-14},
        {-2, 5, 0.9, 2.86651571879193912e-7},   {6, 6, -0.8, 1.96202104759961798e-82},
        {8, -1, 0.99, 6.22096057427178412e-16}, {2, 2.001, 0.9999, 0.0224181036401997908},
        {10, 12, 0.3, 2.1124106507035184e-44},  {-5, -6, -0.7, 0.999999712361840476},
        {5, -5, -0.95, 1.70141766911240986e-7}, {1, 20, -0.5, 5.82302363902317907e-126},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const double *t = table[i];
        /* the exponent is off by rounding times itself: 190 nats at most here */
        assert_relative(binormal_upper(t[0], t[1], t[2]), t[3], 2e-13);
    }
}

static void test_closed_forms(void **state)
{
    (void)state;
    for (int i = -99; i <= 99; i += 6) {
        const double r = i / 100.0;
        assert_relative(binormal_upper(0, 0, r), 0.25 + asin(r) / (2 * acos(-1)), 1e-13);
    }
    assert_relative(binormal_upper(1, 2, 0), normal_upper(1) * normal_upper(2), 1e-15);
    assert_relative(binormal_upper(-INFINITY, 2, 0.5), normal_upper(2), 1e-15);
    assert_true(binormal_upper(INFINITY, 2, 0.5) == 0 && binormal_upper(2, 2, -0.999) == 0);
}

/* The two are one by exchange of X and Y, and the four quadrants about a point are everything. */
static void test_identities(void **state)
{
    (void)state;
    for (int i = 0; i < 400; i++) {
        double u[3];
        support_normals((uint64_t)i, 3, u);
        const double h = 2 * u[0], k = 2 * u[1], r = tanh(2 * u[2]), p = binormal_upper(h, k, r);
        assert_relative(binormal_upper(k, h, r), p, 1e-11);
        assert_relative(p + binormal_upper(h, -k, -r), normal_upper(h), 1e-12);
        assert_close(p + binormal_upper(h, -k, -r) + binormal_upper(-h, k, -r) + binormal_upper(-h, -k, r), 1, 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_closed_forms),
        cmocka_unit_test(test_identities),
    };
    return cmocka_run_group_tests_name("binormal", tests, NULL, NULL);
}
