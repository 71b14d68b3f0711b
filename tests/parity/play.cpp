// SPDX-License-Identifier: MIT
#include "parity/play.hpp"

#include "support/keyed.hpp"

#include <algorithm>
#include <deque>
#include <memory>

#include <fmt/format.h>

namespace parity {

using namespace bight;
using namespace bight::machinery;

namespace {

constexpr duration patience = 20s;  // for what must come to an end by itself

std::string condition(const error& e) {
  for (int c = 1; c <= static_cast<int>(errc::invalid); ++c)
    if (e.is(static_cast<errc>(c))) return category().message(c);
  return e.code().message();
}

// One end of the connection, and what is under way there.
struct peer {
  stream s;
  std::uint64_t key = 0;  // of the bytes that it sends
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  scope* sending = nullptr;
  scope* receiving = nullptr;
};

class player {
 public:
  player(script s, duration pace) : script_(std::move(s)), pace_(pace) {}

  task<record> run() {
    record_.steps.resize(script_.steps.size());
    for (;;) {
      const auto outcome = co_await attempt(connect());
      if (outcome) break;
      // Some ten thousand scripts use up the ports of a machine, which come back after a minute.
      const error& e = outcome.error();
      if (!e.is(errc::address_not_available) && !e.is(errc::address_in_use)) throw error(e);
      co_await sleep(1s);
    }
    peers_[0].key = 2 * script_.seed;
    peers_[1].key = 2 * script_.seed + 1;
    context& here = co_await current_context();
    for (; now_ < script_.steps.size(); ++now_) {
      begin(now_, here);
      if (!script_.steps[now_].races) co_await settle();
    }
    for (scope& each : running_) each.stop();
    for (scope& each : running_) {
      co_await each.join();
    }
    co_await read_to_the_ends();
    judge();
    co_return std::move(record_);
  }

 private:
  task<> connect() {
    auto listening = co_await tcp::listen("127.0.0.1:0");
    peers_[0].s = co_await tcp::connect(listening.local());
    peers_[1].s = co_await listening.accept();
  }

  peer& other(const peer& p) { return &p == &peers_[0] ? peers_[1] : peers_[0]; }

  // An engine may act on a step in its next turn, and tell of it in the one after that.
  task<> settle() {
    co_await sleep(pace_);
    for (int i = 0; i < 4; ++i) co_await sleep(0s);
  }

  void begin(std::size_t i, context& here) {
    const step& now = script_.steps[i];
    peer& p = peers_[now.peer];
    switch (now.what) {
      case act::send: {
        scope& own = running_.emplace_back(here);
        own.spawn(send(p, i, own));
        break;
      }
      case act::receive:
      case act::receive_into:
      case act::receive_within: {
        scope& own = running_.emplace_back(here);
        own.spawn(receive(p, i, own));
        break;
      }
      case act::shut_down: shut_down(p, i); break;
      case act::close: p.s.close(); break;
      case act::abort: p.s.abort(); break;
      case act::cancel_send:
        if (p.sending != nullptr) p.sending->stop();
        break;
      case act::cancel_receive:
        if (p.receiving != nullptr) p.receiving->stop();
        break;
      case act::sleep: break;
    }
  }

  void note(std::size_t i, outcome::kind what, std::uint64_t count, std::string failure = {}) {
    outcome& o = record_.steps[i];
    if (o.what != outcome::kind::nothing)
      record_.wrong.push_back(fmt::format("step {} ended twice", i));
    o = {what, now_, count, std::move(failure)};
  }

  void shut_down(peer& p, std::size_t i) {
    try {
      p.s.shutdown_send();
      note(i, outcome::kind::done, 0);
    } catch (const error& e) {
      note(i, outcome::kind::failed, 0, condition(e));
    }
  }

  task<> send(peer& p, std::size_t i, scope& own) {
    const bool first = p.sending == nullptr;
    if (first) p.sending = &own;
    std::uint64_t position = p.sent;
    std::vector<piece> parts;
    for (std::uint64_t left = script_.steps[i].bytes; left > 0;) {
      const std::string_view bytes = keyed::at(p.key, position, left);
      parts.emplace_back(bytes);
      position += bytes.size();
      left -= bytes.size();
    }
    auto sending = attempt(p.s.send(std::span<piece>(parts)));
    auto sent = co_await std::move(sending);
    const std::uint64_t count = sent ? script_.steps[i].bytes : sent.error().transferred();
    p.sent += count;
    if (first) p.sending = nullptr;
    if (sent)
      note(i, outcome::kind::done, count);
    else
      note(i, outcome::kind::failed, count, condition(sent.error()));
  }

  task<> receive(peer& p, std::size_t i, scope& own) {
    const bool first = p.receiving == nullptr;
    if (first) p.receiving = &own;
    const step& now = script_.steps[i];
    const bool limited = now.what == act::receive_within;
    std::uint64_t got = 0;
    auto receiving = receive_exactly(p, now.bytes, now.what == act::receive_into, got);
    auto all = attempt(within(limited ? pace_ / 2 : duration::max(), std::move(receiving)));
    auto received = co_await std::move(all);
    if (first) p.receiving = nullptr;
    if (!received)
      note(i, outcome::kind::failed, got, condition(received.error()));
    else
      note(i, got == now.bytes ? outcome::kind::done : outcome::kind::ended, got);
  }

  task<> receive_exactly(peer& p, std::uint64_t wanted, bool into, std::uint64_t& got) {
    std::vector<std::byte> buffer(into ? wanted : 0);
    while (got < wanted) {
      std::size_t count = 0;
      if (into) {
        const std::span<std::byte> room = std::span(buffer).subspan(got);
        count = co_await p.s.recv_into(room);
        take(p, {reinterpret_cast<const char*>(room.data()), count});
      } else {
        const lease bytes = co_await p.s.recv(wanted - got);
        count = bytes.size();
        take(p, bytes);
      }
      if (count == 0) co_return;
      got += count;
    }
  }

  void take(peer& p, std::string_view bytes) {
    if (!keyed::matches(other(p).key, p.received, bytes))
      record_.wrong.push_back(fmt::format("{} was given other bytes than were sent, from {} on",
                                          "AB"[&p - &peers_[0]], p.received));
    p.received += bytes.size();
  }

  // Whatever is open still carries everything to its end.
  task<> read_to_the_ends() {
    for (peer& p : peers_) {
      if (!p.s) continue;
      try {
        p.s.shutdown_send();
      } catch (const error&) {}
    }
    auto both = all(read_to_the_end(peers_[0]), read_to_the_end(peers_[1]));
    auto ended = co_await attempt(within(patience, std::move(both)));
    if (!ended)
      record_.wrong.push_back("the connection does not end: " + ended.error().code().message());
    for (peer& p : peers_) p.s.close();
    co_await settle();
  }

  task<> read_to_the_end(peer& p) {
    if (!p.s) co_return;
    std::string& end = record_.flows[&other(p) - &peers_[0]].end;
    for (;;) {
      auto bytes = co_await attempt(p.s.recv());
      if (!bytes) {
        end = condition(bytes.error());
        co_return;
      }
      if (!*bytes) break;
      take(p, *bytes);
    }
    end = "end";
  }

  void judge() {
    for (std::size_t from = 0; from < 2; ++from) {
      flow& f = record_.flows[from];
      f.sent = peers_[from].sent;
      f.received = peers_[1 - from].received;
      if (f.received > f.sent)
        record_.wrong.push_back(
            fmt::format("{} bytes were received and {} sent", f.received, f.sent));
      if (f.end == "end" && f.received < f.sent)
        record_.wrong.push_back(fmt::format("an orderly end after {} of the {} bytes that {} sent",
                                            f.received, f.sent, "AB"[from]));
    }
    for (std::size_t i = 0; i < script_.steps.size(); ++i)
      if (script_.steps[i].what <= act::receive_within &&
          record_.steps[i].what == outcome::kind::nothing)
        record_.wrong.push_back(fmt::format("step {} never ended", i));
  }

  script script_;
  duration pace_;
  std::array<peer, 2> peers_;
  std::deque<scope> running_;  // one for each operation, so that each can be cancelled alone
  std::size_t now_ = 0;
  record record_;
};

// Takes scripts until none is left.
task<> play_some(const std::vector<script>& scripts, std::vector<record>& records,
                 std::size_t& next, duration pace) {
  while (next < scripts.size()) {
    const std::size_t mine = next++;
    auto playing = play(scripts[mine], pace);
    records[mine] = co_await std::move(playing);
  }
}

}  // namespace

task<record> play(script s, duration pace) {
  player p(std::move(s), pace);
  co_return co_await p.run();
}

std::vector<record> play_all(const std::vector<script>& scripts, engine_choice engine,
                             duration pace, std::size_t at_a_time) {
  std::vector<record> records(scripts.size());
  std::size_t next = 0;
  std::vector<task<>> players;
  for (std::size_t i = 0; i < std::min(at_a_time, scripts.size()); ++i)
    players.push_back(play_some(scripts, records, next, pace));
  runner loop(run_options{engine});
  loop.run(all(std::move(players)));
  return records;
}

std::string text(const script& s, const record& r) {
  std::string all;
  for (std::size_t i = 0; i < s.steps.size(); ++i) {
    const outcome& o = r.steps[i];
    all += fmt::format("{:3} {:24}", i, text(s.steps[i]));
    if (o.what == outcome::kind::done) all += fmt::format(" done {} after {}", o.count, o.after);
    if (o.what == outcome::kind::ended) all += fmt::format(" end at {} after {}", o.count, o.after);
    if (o.what == outcome::kind::failed)
      all += fmt::format(" {} at {} after {}", o.failure, o.count, o.after);
    all += '\n';
  }
  for (std::size_t p = 0; p < 2; ++p)
    all += fmt::format("    {} sent {}, of which {} came; then {}\n", "AB"[p], r.flows[p].sent,
                       r.flows[p].received, r.flows[p].end.empty() ? "closed" : r.flows[p].end);
  for (const std::string& w : r.wrong) all += "    WRONG: " + w + "\n";
  return all;
}

}  // namespace parity
