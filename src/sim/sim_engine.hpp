// SPDX-License-Identifier: MIT
#pragma once

/// The engine of one loop in a simulated world.

#include "engine/engine_core.hpp"
#include "sim/socket.hpp"

#include <memory>
#include <vector>

namespace bight::sim {

class universe;
struct program;

class sim_engine final : public engine_core {
 public:
  sim_engine(universe& all, machine& home, program& mine) noexcept;
  ~sim_engine() override;

  [[nodiscard]] bool submit(op& o) override;
  void cancel(op& o) noexcept override;
  void requeue(op& o) noexcept override;
  void take_arrived(handle h, arrivals& into) override;
  void wait(time_point until) override;
  void wake() noexcept override;
  [[nodiscard]] bool busy() const noexcept override { return true; }
  [[nodiscard]] std::size_t open_handles() const noexcept override { return sockets_; }

  [[nodiscard]] time_point now() const noexcept override;
  void random(std::span<std::byte> into) override;

  [[nodiscard]] result<handle> open(transport t, const address& at) override;
  [[nodiscard]] std::error_code bind(handle h, const address& at) override;
  [[nodiscard]] std::error_code listen(handle h, int backlog) override;
  [[nodiscard]] std::error_code shutdown_send(handle h) override;
  void close(handle h, ending how) noexcept override;
  [[nodiscard]] bool may_lose(handle h) const noexcept override;
  [[nodiscard]] bool can_send(handle h) const noexcept override;
  [[nodiscard]] result<handle> adopt(int descriptor) override;

  [[nodiscard]] result<address> local(handle h) const override;
  [[nodiscard]] result<address> remote(handle h) const override;
  [[nodiscard]] std::error_code set(handle h, option_id id, int value) override;
  [[nodiscard]] result<int> get(handle h, option_id id) const override;
  [[nodiscard]] std::string cause(verb what, std::error_code& code,
                                  const address& with) const override;

  [[nodiscard]] std::string_view name() const noexcept override { return "sim"; }
  [[nodiscard]] std::string features() const override;

  // ── For the world ───────────────────────────────────────────────────────────────────────────

  /// Completes a held operation. Its outcome is set.
  void complete(op& o) noexcept;
  /// Gives the socket to this program and returns its handle.
  handle take(socket& s) noexcept;
  void forget(socket& s) noexcept;
  /// Keeps the world for as long as this engine lives.
  void keep(std::unique_ptr<universe> own) noexcept;
  [[nodiscard]] machine& home() noexcept { return home_; }
  [[nodiscard]] program& mine() noexcept { return mine_; }
  [[nodiscard]] std::size_t sockets() const noexcept { return sockets_; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return held(); }
  [[nodiscard]] time_point turn_time() const noexcept;

  /// Delivers a signal. Returns whether an operation waits for it, or did recently.
  [[nodiscard]] bool signal(int number);
  /// Kills the program: ends every operation, closes every socket (`silent`: without a packet to
  /// the peers), and makes later operations fail.
  void die(bool silent) noexcept;
  void revive() noexcept { dead_ = false; }
  /// Appends a line for each operation in flight.
  void describe(std::string& text) const;

 private:
  [[nodiscard]] socket* find(handle h) const noexcept override;
  [[nodiscard]] bool wait_for(op& o) noexcept;
  [[nodiscard]] bool wait_on(socket& s, op& o) noexcept;
  [[nodiscard]] bool submit_on(socket& s, op& o);
  [[nodiscard]] bool submit_signal(op& o);
  void drop_operations(socket& s) noexcept;

  static constexpr duration signal_linger = 250ms;  // as in posix/signals.cpp

  std::unique_ptr<universe> own_;  // set in a private world; destroyed last
  universe& all_;
  machine& home_;
  program& mine_;
  std::size_t sockets_ = 0;
  std::uint32_t first_socket_ = nothing;
  bool dead_ = false;
  std::vector<op*> signal_waiters_;
  unsigned signals_pending_ = 0;  // a bit each: SIGINT, SIGTERM, SIGHUP
  duration signals_until_{-1};    // without a waiting operation, signals are kept until then
};

}  // namespace bight::sim
