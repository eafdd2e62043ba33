/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/common/saved_target.h"

#include <stdio.h>

#include "cli/common/crash.h"
#include "cli/common/model_log.h"
#include "io/output.h"
#include "io/target_file.h"

static void say_changed(const char *speaker, const char *path, const char *fingerprint, bool is_library)
{
    if (path && fingerprint && target_file_changed(path, fingerprint))
        fprintf(stderr, "%s: %s has changed since the fit; what is asked is the target %s\n", speaker, path,
                is_library ? "as it is now, and so are names and scale" : "that was fitted");
}

rovi_status saved_target_open(const struct command *self, const struct fit_file *fit, rovi_target **target,
                              rovi_error *error)
{
    const struct fit_context *context = &fit->context;
    char speaker[32];
    snprintf(speaker, sizeof speaker, "rovi %s", self->name);
    say_changed(speaker, context->target_path, context->target_fingerprint, context->is_library);
    say_changed(speaker, context->data_path, context->data_fingerprint, context->is_library);
    if (!context->is_library)
        return fit_file_target(fit, target, error);
    crash_catch(speaker, context->target_path);
    return fit_file_library(fit, model_log, target, error);
}

rovi_status saved_target_spare(const struct fit_file *fit, const char *output, rovi_error *error)
{
    const char *const inputs[] = {fit->context.target_path, fit->context.data_path};
    return output_spare(output, sizeof inputs / sizeof *inputs, inputs, error);
}
