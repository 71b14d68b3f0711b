// SPDX-License-Identifier: MIT
#include "sim/path.hpp"

#include <algorithm>

namespace bight::sim {

path::path(std::uint64_t seed, std::string_view name, path_options options)
    : set_(options), now_(options), draw_(seed, name) {
  set(options);
}

void path::set(path_options options) noexcept {
  options.packet = std::max<std::size_t>(options.packet, 88);  // RFC 791: 68 must pass
  set_ = now_ = options;
}

// Most packets take nearly the minimum, a few are late, one in a thousand is very late.
duration path::trip() {
  if (now_.jitter <= 0ns) return now_.latency;
  const auto most = static_cast<std::uint64_t>(now_.jitter.count());
  const std::uint64_t late =
      draw_.below(1000) == 0 ? draw_.below(10 * most) : draw_.below(draw_.below(most) + 1);
  return now_.latency + duration(static_cast<duration::rep>(late));
}

path::fate path::send(duration now, std::size_t size) {
  fate f;
  duration waits{};
  if (now_.rate) {
    const std::uint64_t queued =
        free_at_ > now
            ? static_cast<std::uint64_t>((free_at_ - now).count()) * *now_.rate / 1'000'000'000u
            : 0;
    if (queued + size > std::max(now_.queue, size)) {
      f.lost = true;
      f.delay = now_.latency;
      return f;
    }
    free_at_ = std::max(free_at_, now) +
               duration(static_cast<duration::rep>(size * 1'000'000'000u / *now_.rate));
    waits = free_at_ - now;
  }
  f.delay = waits + trip();
  if (burst_left_ > 0) {
    --burst_left_;
    f.lost = true;
  } else if (draw_.chance(now_.burst_loss)) {
    burst_left_ = draw_.log_uniform(2, 32);
    f.lost = true;
  } else {
    f.lost = draw_.chance(now_.loss);
  }
  return f;
}

duration path::time_out(duration round_trip, unsigned tries) noexcept {
  constexpr duration least = 200ms;
  constexpr duration most = 120s;
  return tries > 9 ? most : std::min((round_trip + least) * (1u << tries), most);
}

std::error_code path::no_route() const noexcept {
  const auto code = [](std::errc e) {
    return std::error_code(static_cast<int>(e), std::system_category());
  };
  switch (now_.routed) {
    case route::missing: return code(std::errc::network_unreachable);
    case route::unreachable: return code(std::errc::host_unreachable);
    case route::prohibited: return code(std::errc::permission_denied);
    default: return {};
  }
}

duration path::overtaken() {
  if (!draw_.chance(now_.reorder)) return 0ns;
  return draw_.log_uniform(duration(10us), std::max<duration>(2 * now_.latency, 20us));
}

}  // namespace bight::sim
