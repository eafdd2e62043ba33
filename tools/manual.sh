#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The manual pages, as the program writes them: rovi.1, and rovi-COMMAND.1 for each command that it lists.
# usage: manual.sh PROGRAM FOLDER
set -eu
rovi=$1
folder=$2
mkdir -p "$folder"
rm -f "$folder"/*.1
for command in $("$rovi" help | sed -n 's/^  rovi \([a-z][a-z]*\) .*/\1/p' | grep -vx help); do
    "$rovi" help --man "$command" >"$folder/rovi-$command.1"
done
"$rovi" help --man >"$folder/rovi.1"
