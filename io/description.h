/* SPDX-License-Identifier: BSD-3-Clause */
/* Target descriptions: JSON to rovi_target. docs/commands.md lists the types and their keys. */
#ifndef ROVI_IO_DESCRIPTION_H
#define ROVI_IO_DESCRIPTION_H

#include "io/json.h"
#include "rovi.h"

/* The target that the field describes; messages name the field's file. */
rovi_status description_to_target(const struct field *description, rovi_target **target, rovi_error *error);

#endif
