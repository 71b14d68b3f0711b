# SPDX-License-Identifier: MIT
#
# Finds what the components that are built need: bight_components.cmake. The tool's and the tests'
# own needs are in their folders. bightConfig.cmake.in finds the same for an installed library.

# A parent project links bight::bight from its own folder, so what that drags in must be visible
# there.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(PkgConfig REQUIRED)

if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  pkg_check_modules(liburing IMPORTED_TARGET GLOBAL liburing>=2.3)
endif()
if(liburing_FOUND)
  set(bight_uring_default ON)
else()
  set(bight_uring_default OFF)
endif()
option(BIGHT_URING "Build the io_uring engine (needs liburing)" ${bight_uring_default})
if(BIGHT_URING AND NOT liburing_FOUND)
  message(FATAL_ERROR "BIGHT_URING is ON, but liburing 2.3 or later was not found.\n"
                      "Install liburing-dev, or configure with -DBIGHT_URING=OFF.")
endif()
if(BIGHT_URING)
  list(APPEND bight_net_modules liburing)
endif()

set(bight_least_openssl ">=3.0")
set(bight_least_liburing ">=2.3")
foreach(component IN LISTS bight_built)
  foreach(module IN LISTS bight_${component}_modules)
    pkg_check_modules(${module} REQUIRED IMPORTED_TARGET GLOBAL ${module}${bight_least_${module}})
  endforeach()
endforeach()

# The grammar of HTTP, in Boost's headers alone: FindBoost is gone from CMake, and not every Boost
# brings its own.
if(http IN_LIST bight_built)
  find_path(BIGHT_BOOST_HEADERS boost/beast/http/basic_parser.hpp
            HINTS "${BOOST_ROOT}/include" "$ENV{BOOST_ROOT}/include" "${Boost_INCLUDE_DIR}")
  mark_as_advanced(BIGHT_BOOST_HEADERS)
  if(NOT BIGHT_BOOST_HEADERS)
    message(FATAL_ERROR "The headers of Boost.Beast were not found.\n"
                        "Install libboost-dev, or set BIGHT_BOOST_HEADERS to their folder.")
  endif()
  add_library(bight_boost INTERFACE)
  target_include_directories(bight_boost SYSTEM INTERFACE "${BIGHT_BOOST_HEADERS}")
endif()
