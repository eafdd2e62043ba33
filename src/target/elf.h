/* SPDX-License-Identifier: BSD-3-Clause */
/* A look at a library's file before it is loaded. */
#ifndef ROVI_TARGET_ELF_H
#define ROVI_TARGET_ELF_H

#include "rovi.h"

/* ROVI_BAD_INPUT for a file that is cut short, which loading would answer with a fatal signal, for one of another
 * architecture, which it would answer with "No such file", and for what is no library at all, of which it would speak
 * in terms of its own. All else is left to the loader. */
rovi_status elf_check(const char *path, rovi_error *error);

#endif
