// SPDX-License-Identifier: MIT
#include <bight/context.hpp>

#include "base/names.hpp"

namespace bight {

context::context(scheduler& s) noexcept : scheduler_(&s) { hooks_.make_head(); }

context::context(context& parent) noexcept : context(*parent.scheduler_) {
  on_stop = [](stop_hook& self) { static_cast<context&>(self).stop(); };
  server_number_ = parent.server_number_;
  if (parent.stopped_)
    stopped_ = true;
  else
    parent.link(*this);
}

void context::stop() noexcept {
  if (stopped_) return;
  stopped_ = true;
  scheduler_->count_stop();
  while (hooks_.next != &hooks_) {
    auto& first = static_cast<stop_hook&>(*hooks_.next);
    first.unlink();
    first.make_head();  // linked to itself: a second unlink is harmless
    first.on_stop(first);
  }
}

}  // namespace bight
