/* SPDX-License-Identifier: BSD-3-Clause */
/* Ctrl-C and SIGTERM: a flag first, then the end. The handler calls nothing but async-signal-safe functions. */
#define _XOPEN_SOURCE 700
#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "cli/cli.h"
#include "io/output.h"

static volatile sig_atomic_t patience, seen;

static void handle(int signal)
{
    (void)signal;
    if (patience-- > 0) {
        seen = 1;
        return;
    }
    output_remove_temporaries();
    _exit(EXIT_INTERRUPTED);
}

void interrupt_catch(bool patient)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    patience = patient;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a file that may grow no further is then an error of write(), like a full disk */
}

bool interrupt_seen(void)
{
    return seen;
}
