# SPDX-License-Identifier: BSD-3-Clause
# The benchmark's programs. bench/run.sh runs them.
set(bench_common bench/problem.c bench/layouts.c bench/parts.c bench/bounds.c bench/chance.c bench/runs.c bench/table.c)
add_executable(rovi_bench ${bench_common} bench/main.c bench/calibration.c bench/diagnosis.c bench/mixtures.c bench/program.c bench/reliability.c bench/speed.c bench/scaling.c
               bench/posteriors.c bench/posterior.c bench/reference.c bench/tape.c)
add_executable(rovi_bench_floor ${bench_common} bench/floor.c)
foreach(program rovi_bench rovi_bench_floor)
    target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${program} PRIVATE rovi_flags rovi_static m)
    set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
endforeach()
target_include_directories(rovi_bench_floor PRIVATE src) # the others know rovi.h alone
target_link_libraries(rovi_bench_floor PRIVATE Threads::Threads)

# What `rovi fit` is asked to fit when the program's own time is measured.
add_library(bench_target MODULE bench/program_target.c)
target_include_directories(bench_target PRIVATE include)
target_link_libraries(bench_target PRIVATE rovi_flags m)
set_target_properties(bench_target PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden
                      LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
target_compile_definitions(rovi_bench PRIVATE BENCH_PROGRAM="$<TARGET_FILE:rovi>" BENCH_TARGET="$<TARGET_FILE:bench_target>")
add_dependencies(rovi_bench rovi bench_target)
