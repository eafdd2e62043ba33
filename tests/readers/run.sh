#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The files of `rovi sample` and `rovi langevin` in the hands of those they are written for: ArviZ 0.x with cmdstanpy, and ArviZ 1.x, from
# PyPI. The environments stay in build/readers (some 800 MB) and are made once. What cannot be had here (no Python, one
# too old, no network, no NetCDF) is skipped, and said.
set -eu
cd "$(dirname "$0")/../.."
rovi=${ROVI:-$PWD/build/rovi}
envs=build/readers
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip()
{
    echo "SKIPPED: $*"
}

# The first Python at hand that is as new as this; pyenv's are not on the PATH
python_from()
{
    for python in python3 python3.14 python3.13 python3.12 "$HOME"/.pyenv/versions/*/bin/python3; do
        if "$python" -c "import sys, venv; sys.exit(sys.version_info < $1)" 2>/dev/null; then
            command -v "$python"
            return
        fi
    done
}

# environment NAME LEAST_PYTHON PACKAGE...: make it unless it is there, with these packages
environment()
{
    name=$1
    least=$2
    shift 2
    if [ "$(cat "$envs/$name/packages" 2>/dev/null)" = "$*" ]; then
        return
    fi
    python=$(python_from "$least")
    if [ -z "$python" ]; then
        skip "$name: no Python from $least on, or none with venv"
        return 1
    fi
    rm -rf "${envs:?}/$name"
    if ! "$python" -m venv "$envs/$name" >"$work/log" 2>&1; then
        skip "$name: $python cannot make an environment: $(tail -n 1 "$work/log")"
        return 1
    fi
    if ! "$envs/$name/bin/pip" install --quiet --disable-pip-version-check "$@" >"$work/log" 2>&1; then
        skip "$name: pip cannot install $*: $(tail -n 1 "$work/log")"
        return 1
    fi
    echo "$*" >"$envs/$name/packages"
}

"$rovi" fit figure1-m3 --seed 3 --quiet --json -o "$work/fit.json" >"$work/result.json"
"$rovi" sample "$work/fit.json" -n 4000 -o "$work/draws.csv"
"$rovi" sample "$work/fit.json" -n 4000 -o "$work/advi.csv" --layout advi
"$rovi" langevin figure1-m1 -n 4000 --quiet -o "$work/langevin.csv" >"$work/log"
if ! "$rovi" sample "$work/fit.json" -n 4000 -o "$work/draws.nc" ||
    ! "$rovi" langevin figure1-m1 -n 4000 --quiet -o "$work/langevin.nc" >"$work/log"; then
    skip "no NetCDF: the files of CSV are read all the same"
else
    # rovi's restarts agree; those of mean-field VI end in one mode or the other
    "$rovi" fit figure1-m3 --independent on --restarts 8 --quiet --no-probe -o "$work/agreed.fit.json" >"$work/log"
    "$rovi" sample "$work/agreed.fit.json" -n 1000 -o "$work/agreed.nc" --chains restarts
    "$rovi" fit figure1-m3 --method mfvi --independent on --restarts 8 --quiet --no-probe -o "$work/apart.fit.json" >"$work/log"
    "$rovi" sample "$work/apart.fit.json" -n 1000 -o "$work/apart.nc" --chains restarts
fi

mkdir -p "$envs"
if environment arviz0 '(3, 10)' 'arviz>=0.23,<1' 'cmdstanpy>=1.2,<2'; then
    "$envs/arviz0/bin/python" -W ignore tests/readers/read.py "$work"
fi
if environment arviz1 '(3, 12)' 'arviz>=1' h5netcdf h5py; then
    "$envs/arviz1/bin/python" -W ignore tests/readers/read.py "$work"
fi
