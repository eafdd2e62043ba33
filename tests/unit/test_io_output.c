/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
/* io/output: whole or not at all. */
#include "test_io_support.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/bytes.h"
#include "io/output.h"

static char folder[] = "/tmp/rovi-test-XXXXXX";

static int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static size_t files_here(void)
{
    size_t count = 0;
    DIR *here = opendir(".");
    assert_non_null(here);
    while (readdir(here))
        count++;
    closedir(here);
    return count - 2; /* . and .. */
}

static void holds(const char *path, const char *text)
{
    struct pool pool = {0};
    char *bytes;
    size_t count;
    assert_int_equal(bytes_read(path, &pool, &bytes, &count, NULL), ROVI_OK);
    assert_int_equal(count, strlen(text));
    assert_memory_equal(bytes, text, count);
    pool_free(&pool);
}

static void put(const char *path, const char *text)
{
    struct output output;
    assert_int_equal(output_open(&output, path, NULL), ROVI_OK);
    assert_true(fputs(text, output.stream) >= 0);
    assert_int_equal(output_commit(&output, NULL), ROVI_OK);
}

static void old_stays_until_new_is_whole(void **state)
{
    (void)state;
    struct output output;
    put("a", "old");
    assert_int_equal(output_open(&output, "a", NULL), ROVI_OK);
    fputs("new", output.stream);
    holds("a", "old");
    assert_int_equal(files_here(), 2);
    assert_int_equal(output_commit(&output, NULL), ROVI_OK);
    holds("a", "new");
    assert_int_equal(files_here(), 1);
    unlink("a");
}

static void abandoned_leaves_nothing(void **state)
{
    (void)state;
    struct output output;
    assert_int_equal(output_open(&output, "a", NULL), ROVI_OK);
    fputs("half", output.stream);
    output_abandon(&output);
    assert_int_equal(output_check("a", NULL), ROVI_OK);
    assert_int_equal(files_here(), 0);
}

static void links_and_rights_stay(void **state)
{
    (void)state;
    struct stat found;
    put("a", "old");
    assert_int_equal(chmod("a", 0640), 0);
    assert_int_equal(symlink("a", "link"), 0);
    put("link", "new");
    holds("a", "new");
    assert_int_equal(lstat("link", &found), 0);
    assert_true(S_ISLNK(found.st_mode));
    assert_int_equal(stat("a", &found), 0);
    assert_int_equal(found.st_mode & 0777, 0640);
    unlink("link");
    unlink("a");
}

static void a_full_disk_is_seen(void **state)
{
    (void)state;
    struct output output;
    rovi_error error = {0};
    assert_int_equal(output_open(&output, "/dev/full", &error), ROVI_OK);
    fputs("x", output.stream);
    assert_int_equal(output_commit(&output, &error), ROVI_IO_FAILED);
    assert_non_null(strstr(error.message, "/dev/full: cannot be written: "));
}

static void bad_places_are_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {"no/such/folder/a", ".", "", "/dev/no-such-device"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        rovi_error error = {0};
        assert_int_not_equal(output_check(paths[i], &error), ROVI_OK);
        assert_true(error.message[0] != '\0');
    }
    assert_int_equal(files_here(), 0);
}

static void a_signal_handler_can_tidy(void **state)
{
    (void)state;
    struct output output;
    assert_int_equal(output_open(&output, "a", NULL), ROVI_OK);
    output_remove_temporaries();
    assert_int_equal(files_here(), 0);
    output_abandon(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_stays_until_new_is_whole), cmocka_unit_test(abandoned_leaves_nothing),
        cmocka_unit_test(links_and_rights_stay),        cmocka_unit_test(a_full_disk_is_seen),
        cmocka_unit_test(bad_places_are_refused),       cmocka_unit_test(a_signal_handler_can_tidy)};
    return cmocka_run_group_tests_name("io/output", tests, enter_folder, leave_folder);
}
