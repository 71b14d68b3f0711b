// SPDX-License-Identifier: MIT
#pragma once

/// Looks up names on this loop, without threads and with real deadlines.
///
/// The hosts file comes first, then c-ares queries the name servers of resolv.conf. c-ares cannot
/// cancel a single query, so a cancelled operation completes at once, and a later answer to its
/// query is ignored.

#include "engine/posix/kernel.hpp"
#include "engine/posix/name_channel.hpp"
#include "engine/posix/name_search.hpp"

#include <list>
#include <memory>

#include <sys/stat.h>

namespace bight::posix {

class resolver {
 public:
  /// Queries in c-ares at a time; further ones wait in order. All of them go through one UDP
  /// socket, and its peer drops larger bursts.
  static constexpr std::size_t in_flight_max = 256;

  explicit resolver(kernel_engine& k);
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;
  ~resolver();

  [[nodiscard]] bool submit(op& o);
  void cancel(op& o) noexcept;
  [[nodiscard]] bool busy() const noexcept { return awaited_ > 0; }

  /// Starts as many waiting lookups as allowed. Called after each event of c-ares.
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
  std::shared_ptr<name_channel> channel_;         // for new queries
  std::list<std::shared_ptr<name_channel>> old_;  // with older configurations, still in use
  struct stat conf_file_{};                       // resolv.conf when the channel read it
  bool conf_may_change_unseen_ = false;
  search_list waiting_;
  search_list in_flight_;
  std::size_t queries_ = 0;  // in c-ares
  std::size_t awaited_ = 0;
};

}  // namespace bight::posix
