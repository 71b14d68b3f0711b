// SPDX-License-Identifier: MIT
#pragma once

/// Reports where a server listens, and how clients can verify it.

#include "console.hpp"
#include "folder.hpp"
#include "target.hpp"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace tool {

/// The descriptor of --ready-fd. Checked before anything else is opened, so that it cannot be one
/// of our own.
class ready_descriptor {
 public:
  /// errors  a usage failure if the descriptor is not open.
  [[nodiscard]] static std::shared_ptr<ready_descriptor> take(int fd);

  /// Writes one line per address, "tcp 127.0.0.1:40123", and closes the descriptor, unless it is
  /// standard output or standard error.
  void write(const std::vector<target>& where);

 private:
  int fd_ = -1;
  std::FILE* file_ = nullptr;
};

/// Collects addresses until all are listening, then reports them. So no client connects too early.
class announcer {
 public:
  /// All are borrowed; `ready` and `files` (the served folder) may be null.
  ///
  /// both_families  whether [::] includes all IPv4 addresses.
  announcer(const console& log, ready_descriptor* ready, const folder* files, std::size_t expected,
            bool both_families)
      : log_(log),
        ready_(ready),
        files_(files),
        expected_(expected),
        both_families_(both_families) {}

  void listening(protocol proto, const bight::address& at);
  /// Stores the pin of a self-signed certificate. It is reported after the addresses, with a
  /// command for clients.
  void made_certificate(std::string pin) { pin_ = std::move(pin); }

 private:
  void announce(const target& t) const;
  void announce_files(const target& t) const;
  void announce_pin() const;

  const console& log_;
  ready_descriptor* ready_;
  const folder* files_;
  std::size_t expected_;
  bool both_families_;
  std::string pin_;
  std::vector<target> where_;
};

}  // namespace tool
