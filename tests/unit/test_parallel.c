/* SPDX-License-Identifier: BSD-3-Clause */
/* The team: every index runs once, workers are in range, results do not depend on the size of the team. */
#include "support.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/parallel.h"

enum { MOST_THREADS = 4, MOST_COUNT = 1000 };

struct tally {
    size_t team;
    atomic_int runs[MOST_COUNT];
    atomic_int strangers; /* workers out of range */
    double result[MOST_COUNT];
    double own[MOST_THREADS]; /* written by one worker each, without a lock */
};

static void body(void *context, size_t index, size_t worker)
{
    struct tally *tally = context;
    atomic_fetch_add(&tally->runs[index], 1);
    if (worker >= tally->team) {
        atomic_fetch_add(&tally->strangers, 1);
        return;
    }
    tally->own[worker] += 1;
    tally->result[index] = sin((double)index) / 3;
}

static void run(struct team *team, size_t count, struct tally *tally)
{
    memset(tally, 0, sizeof *tally);
    tally->team = team_size(team);
    team_for(team, count, body, tally);
    double total = 0;
    for (size_t w = 0; w < MOST_THREADS; w++) {
        total += tally->own[w];
    }
    assert_true(total == (double)count);
    assert_int_equal(atomic_load(&tally->strangers), 0);
    for (size_t i = 0; i < MOST_COUNT; i++) {
        assert_int_equal(atomic_load(&tally->runs[i]), i < count);
    }
}

static void test_every_index_once(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 2, 3, 7, MOST_COUNT};
    static struct tally tally, alone;
    for (size_t threads = 1; threads <= MOST_THREADS; threads++) {
        struct team *team = team_new(threads);
        assert_non_null(team);
        assert_int_equal(team_size(team), threads);
        for (size_t at = 0; at < sizeof counts / sizeof *counts; at++) {
            run(NULL, counts[at], &alone);
            run(team, counts[at], &tally);
            assert_memory_equal(tally.result, alone.result, sizeof alone.result);
        }
        team_free(team);
    }
}

/* A team that is woken many times for little work: where a lost wake-up or a late worker would show. */
static void test_many_short_loops(void **state)
{
    (void)state;
    static struct tally tally;
    struct team *team = team_new(MOST_THREADS);
    assert_non_null(team);
    for (size_t i = 0; i < 2000; i++) {
        run(team, i % 6, &tally);
    }
    team_free(team);
}

static void test_no_team_is_a_team_of_one(void **state)
{
    (void)state;
    assert_int_equal(team_size(NULL), 1);
    team_free(NULL);
    for (size_t i = 0; i < 10; i++) { /* teams that never work */
        team_free(team_new(i % MOST_THREADS + 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_index_once),
        cmocka_unit_test(test_many_short_loops),
        cmocka_unit_test(test_no_team_is_a_team_of_one),
    };
    return cmocka_run_group_tests_name("parallel", tests, NULL, NULL);
}
