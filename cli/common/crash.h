/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals that only a fault raises: a user's library may crash, and rovi with it, but not without a word. */
#ifndef ROVI_CLI_COMMON_CRASH_H
#define ROVI_CLI_COMMON_CRASH_H

/* From now on such a fault, on any thread, is put into a sentence (cli/common/last_words.h) and ends the program with
 * EXIT_FAILED and no temporary file left. For targets that are libraries: what crashes is taken to be theirs. */
void crash_catch(const char *speaker, const char *target);

/* To be called on each thread that is to survive its own stack for as long as that sentence takes: the handler gets a
 * stack of its own. Does nothing before crash_catch, and when called again. */
void crash_guard_thread(void);

#endif
