// SPDX-License-Identifier: MIT
#pragma once

/// Telling people, programs and scripts where a server listens, and how a client trusts it.

#include "console.hpp"
#include "folder.hpp"
#include "target.hpp"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace tool {

/// The descriptor of --ready-fd. Taken before anything else is opened, so that it is surely the
/// caller's.
class ready_file {
 public:
  /// errors  a usage failure when the program was not given that descriptor.
  [[nodiscard]] static std::shared_ptr<ready_file> take(int fd);

  /// Writes a line for each address, "tcp 127.0.0.1:40123", and closes: the reader sees the end.
  /// Standard output and error stay open.
  void write(const std::vector<target>& where);

 private:
  int fd_ = -1;
  std::FILE* file_ = nullptr;
};

/// Collects addresses until all listen, then tells of all of them: nobody connects too early.
class announcer {
 public:
  /// All are borrowed; `ready`, and the `files` that are served, may be null.
  ///
  /// both_families  whether [::] stands for every IPv4 address too.
  announcer(const console& voice, ready_file* ready, const folder* files, std::size_t expected,
            bool both_families)
      : voice_(voice),
        ready_(ready),
        files_(files),
        expected_(expected),
        both_families_(both_families) {}

  void listening(protocol proto, const bight::address& at);
  /// The pin of a certificate that was made on the spot: told behind the addresses, with the
  /// command of a client.
  void made_certificate(std::string pin) { pin_ = std::move(pin); }

 private:
  void tell(const target& t) const;
  void tell_files(const target& t) const;
  void tell_pin() const;

  const console& voice_;
  ready_file* ready_;
  const folder* files_;
  std::size_t expected_;
  bool both_families_;
  std::string pin_;
  std::vector<target> where_;
};

}  // namespace tool
