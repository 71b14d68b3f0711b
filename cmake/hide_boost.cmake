# SPDX-License-Identifier: MIT
#
# cmake -DARCHIVE=… -DNM=… -DOBJCOPY=… -P hide_boost.cmake
#
# Renames the functions that Boost's headers generate in the library. They are weak: in a program
# that has another version of Boost, the linker would take one of each name for both.

# Local names too: g++ names a group of destructors after one that exists nowhere, and the linker
# keeps one group of each name.
execute_process(COMMAND "${NM}" --format=posix "${ARCHIVE}" OUTPUT_VARIABLE listing
                COMMAND_ERROR_IS_FATAL ANY)
# Each name that is in namespace boost, or has it among its arguments, as the linker knows it.
string(REGEX MATCHALL "\n_Z[A-Za-z0-9_]*5boost[A-Za-z0-9_]*" symbols "\n${listing}")
list(REMOVE_DUPLICATES symbols)
set(renames "")
foreach(symbol IN LISTS symbols)
  string(STRIP "${symbol}" symbol)
  string(APPEND renames "${symbol} bight_own_${symbol}\n")
endforeach()
if(renames)
  file(WRITE "${ARCHIVE}.renames" "${renames}")
  execute_process(COMMAND "${OBJCOPY}" "--redefine-syms=${ARCHIVE}.renames" "${ARCHIVE}"
                  COMMAND_ERROR_IS_FATAL ANY)
endif()
