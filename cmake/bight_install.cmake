# SPDX-License-Identifier: MIT
#
# `cmake --install build` puts the library where find_package(bight) and pkg-config find it, and
# the tool on the path, with the licence and the documents. All stay true when the prefix is moved.

include(CMakePackageConfigHelpers)

install(TARGETS bight EXPORT bightTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.hpp")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/README.md"
              "${PROJECT_SOURCE_DIR}/README.zh-CN.md" "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs" "${PROJECT_SOURCE_DIR}/examples"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}" PATTERN CMakeLists.txt EXCLUDE)
if(TARGET bight-tool)
  install(TARGETS bight-tool RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

set(bight_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/bight")
install(EXPORT bightTargets NAMESPACE bight:: DESTINATION "${bight_package_dir}")
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/bightConfig.cmake.in" "${PROJECT_BINARY_DIR}/bightConfig.cmake"
  INSTALL_DESTINATION "${bight_package_dir}" NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change what a user sees.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/bightConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/bightConfig.cmake"
              "${PROJECT_BINARY_DIR}/bightConfigVersion.cmake" DESTINATION "${bight_package_dir}")

# pkg-config asks for static needs only with --static; there is no other bight, so they are plain
# requirements.
set(bight_pc_requires "fmt libcares openssl libidn2 zlib libbrotlidec libzstd")
if(BIGHT_URING)
  string(APPEND bight_pc_requires " liburing")
endif()
set(bight_pc_prefix "/prefix")
cmake_path(RELATIVE_PATH bight_pc_prefix BASE_DIRECTORY
           "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig")
configure_file("${PROJECT_SOURCE_DIR}/cmake/bight.pc.in" "${PROJECT_BINARY_DIR}/bight.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/bight.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
