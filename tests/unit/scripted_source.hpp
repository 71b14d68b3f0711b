// SPDX-License-Identifier: MIT
#pragma once

/// A source for readers that gives what a script says, and a loop to read it on.

#include <bight/reader.hpp>

#include "base/names.hpp"
#include "manual_scheduler.hpp"

#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace bight {

using namespace std::string_literals;

// A stream whose bytes come as a script says; a receive that is cancelled takes nothing.
class scripted_source {
 public:
  struct step {
    duration wait{};    // before it comes; negative: it is there at once
    std::string bytes;  // empty: the end of the stream
    std::optional<error> failure = std::nullopt;
  };
  static scripted_source of(std::deque<step> steps) {
    scripted_source source({});
    source.steps_ = std::move(steps);
    return source;
  }
  explicit scripted_source(std::vector<std::string> pieces, duration wait = -1ns) {
    for (auto& p : pieces) steps_.push_back({wait, std::move(p)});
  }

  task<lease> recv(std::size_t max) {
    ++receives;
    if (steps_.empty()) co_return lease();
    if (steps_.front().wait >= 0ns) {
      co_await sleep(steps_.front().wait);
      steps_.front().wait = -1ns;
    }
    step& now = steps_.front();
    if (now.failure) {
      const error e = *std::exchange(now.failure, std::nullopt);
      steps_.pop_front();
      throw e;
    }
    lease bytes = lease::copy_of(std::string_view(now.bytes).substr(0, max));
    now.bytes.erase(0, bytes.size());
    if (now.bytes.empty()) steps_.pop_front();
    co_return bytes;
  }

  int receives = 0;

 private:
  std::deque<step> steps_;
};

static_assert(byte_source<scripted_source>);
static_assert(awaitable<decltype(std::declval<reader<scripted_source>&>().read_line())>);
static_assert(!std::is_constructible_v<reader<scripted_source>, scripted_source&&>);
static_assert(!std::is_copy_constructible_v<reader<scripted_source>>);

using script = reader<scripted_source>;

inline std::string text_of(result<lease> r) { return r ? r->str() : "error: "s + r.error().what(); }
inline std::string text_of(result<std::optional<lease>> r) {
  if (!r) return "error: "s + r.error().what();
  return *r ? (*r)->str() : "none";
}

template <awaitable A>
std::string run(manual_scheduler& loop, A operation) {
  auto drive = [](A op) -> task<std::string> {
    co_return text_of(co_await attempt(std::move(op)));
  };
  return loop.run(drive(std::move(operation)));
}

}  // namespace bight
