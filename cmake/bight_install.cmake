# SPDX-License-Identifier: MIT
#
# `cmake --install build` puts the library where find_package(bight) and pkg-config find it, and
# the tool on the path, with the licence and the documents. All stay true when the prefix is moved.

include(CMakePackageConfigHelpers)

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

# A file of targets for each component, so that find_package() loads those that are asked for.
set(bight_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/bight")
set(bight_table "")
foreach(component IN LISTS bight_built)
  install(TARGETS bight-${component} EXPORT bight-${component}
          ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT bight-${component} NAMESPACE bight:: DESTINATION "${bight_package_dir}")
  foreach(list IN ITEMS needs modules)
    list(JOIN bight_${component}_${list} " " items)
    string(APPEND bight_table "set(bight_${component}_${list} ${items})\n")
  endforeach()
endforeach()
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/bightConfig.cmake.in" "${PROJECT_BINARY_DIR}/bightConfig.cmake"
  INSTALL_DESTINATION "${bight_package_dir}" NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change what a user sees.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/bightConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/bightConfig.cmake"
              "${PROJECT_BINARY_DIR}/bightConfigVersion.cmake" DESTINATION "${bight_package_dir}")

# bight_pc(NAME SUMMARY LIBS REQUIRED…): the file NAME.pc. pkg-config asks for static needs only
# with --static; there is no other bight, so they are plain requirements.
function(bight_pc bight_pc_name bight_pc_summary bight_pc_libs)
  list(JOIN ARGN " " bight_pc_requires)
  set(bight_pc_prefix "/prefix")
  cmake_path(RELATIVE_PATH bight_pc_prefix BASE_DIRECTORY
             "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/bight.pc.in"
                 "${PROJECT_BINARY_DIR}/${bight_pc_name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${bight_pc_name}.pc"
          DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()

foreach(component IN LISTS bight_built)
  list(TRANSFORM bight_${component}_needs PREPEND bight- OUTPUT_VARIABLE needs)
  bight_pc(bight-${component} "${bight_${component}_summary}"
           "${bight_${component}_options} -lbight-${component}"
           ${needs} ${bight_${component}_modules} fmt)
endforeach()
list(TRANSFORM bight_built PREPEND bight- OUTPUT_VARIABLE all)
bight_pc(bight "${PROJECT_DESCRIPTION}" "" ${all})
