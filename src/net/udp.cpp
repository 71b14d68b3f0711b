// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/resolve.hpp>
#include <bight/udp.hpp>

#include "base/check.hpp"
#include "loop/loop.hpp"
#include "net/open.hpp"

#include <algorithm>

namespace bight {

namespace {

// Unix sockets are stream sockets in this library. The kernel would also allow datagrams.
error no_unix_datagrams(const std::string& tried) {
  return error(errc::bad_address, tried, 0, "unix sockets carry streams, not datagrams");
}

}  // namespace

result<handle> open_datagram(engine& e, const address& at, bool reuse_port) {
  if (at.is_unix()) return no_unix_datagrams("bind " + at.str());
  auto opened = e.open(transport::udp, at);
  if (!opened) return failure_of(e, verb::accept, opened.error().code(), "bind ", at);
  const handle h = *opened;
  unowned socket(e, h);
  std::error_code failed;
  if (reuse_port) failed = e.set(h, option_id::reuse_port, 1);
  if (!failed) failed = e.bind(h, at);
  if (!failed) return socket.give();
  e.close(socket.give());
  return failure_of(e, verb::accept, failed, "bind ", at);
}

namespace udp {

result<datagram> recv_operation::take() {
  if (failed()) return failure();
  return get();
}

datagram recv_operation::get() {
  throw_if_failed();
  datagram d;
  d.truncated = truncated || received_.size() > size;
  d.data = received_.take_front(size);
  d.from = std::move(from_);
  return d;
}

result<datagrams> recv_many_operation::take() {
  if (failed()) return failure();
  return get();
}

datagrams recv_many_operation::get() {
  throw_if_failed();
  datagrams d;
  // Never 0, because send_many rejects 0; an empty datagram can be echoed like any other.
  d.segment = segment > 0 ? segment : std::max<std::size_t>(received_.size(), 1);
  d.data = std::move(received_);
  d.from = std::move(from_);
  d.truncated = truncated;
  return d;
}

void socket::check_segment(std::size_t bytes) noexcept {
  check(bytes > 0 && bytes <= 65507, "a datagram has 1 to 65507 bytes");
}

void socket::close() noexcept {
  if (!handle_) return;
  carrier_->check_thread("a UDP socket was closed on a thread other than its loop's");
  carrier_->close(std::exchange(handle_, {}));
}

address socket::local() const {
  check(static_cast<bool>(handle_), "the socket is closed");
  return carrier_->local(handle_).value();
}

address socket::remote() const {
  if (!handle_) return {};
  auto a = carrier_->remote(handle_);
  return a ? *std::move(a) : address();
}

void socket::set_option(option_id id, int value) {
  const auto failed = handle_ ? carrier_->set(handle_, id, value) : make_error_code(errc::closed);
  if (failed) throw error(failed, "set a socket option");
}

int socket::get_option(option_id id) const {
  if (!handle_) throw error(errc::closed, "get a socket option");
  return carrier_->get(handle_, id).value();
}

address request::to() const {
  auto bound = carrier_->local(handle_);
  if (!bound) return datagram_.from.source();
  return datagram_.from.has_source() ? datagram_.from.source().with_port(bound->port())
                                     : *std::move(bound);
}

task<socket> bind(address at) {
  engine& e = loop::of(co_await current_context()).eng();
  const std::string asked = at.str();
  const auto candidates = co_await addresses_to_bind(std::move(at), std::nullopt);
  std::optional<error> first;
  for (const address& a : candidates) {
    auto opened = open_datagram(e, a, false);
    if (opened) co_return socket(e, *opened);
    if (!first) first.emplace(opened.error());
  }
  if (!first) first.emplace(errc::name_not_found, "bind " + asked);
  throw error(*first);
}

namespace {

// Connecting a datagram socket only sets its peer and looks up a route: connect(2).
class [[nodiscard]] aim_operation : public op {
 public:
  using value_type = void;
  aim_operation(engine& e, handle h, address& to) noexcept : op(verb::connect, &e, h) {
    peer = &to;
  }
  [[nodiscard]] result<void> take() {
    if (failed()) return failure();
    return {};
  }
};

}  // namespace

task<socket> connect(address to) {
  engine& e = loop::of(co_await current_context()).eng();
  const std::string asked = to.str();
  if (to.is_unix()) throw no_unix_datagrams("connect " + asked);
  std::vector<address> candidates;
  if (to.kind() == address_kind::any) {  // as a destination, it means this machine
    candidates.push_back(address::ip4({127, 0, 0, 1}, to.port()));
  } else {
    candidates = co_await addresses_to_bind(std::move(to), std::nullopt);
  }
  std::optional<error> first;
  for (address& a : candidates) {
    auto opened = e.open(transport::udp, a);
    if (!opened) {
      if (!first) first.emplace(failure_of(e, verb::connect, opened.error().code(), "connect ", a));
      continue;
    }
    socket s(e, *opened);
    auto aimed = co_await attempt(aim_operation(e, *opened, a));
    if (aimed) co_return s;
    if (!first) first.emplace(aimed.error());
  }
  if (!first) first.emplace(errc::name_not_found, "connect " + asked);
  throw error(*first);
}

}  // namespace udp

}  // namespace bight
