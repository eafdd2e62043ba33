/* SPDX-License-Identifier: BSD-3-Clause */
/* Targets that come with rovi: names for descriptions as a target file would hold them. */
#ifndef ROVI_IO_BUILTIN_H
#define ROVI_IO_BUILTIN_H

#include <stddef.h>

struct builtin {
    const char *name;
    const char *about;       /* one line */
    const char *description; /* JSON */
};

const struct builtin *builtin_at(size_t index); /* NULL past the end */
const struct builtin *builtin_find(const char *name);

#endif
