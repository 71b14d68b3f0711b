// SPDX-License-Identifier: MIT
#pragma once

/// Names to addresses by c-ares, on this loop: no threads, real deadlines.
///
/// The hosts file comes first, then the name servers of resolv.conf. c-ares cannot give up one
/// query of many; so a cancelled operation completes at once, and what its query still finds is
/// dropped.

#include "engine/posix/kernel.hpp"

#include <bight/scheduler.hpp>

#include <list>
#include <memory>
#include <string>
#include <vector>

#include <ares.h>
#include <sys/stat.h>

namespace bight::posix {

class resolver {
 public:
  /// Queries that are with c-ares at a time; more wait, first come first served. All of them go
  /// through one UDP socket, whose peer drops what comes in larger bursts.
  static constexpr std::size_t in_flight_max = 256;

  explicit resolver(kernel_engine& k);
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;
  ~resolver();

  [[nodiscard]] bool submit(op& o);
  void cancel(op& o) noexcept;
  [[nodiscard]] bool busy() const noexcept { return awaited_ > 0; }

 private:
  struct query {
    resolver& home;
    op* waiter;  // null: cancelled
    std::string host;
    std::uint16_t port;
    int family;  // AF_INET or AF_INET6
    bool in_flight = false;
    std::list<query>::iterator self{};
  };
  struct owned_timer : timer {
    resolver* owner = nullptr;
  };

  static void on_found(void* q, int status, int timeouts, ares_addrinfo* found);
  static void on_socket(void* self, ares_socket_t fd, int readable, int writable);

  void proceed() noexcept;
  void process(ares_socket_t readable, ares_socket_t writable) noexcept;
  void begin(query& q) noexcept;
  void finish(query& q, int status, const ares_addrinfo* found) noexcept;
  [[nodiscard]] int open_channel() noexcept;
  [[nodiscard]] bool only_the_other_family_is_in_hosts(const query& q) const noexcept;

  kernel_engine& kernel_;
  ares_channel channel_ = nullptr;
  struct timespec config_time_{};  // of resolv.conf, as the channel has read it
  bool config_may_change_unseen_ = false;
  std::list<query> waiting_;
  std::list<query> in_flight_;
  std::size_t awaited_ = 0;
  std::vector<std::unique_ptr<watcher>> sockets_;
  owned_timer timeout_;
};

}  // namespace bight::posix
