// SPDX-License-Identifier: MIT
#include <bight/tcp.hpp>
#include <bight/unix_socket.hpp>

#include "loop/loop.hpp"
#include "net/open.hpp"

namespace bight {

result<handle> open_listener(engine& e, const address& at, tcp::listen_options options) {
  auto opened = e.open(at.is_unix() ? transport::unix_socket : transport::tcp, at);
  if (!opened) return failure_of(e, verb::accept, opened.error().code(), "listen on ", at);
  const handle h = *opened;
  unowned socket(e, h);
  const auto fail = [&](std::error_code code) {
    e.close(socket.give());
    return failure_of(e, verb::accept, code, "listen on ", at);
  };
  // Lets a restarted server bind while old connections are in TIME_WAIT: socket(7). Where the
  // option is missing or forbidden, the server must wait for them.
  if (!at.is_unix()) static_cast<void>(e.set(h, option_id::reuse_address, 1));
  if (options.reuse_port)
    if (const auto code = e.set(h, option_id::reuse_port, 1)) {
      if (!at.is_unix()) return fail(code);
      return error(code, "listen on " + at.str(), 0,
                   "several threads cannot share a unix socket (use one: --threads 1)");
    }
  if (const auto code = e.bind(h, at)) return fail(code);
  if (const auto code = e.listen(h, options.backlog)) return fail(code);
  return socket.give();
}

namespace tcp {

result<stream> listener::accept_operation::take() {
  if (failed()) return failure();
  return stream(*eng, on);
}

address listener::local() const { return carrier_->local(handle_).value(); }

void listener::close() noexcept {
  if (!handle_) return;
  carrier_->check_thread("a listener was closed on a thread other than its loop's");
  carrier_->close(std::exchange(handle_, {}));
}

task<listener> listen(address at, listen_options options) {
  engine& e = loop::of(co_await current_context()).eng();
  const std::string asked = at.str();
  const auto candidates = co_await addresses_to_bind(std::move(at), options.family);
  std::optional<error> first;
  for (const address& a : candidates) {
    auto opened = open_listener(e, a, options);
    if (opened) co_return listener(e, *opened);
    if (!first) first.emplace(opened.error());
  }
  if (!first) first.emplace(errc::name_not_found, "listen on " + asked);
  throw error(*first);
}

}  // namespace tcp

namespace unix_socket {

task<stream> connect(std::string path) {
  co_return co_await tcp::connect(address::unix_socket(std::move(path)));
}

task<listener> listen(std::string path, tcp::listen_options options) {
  co_return co_await tcp::listen(address::unix_socket(std::move(path)), options);
}

task<> serve(std::string path, tcp::handler handle, serve_options options) {
  co_await tcp::serve(address::unix_socket(std::move(path)), std::move(handle), std::move(options));
}

}  // namespace unix_socket

}  // namespace bight
