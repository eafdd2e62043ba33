#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The one direction of dependency, read off the #include lines:
#   - a folder of src/ includes rovi.h, itself, and the folders before it in `layers`; a new folder must be put there;
#   - io/ includes rovi.h and itself; cli/ those and itself, a folder of it those before it in `parts`; examples/ rovi.h
#     alone;
#   - rovi.h includes the C standard library alone;
#   - BLAS is known to src/base/linalg.c, Random123 to src/base/rng.c, jansson to io/, netCDF to
#     io/draws_netcdf.c.
set -eu
cd "$(dirname "$0")/.."
layers='base target family evidence supervise langevin climb explore restart gradient directions coordinate mixture fit theory diagnose'
parts='common picture report reproduce'

# shellcheck disable=SC2016 # $0 and the like are awk's
tools/sources.sh c | grep -v '^tests/' | xargs awk -v layers="$layers" -v parts="$parts" '
BEGIN {
    n = split(layers, name, " ")
    for (i = 1; i <= n; i++)
        rank[name[i]] = i
    n = split(parts, name, " ")
    for (i = 1; i <= n; i++)
        place[name[i]] = i
}
function of_cli(count, path) { # "" for the commands themselves, which may include all
    return count == 3 ? path[2] : ""
}
function complain(why) {
    printf "%s:%d: %s\n", FILENAME, FNR, why
    failed = 1
}
FNR == 1 {
    files++
    own = of_cli(split(FILENAME, part, "/"), part)
    top = part[1]
    layer = part[2]
    if (top == "src" && !(layer in rank))
        complain("src/" layer " is not among the layers: " layers)
}
/^[ \t]*#[ \t]*include/ {
    match($0, /[<"][^>"]*[>"]/)
    quoted = substr($0, RSTART, 1) == "\""
    header = substr($0, RSTART + 1, RLENGTH - 2)
    other = of_cli(split(header, part, "/"), part)
    if (header ~ /^(cblas|lapacke?|openblas_config)\.h$/ && FILENAME != "src/base/linalg.c")
        complain("only src/base/linalg.c knows BLAS, not " header)
    if (header ~ /^Random123\// && FILENAME != "src/base/rng.c")
        complain("only src/base/rng.c knows Random123, not " header)
    if (header ~ /^jansson/ && top != "io")
        complain("only io/ knows jansson")
    if (header == "netcdf.h" && FILENAME != "io/draws_netcdf.c")
        complain("only io/draws_netcdf.c knows netCDF")
    if (top == "include" && (quoted || header !~ /^std(def|int|arg|bool)\.h$/))
        complain("the public header includes nothing but <std*.h>, not " header)
    if (!quoted)
        next
    if (header ~ /(^|\/)\.\.?\//)
        complain("include by the path from src/ or the top, not " header)
    else if (header == "rovi.h")
        next
    else if (top == "src" && !(part[1] in rank))
        complain("src/" layer " may not include " header)
    else if (top == "src" && rank[part[1]] > rank[layer])
        complain("src/" layer " comes before src/" part[1] " and may not include " header)
    else if ((top == "io" && part[1] != "io") || (top == "cli" && part[1] != "io" && part[1] != "cli"))
        complain(top "/ may not include " header)
    else if (top == "cli" && part[1] == "cli" && own != "" && !(place[other] && place[other] <= place[own]))
        complain("cli/" own " may not include " header)
    else if (top == "examples" || top == "include")
        complain(top "/ may not include " header)
}
END {
    if (!failed)
        printf "direction of dependency: %d files\n", files
    exit failed
}'
