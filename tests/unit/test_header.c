/* SPDX-License-Identifier: BSD-3-Clause */
/* The public header stands on its own (it is included first and alone), and its lists agree with the library. */
#include "rovi.h"

#include <stdio.h>

#include "support.h"

static void version_is_that_of_the_header(void **state)
{
    (void)state;
    char built[32];
    snprintf(built, sizeof built, "%d.%d.%d", ROVI_VERSION_MAJOR, ROVI_VERSION_MINOR, ROVI_VERSION_PATCH);
    assert_string_equal(ROVI_VERSION, built);
    assert_string_equal(rovi_version(), ROVI_VERSION);
    assert_int_equal(rovi_abi_version(), ROVI_ABI_VERSION);
}

static void statuses_have_their_texts(void **state)
{
    (void)state;
    assert_int_equal(ROVI_OK, 0);
    assert_string_equal(rovi_status_text(ROVI_OK), "done");
    assert_string_equal(rovi_status_text(ROVI_NO_MEMORY), "out of memory");
    for (int i = ROVI_OK; i <= ROVI_TARGET_IMPROPER; i++) {
        for (int j = i + 1; j <= ROVI_TARGET_IMPROPER; j++) {
            assert_string_not_equal(rovi_status_text((rovi_status)i), rovi_status_text((rovi_status)j));
        }
    }
    assert_non_null(rovi_status_text((rovi_status)99));
}

static void stops_have_the_words_of_the_fit_file(void **state)
{
    (void)state;
    static const char *const words[] = {"converged",       "max_iterations", "max_time",
                                        "max_evaluations", "interrupted",    "failed"};
    for (int i = ROVI_STOP_CONVERGED; i <= ROVI_STOP_FAILED; i++) {
        assert_string_equal(rovi_stop_text((rovi_stop)i), words[i]);
    }
    assert_non_null(rovi_stop_text((rovi_stop)99));
}

static void free_takes_null(void **state)
{
    (void)state;
    rovi_fit_free(NULL);
    rovi_target_free(NULL);
    rovi_settings_free(NULL);
    rovi_approximation_free(NULL);
    rovi_modes_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_is_that_of_the_header),
        cmocka_unit_test(statuses_have_their_texts),
        cmocka_unit_test(stops_have_the_words_of_the_fit_file),
        cmocka_unit_test(free_takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
