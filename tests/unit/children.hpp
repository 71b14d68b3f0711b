// SPDX-License-Identifier: MIT
#pragma once

/// Children for the tests of scope, all and any.

#include <bight/deadline.hpp>
#include <bight/scope.hpp>

#include "base/names.hpp"
#include "manual_scheduler.hpp"
#include "probe.hpp"

#include <string>
#include <vector>

namespace bight {

using log_type = std::vector<std::string>;

// Sleeps, and notes how that ended.
inline task<int> sleeper(log_type& log, std::string name, duration wait, int value = 0) {
  auto r = co_await attempt(sleep(wait));
  log.push_back(name + (r ? " done" : " " + r.error().code().message()));
  r.value();
  co_return value;
}

inline task<> quiet(log_type& log, std::string name, duration wait) {
  (void)co_await sleeper(log, std::move(name), wait);
}

inline task<int> fails_after(duration wait, errc why, std::string tried) {
  co_await sleep(wait);
  throw error(why, tried);
}

inline task<> drop(task<int> t) { (void)co_await std::move(t); }

template <class T>
std::string failure_of(manual_scheduler& loop, task<T> t) {
  try {
    (void)loop.run(std::move(t));
    return "no error";
  } catch (const std::exception& e) {
    return e.what();
  }
}

inline std::string failure_of(manual_scheduler& loop, task<> t) {
  try {
    loop.run(std::move(t));
    return "no error";
  } catch (const std::exception& e) {
    return e.what();
  }
}

}  // namespace bight
