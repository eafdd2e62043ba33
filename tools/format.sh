#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Format the C sources in place, or with --check only tell which would change. Releases of clang-format differ in
# details, so one is the judge: 14. Others format as well as they can, and do not judge.
set -eu
cd "$(dirname "$0")/.."
judge=14
tool=$(command -v clang-format-$judge || command -v clang-format)
version=$("$tool" --version | sed 's/.*version \([0-9]*\).*/\1/')
if [ "${1:-}" != --check ]; then
    tools/sources.sh c | xargs "$tool" -i --style=file
elif [ "$version" = $judge ]; then
    tools/sources.sh c | xargs "$tool" --dry-run --Werror --style=file
    echo "clang-format: $(tools/sources.sh c | wc -l) files"
else
    echo "clang-format: not checked, for this is release $version and the judge is $judge"
fi
