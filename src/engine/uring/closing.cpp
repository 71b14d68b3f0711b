// SPDX-License-Identifier: MIT
// Opening and closing. A descriptor is closed only after its last request has completed: close(2)
// completes none, and a request keeps the socket open, so the peer would see no end. Until then its
// number stays in use, so no new socket can be mistaken for it.
//
// The peer of a stream sees the FIN or the reset one turn later. A datagram socket would continue
// to take datagrams, and their senders would get no ECONNREFUSED (udp(7)), so its close waits for
// the kernel.

#include "engine/uring/groups.hpp"
#include "engine/uring/states.hpp"
#include "engine/uring/uring_engine.hpp"

#include <cerrno>

#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

namespace bight::uring {

uring_engine::uring_engine(std::unique_ptr<ring> r, std::unique_ptr<buffer_ring> streams,
                           std::unique_ptr<buffer_ring> datagrams)
    : ring_(std::move(r)),
      stream_buffers_(std::move(streams)),
      datagram_buffers_(std::move(datagrams)),
      records_(std::make_unique_for_overwrite<call_record[]>(ring_->entries())) {
  datagram_header_.msg_namelen = name_room;
  datagram_header_.msg_controllen = control_room;
  start_watching();
}

uring_engine::~uring_engine() {
  if (in_child()) return;  // the ring belongs to the parent
  stop_watching();
  sockets_.for_each([this](handle h) { begin_close(h, ending::in_order); });
  // The kernel uses our memory until all requests have completed, however long that takes.
  while (in_kernel_ > 0 || closing_ > 0) {
    io_uring_sqe* r = request(about::nothing, nullptr);
    io_uring_prep_cancel64(r, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    submit_and_collect(10ms, now());  // not sched().now(): there may be no scheduler
  }
  submit_and_collect(0ms, now());  // the last closes
}

void uring_engine::disown() noexcept {
  kernel_engine::disown();
  sockets_.hide();
  ring_->disown();
}

void uring_engine::close(handle h, ending how) noexcept {
  const socket* const s = find(h);
  begin_close(h, how);
  if (s != nullptr && s->closing && s->takes_datagrams()) finish_closes();
}

void uring_engine::begin_close(handle h, ending how) noexcept {
  socket* const open = find(h);
  if (open == nullptr) return;
  socket& s = *open;
  if (in_child()) return close_in_child(s);
  if (s.kind == posix::socket_kind::adopted) {
    if (s.receiver != nullptr) cancel(*s.receiver);
    if (s.sender != nullptr) cancel(*s.sender);
    s.leave();
    return s.renew();
  }
  before_close(s, how, s.cut);
  // The close is deferred until no request is in flight. Refuse new connections until then.
  if (s.kind == posix::socket_kind::listener) shutdown(s.fd, SHUT_RDWR);
  s.leave();
  s.closing = true;
  ++closing_;
  if (s.has_waiting_receiver()) finish(*std::exchange(s.receiver, nullptr), errc::cancelled);
  cancel_all_of(s);
  settle_closing(s);
}

// Cancels each request by its user data, which the kernel finds in a hash table. A search by
// descriptor visits every waiting request, and ten thousand closes would take seconds.
void uring_engine::cancel_all_of(socket& s) noexcept {
  std::uint32_t named = s.state == source::idle ? 0 : 1;
  stop_source(s);
  for (op* o : {s.receiver, s.sender}) {
    if (o == nullptr || o->engine_state == state_complete) continue;
    cancel(*o);
    ++named;
  }
  if (s.in_kernel <= named) return;
  io_uring_sqe* r = request(about::nothing, nullptr);  // sends of datagrams
  io_uring_prep_cancel_fd(r, s.fd, IORING_ASYNC_CANCEL_ALL);
  r->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

// Closes the descriptor once nothing is in flight. For a TCP socket the close is queued with the
// turn's other requests and takes effect after them. For other sockets a peer would notice the
// delay.
void uring_engine::settle_closing(socket& s) noexcept {
  if (s.in_kernel > 0) return;
  if (s.file >= 0) ring_->unregister_file(s.file);
  if (s.takes_datagrams() || s.family == AF_UNIX) {
    ::close(s.fd);
  } else {
    io_uring_sqe* r = request(about::nothing, nullptr);
    io_uring_prep_close(r, s.fd);
    r->flags |= IOSQE_CQE_SKIP_SUCCESS;
  }
  --closing_;
  s.renew();
}

// Completes deferred closes now, because a call needs their addresses or descriptors.
void uring_engine::finish_closes() noexcept {
  constexpr int rounds_max = 50;
  const time_point turn = sched().now();
  for (int i = 0; i < rounds_max && closing_ > 0; ++i) submit_and_collect(1ms, turn);
  submit_and_collect(0ms, turn);
}

result<handle> uring_engine::open(transport t, const address& at) {
  auto made = kernel_engine::open(t, at);
  if (!made && made.error().is(errc::too_many_files)) {
    finish_closes();
    made = kernel_engine::open(t, at);
  }
  // On a non-blocking descriptor, a request would fail at once instead of waiting.
  if (made) fcntl(static_cast<int>(made->index), F_SETFL, 0);
  return made;
}

std::error_code uring_engine::bind(handle h, const address& at) {
  auto code = kernel_engine::bind(h, at);
  if (code != make_error_condition(errc::address_in_use)) return code;
  finish_closes();
  return kernel_engine::bind(h, at);
}

// An earlier connection from that port may still be closing.
std::error_code uring_engine::bind_source(handle h, const address& from) {
  if (from.port() != 0) finish_closes();
  return kernel_engine::bind_source(h, from);
}

std::error_code uring_engine::listen(handle h, int backlog) {
  auto code = kernel_engine::listen(h, backlog);
  if (code != make_error_condition(errc::address_in_use)) return code;
  finish_closes();
  return kernel_engine::listen(h, backlog);
}

}  // namespace bight::uring
