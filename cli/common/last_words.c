/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
#include "cli/common/last_words.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static char speaker[32] = "rovi", target[256], kept_in[256];
static _Atomic(const char *) phase;
static atomic_size_t kept;
static _Thread_local struct {
    size_t index, count; /* count 0: this thread has not said */
} restart;

/* ---- told beforehand ---- */

void last_words_begin(const char *who, const char *name)
{
    snprintf(speaker, sizeof speaker, "%s", who);
    snprintf(target, sizeof target, "%s", name);
}

void last_words_phase(const char *text)
{
    atomic_store(&phase, text);
}

void last_words_restart(size_t index, size_t count)
{
    restart.index = index;
    restart.count = count;
}

void last_words_kept(size_t count, const char *file)
{
    if (atomic_load(&kept) == 0)
        snprintf(kept_in, sizeof kept_in, "%s", file);
    atomic_store(&kept, count);
}

/* ---- said, by write() alone ---- */

struct sentence {
    char text[1024];
    size_t length;
};

static void add(struct sentence *sentence, const char *text)
{
    while (*text && sentence->length < sizeof sentence->text)
        sentence->text[sentence->length++] = *text++;
}

static void add_number(struct sentence *sentence, size_t number)
{
    char digits[24] = "", *first = digits + sizeof digits - 1;
    do
        *--first = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    add(sentence, first);
}

static void add_kept(struct sentence *sentence)
{
    const size_t count = atomic_load(&kept);
    add_number(sentence, count);
    add(sentence, count == 1 ? " finished restart is kept in " : " finished restarts are kept in ");
    add(sentence, kept_in);
    add(sentence, count == 1 ? ": the same command with --resume goes on with it"
                             : ": the same command with --resume goes on with them");
}

static void add_place(struct sentence *sentence)
{
    const char *text = atomic_load(&phase);
    if (!text && restart.count == 0)
        return;
    add(sentence, " ");
    if (text) {
        add(sentence, text);
        return;
    }
    add(sentence, "in restart ");
    add_number(sentence, restart.index + 1);
    add(sentence, " of ");
    add_number(sentence, restart.count);
}

/* There is nobody to tell when this fails. */
static void say(const struct sentence *sentence)
{
    ssize_t written = write(STDERR_FILENO, sentence->text, sentence->length);
    (void)written;
}

void last_words_say_crash(const char *how)
{
    struct sentence sentence = {.length = 0};
    add(&sentence, speaker);
    add(&sentence, ": ");
    add(&sentence, target);
    add(&sentence, ": the library crashed (");
    add(&sentence, how);
    add(&sentence, ")");
    add_place(&sentence);
    if (atomic_load(&kept) > 0) {
        add(&sentence, "; ");
        add_kept(&sentence);
    }
    add(&sentence, "\n");
    say(&sentence);
}

void last_words_say_kept(void)
{
    struct sentence sentence = {.length = 0};
    if (atomic_load(&kept) == 0)
        return;
    add(&sentence, speaker);
    add(&sentence, ": ");
    add_kept(&sentence);
    add(&sentence, "\n");
    say(&sentence);
}
