# SPDX-License-Identifier: MIT
#
# Debian's hardening flags, for the tool and the library inside it. They are private to both: a
# program that links libbight.a chooses its own. docs/MEASUREMENTS.md says what they cost.

include(CheckCXXCompilerFlag)

option(BIGHT_HARDENING "Build the tool and the library with Debian's hardening flags"
       ${PROJECT_IS_TOP_LEVEL})

set(bight_hardened "")
set(bight_hardened_link "")
# Sanitizers find the same faults, and do not intercept the fortified calls.
if(BIGHT_HARDENING AND CMAKE_CXX_COMPILER_ID MATCHES "Clang|GNU"
   AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  foreach(flag IN ITEMS -fstack-protector-strong -fstack-clash-protection -fcf-protection
                        -mbranch-protection=standard)
    string(MAKE_C_IDENTIFIER "bight_has${flag}" has)
    check_cxx_compiler_flag(${flag} ${has})
    if(${has})
      list(APPEND bight_hardened ${flag})
    endif()
  endforeach()
  # glibc's checks use object sizes, which only the optimiser finds.
  list(APPEND bight_hardened
       "$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:SHELL:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>")

  list(APPEND bight_hardened_link "LINKER:-z,relro" "LINKER:-z,now" "LINKER:-z,noexecstack")
  if(bight_has_fcf_protection)
    # Debian 12's start files lack the mark for it, and the linker marks a program only if all
    # objects have it. So the linker is told to. Of the start files only _init and _fini are called
    # indirectly; they do nothing here, so they are left out of the program's table.
    if(CMAKE_EXE_LINKER_FLAGS MATCHES "-fuse-ld=lld")
      list(APPEND bight_hardened_link "LINKER:-z,force-ibt,-z,shstk,--no-warnings")
    else()
      list(APPEND bight_hardened_link "LINKER:-z,ibt,-z,shstk")
    endif()
    list(APPEND bight_hardened_link "LINKER:-init=bight_none,-fini=bight_none")
  endif()
endif()

# Compiles a target of ours with the flags; a program is linked with them too.
function(bight_harden target)
  if(NOT bight_hardened)
    return()
  endif()
  target_compile_options(${target} PRIVATE ${bight_hardened})
  get_target_property(shareable ${target} POSITION_INDEPENDENT_CODE)
  if(NOT shareable)
    target_compile_options(${target} PRIVATE -fPIE)
  endif()
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    target_link_options(${target} PRIVATE -pie ${bight_hardened_link})
  endif()
endfunction()
