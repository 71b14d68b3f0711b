// SPDX-License-Identifier: MIT
#pragma once

/// Whom a client of the tool trusts, and who it is: --ca --cert --key --pin --insecure.

#include "flags.hpp"

#include <bight/tls.hpp>

namespace tool {

struct tls_flags {
  std::string authorities;
  std::string certificate;
  std::string key;
  std::vector<std::string> pins;
  bool insecure = false;

  /// errors  a usage failure: flags that contradict each other.
  [[nodiscard]] bight::tls::connect_options options() const;
};

void add_tls(CLI::App& to, tls_flags& flags);

}  // namespace tool
