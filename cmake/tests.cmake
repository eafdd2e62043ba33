# SPDX-License-Identifier: BSD-3-Clause
# The tests. Labels: unit, cli, example, readme, demo, house (what the built files look like), install; and threads for
# what runs under the thread sanitizer: the programs whose source speaks of threads. The others start none.
enable_testing()
pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
find_program(ROVI_BATS bats REQUIRED)

# Shared libraries as targets: every tests/fixtures/*.c and the example of a plugin is one, found by its name in fixtures/.
file(GLOB fixtures CONFIGURE_DEPENDS tests/fixtures/*.c)
foreach(source ${fixtures} examples/plugin.c)
    get_filename_component(name ${source} NAME_WE)
    add_library(fixture_${name} MODULE ${source})
    target_include_directories(fixture_${name} PRIVATE include)
    target_link_libraries(fixture_${name} PRIVATE rovi_flags Threads::Threads m)
    set_target_properties(fixture_${name} PROPERTIES OUTPUT_NAME ${name} PREFIX "" C_VISIBILITY_PRESET hidden
                          LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fixtures)
endforeach()

# Long under the thread sanitizer and where lines are counted: of these only the cases whose names speak of threads run
# there. The rest of their cases go through the same loops on other targets: counted too, they reach .2 % more lines.
set(threads_by_case test_coordinate test_large test_mixture test_plane)
# And these not at all: they add no threads to what cli.fit and test_plane run (cli.mixture, cli.separation), or stand
# between the sanitizer and malloc (test_memory).
set(threads_elsewhere cli.mixture cli.separation unit.test_memory)

function(label_test name label source)
    file(STRINGS ${source} mentions REGEX "[Tt]hread" LIMIT_COUNT 1)
    if(mentions AND NOT name IN_LIST threads_elsewhere)
        list(APPEND label threads)
    endif()
    set_tests_properties(${name} PROPERTIES LABELS "${label}")
endfunction()

# Every tests/unit/test_*.c is one cmocka program; they see the insides of the library, and share support.c.
file(GLOB unit_tests CONFIGURE_DEPENDS tests/unit/test_*.c)
file(GLOB support CONFIGURE_DEPENDS tests/unit/support*.c)
add_library(test_support OBJECT ${support})
target_include_directories(test_support PUBLIC tests/unit include src ${PROJECT_SOURCE_DIR})
target_link_libraries(test_support PUBLIC rovi_flags rovi_io rovi_static PkgConfig::cmocka Threads::Threads m)
target_compile_options(test_support PUBLIC -Wno-sign-conversion) # cmocka's assert_false hands an int to an unsigned
foreach(source ${unit_tests})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source} $<TARGET_OBJECTS:test_support>)
    target_link_libraries(${name} PRIVATE test_support)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/unit)
    add_test(NAME unit.${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(unit.${name} PROPERTIES ENVIRONMENT "ROVI_BUILD=${PROJECT_BINARY_DIR}")
    label_test(unit.${name} unit ${source})
    if((ROVI_SANITIZE STREQUAL thread OR ROVI_COVERAGE) AND name IN_LIST threads_by_case)
        set_property(TEST unit.${name} APPEND PROPERTY ENVIRONMENT "ROVI_TEST_CASES=*thread*")
        set_tests_properties(unit.${name} PROPERTIES FAIL_REGULAR_EXPRESSION " 0 test\\(s\\) run") # renamed
    endif()
endforeach()
if(ROVI_NETCDF AND netcdf_FOUND) # reads what was written by the library itself
    target_link_libraries(test_io_draws PRIVATE PkgConfig::netcdf)
    target_compile_definitions(test_io_draws PRIVATE ROVI_NETCDF)
endif()
if(TARGET test_memory) # makes the n-th allocation fail
    foreach(function malloc calloc realloc aligned_alloc posix_memalign free)
        target_link_options(test_memory PRIVATE -Wl,--wrap=${function})
    endforeach()
endif()

# A test that is a script: run in the source tree, told by the environment where the built files are.
function(add_script_test name label)
    add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS ${label}
        ENVIRONMENT "ROVI=$<TARGET_FILE:rovi>;ROVI_BUILD=${PROJECT_BINARY_DIR};ROVI_SOURCE=${PROJECT_SOURCE_DIR}")
endfunction()

file(GLOB cli_tests CONFIGURE_DEPENDS tests/cli/*.bats)
foreach(source ${cli_tests})
    get_filename_component(name ${source} NAME_WE)
    add_script_test(cli.${name} cli ${ROVI_BATS} --tap ${source})
    label_test(cli.${name} cli ${source})
endforeach()

# Examples link to the shared library, as a user's program would.
file(GLOB examples CONFIGURE_DEPENDS examples/*.c)
list(REMOVE_ITEM examples ${PROJECT_SOURCE_DIR}/examples/plugin.c) # a library, among the fixtures
foreach(source ${examples})
    get_filename_component(name ${source} NAME_WE)
    add_executable(example_${name} ${source})
    target_link_libraries(example_${name} PRIVATE rovi_flags rovi_shared m)
    set_target_properties(example_${name} PROPERTIES OUTPUT_NAME ${name}
                                                     RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
    add_test(NAME example.${name} COMMAND example_${name} WORKING_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
    set_tests_properties(example.${name} PROPERTIES LABELS example)
endforeach()

if(EXISTS ${PROJECT_SOURCE_DIR}/README.md)
    add_script_test(readme readme tools/run_readme.sh README.md)
endif()

# Sanitizers and counters add symbols and libraries of their own: what is shipped is looked at without them.
if(NOT ROVI_SANITIZE AND NOT ROVI_COVERAGE AND NOT ROVI_FUZZ)
    add_script_test(demo demo sh examples/demo.sh)
    set_property(TEST demo APPEND PROPERTY ENVIRONMENT DEMO=${PROJECT_BINARY_DIR}/demo)
    add_script_test(house.symbols house tools/check_symbols.sh $<TARGET_FILE:rovi_shared>
                    $<TARGET_SONAME_FILE_NAME:rovi_shared>)
    add_script_test(house.header house tools/check_header.sh)
    add_script_test(install.pkgconfig install tests/install/pkgconfig.sh ${CMAKE_C_COMPILER})
    add_script_test(install.cmake install tests/install/cmake.sh ${CMAKE_C_COMPILER})
    add_script_test(install.program install tests/install/program.sh)
    set_tests_properties(install.pkgconfig install.cmake install.program PROPERTIES
                         RESOURCE_LOCK install) # an install writes into the build directory: one at a time
endif()
