#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Time and quality against the clock: one table a question, and all of them in bench/results/latest.json together with
# the machine. Runs that fell short are named in bench/results/misses-QUESTION.txt.
# usage: run.sh [--full] [--seeds N] [--only TEXT] [--build DIR] [QUESTION ...]
#   --full      100 seeds (20 from 50 dimensions on) instead of 10 (1 from 10 dimensions on), more runs of each timing;
#               shifted targets get a fifth. Without it, some ten minutes of one core
#   --seeds N   as many seeds for each line of reliability, diagnosis, calibration, posteriors and mixtures
#   --only TEXT only their lines that hold this, such as "asymmetric d 2 rovi shift 0"
#   QUESTION    speed, curve, overhead, program, scaling, threads, floor, reliability, diagnosis, calibration, posteriors, mixtures;
#               all of these unless some are named. Or reference: the numbers that posteriors are held against, made anew (some minutes)
set -eu
cd "$(dirname "$0")/.."
build=build
full=
seeds=0
only=
while [ $# -gt 0 ]; do
    case $1 in
    --full) full=--full ;;
    --seeds)
        seeds=$2
        shift
        ;;
    --only)
        only=$2
        shift
        ;;
    --build)
        build=$2
        shift
        ;;
    -*)
        sed -n 's/^# \(usage.*\)/\1/p' bench/run.sh >&2
        exit 2
        ;;
    *) break ;;
    esac
    shift
done
[ $# -gt 0 ] || set -- speed curve overhead program scaling threads floor reliability diagnosis calibration posteriors mixtures
results=bench/results
mkdir -p $results
parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT

# The first value of a key in "key: value" or "KEY=value" lines, fit to stand in quotes.
value()
{
    sed -n "s/^$1[[:space:]]*[:=][[:space:]]*//p" | head -n 1 | sed 's/["\\]//g'
}

cache()
{
    value "$1:[A-Z]*" <"$build/CMakeCache.txt"
}

machine()
{
    compiler=$(cache CMAKE_C_COMPILER)
    commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
    if [ -n "$(git status --porcelain -- src include 2>/dev/null)" ]; then
        commit="$commit, changed"
    fi
    printf ' "machine": {\n'
    printf '  "cpu": "%s",\n' "$(value 'model name' </proc/cpuinfo 2>/dev/null || uname -m)"
    printf '  "cores": %s,\n' "$(getconf _NPROCESSORS_ONLN)"
    printf '  "system": "%s",\n' "$(uname -s -m)"
    printf '  "compiler": "%s",\n' "$("$compiler" --version | head -n 1)"
    printf '  "build_type": "%s",\n' "$(cache CMAKE_BUILD_TYPE)"
    printf '  "blas": "OpenBLAS %s",\n' "$(pkg-config --modversion openblas)"
    printf '  "rovi": "%s",\n' "$("$build/rovi" --version | head -n 1)"
    printf '  "commit": "%s",\n' "$commit"
    printf '  "date": "%s"\n' "$(date -u +%Y-%m-%d)"
    printf ' },\n'
}

machine >"$parts/machine"
sed 's/^ *"\(.*\)": "\{0,1\}\([^"]*\)"\{0,1\},\{0,1\}$/\1: \2/; /[{}]/d' "$parts/machine"
for question; do
    case $question in
    floor) "$build/bench/rovi_bench_floor" --json "$parts/$question.json" ;;
    reliability | diagnosis | calibration | posteriors | mixtures)
        "$build/bench/rovi_bench" "$question" ${full:+"$full"} --seeds "$seeds" ${only:+--only "$only"} \
            --json "$parts/$question.json" --misses "$results/misses-$question.txt"
        ;;
    *) "$build/bench/rovi_bench" "$question" ${full:+"$full"} --json "$parts/$question.json" ;;
    esac
done
{
    printf '{\n'
    cat "$parts/machine"
    printf ' "tables": {\n'
    comma=
    for question; do
        printf '%s' "$comma"
        cat "$parts/$question.json"
        comma=',
'
    done
    printf '\n }\n}\n'
} >"$parts/all"
mv "$parts/all" $results/latest.json
printf '\nkept as %s\n' "$results/latest.json"
