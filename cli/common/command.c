/* SPDX-License-Identifier: BSD-3-Clause */
/* How a command begins: its command line, read and told again. */
#include <string.h>

#include "cli/common/cli.h"
#include "cli/common/shell.h"

bool command_has_option(const struct command *command, const char *name)
{
    for (const struct option *option = command->options; option->name; option++)
        if (strcmp(option->name, name) == 0)
            return true;
    return false;
}

bool command_read(const struct command *self, int argc, char **argv, struct reader reader, void *request, int *code)
{
    rovi_error error = {0};
    struct arguments arguments = {
        .count = argc, .list = argv, .options = self->options, .setting_at = self->setting_at};
    rovi_status status = arguments_read(&arguments, reader.accept, request, &error);
    if (!status && !arguments.help)
        status = reader.check(request, &error);
    *code = status ? say_error(self, &error) : EXIT_DONE;
    if (!status && arguments.help)
        print_help(self);
    return !status && !arguments.help;
}

char *join_command_line(struct pool *pool, const struct command *command, int argc, char **argv)
{
    char *line = pool_format(pool, "rovi %s", command->name), *word;
    for (int i = 0; line && i < argc; i++)
        line = (word = shell_word(pool, argv[i])) ? pool_format(pool, "%s %s", line, word) : NULL;
    return line;
}
