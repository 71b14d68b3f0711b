// SPDX-License-Identifier: MIT
// Accepting: connections arrive by a multishot request, and wait for an accept() in a short queue.

#include "engine/uring/states.hpp"
#include "engine/uring/uring_engine.hpp"

#include <cerrno>
#include <new>

namespace bight::uring {

bool uring_engine::submit_accept(op& o, channel& c) {
  if (c.receiver != nullptr) {
    o.code = errc::busy;
    return true;
  }
  if (c.has_accepted()) {
    claim(o, c.arrived->take_accepted());
    return at_once(o, c);
  }
  hold_receiver(o, c, state_waiting);
  if (c.state == source::idle) arm(c);
  return false;
}

// Makes the connection the outcome of `o`, which remembers its listener for requeue().
void uring_engine::claim(op& o, int fd) noexcept {
  const int family = find(o.on)->family;
  // A multishot accept does not tell the peer's name. The socket does when somebody asks, also
  // after a reset.
  const handle child = enter(fd, posix::socket_kind::stream, family);
  if (!child) {
    o.code = posix::system_error_code(ENOMEM);
    return;
  }
  o.extra = posix::pack_handle(o.on);
  o.on = child;
}

void uring_engine::on_accepted(channel& c, completion done) {
  if (done.result >= 0) {
    if (c.closing) return posix::close_with_reset(done.result);
    if (c.has_waiting_receiver()) {
      claim(*c.receiver, done.result);
      return finish(*c.receiver);
    }
    return keep_accepted(c, done.result);
  }
  // A failure of the one connection, or our own cancellation: whoever waits goes on waiting. A
  // failure of the listener (no descriptors left) is reported, and the next accept tries again.
  if (done.result == -ECANCELED || !c.has_waiting_receiver()) return;
  if (posix::accept_goes_on(*c.receiver, -done.result)) return;
  finish(*c.receiver, posix::system_error_code(-done.result));
}

void uring_engine::keep_accepted(channel& c, int fd) noexcept {
  try {
    c.keep().accepted.push_back(fd);
    if (c.arrived->accepted.size() >= channel::accepted_max) stop_source(c);
  } catch (const std::bad_alloc&) {
    posix::close_with_reset(fd);
  }
}

}  // namespace bight::uring
