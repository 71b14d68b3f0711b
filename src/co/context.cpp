// SPDX-License-Identifier: MIT
#include <bight/context.hpp>

namespace bight {

context::context(scheduler& s) noexcept : scheduler_(&s) {
  hooks_.previous = hooks_.next = &hooks_;
}

context::context(context& parent) noexcept : context(*parent.scheduler_) {
  parent_ = &parent;
  on_stop = [](stop_hook& self) { static_cast<context&>(self).stop(); };
  if (parent.stopped_)
    stopped_ = true;
  else
    parent.link(*this);
}

void context::link(stop_hook& h) noexcept {
  h.previous = hooks_.previous;
  h.next = &hooks_;
  hooks_.previous->next = &h;
  hooks_.previous = &h;
}

void context::stop() noexcept {
  if (stopped_) return;
  stopped_ = true;
  while (hooks_.next != &hooks_) {
    stop_hook& first = *hooks_.next;
    first.unlink();
    first.on_stop(first);
  }
}

}  // namespace bight
