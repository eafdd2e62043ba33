# SPDX-License-Identifier: BSD-3-Clause
# Thin: the names people type, each a line or two of cmake, ctest and the scripts in tools/. Presets hold the flags.
#
#   make [build]        build/rovi and the libraries
#   make demo           the main job on a built-in example; pictures in demo/
#   make check          build, then all tests
#   make check-all      check, and everything else that can be checked: all of the next group
#   make check-format, lint, docs, check-clang, check-asan, check-tsan, check-fuzz, check-readers, check-stan, coverage
#   make bench          time and quality against the clock
#   make numbers        lines by folder, functions of more than 40 lines
#   make fmt            format the sources in place
#   make api            docs/api.md from the header
#   make install        to PREFIX (/usr/local), below DESTDIR when given
#   make clean          remove the build directories

PREFIX = /usr/local
JOBS := $(shell nproc 2>/dev/null || echo 2)
FUZZ_SECONDS = 30
MAKEFLAGS += --no-print-directory

BUILD = cmake --build --parallel $(JOBS) --preset
# noTestsAction in the presets: a run that finds no test has failed.
TEST = ctest --parallel $(JOBS) --preset
# Thread sanitizer cannot map its memory when the kernel randomises addresses too widely: then without.
FIXED = $(shell setarch -R true 2>/dev/null && echo setarch -R)
# It does not see how the threads of OpenBLAS wait for each other, so that what these write is no finding.
TSAN = TSAN_OPTIONS=ignore_noninstrumented_modules=1

.PHONY: build demo check check-all check-format lint docs api check-clang check-asan check-tsan check-fuzz check-readers \
        check-stan coverage bench numbers \
        fmt install clean help

build: build/Makefile
	$(BUILD) release

build/Makefile:
	cmake --preset release

demo: build
	sh examples/demo.sh

check:
	cmake --preset release -DROVI_TESTS=ON
	$(BUILD) release
	$(TEST) release

check-all: check check-format lint docs check-clang check-asan check-tsan check-fuzz check-readers check-stan coverage

check-format:
	tools/format.sh --check

lint: build-debug/Makefile
	tools/check_spdx.sh
	tools/check_layers.sh
	tools/check_shell.sh
	tools/check_tidy.sh build-debug $(JOBS)

docs:
	tools/api.sh --check
	tools/check_links.sh

api: # docs/api.md, after a change of the header
	tools/api.sh

build-debug/Makefile: # debug: clang-tidy knows what is asserted
	cmake --preset debug

check-clang:
	cmake --preset clang
	$(BUILD) clang
	$(TEST) clang

check-asan:
	cmake --preset asan
	$(BUILD) asan
	$(TEST) asan

check-tsan:
	cmake --preset tsan
	$(BUILD) tsan
	$(TSAN) $(FIXED) $(TEST) tsan --label-regex '^threads$$' # which these are, and why: cmake/tests.cmake

check-fuzz:
	cmake --preset fuzz
	$(BUILD) fuzz
	tools/fuzz.sh build-fuzz $(FUZZ_SECONDS)

check-readers: build # what others read of ours, by their own programs
	tests/readers/run.sh

check-stan: build # fetches a wheel of 45 MB, once
	tests/stan/run.sh build/rovi build-stan

coverage:
	cmake --preset coverage
	$(BUILD) coverage
	find build-coverage -name '*.gcda' -delete
	$(TEST) coverage
	tools/coverage.sh build-coverage

BENCH = # such as --full, or the names of some of its questions

bench:
	cmake --preset release -DROVI_BENCH=ON
	$(BUILD) release
	bench/run.sh $(BENCH)

numbers:
	tools/numbers.sh

fmt:
	tools/format.sh

install:
	cmake --preset release -DCMAKE_INSTALL_PREFIX=$(PREFIX)
	$(BUILD) release
	cmake --install build

clean:
	rm -rf build build-clang build-debug build-asan build-tsan build-coverage build-fuzz

help:
	@sed -n 's/^#   //p' Makefile
