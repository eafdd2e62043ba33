#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every script passes shellcheck; what bats loads is for bats itself to judge.
set -eu
cd "$(dirname "$0")/.."
tools/sources.sh scripts | grep -v '\.ba\(ts\|sh\)$' | xargs shellcheck -x
echo "shellcheck: $(tools/sources.sh scripts | grep -cv '\.ba\(ts\|sh\)$') scripts"
