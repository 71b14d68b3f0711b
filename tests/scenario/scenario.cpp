// SPDX-License-Identifier: MIT
#include "scenario/scenario.hpp"

#include "support/keyed.hpp"

#include <fmt/format.h>

namespace scenario {

std::span<const entry> every() {
  using enum sim::family;
  // Eyeballs has faults of its own, and bounds in time that others would break.
  static constexpr entry all[] = {
      {"greet", greet, anything, 3},
      {"lines", lines, anything, 3},
      {"relay", relayed, anything, 2},
      {"asked", asked, anything, 3},
      {"drain", drained, anything.without(pause), 4},
      {"eyeballs", eyeballs, schedule | short_io | buffers, 1},
      {"transfers", transfers, anything, 2},
      {"pages", pages, anything, 2},
      {"between", between, anything, 3},
      {"chat", chatted, anything, 2},
      {"lines_tls", lines_tls, anything, 2, true},
      {"transfers_tls", transfers_tls, anything, 1, true},
      {"pages_tls", pages_tls, anything, 2, true},
  };
  return all;
}

namespace {
constexpr duration aftermath = 5s;
}

// ── The stage ───────────────────────────────────────────────────────────────────────────────────

cut stage::plan;
std::vector<duration> stage::moments;
unsigned stage::programs = 0;
std::string stage::broken;
bool stage::bytes_broken = false;

stage::~stage() {
  broken.clear();
  bytes_broken = false;
  for (sim::host* h : hosts_)
    if (h->running()) h->kill();
}

void stage::start(sim::host& h, callback<task<>()> program) {
  hosts_.push_back(&h);
  const auto number = static_cast<unsigned>(running_.size());
  running_.push_back(nullptr);
  programs = number + 1;
  h.start([this, number, program = std::move(program)]() -> task<> {
    co_await guarded(program(), number);
  });
}

task<> stage::guarded(task<> main, unsigned number) {
  scope own(co_await current_context());
  running_[number] = &own;
  const bool falls_due = plan.how == cut::way::by_deadline && plan.program == number;
  own.spawn(falls_due ? cut_by_deadline(std::move(main)) : std::move(main));
  try {
    co_await own.join();
  } catch (const wrong_bytes&) {
    throw;
  } catch (const std::exception&) {
    running_[number] = nullptr;
    if (!cut_) throw;  // whoever talks to a program that was stopped may be disappointed
  }
  running_[number] = nullptr;
}

// What is left of the world goes on for a while.
void stage::strike() {
  cut_ = true;
  cut_at_ = net_.now();
  net_.after(aftermath + 1ms, [] {});  // so that there is a while, when all the others wait
}

task<> stage::cut_by_deadline(task<> main) {
  try {
    co_await within(plan.at - net_.now(), std::move(main));
  } catch (...) {
    if (net_.now() >= plan.at && !cut_) strike();
    throw;
  }
}

void stage::strike_from_outside() {
  if (plan.how == cut::way::none && !cut_) moments.push_back(net_.now());
  if (plan.how != cut::way::from_outside || ++moment_ != plan.moment) return;
  scope* victim = running_[plan.program];
  if (victim == nullptr) return;  // it has ended before
  strike();
  victim->stop();
}

void stage::drive(const callback<bool()>& done) {
  net_.run_until([this, &done] {
    if (std::string said = std::exchange(broken, {}); !said.empty() && (!cut_ || bytes_broken))
      throw sim::failure(said);
    strike_from_outside();
    return done() || (cut_ && net_.now() > cut_at_ + aftermath);
  });
}

task<> until_it_works(sim::world& net, stage& on, callback<task<>()> session) {
  constexpr duration each = 30s;
  constexpr duration patience = 10min;  // with a good network
  for (;;) {
    auto ended = co_await attempt(within(each, session()));
    if (ended || on.is_cut()) co_return;
    if (ended.error().is(errc::cancelled)) ended.value();
    sim::require(
        net.now() < net.faults().lasts + patience,
        fmt::format("the network is well, and a session still fails: {}", ended.error().what()));
    co_await sleep(100ms);
  }
}

// ── The ledger ──────────────────────────────────────────────────────────────────────────────────

std::string_view ledger::next(std::size_t wanted) const { return keyed::at(key_, sent_, wanted); }

void ledger::received(std::string_view bytes) {
  if (!keyed::matches(key_, received_, bytes)) {
    stage::bytes_broken = true;
    throw wrong_bytes(fmt::format("other bytes than were sent, from {} on", received_));
  }
  received_ += bytes.size();
}

void ledger::ended() const {
  sim::require(received_ == sent_,
               fmt::format("an orderly end after {} bytes of {}", received_, sent_));
}

serve_options quiet() {
  serve_options o;
  o.on_error = [](const address&, const error& e) {
    // What is no bight::error is an oracle's word.
    if (e.tried() == "session" && stage::broken.empty()) stage::broken = e.what();
  };
  return o;
}

}  // namespace scenario
