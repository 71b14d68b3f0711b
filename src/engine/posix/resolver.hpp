// SPDX-License-Identifier: MIT
#pragma once

/// Names to addresses, on this loop: no threads, real deadlines.
///
/// The hosts file comes first, then the name servers of resolv.conf, which c-ares asks. c-ares
/// cannot give up one query of many; so a cancelled operation completes at once, and what its query
/// still finds is dropped.

#include "engine/posix/kernel.hpp"
#include "engine/posix/name_channel.hpp"
#include "engine/posix/name_search.hpp"

#include <list>
#include <memory>

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

  /// Begins what there is room for. Called after each event of c-ares.
  void proceed() noexcept;

 private:
  struct search;
  using search_list = std::list<std::shared_ptr<search>>;

  static void on_found(void* half, int status, int timeouts, ares_addrinfo* found);

  [[nodiscard]] std::shared_ptr<search> search_for(op& o);
  void begin(search& s) noexcept;
  void begin_anew(search& s);
  static void give_up(search& s, int status) noexcept;
  [[nodiscard]] static bool answer_here(search& s);
  void ask(search& s) noexcept;
  void learn(name_search::half& h, int status, const ares_addrinfo* found) noexcept;
  void settle(search& s) noexcept;
  void answer(name_search::half& h) noexcept;
  void choose_channel();
  void cancel_all() noexcept;

  kernel_engine& kernel_;
  std::shared_ptr<name_channel> channel_;         // for what begins now
  std::list<std::shared_ptr<name_channel>> old_;  // of older configurations, still in use
  struct stat conf_file_{};                       // resolv.conf, as the channel has read it
  bool conf_may_change_unseen_ = false;
  search_list waiting_;
  search_list in_flight_;
  std::size_t queries_ = 0;  // that are with c-ares
  std::size_t awaited_ = 0;
};

}  // namespace bight::posix
