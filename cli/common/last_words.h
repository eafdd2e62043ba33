/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a program that ends at once still has to say: where it was, what is kept, how to go on. Everything is told here
 * beforehand, since a signal handler can look nothing up.
 */
#ifndef ROVI_CLI_COMMON_LAST_WORDS_H
#define ROVI_CLI_COMMON_LAST_WORDS_H

#include <stddef.h>

/* Who speaks ("rovi fit") and of what target; shortened where they are long. */
void last_words_begin(const char *speaker, const char *target);

/* What goes on from now on: "in the search beyond the fit". NULL: a fit, whose threads say which restart they are in.
 * The text stays where it is. */
void last_words_phase(const char *text);
void last_words_restart(size_t index, size_t count); /* of this thread */

/* `count` finished restarts are in `file` now. */
void last_words_kept(size_t count, const char *file);

/* To be called from signal handlers, and safe there. */
void last_words_say_crash(const char *how);
void last_words_say_kept(void); /* nothing when nothing is kept */

#endif
