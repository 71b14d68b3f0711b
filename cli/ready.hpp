// SPDX-License-Identifier: MIT
#pragma once

/// Telling people, programs and scripts where a server listens.

#include "console.hpp"
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
  /// `voice` is borrowed, and so is `ready`, which may be null.
  announcer(const console& voice, ready_file* ready, std::size_t expected)
      : voice_(voice), ready_(ready), expected_(expected) {}

  void listening(protocol proto, const bight::address& at);

 private:
  void tell(const target& t) const;

  const console& voice_;
  ready_file* ready_;
  std::size_t expected_;
  std::vector<target> where_;
};

}  // namespace tool
