# SPDX-License-Identifier: BSD-3-Clause
# What `cmake --install` puts where.
include(CMakePackageConfigHelpers)

install(FILES include/rovi.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS rovi_shared EXPORT rovi_shared
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS rovi_static EXPORT rovi_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(ROVI_CLI)
    install(TARGETS rovi RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    if(NOT CMAKE_CROSSCOMPILING)
        install(DIRECTORY ${PROJECT_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
    endif()
endif()

foreach(document LICENSE README.md CHANGELOG.md CITATION.cff)
    if(EXISTS ${PROJECT_SOURCE_DIR}/${document})
        install(FILES ${document} DESTINATION ${CMAKE_INSTALL_DOCDIR})
    endif()
endforeach()

install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR}) # where the links of the README lead

# CMake package. The shared library needs nothing of its user; the static one needs OpenBLAS and threads at the link, so
# each has an export of its own and the package file offers what the machine can link.
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/rovi)
install(EXPORT rovi_shared NAMESPACE rovi:: FILE roviShared.cmake DESTINATION ${package_dir})
install(EXPORT rovi_static NAMESPACE rovi:: FILE roviStatic.cmake DESTINATION ${package_dir})
configure_package_config_file(cmake/roviConfig.cmake.in roviConfig.cmake INSTALL_DESTINATION ${package_dir}
                              NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor release may change the interface.
write_basic_package_version_file(roviConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/roviConfig.cmake ${PROJECT_BINARY_DIR}/roviConfigVersion.cmake
        DESTINATION ${package_dir})

# rovi.pc names the prefix, which may be chosen as late as `cmake --install --prefix`: so it is made during the install.
set(pc_libdir "\${prefix}")
cmake_path(APPEND pc_libdir "${CMAKE_INSTALL_LIBDIR}") # an absolute directory replaces the prefix
set(pc_includedir "\${prefix}")
cmake_path(APPEND pc_includedir "${CMAKE_INSTALL_INCLUDEDIR}")
list(JOIN openblas_LDFLAGS " " pc_openblas)
configure_file(cmake/rovi.pc.in rovi.pc.in @ONLY)
install(CODE "set(pc_in [[${PROJECT_BINARY_DIR}/rovi.pc.in]])
set(pc_out [[${PROJECT_BINARY_DIR}/rovi.pc]])
file(READ \${pc_in} text)
string(REPLACE INSTALL_PREFIX \"\${CMAKE_INSTALL_PREFIX}\" text \"\${text}\")
file(WRITE \${pc_out} \"\${text}\")")
install(FILES ${PROJECT_BINARY_DIR}/rovi.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
