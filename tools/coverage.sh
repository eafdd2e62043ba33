#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Line coverage of src/, io/ and cli/ after a run of the tests in a coverage build.
# usage: coverage.sh BUILD_DIR
set -eu
cd "$(dirname "$0")/.."
gcovr --root . --object-directory "$1" --filter src/ --filter io/ --filter cli/ --exclude-unreachable-branches \
    --print-summary "$1"
