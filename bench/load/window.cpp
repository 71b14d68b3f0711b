// SPDX-License-Identifier: MIT
#include "window.hpp"

#include "clock.hpp"

#include <cstdio>

namespace load {

window::window(const options& o)
    : warmup_ns_(static_cast<std::uint64_t>(o.warmup * second_ns)),
      length_ns_(static_cast<std::uint64_t>(o.seconds * second_ns)),
      count_calls_(o.count_calls),
      sample_(o.sample),
      server_(o.server_pid),
      may_rest_(o.mode == "idle" && o.active == 0) {}

void window::open() { opened_ = progress_at_ = now_ns(); }

bool window::step(std::uint64_t now) {
  if (began_ == 0) {
    if (now - opened_ >= warmup_ns_) begin(now);
  } else if (now - began_ >= length_ns_) {
    end(now);
    return false;
  }
  if (messages_ + bytes_ != progress_ || may_rest_) {
    progress_ = messages_ + bytes_;
    progress_at_ = now;
  } else if (now > progress_at_ + 5 * second_ns) {
    error("nothing came back for five seconds");
  }
  if (errors_ == 0) return true;
  if (began_ == 0) begin(now);
  end(now);
  return false;
}

void window::begin(std::uint64_t now) {
  before_window_ = messages_;
  messages_ = bytes_ = lost_ = 0;
  latencies_ = histogram();
  began_ = now;
  if (count_calls_) server_.calls_begin();
  if (sample_) sampler_.begin(server_.pid());
  load_cpu_ns_ = own_cpu_ns();
  load_waited_ns_ = own_waited_ns();
  used_ = server_.used();
}

void window::end(std::uint64_t now) {
  const usage u = server_.used();
  load_cpu_ns_ = own_cpu_ns() - load_cpu_ns_;
  load_waited_ns_ = own_waited_ns() - load_waited_ns_;
  if (count_calls_) calls_ = server_.calls_end();
  if (sample_) found_ = sampler_.end();
  used_ = {u.cpu_ns - used_.cpu_ns,
           u.waited_ns > used_.waited_ns ? u.waited_ns - used_.waited_ns : 0};
  ended_ = now;
}

void window::error(const std::string& what) {
  if (errors_++ == 0) first_error_ = what;
}

void window::memory_idle(unsigned connections) {
  idle_ = server_.held();
  idle_connections_ = connections;
}

int window::print(const options& o) const {
  const auto whole = [](const char* name, std::uint64_t value) {
    std::printf(", \"%s\": %llu", name, static_cast<unsigned long long>(value));
  };
  std::printf("{\"mode\": \"%s\", \"seconds\": %.6f", o.mode.c_str(),
              static_cast<double>(ended_ - began_) / second_ns);
  whole("messages", messages_);
  whole("messages_warmup", before_window_);
  whole("bytes", bytes_);
  whole("lost", lost_);
  whole("errors", errors_);
  std::printf(", \"p50_us\": %.3f, \"p99_us\": %.3f, \"p999_us\": %.3f", latencies_.quantile_us(.5),
              latencies_.quantile_us(.99), latencies_.quantile_us(.999));
  whole("load_cpu_ns", load_cpu_ns_);
  whole("load_waited_ns", load_waited_ns_);
  if (server_.known()) {
    whole("server_cpu_ns", used_.cpu_ns);
    whole("server_waited_ns", used_.waited_ns);
  }
  if (count_calls_) whole("server_calls", calls_);
  if (sample_) {
    whole("found_in_user", found_.user);
    whole("found_in_kernel", found_.kernel);
    whole("found_returning", found_.returning);
  }
  if (idle_connections_ != 0) {
    whole("idle_connections", idle_connections_);
    whole("rss_before", before_.rss_bytes);
    whole("rss_idle", idle_.rss_bytes);
    whole("pss_before", before_.pss_bytes);
    whole("pss_idle", idle_.pss_bytes);
    whole("private_before", before_.private_bytes);
    whole("private_idle", idle_.private_bytes);
  }
  std::printf(", \"error\": \"%s\"}\n", first_error_.c_str());
  return errors_ == 0 ? 0 : 1;
}

}  // namespace load
