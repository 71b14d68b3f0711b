# SPDX-License-Identifier: MIT
#
# The components: a library each, bight::net and so on, and bight::bight for all of them
# (docs/decisions/037-components.md). This is the only list of what each one needs.

# Each component comes after those that it needs.
set(bight_components net sim tls http)

# What it does; the components it needs; the pkg-config modules its library is linked with; what
# the linker of a program is told.
set(bight_net_summary "TCP, UDP and unix sockets for C++20 coroutines")
set(bight_net_needs "")
set(bight_net_modules libcares) # and liburing, if BIGHT_URING

set(bight_sim_summary "A simulated network for tests of programs that use Bight")
set(bight_sim_needs net)
set(bight_sim_modules "")
# Nothing in the other components refers to the simulator, so a linker would leave its engine out of
# a program that only sets BIGHT_ENGINE=sim: src/loop/choose.hpp.
set(bight_sim_options "-Wl,-u,bight_simulated_engine")

set(bight_tls_summary "TLS for Bight's streams and servers")
set(bight_tls_needs net)
set(bight_tls_modules openssl)

set(bight_http_summary "An HTTP client on Bight's streams")
set(bight_http_needs tls)
set(bight_http_modules libidn2 zlib libbrotlidec libzstd)

set(BIGHT_COMPONENTS ${bight_components}
    CACHE STRING "Components to build, with those that they need")
foreach(component IN LISTS BIGHT_COMPONENTS)
  if(NOT component IN_LIST bight_components)
    list(JOIN bight_components ", " choice)
    message(FATAL_ERROR "BIGHT_COMPONENTS: there is no component \"${component}\".\n"
                        "The components are ${choice}.")
  endif()
endforeach()

# Those that are built, in the same order.
set(bight_built "")
set(bight_needed ${BIGHT_COMPONENTS})
list(REVERSE bight_components)
foreach(component IN LISTS bight_components)
  if(component IN_LIST bight_needed)
    list(PREPEND bight_built ${component})
    list(APPEND bight_needed ${bight_${component}_needs})
  endif()
endforeach()
list(REVERSE bight_components)

set(bight_complete OFF)
if(bight_built STREQUAL "${bight_components}")
  set(bight_complete ON)
endif()
