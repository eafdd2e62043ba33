/* SPDX-License-Identifier: BSD-3-Clause */
/* Ctrl-C and SIGTERM: a flag first, then the end. The handler calls nothing but async-signal-safe functions. */
#define _XOPEN_SOURCE 700
#include "cli/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/last_words.h"
#include "io/output.h"

static atomic_int patience, seen; /* lock-free, so that the handler may use them, on whatever thread it runs */

static void handle(int signal)
{
    (void)signal;
    if (atomic_fetch_sub(&patience, 1) > 0) {
        atomic_store(&seen, 1);
        return;
    }
    last_words_say_kept();
    output_remove_temporaries();
    _exit(EXIT_INTERRUPTED);
}

void interrupt_catch(bool patient)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    atomic_store(&patience, patient);
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a file that may grow no further is then an error of write(), like a full disk */
}

bool interrupt_seen(void)
{
    return atomic_load(&seen) != 0;
}
