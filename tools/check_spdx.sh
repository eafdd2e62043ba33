#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every source names its licence in its first three lines.
set -eu
cd "$(dirname "$0")/.."
failed=0
files=$(tools/sources.sh all)
for file in $files; do
    if ! head -n 3 "$file" | grep -q 'SPDX-License-Identifier: BSD-3-Clause'; then
        echo "$file:1: no line 'SPDX-License-Identifier: BSD-3-Clause' among the first three" >&2
        failed=1
    fi
done
test $failed = 0 && echo "licence line: $(echo "$files" | wc -l) files"
