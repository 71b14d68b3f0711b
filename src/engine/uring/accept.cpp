// SPDX-License-Identifier: MIT
// Accepting: connections arrive by a multishot request and wait in the inbox for an accept().

#include "engine/uring/states.hpp"
#include "engine/uring/uring_engine.hpp"

#include <cerrno>
#include <new>

namespace bight::uring {

bool uring_engine::submit_accept(op& o, socket& s) {
  if (s.receiver != nullptr) return refuse(o, errc::busy);
  if (s.has_accepted()) {
    claim(o, s.arrived->take_accepted());
    return finish_at_once(o, s);
  }
  hold_receiver(o, s);
  if (s.state == source::idle) arm(s);
  return false;
}

void uring_engine::on_accepted(socket& s, completion done) {
  if (done.result >= 0) {
    if (s.closing) return posix::close_with_reset(done.result);
    if (s.has_waiting_receiver()) {
      claim(*s.receiver, done.result);
      return finish(*s.receiver);
    }
    return keep_accepted(s, done.result);
  }
  // If only this connection failed, or after our own cancellation, the accept keeps waiting. A
  // failure of the listener (no descriptor left) is reported, and the next accept tries again.
  if (done.result == -ECANCELED || !s.has_waiting_receiver()) return;
  if (posix::accept_goes_on(*s.receiver, -done.result)) return;
  fail(*s.receiver, done.result);
}

void uring_engine::keep_accepted(socket& s, int fd) noexcept {
  try {
    s.keep().accepted.push_back(fd);
    if (s.arrived->accepted.size() >= socket::accepted_max) stop_source(s);
  } catch (const std::bad_alloc&) {
    posix::close_with_reset(fd);
  }
}

}  // namespace bight::uring
