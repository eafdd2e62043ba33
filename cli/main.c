/* SPDX-License-Identifier: BSD-3-Clause */
/* rovi: the subcommands by name. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/common/cli.h"
#include "cli/manual.h"
#include "io/report.h"

static const struct command *const commands[] = {&fit_command,        &check_command,    &sample_command,
                                                 &plot_command,       &report_command,   &langevin_command,
                                                 &separation_command, &reproduce_command};

#define COMMANDS (sizeof commands / sizeof *commands)

static void print_overview(FILE *stream)
{
    fputs("rovi fits a tractable distribution to a posterior and keeps its modes.\n\nUsage:\n", stream);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(stream, "  %s\n      %s\n", commands[i]->usage, commands[i]->summary);
    fputs("  rovi help COMMAND | rovi COMMAND --help\n  rovi --version\n\nTry:  rovi fit figure1-m3\n", stream);
}

static const struct command *find_command(const char *name)
{
    struct suggestion suggestion = {.typed = name};
    char meant[SUGGESTION_ROOM];
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i];
        suggestion_consider(&suggestion, commands[i]->name);
    }
    fprintf(stderr, "rovi: found command \"%.80s\", allowed: ", name);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(stderr, "%s, ", commands[i]->name);
    fprintf(stderr, "help%s\n", suggestion_text(&suggestion, meant));
    return NULL;
}

static int manual(const char *name)
{
    const struct command *command = name ? find_command(name) : NULL;
    if (name && !command)
        return EXIT_BAD_INPUT;
    if (command)
        manual_print(command);
    else
        manual_print_overview(COMMANDS, commands);
    return EXIT_DONE;
}

static int help(const char *name)
{
    const struct command *command = name ? find_command(name) : NULL;
    if (name && !command)
        return EXIT_BAD_INPUT;
    if (command)
        print_help(command);
    else
        print_overview(stdout);
    return EXIT_DONE;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_BAD_INPUT;
    }
    if (strcmp(argv[1], "--version") == 0)
        return printf("rovi %s\n", rovi_version()) < 0 ? EXIT_FAILED : EXIT_DONE;
    if (strcmp(argv[1], "help") == 0 && argc > 2 && strcmp(argv[2], "--man") == 0)
        return manual(argc > 3 ? argv[3] : NULL);
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    const struct command *command = find_command(argv[1]);
    return command ? command->run(command, argc - 2, argv + 2) : EXIT_BAD_INPUT;
}

int main(int argc, char **argv)
{
    rovi_end_blas_threads();
    int code = dispatch(argc, argv);
    errno = 0;
    if ((fflush(stdout) == 0 && !ferror(stdout)) || code == EXIT_FAILED) /* which has had its sentence */
        return code;
    fprintf(stderr, "rovi: standard output cannot be written%s%s\n", errno ? ": " : "", errno ? strerror(errno) : "");
    return EXIT_FAILED;
}
