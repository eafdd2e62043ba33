# SPDX-License-Identifier: BSD-3-Clause
# How our own C is compiled (rovi_flags) and linked (rovi_link_flags, part of rovi_flags).

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug, RelWithDebInfo or MinSizeRel" FORCE)
endif()
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON) # for clang-tidy and editors

add_library(rovi_link_flags INTERFACE)
add_library(rovi_flags INTERFACE)
target_link_libraries(rovi_flags INTERFACE rovi_link_flags)

target_compile_definitions(rovi_flags INTERFACE _POSIX_C_SOURCE=200809L)
target_compile_options(rovi_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
                                            -Wmissing-prototypes $<$<BOOL:${ROVI_WERROR}>:-Werror>)

# Arithmetic as written: no -ffast-math, and no contraction, so that a*b + c does not depend on what the compiler fuses
# (which also differs between processors with and without fused multiply-add). Two liberties that change no value:
# mathematical functions need not set errno, and nothing here traps on floating-point exceptions.
target_compile_options(rovi_flags INTERFACE -ffp-contract=off -fno-math-errno -fno-trapping-math)

if(ROVI_NATIVE)
    target_compile_options(rovi_flags INTERFACE -march=native)
endif()
if(ROVI_SANITIZE)
    set(sanitize -fsanitize=${ROVI_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_compile_options(rovi_flags INTERFACE ${sanitize})
    target_link_options(rovi_link_flags INTERFACE ${sanitize})
endif()
if(ROVI_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES Clang)
        message(FATAL_ERROR "ROVI_FUZZ needs clang, for its libFuzzer; the compiler is ${CMAKE_C_COMPILER_ID}")
    endif()
    target_compile_options(rovi_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(ROVI_COVERAGE)
    target_compile_options(rovi_flags INTERFACE --coverage -fprofile-update=atomic) # atomic: the counters see threads
    target_link_options(rovi_link_flags INTERFACE --coverage)
endif()
