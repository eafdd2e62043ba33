#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Relative links in the Markdown files lead to something: the file exists, and has the heading that #fragment names.
set -eu
cd "$(dirname "$0")/.."
files=$(find . \( -name .git -o -name 'build*' -o -name demo \) -prune -o -name '*.md' -print | sed 's|^\./||' | sort)
problems=$(mktemp)
trap 'rm -f "$problems"' EXIT

# Headings as fragments, as GitHub makes them: lower case, punctuation dropped, spaces to hyphens
fragments()
{
    awk '/^```/ { code = !code } !code && sub(/^#+ +/, "")' "$1" | tr '[:upper:]' '[:lower:]' |
        sed 's/[^[:alnum:] _-]//g; s/ /-/g'
}

# Targets of [text](target), outside of code
# shellcheck disable=SC2016 # backticks are Markdown's
links()
{
    awk '/^```/ { code = !code } !code' "$1" | sed 's/`[^`]*`//g' | grep -o '](<\{0,1\}[^)> ]*' | sed 's/^](<\{0,1\}//' || true
}

for file in $files; do
    for link in $(links "$file"); do
        case $link in
        *://* | mailto:*) continue ;;
        esac
        path=${link%%#*}
        target=$(dirname "$file")/$path
        test -n "$path" || target=$file
        if [ ! -e "$target" ]; then
            echo "$file: nothing at $link"
        elif [ "$link" != "$path" ] && ! fragments "$target" | grep -qxF -e "${link#*#}"; then
            echo "$file: no heading for $link"
        fi
    done
done >"$problems"
if [ -s "$problems" ]; then
    cat "$problems" >&2
    exit 1
fi
echo "links: $(echo "$files" | wc -w) Markdown files"
