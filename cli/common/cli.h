/* SPDX-License-Identifier: BSD-3-Clause */
/* What the subcommands share: their table, how they read their command line, the exit codes, how they speak. */
#ifndef ROVI_CLI_COMMON_CLI_H
#define ROVI_CLI_COMMON_CLI_H

#include "cli/common/options.h"
#include "io/memory.h"
#include "rovi.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,        /* target, numerics, memory, output */
    EXIT_BAD_INPUT = 2,     /* usage, or a file that is not what it should be */
    EXIT_NOT_CONVERGED = 3, /* done, the result is written */
    EXIT_COLLAPSED = 4,     /* likewise, but mode collapse is suspected: wins over 3 */
    EXIT_INTERRUPTED = 130  /* the result so far is written */
};

/* All of them in words, closed by one without. */
extern const struct exit_meaning {
    enum exit_code code;
    unsigned outcome; /* 0: of all commands */
    const char *meaning;
} exit_meanings[];

struct command {
    const char *name, *summary, *usage;
    const struct option *options;                    /* closed by one without a name */
    const rovi_setting *(*setting_at)(size_t index); /* settings of the library that are options as well; or NULL */
    int (*run)(const struct command *self, int argc, char **argv); /* argv[0] is the first argument */
    void (*more_help)(void);                                       /* printed last; or NULL */
    unsigned outcomes; /* the exit codes that it may end with beside those that all may: ENDS bits, or'ed */
};

enum { ENDS_NOT_CONVERGED = 1, ENDS_COLLAPSED = 2 };

/* Of this command, or of any (NULL). */
bool exit_applies(const struct command *command, const struct exit_meaning *exit);

extern const struct command fit_command, check_command, sample_command, plot_command, report_command, langevin_command,
    separation_command, reproduce_command;

/* How a command reads its command line into its request. */
struct reader {
    argument_accept accept;                                 /* settings and positional arguments */
    rovi_status (*check)(void *request, rovi_error *error); /* all of it, when it has been read */
};

/* True: the request is complete, and the command may run. False: *code is how it ends, and its help or what is wrong
 * has been said. */
bool command_read(const struct command *self, int argc, char **argv, struct reader reader, void *request, int *code);

/* Print the sentence on stderr; the exit code that goes with its status. */
int say_error(const struct command *command, const rovi_error *error);

void print_help(const struct command *command);

/* An option may stand before a setting of the same name, when it takes more than that does. */
bool command_has_option(const struct command *command, const char *name);

/* "rovi fit ring --seed 2", quoted for a shell, in the pool; NULL when out of memory */
char *join_command_line(struct pool *pool, const struct command *command, int argc, char **argv);

/* "rovi 0.1.0: rovi fit ring: 2.1 s, peak memory 31 MB" */
void say_closing_line(const char *command_line, double seconds);

double seconds_now(void); /* on a clock that only goes forward */

#endif
