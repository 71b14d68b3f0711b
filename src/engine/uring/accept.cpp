// SPDX-License-Identifier: MIT
// Accepting: connections arrive by a multishot request, and wait for an accept() in a short queue.

#include "engine/uring/states.hpp"
#include "engine/uring/uring_engine.hpp"

#include <cerrno>

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
void uring_engine::claim(op& o, int fd) {
  const int family = find(o.on)->family;
  o.extra = posix::pack_handle(o.on);
  // A multishot accept does not tell the peer's name. The socket does when somebody asks, also
  // after a reset.
  o.on = enter(fd, posix::socket_kind::stream, family);
}

void uring_engine::on_accepted(channel& c, completion done) {
  if (done.result >= 0) {
    if (c.closing) return posix::close_with_reset(done.result);
    if (c.has_waiting_receiver()) {
      claim(*c.receiver, done.result);
      return finish(*c.receiver);
    }
    c.keep().accepted.push_back(done.result);
    if (c.arrived->accepted.size() >= channel::accepted_max) stop_source(c);
    return;
  }
  // A failure of the one connection, or our own cancellation: whoever waits goes on waiting. A
  // failure of the listener (no descriptors left) is told, and the next accept tries again.
  if (done.result == -ECANCELED || posix::accept_may_go_on(-done.result)) return;
  if (c.has_waiting_receiver()) finish(*c.receiver, posix::system_error_code(-done.result));
}

}  // namespace bight::uring
