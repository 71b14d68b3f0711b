// SPDX-License-Identifier: MIT
#include "net/server.hpp"

#include <bight/deadline.hpp>
#include <bight/line_sink.hpp>
#include <bight/stdio.hpp>

#include "base/thrown.hpp"
#include "loop/loop.hpp"
#include "net/drain.hpp"
#include "net/open.hpp"

#include <atomic>
#include <new>

namespace bight {

namespace {
constexpr duration shortage_pause = 100ms;  // other programs may release descriptors too

// Process-wide, like standard output: see any_running().
constinit std::atomic<int> running{0};

struct count_as_running {
  count_as_running() noexcept { ++running; }
  count_as_running(const count_as_running&) = delete;
  ~count_as_running() { --running; }
};

// The servers of a loop. Sessions look up their own server here.
struct server_table : loop_data {
  struct entry {
    std::uint32_t number;
    event* drain;
    context* until_drain;
  };
  std::vector<entry> servers;
  std::uint32_t last = 0;

  [[nodiscard]] const entry* find(std::uint32_t number) const noexcept {
    for (const entry& e : servers)
      if (e.number == number) return &e;
    return nullptr;
  }
};

class entry_of_table {
 public:
  entry_of_table(loop& here, event& drain, context& until_drain)
      : table_(here.data<server_table>()), number_(++table_.last) {
    table_.servers.push_back({number_, &drain, &until_drain});
  }
  entry_of_table(const entry_of_table&) = delete;
  ~entry_of_table() {
    std::erase_if(table_.servers, [this](const auto& e) { return e.number == number_; });
  }
  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

 private:
  server_table& table_;
  std::uint32_t number_;
};

const server_table::entry* server_of(const context& session) {
  if (session.server_number() == 0) return nullptr;
  return loop::of(session).data<server_table>().find(session.server_number());
}

event* drain_of(const context& session) {
  const auto* const found = server_of(session);
  return found != nullptr ? found->drain : nullptr;
}
}  // namespace

bool server::any_running() noexcept { return running > 0; }

task<> until_drain() {
  event never;
  event* const drain = drain_of(co_await current_context());
  co_await (drain != nullptr ? drain : &never)->wait();
}

bool is_draining(const context& session) {
  const event* const drain = drain_of(session);
  return drain != nullptr && drain->is_set();
}

drain_stop::drain_stop(context& parent) : context_(parent) {
  const auto* const found = server_of(parent);
  if (found == nullptr) return;
  if (found->until_drain->stop_requested()) {
    context_.stop();
    return;
  }
  on_stop = [](stop_hook& hook) { static_cast<drain_stop&>(hook).context_.stop(); };
  found->until_drain->link(*this);
}

task<> server::run(std::vector<address> at, bool shared, bound_function listening) {
  opener each([this, shared](const address& a) { return open(a, shared); });
  const auto bound = co_await bind_each(std::move(at), std::move(each));
  const count_as_running counted;
  loop& here = loop::of(co_await current_context());
  const entry_of_table mine(here, drains_, until_drain_);
  number_ = mine.number();
  if (!options_.on_error) report_.emplace(here);
  listening_ = [&bound, &listening] { listening(bound); };
  struct body {
    server* self;
    BIGHT_CORO_WRAPPER task<> operator()(scope& sessions) const {
      return self->until_drained(sessions);
    }
  };
  body everything{this};
  co_await in_scope(everything);
}

task<> server::until_drained(scope& sessions) {
  sessions.inner().set_server_number(number_);
  // 1. Accept until a drain is requested.
  co_await race(drain_asked(), open_and_take_in(sessions));
  // 2. Stop accepting.
  stop_listening();
  drains_.set();
  until_drain_.stop();
  if (options_.on_drain) options_.on_drain(active_);
  // 3. Let active sessions finish within the grace period. A second signal ends it early.
  if (options_.signals) {
    co_await race(all_gone(), sleep(options_.grace), next_signal());
  } else {
    co_await race(all_gone(), sleep(options_.grace));
  }
  // 4. Cancel the rest; the scope awaits them.
  sessions.stop();
}

task<> server::open_and_take_in(scope& sessions) {
  listening_();
  co_await take_in(sessions);
}

task<> server::drain_asked() {
  if (options_.signals && options_.drain != nullptr) {
    co_await race(next_signal(), options_.drain->wait());
  } else if (options_.signals) {
    co_await next_signal();
  } else if (options_.drain != nullptr) {
    co_await options_.drain->wait();
  } else {
    event never;
    co_await never.wait();
  }
}

task<> server::all_gone() {
  while (active_ > 0) {
    one_ended_.reset();
    co_await one_ended_.wait();
  }
}

task<> server::room() {
  while (full()) {
    one_ended_.reset();
    co_await one_ended_.wait();
  }
}

error server::out_of_memory() { return {errc::no_resources, "accept", 0, "out of memory"}; }

task<> server::back_off(error e) {
  if (!shortage_reported_) report({}, e);
  shortage_reported_ = true;
  one_ended_.reset();
  auto pause = within(shortage_pause, one_ended_.wait());
  auto over = co_await attempt(std::move(pause));
  if (!over && !over.error().is(errc::timed_out)) over.value();  // cancelled
}

namespace {

void report_without_memory() noexcept {
  try {
    line_sink::standard_error().write(
        "bight: a session has failed, and there is no memory to report why\n");
  } catch (const std::bad_alloc&) {}
}

}  // namespace

std::exception_ptr server::session::child_ended(std::coroutine_handle<> frame,
                                                std::exception_ptr e) noexcept {
  std::exception_ptr failed;  // set if on_error itself throws: that ends the server
  const bool well = e == nullptr && !stop_requested();
  if (!well) {
    try {
      tell(e);
    } catch (const std::bad_alloc&) {
      report_without_memory();
    } catch (...) {
      failed = std::current_exception();
    }
  }
  part(well);
  {
    const scheduler::failing streams(sched(), !well);
    frame.destroy();
  }
  delete this;
  return failed;
}

void server::report(const address& peer, const error& e) {
  if (options_.on_error) return options_.on_error(peer, e);
  if (report_) report_->add(peer, e);
}

void server::report(const address& peer, std::exception_ptr e) {
  if (const error* known = error_in(e)) return report(peer, *known);
  try {
    std::rethrow_exception(std::move(e));
  } catch (const std::bad_alloc&) {
    report(peer, error(errc::no_resources, "session", 0, "out of memory"));
  } catch (const std::exception& other) {
    report(peer, error(errc::invalid, "session", 0, other.what()));
  } catch (...) {
    report(peer, error(errc::invalid, "session", 0, "an exception that is not a std::exception"));
  }
}

}  // namespace bight
