/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * POSIX threads that sleep between loops and take indices from one shared counter. Plain pthreads, because
 * ThreadSanitizer understands them with every compiler.
 */
#include "base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/arena.h"

struct member {
    struct team *team;
    size_t worker;
    pthread_t thread;
};

struct team {
    size_t size;            /* the caller, who is worker 0, included */
    struct member *members; /* size; members[0] has no thread */
    pthread_mutex_t lock;
    pthread_cond_t wake, rest;
    uint64_t round; /* of loops; guarded by lock, as are busy and quit */
    size_t busy;
    bool quit;
    void (*body)(void *, size_t, size_t);
    void *context;
    size_t count;
    atomic_size_t next;
    struct arena memory;
};

static void work(struct team *team, size_t worker)
{
    for (;;) {
        const size_t index = atomic_fetch_add(&team->next, 1);
        if (index >= team->count) {
            return;
        }
        team->body(team->context, index, worker);
    }
}

static void *member_run(void *argument)
{
    const struct member *self = argument;
    struct team *team = self->team;
    uint64_t seen = 0;
    pthread_mutex_lock(&team->lock);
    while (!team->quit) {
        if (team->round == seen) {
            pthread_cond_wait(&team->wake, &team->lock);
            continue;
        }
        seen = team->round;
        pthread_mutex_unlock(&team->lock);
        work(team, self->worker);
        pthread_mutex_lock(&team->lock);
        if (--team->busy == 0) {
            pthread_cond_signal(&team->rest);
        }
    }
    pthread_mutex_unlock(&team->lock);
    return NULL;
}

/* Ends and joins the threads of members 1..started-1. */
static void dismiss(struct team *team, size_t started)
{
    pthread_mutex_lock(&team->lock);
    team->quit = true;
    pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->lock);
    for (size_t i = 1; i < started; i++) {
        pthread_join(team->members[i].thread, NULL);
    }
    pthread_cond_destroy(&team->rest);
    pthread_cond_destroy(&team->wake);
    pthread_mutex_destroy(&team->lock);
}

static void release(struct team *team)
{
    struct arena memory = team->memory;
    arena_free(&memory);
}

struct team *team_new(size_t threads)
{
    struct arena memory = {0};
    struct team *team = arena_take(&memory, 1, sizeof *team);
    struct member *members = arena_take(&memory, threads, sizeof *members);
    if (memory.failed) {
        arena_free(&memory);
        return NULL;
    }
    team->size = threads;
    team->members = members;
    team->memory = memory;
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->wake, NULL);
    pthread_cond_init(&team->rest, NULL);
    for (size_t i = 1; i < threads; i++) {
        team->members[i] = (struct member){.team = team, .worker = i};
        if (pthread_create(&team->members[i].thread, NULL, member_run, &team->members[i]) != 0) {
            dismiss(team, i);
            release(team);
            return NULL;
        }
    }
    return team;
}

void team_free(struct team *team)
{
    if (team != NULL) {
        dismiss(team, team->size);
        release(team);
    }
}

size_t team_size_of(int64_t threads)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return threads > 0 ? (size_t)threads : processors > 0 ? (size_t)processors : 1;
}

size_t team_size(const struct team *team)
{
    return team == NULL ? 1 : team->size;
}

void team_for(struct team *team, size_t count, void (*body)(void *, size_t, size_t), void *context)
{
    if (team_size(team) == 1 || count == 1) {
        for (size_t i = 0; i < count; i++) {
            body(context, i, 0);
        }
        return;
    }
    pthread_mutex_lock(&team->lock);
    team->body = body;
    team->context = context;
    team->count = count;
    atomic_store(&team->next, 0);
    team->busy = team->size - 1;
    team->round++;
    pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->lock);
    work(team, 0);
    pthread_mutex_lock(&team->lock);
    while (team->busy > 0) {
        pthread_cond_wait(&team->rest, &team->lock);
    }
    pthread_mutex_unlock(&team->lock);
}
