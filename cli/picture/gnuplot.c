/* SPDX-License-Identifier: BSD-3-Clause */
/* Running gnuplot: the script on its stdin, the picture from its stdout, so that a full disk is seen here. */
#define _XOPEN_SOURCE 700
#include "cli/picture/gnuplot.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/report.h"

extern char **environ;

bool gnuplot_installed(void)
{
    const char *path = getenv("PATH");
    char name[PATH_MAX];
    while (path && *path) {
        size_t length = strcspn(path, ":");
        snprintf(name, sizeof name, "%.*s/gnuplot", (int)length, path);
        if (access(name, X_OK) == 0)
            return true;
        path += length + (path[length] == ':');
    }
    return false;
}

/* gnuplot with stdin from `in` and stdout to `out`; 0 or an errno. */
static int start(int in, int out, int unwanted, pid_t *child)
{
    char program[] = "gnuplot", fast[] = "-d", dash[] = "-"; /* -d: without anyone's start-up file */
    char *arguments[] = {program, fast, dash, NULL};
    posix_spawn_file_actions_t actions;
    int reason = posix_spawn_file_actions_init(&actions);
    if (reason)
        return reason;
    setenv("LC_ALL", "C.UTF-8", 1); /* the script is UTF-8; in another locale gnuplot complains of its own symbols */
    if (!(reason = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO)) &&
        !(reason = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO)) &&
        !(reason = posix_spawn_file_actions_addclose(&actions, unwanted)))
        reason = posix_spawnp(child, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return reason;
}

static bool copy(int from, FILE *to, size_t *total)
{
    char bytes[1 << 14];
    ssize_t got;
    while ((got = read(from, bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR)) {
        if (got > 0 && fwrite(bytes, 1, (size_t)got, to) != (size_t)got)
            return false;
        *total += got > 0 ? (size_t)got : 0;
    }
    return got == 0;
}

static rovi_status finish(pid_t child, bool copied, size_t total, rovi_error *error)
{
    int result = 0, reason = errno;
    while (waitpid(child, &result, 0) < 0 && errno == EINTR)
        continue;
    if (!copied)
        return report(error, ROVI_IO_FAILED, "the picture cannot be written: %s", strerror(reason));
    if (!WIFEXITED(result) || WEXITSTATUS(result) != 0 || total == 0)
        return report(error, ROVI_IO_FAILED, "gnuplot failed; its message is above, --script keeps what it was given");
    return ROVI_OK;
}

rovi_status gnuplot_run(FILE *script, FILE *picture, rovi_error *error)
{
    int ends[2];
    pid_t child;
    size_t total = 0;
    if (pipe(ends) != 0)
        return report(error, ROVI_IO_FAILED, "gnuplot cannot be run: %s", strerror(errno));
    int reason = start(fileno(script), ends[1], ends[0], &child);
    close(ends[1]);
    if (reason) {
        close(ends[0]);
        return report(error, ROVI_IO_FAILED, "gnuplot cannot be run: %s", strerror(reason));
    }
    bool copied = copy(ends[0], picture, &total);
    close(ends[0]);
    return finish(child, copied, total, error);
}
