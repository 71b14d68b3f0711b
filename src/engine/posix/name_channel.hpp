// SPDX-License-Identifier: MIT
#pragma once

/// c-ares with one configuration on this loop: its sockets, timeouts and queries. When the
/// configuration changes, the resolver makes a new channel.

#include "base/names.hpp"
#include "engine/posix/kernel.hpp"
#include "engine/posix/resolv_conf.hpp"

#include <bight/machinery/scheduler.hpp>

#include <memory>
#include <string>
#include <vector>

// Some calls are deprecated since 1.34; their replacements do not exist in 1.18.
#define CARES_NO_DEPRECATED
#include <ares.h>

namespace bight::posix {

class name_channel {
 public:
  /// Calls home.proceed() after each event that c-ares has processed.
  name_channel(kernel_engine& k, resolver& home, resolv_conf conf);
  name_channel(const name_channel&) = delete;
  name_channel& operator=(const name_channel&) = delete;
  ~name_channel();

  /// Queries the addresses of one absolute name in one family. May call `told` before it returns.
  void ask(const std::string& name, int family, ares_addrinfo_callback told, void* who) noexcept;
  /// Cancels all queries.
  void cancel_all() noexcept;
  /// Sets a timer for the next timeout of c-ares. Must be called after ask().
  void set_alarm() noexcept;

  /// Whether c-ares could be set up. Fails without memory, for example.
  [[nodiscard]] bool usable() const noexcept { return status_ == ARES_SUCCESS; }
  [[nodiscard]] const resolv_conf& conf() const noexcept { return conf_; }
  /// During a call of c-ares: the errno if it found no descriptor or no memory for a socket, which
  /// c-ares itself reports as a refusing server. 0: none.
  [[nodiscard]] int shortage() const noexcept { return shortage_; }

 private:
  struct owned_timer : timer {
    name_channel* owner = nullptr;
  };

  static void on_socket(void* self, ares_socket_t fd, int readable, int writable);
  [[nodiscard]] int open() noexcept;
  [[nodiscard]] int set_servers();
  static ares_socket_t open_socket(int family, int type, int protocol, void* self) noexcept;
  static int connect_scoped(ares_socket_t fd, const sockaddr* to, ares_socklen_t size, void* self);
  void process(ares_socket_t readable, ares_socket_t writable) noexcept;

  kernel_engine& kernel_;
  const resolv_conf conf_;
  resolver& home_;
  ares_channel channel_ = nullptr;
  int status_ = ARES_SUCCESS;  // of opening the channel
  int shortage_ = 0;
  std::vector<std::unique_ptr<watcher>> sockets_;
  owned_timer timeout_;
};

}  // namespace bight::posix
