// SPDX-License-Identifier: MIT
#pragma once

/// Who one is with TLS, and whom one trusts: --ca --cert --key, and of clients --pin --insecure.

#include "flags.hpp"

#include <bight/tls.hpp>

namespace tool {

struct tls_flags {
  std::string authorities;
  std::string certificate;
  std::string key;
  std::vector<std::string> pins;
  bool insecure = false;

  /// A client's options.
  ///
  /// errors  a usage failure: flags that contradict each other, or a pin that is none.
  [[nodiscard]] bight::tls::connect_options options() const;
  /// The same for one target.
  ///
  /// errors  also when the target is not one of TLS and a flag is given, or when no certificate
  ///         could be for it.
  [[nodiscard]] bight::tls::connect_options options_for(const target& to) const;
  /// A server's options.
  [[nodiscard]] bight::tls::serve_options serve_options() const;
  /// Throws a usage failure when any flag is given: nothing here is of TLS.
  void refuse_without_tls() const;

 private:
  void check_pair() const;
};

void add_tls_client(CLI::App& to, tls_flags& flags);
void add_tls_server(CLI::App& to, tls_flags& flags);

}  // namespace tool
