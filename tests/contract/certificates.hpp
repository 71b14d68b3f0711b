// SPDX-License-Identifier: MIT
#pragma once

/// Certificates as tests want them: good ones, and each fault alone.

#include <bight/tls.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace contract {

/// What a certificate says. The default is a good one for a server on this machine.
struct certificate_plan {
  std::string common_name = "server";
  std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";  // empty: none
  long valid_from = -3600;                                  // seconds from now
  long valid_until = 24L * 3600;
  std::string constraints = "critical,CA:FALSE";
  std::string usage = "serverAuth";  // empty: none is named
  int rsa_bits = 0;                  // 0: ECDSA with P-256
  bool sha1 = false;
};

/// Makes files in a directory of its own, which goes with it.
class certificates {
 public:
  certificates();
  certificates(const certificates&) = delete;
  certificates& operator=(const certificates&) = delete;
  ~certificates();

  /// An authority that has signed itself.
  [[nodiscard]] bight::tls::identity authority(const std::string& name);
  /// A certificate by `issuer`; its chain is in the file. An empty issuer: signed by itself.
  [[nodiscard]] bight::tls::identity make(
      const certificate_plan& plan, const bight::tls::identity& issuer = bight::tls::identity());
  /// A key in a file that needs a password.
  [[nodiscard]] std::string encrypted(const std::string& key);
  /// A file with that text.
  [[nodiscard]] std::string file(const std::string& text);
  [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }

 private:
  [[nodiscard]] std::string next(const char* suffix);

  std::filesystem::path directory_;
  int made_ = 0;
};

}  // namespace contract
