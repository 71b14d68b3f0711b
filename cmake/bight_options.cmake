# SPDX-License-Identifier: MIT
#
# How our own targets are compiled. Nothing here reaches a user of the library.

# Without a build type CMake compiles unoptimised, which nobody expects of a first build.
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

# There are no modules here; looking for them would ask for clang-scan-deps.
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  find_program(BIGHT_CCACHE ccache)
  mark_as_advanced(BIGHT_CCACHE)
  if(BIGHT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${BIGHT_CCACHE}")
  endif()
endif()

set(bight_warnings "")
if(BIGHT_DEVELOPER AND CMAKE_CXX_COMPILER_ID MATCHES "Clang|GNU")
  set(bight_warnings
      -Wall
      -Wextra
      -Wpedantic
      -Wshadow
      -Wnon-virtual-dtor
      -Woverloaded-virtual
      -Wimplicit-fallthrough)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # A dangling task argument is the fault that coroutines invite most: an error in any build.
    list(APPEND bight_warnings -Werror=dangling -Werror=dangling-gsl -Werror=return-stack-address
         -Werror=unused-result)
  else()
    # g++ 12 and 14 report these at -O2 inside libstdc++'s own strings and coroutine frames
    # (GCC bugs 105329, 105651, 109224); clang and the sanitizers look for the same faults.
    list(APPEND bight_warnings -Wno-restrict -Wno-maybe-uninitialized -Wno-mismatched-new-delete
         -Wno-dangling-pointer -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
endif()

# Gives a target of ours the language level and the warnings.
function(bight_own target)
  set_target_properties(${target} PROPERTIES CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON
                                             CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE ${bight_warnings})
endfunction()
