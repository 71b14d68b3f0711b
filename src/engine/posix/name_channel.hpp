// SPDX-License-Identifier: MIT
#pragma once

/// c-ares with one configuration, on this loop: sockets, timeouts and questions to name servers.
/// When the configuration changes, the resolver makes another one.

#include "base/names.hpp"
#include "engine/posix/kernel.hpp"
#include "engine/posix/resolv_conf.hpp"

#include <bight/machinery/scheduler.hpp>

#include <memory>
#include <string>
#include <vector>

// Some calls are deprecated from 1.34 on; what replaces them is not in 1.18.
#define CARES_NO_DEPRECATED
#include <ares.h>

namespace bight::posix {

class name_channel {
 public:
  /// resolver::proceed() of `home` is called whenever c-ares has dealt with an event.
  name_channel(kernel_engine& k, resolver& home, resolv_conf conf);
  name_channel(const name_channel&) = delete;
  name_channel& operator=(const name_channel&) = delete;
  ~name_channel();

  /// Asks for the addresses of one absolute name in one family. `told` may be called from inside.
  void ask(const std::string& name, int family, ares_addrinfo_callback told, void* who) noexcept;
  /// Gives up everything that was asked.
  void cancel_all() noexcept;
  /// Sets the alarm for the next timeout of c-ares. Must be called after ask().
  void set_alarm() noexcept;

  /// Whether c-ares could be set up; for want of memory, say, it cannot.
  [[nodiscard]] bool usable() const noexcept { return status_ == ARES_SUCCESS; }
  [[nodiscard]] const resolv_conf& conf() const noexcept { return conf_; }
  /// During a call of c-ares: the errno of a socket that it could not open for want of descriptors
  /// or memory. c-ares itself reports that as a server that refuses. 0: none.
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
