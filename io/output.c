/* SPDX-License-Identifier: BSD-3-Clause */
/* Output in one rename. A table of the temporary files in use lets a signal handler remove them. */
#define _XOPEN_SOURCE 700
#include "io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/report.h"

#define SLOTS 8 /* outputs open at once; a command has at most two */

static _Atomic(char *) temporaries[SLOTS]; /* the handler may run on any thread */

void output_remove_temporaries(void)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (atomic_load(&temporaries[i]))
            unlink(atomic_load(&temporaries[i]));
}

static void forget_temporary(struct output *output)
{
    if (output->temporary && temporaries[output->slot] == output->temporary)
        temporaries[output->slot] = NULL;
}

static bool remember_temporary(struct output *output)
{
    for (size_t i = 0; i < SLOTS; i++) {
        if (temporaries[i])
            continue;
        temporaries[i] = output->temporary;
        output->slot = i;
        return true;
    }
    return false;
}

static rovi_status cannot(const char *name, const char *what, int reason, rovi_error *error)
{
    if (reason == ENOMEM)
        return report_no_memory(error);
    return report(error, ROVI_IO_FAILED, "%.200s: cannot be %s: %s", name, what,
                  reason == ENOENT ? "there is no such folder" : strerror(reason));
}

static bool is_written_straight(const char *path)
{
    struct stat found;
    return strcmp(path, "-") == 0 || strncmp(path, "/dev/", 5) == 0 ||
           (stat(path, &found) == 0 && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode));
}

bool output_is_plain(const char *path)
{
    return !is_written_straight(path);
}

static rovi_status open_straight(struct output *output, rovi_error *error)
{
    output->stream = strcmp(output->name, "-") == 0 ? stdout : fopen(output->name, "wb");
    return output->stream ? ROVI_OK : cannot(output->name, "written", errno, error);
}

/* Where the file is really: a symbolic link stays one. */
static char *resolve(struct pool *pool, const char *path)
{
    char *real = realpath(path, NULL);
    char *copy = pool_text(pool, real ? real : path);
    free(real);
    return copy;
}

/* The rights of the file that will be replaced, or those of any new file. EISDIR, EACCES when it may not be. */
static int rights(const char *path, mode_t *mode)
{
    struct stat found;
    *mode = 0666;
    if (stat(path, &found) != 0)
        return 0;
    if (S_ISDIR(found.st_mode))
        return EISDIR;
    *mode = found.st_mode & 0777;
    return access(path, W_OK) == 0 ? 0 : errno;
}

static int open_temporary(struct output *output, mode_t mode)
{
    for (int attempt = 0; attempt < 100; attempt++) {
        output->temporary = pool_format(&output->pool, "%s.%ld-%d.tmp", output->path, (long)getpid(), attempt);
        if (!output->temporary)
            return -1;
        int file = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (file >= 0 || errno != EEXIST)
            return file;
    }
    return -1;
}

static rovi_status open_beside(struct output *output, rovi_error *error)
{
    mode_t mode;
    output->path = resolve(&output->pool, output->name);
    if (!output->path)
        return report_no_memory(error);
    int reason = rights(output->path, &mode);
    if (reason)
        return cannot(output->name, "written", reason, error);
    int file = open_temporary(output, mode);
    if (!output->temporary)
        return report_no_memory(error);
    if (file < 0)
        return cannot(output->name, "written", errno, error);
    if (remember_temporary(output) && (output->stream = fdopen(file, "wb")))
        return ROVI_OK;
    close(file);
    unlink(output->temporary);
    return report_no_memory(error);
}

rovi_status output_open(struct output *output, const char *path, rovi_error *error)
{
    *output = (struct output){.name = path};
    if (path[0] == '\0')
        return report(error, ROVI_BAD_INPUT, "found an empty name of an output file, allowed: a path, or - for stdout");
    rovi_status status = is_written_straight(path) ? open_straight(output, error) : open_beside(output, error);
    if (status) {
        forget_temporary(output);
        pool_free(&output->pool);
    }
    return status;
}

/* Write through to the disk and close. Returns errno's value, or 0. */
static int finish(struct output *output)
{
    int reason = 0;
    errno = 0;
    if (fflush(output->stream) != 0 || ferror(output->stream))
        reason = errno ? errno : EIO;
    if (output->path && !reason && fsync(fileno(output->stream)) != 0)
        reason = errno;
    if (output->stream != stdout && fclose(output->stream) != 0 && !reason)
        reason = errno;
    output->stream = NULL;
    return reason;
}

rovi_status output_commit(struct output *output, rovi_error *error)
{
    int reason = finish(output);
    if (output->path && !reason && rename(output->temporary, output->path) != 0)
        reason = errno;
    if (output->path && reason)
        unlink(output->temporary);
    forget_temporary(output);
    pool_free(&output->pool);
    return reason ? cannot(output->name, "written", reason, error) : ROVI_OK;
}

void output_abandon(struct output *output)
{
    if (output->stream && output->stream != stdout)
        fclose(output->stream);
    if (output->temporary)
        unlink(output->temporary);
    forget_temporary(output);
    pool_free(&output->pool);
}

rovi_status output_finish(struct output *output, rovi_status status, rovi_error *error)
{
    if (!status)
        return output_commit(output, error);
    output_abandon(output);
    return status;
}

rovi_status output_spare(const char *path, size_t count, const char *const *inputs, rovi_error *error)
{
    struct stat out, in;
    if (is_written_straight(path) || stat(path, &out) != 0)
        return ROVI_OK;
    for (size_t i = 0; i < count; i++)
        if (inputs[i] && stat(inputs[i], &in) == 0 && out.st_dev == in.st_dev && out.st_ino == in.st_ino)
            return report(error, ROVI_BAD_INPUT,
                          "-o: found \"%.200s\", which is read here and would be lost, allowed: another name", path);
    return ROVI_OK;
}

rovi_status output_check(const char *path, rovi_error *error)
{
    struct output output;
    if (is_written_straight(path) && strcmp(path, "-") != 0)
        return access(path, W_OK) == 0 ? ROVI_OK : cannot(path, "written", errno, error);
    rovi_status status = output_open(&output, path, error);
    if (!status)
        output_abandon(&output);
    return status;
}
