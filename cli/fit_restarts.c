/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/fit_restarts.h"

#include <stdio.h>

#include "cli/common/last_words.h"

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void say_found(const struct fit_restarts *restarts, bool resume)
{
    const size_t count = restarts->file.count;
    if (restarts->quiet || (count == 0 && !resume))
        return;
    if (!resume)
        fprintf(stderr,
                "rovi fit: %s has %zu finished restart%s of this fit, which --resume would go on with; they are gone "
                "when the first restart of this run has finished\n",
                restarts->file.path, count, plural(count));
    else if (count == 0)
        fprintf(stderr,
                restarts->file.found
                    ? "rovi fit: %s has no finished restart of this fit: it begins with the first\n"
                    : "rovi fit: there is no %s to resume from: the fit begins with the first restart\n",
                restarts->file.path);
    else
        fprintf(stderr, "rovi fit: %zu finished restart%s from %s\n", count, plural(count), restarts->file.path);
}

rovi_status fit_restarts_open(struct fit_restarts *restarts, const char *output, const struct partial_key *key,
                              bool resume, rovi_error *error)
{
    rovi_status status = partial_file_open(output, key, &restarts->file, error);
    if (status)
        return status;
    restarts->keeping = true;
    status = partial_file_read(&restarts->file, resume ? error : NULL);
    if (status && resume)
        return status;
    say_found(restarts, resume);
    if (!resume)
        partial_file_restart(&restarts->file);
    restarts->kept = restarts->file.count;
    if (restarts->kept > 0)
        last_words_kept(restarts->kept, restarts->file.path);
    return ROVI_OK;
}

/* A fit goes on without its file: it may still be finished. */
void fit_restarts_keep(const rovi_restart *restart, void *data)
{
    struct fit_restarts *restarts = data;
    rovi_error error = {0};
    if (!restarts->keeping || restarts->failed)
        return;
    restarts->failed = partial_file_add(&restarts->file, restart, &error) != ROVI_OK;
    if (restarts->failed) {
        say_error(restarts->command, &error);
        return;
    }
    restarts->kept++;
    last_words_kept(restarts->kept, restarts->file.path);
}

void fit_restarts_close(struct fit_restarts *restarts, bool finished)
{
    if (restarts->keeping && finished)
        partial_file_remove(&restarts->file);
    else if (!restarts->quiet)
        last_words_say_kept();
    partial_file_clear(&restarts->file);
}
