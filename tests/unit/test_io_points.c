/* SPDX-License-Identifier: BSD-3-Clause */
/* Points from CSV: what is skipped, what is taken, and what is refused where. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <unistd.h>

#include "io/points_csv.h"
#include "support.h"

/* Reads the text as a file of points in the plane. */
static rovi_status read_text(const char *text, double out[6], size_t *count, rovi_error *error)
{
    char path[] = "/tmp/rovi-points-XXXXXX";
    struct pool pool = {0};
    double *points = NULL;
    support_file(path, text);
    const rovi_status status = points_csv_read(path, 2, &pool, &points, count, error);
    if (status == ROVI_OK) {
        assert_true(*count <= 3);
        memcpy(out, points, *count * 2 * sizeof *out);
    }
    pool_free(&pool);
    unlink(path);
    return status;
}

static void rows_are_points(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "1,-2\n3e-1,4\n",
        "1,-2\n3e-1,4",
        "a,b\n1,-2\n3e-1,4\n",
        "# of two\n\n  \n 1 ,\t-2\r\n# between\n0.3,4\r\n\n",
        "\"x.1\",\"x.2\"\n\"1\",\"-2\"\n\"0.3\",4\n",
        "lp_approx__,lp__,x.1,x.2\nnan,-3,1,-2\nnan,,0.3,4\n", /* other columns may hold anything */
        "x.1,name,x.2\n1,first,-2\n0.3,second,4\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double points[6];
        size_t count = 0;
        rovi_error error = {0};
        if (read_text(texts[i], points, &count, &error) != ROVI_OK) {
            fail_msg("%s: %s", texts[i], error.message);
        }
        assert_int_equal(count, 2);
        assert_true(points[0] == 1 && points[1] == -2 && points[2] == 0.3 && points[3] == 4);
    }
}

static void what_is_no_point_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"", "found no point"},
        {"# 1,2\n", "found no point"},
        {"a,b\n", "found no point"},
        {"1\n", ":1: found points of 1 coordinates, allowed: 2"},
        {"1,2,3\n", ":1: found points of 3 coordinates"},
        {"lp__,x.1\n1,2\n", ":1: found points of 1 coordinates"},
        {"1,2\n3\n", ":2: found 1 columns, allowed: 2"},
        {"1,2\n3,4,5\n", ":2: found 3 columns"},
        {"1,2\n\n3,\n", ":3: column 2: found \"\""},
        {"1,2\n3,4x\n", ":2: column 2: found \"4x\""},
        {"1,nan\n", ":1: column 2: found \"nan\""},
        {"1,2\ninf,3\n", ":2: column 1: found \"inf\""},
        {"a,b\n# comment\n1;2,3\n", ":3: column 1: found \"1;2\""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double points[6];
        size_t count;
        rovi_error error;
        assert_refused(read_text(bad[i].text, points, &count, &error), &error, ROVI_BAD_INPUT, bad[i].part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_are_points),
                                       cmocka_unit_test(what_is_no_point_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
