# Install target: headers, library, program and the package file for find_package(octet).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS octet_lib EXPORT octet-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS octet_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# What `octet verify --with` runs.
install(PROGRAMS tools/run_onnxruntime.py tools/run_nnabla.py DESTINATION ${CMAKE_INSTALL_DATADIR}/octet)
install(DIRECTORY octet/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/octet
        FILES_MATCHING PATTERN "*.h" PATTERN "*.inc")
install(EXPORT octet-targets NAMESPACE octet:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/octet)
configure_package_config_file(cmake/octet-config.cmake.in ${CMAKE_BINARY_DIR}/octet-config.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/octet)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/octet-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/octet-config.cmake ${CMAKE_BINARY_DIR}/octet-config-version.cmake
              cmake/dependencies.cmake cmake/torch_headers.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/octet)
