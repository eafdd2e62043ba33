/* SPDX-License-Identifier: BSD-3-Clause */
/* Ctrl-C and SIGTERM: a flag first, then the end. The handler calls nothing but async-signal-safe functions. */
#define _XOPEN_SOURCE 700
#include "cli/common/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/common/last_words.h"
#include "io/output.h"

static atomic_int patience, seen; /* lock-free, so that the handler may use them, on whatever thread it runs */
static char words[160];           /* for the first signal */

static void handle(int signal)
{
    (void)signal;
    if (atomic_fetch_sub(&patience, 1) > 0) {
        const int interrupted = errno;
        atomic_store(&seen, 1);
        (void)!write(STDERR_FILENO, words, strlen(words)); /* nobody is to be told when it fails */
        errno = interrupted;
        return;
    }
    last_words_say_kept();
    output_remove_temporaries();
    _exit(EXIT_INTERRUPTED);
}

void interrupt_catch(const char *speaker)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    if (speaker) /* on a terminal there may be a line of progress */
        snprintf(words, sizeof words,
                 "%s%s: interrupted: ends in good order, with what there is; a second time, at once\n",
                 isatty(STDERR_FILENO) ? "\n" : "", speaker);
    atomic_store(&patience, speaker != NULL);
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a file that may grow no further is then an error of write(), like a full disk */
}

bool interrupt_seen(void)
{
    return atomic_load(&seen) != 0;
}
