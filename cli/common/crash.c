/* SPDX-License-Identifier: BSD-3-Clause */
/* The handler calls nothing but async-signal-safe functions. */
#define _XOPEN_SOURCE 700
#include "cli/common/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/common/last_words.h"
#include "io/output.h"

#define STACK_BYTES (1 << 16) /* the frame of a signal alone is 11 kB where there are tile registers */

static const struct {
    int signal;
    const char *text;
} faults[] = {{SIGSEGV, "segmentation fault"},
              {SIGBUS, "bus error"},
              {SIGFPE, "arithmetic fault"},
              {SIGILL, "illegal instruction"},
              {SIGABRT, "abort"}};

#define FAULTS (sizeof faults / sizeof *faults)

static atomic_bool caught, guarding;

/* Several threads may fault at once: one speaks, the others wait for the end. */
static void handle(int signal)
{
    const char *text = "";
    if (atomic_exchange(&caught, true))
        for (;;)
            pause();
    for (size_t i = 0; i < FAULTS; i++)
        text = faults[i].signal == signal ? faults[i].text : text;
    last_words_say_crash(text);
    output_remove_temporaries();
    _exit(EXIT_FAILED);
}

void crash_guard_thread(void)
{
    static _Thread_local char memory[STACK_BYTES];
    static _Thread_local bool guarded;
    stack_t present;
    if (guarded || !atomic_load(&guarding))
        return;
    guarded = sigaltstack(NULL, &present) == 0 && !(present.ss_flags & SS_DISABLE); /* a sanitizer gives one, say */
    guarded = guarded || sigaltstack(&(stack_t){.ss_sp = memory, .ss_size = sizeof memory}, NULL) == 0;
}

void crash_catch(const char *speaker, const char *target)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
    last_words_begin(speaker, target);
    atomic_store(&guarding, true);
    crash_guard_thread();
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < FAULTS; i++)
        sigaction(faults[i].signal, &action, NULL);
}
