// SPDX-License-Identifier: MIT
#pragma once

/// Reports errors of a server whose program has not set serve_options::on_error.

#include <bight/error_digest.hpp>
#include <bight/machinery/scheduler.hpp>

#include "base/names.hpp"

namespace bight {

/// Writes errors to standard error and summarises repeated ones.
class default_report {
 public:
  explicit default_report(scheduler& s);
  default_report(const default_report&) = delete;
  default_report& operator=(const default_report&) = delete;
  ~default_report();

  void add(const address& peer, const error& e);

 private:
  struct owned_timer : timer {
    error_digest* owner = nullptr;
    scheduler* clock = nullptr;
  };

  error_digest digest_;
  owned_timer summary_;
};

}  // namespace bight
