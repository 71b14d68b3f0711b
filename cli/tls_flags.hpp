// SPDX-License-Identifier: MIT
#pragma once

/// The TLS flags: --ca, --cert and --key; for clients also --pin and --insecure.

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
  /// errors  a usage failure: contradicting flags, or an invalid pin.
  [[nodiscard]] bight::tls::connect_options options() const;
  /// The same for one target.
  ///
  /// errors  also if the target does not use TLS and a flag is given, or if the target has no host
  ///         name to check a certificate against.
  [[nodiscard]] bight::tls::connect_options options_for(const target& to) const;
  /// A server's options.
  [[nodiscard]] bight::tls::serve_options serve_options() const;
  /// Throws a usage failure if any of these flags is given, because no address uses TLS. `other`
  /// is the name of another such flag that is given, or null.
  void refuse_without_tls(const char* other = nullptr) const;

 private:
  void check_pair() const;
};

void add_tls_client(CLI::App& to, tls_flags& flags);
void add_tls_server(CLI::App& to, tls_flags& flags);

}  // namespace tool
