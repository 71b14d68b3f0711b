// SPDX-License-Identifier: MIT
#pragma once

/// What goes wrong in a simulated world, and how often: families of faults, drawn from a seed.

#include <bight/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bight::sim {

/// Numbers that follow from a seed and a purpose, and from nothing else: one stream for each
/// purpose, so that one more draw here moves nothing there. The generator is xoshiro256**, and
/// everything is done in integers, so each machine and compiler draws the same.
///
/// source  Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators" (2021).
class random_stream {
 public:
  explicit random_stream(std::uint64_t seed, std::string_view purpose = {}) noexcept;

  [[nodiscard]] std::uint64_t next() noexcept {
    const std::uint64_t drawn = rotated(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotated(state_[3], 45);
    return drawn;
  }
  /// 0 to `n` - 1; 0 when n is 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t n) noexcept { return product_high(next(), n); }
  /// True with that probability; draws nothing when it is 0.
  [[nodiscard]] bool chance(double probability) noexcept {
    return probability > 0 && static_cast<double>(next() >> 11) < probability * 0x1p53;
  }
  /// From `least` to `most`, each octave as likely as any other; `least` is at least 1.
  [[nodiscard]] std::uint64_t log_uniform(std::uint64_t least, std::uint64_t most) noexcept;
  [[nodiscard]] duration log_uniform(duration least, duration most) noexcept {
    return duration(static_cast<duration::rep>(log_uniform(
        static_cast<std::uint64_t>(least.count()), static_cast<std::uint64_t>(most.count()))));
  }

 private:
  [[nodiscard]] static constexpr std::uint64_t rotated(std::uint64_t x, int by) noexcept {
    return (x << by) | (x >> (64 - by));
  }

  // The upper half of a product; no compiler has a standard type for the whole of it.
  [[nodiscard]] static constexpr std::uint64_t product_high(std::uint64_t a,
                                                            std::uint64_t b) noexcept {
    constexpr std::uint64_t low = 0xffffffff;
    const std::uint64_t middle = (a >> 32) * (b & low) + ((a & low) * (b & low) >> 32);
    const std::uint64_t other = (a & low) * (b >> 32) + (middle & low);
    return (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32);
  }

  std::array<std::uint64_t, 4> state_;
};

/// A kind of fault. Those of the path are always there, some strike now and then.
enum class family : std::uint8_t {
  latency,        ///< paths: slow
  jitter,         ///< paths: now slow, now fast
  rate,           ///< paths: narrow, with a queue that overflows
  loss,           ///< paths: packets are lost, each by itself
  burst_loss,     ///< paths: many in a row are lost
  duplicate,      ///< paths: datagrams come twice
  reorder,        ///< paths: datagrams overtake one another
  corrupt,        ///< paths: datagrams with a wrong byte that the checksum did not see
  packet_size,    ///< paths: small packets
  slow_pair,      ///< some pairs of hosts are far from one another, all the time
  partition,      ///< strikes: hosts do not reach one another, perhaps in one direction only
  clog,           ///< strikes: a path holds everything back, and then lets all of it go
  refuse,         ///< connects are refused or hang, although somebody listens
  reset,          ///< strikes: a connection is reset from the middle of the network
  short_io,       ///< receives and sends move less than they could
  accept_errors,  ///< accept fails with the errors that accept(2) names
  descriptors,    ///< strikes: a host has none left for a while
  names,          ///< look-ups are slow, fail, or never end
  clocks,         ///< timers are late
  pause,          ///< strikes: a host stands still for a while, and goes on
  crash,          ///< strikes: a host loses power, or its program is killed; it starts again
  schedule,       ///< what is ready at one time happens in any order
  buffers,        ///< sockets have tiny buffers
};
inline constexpr std::size_t family_count = static_cast<std::size_t>(family::buffers) + 1;

[[nodiscard]] std::string_view name_of(family f) noexcept;

/// Some families of faults, as a value.
class families {
 public:
  constexpr families() noexcept = default;
  constexpr families(family f) noexcept : bits_(bit(f)) {}
  /// "loss,clog", as str() writes it; "none" and "all" too.
  ///
  /// errors  error(errc::invalid) names what is no family.
  [[nodiscard]] static families parse(std::string_view text);
  [[nodiscard]] static constexpr families all() noexcept {
    families f;
    f.bits_ = (1u << family_count) - 1;
    return f;
  }

  [[nodiscard]] constexpr bool has(family f) const noexcept { return (bits_ & bit(f)) != 0; }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  [[nodiscard]] constexpr families with(families f) const noexcept { return {bits_ | f.bits_}; }
  [[nodiscard]] constexpr families without(families f) const noexcept { return {bits_ & ~f.bits_}; }
  [[nodiscard]] constexpr families both(families f) const noexcept { return {bits_ & f.bits_}; }
  [[nodiscard]] std::string str() const;

  friend constexpr families operator|(families a, families b) noexcept { return a.with(b); }
  friend constexpr bool operator==(families, families) noexcept = default;

 private:
  constexpr families(std::uint32_t bits) noexcept : bits_(bits) {}
  [[nodiscard]] static constexpr std::uint32_t bit(family f) noexcept {
    return 1u << static_cast<unsigned>(f);
  }
  std::uint32_t bits_ = 0;
};
constexpr families operator|(family a, family b) noexcept { return families(a) | families(b); }

/// Which faults a world has. How strong each is, and when it strikes, follows from the world's
/// seed; each family draws from a stream of its own, so dropping one leaves the others as they are.
struct fault_plan {
  families on = {};
  /// Faults strike until then. After that everything heals: whatever is sent or retransmitted later
  /// meets a good network.
  duration lasts = 10s;
  /// Only so many faults happen, all families together: the first ones.
  std::uint64_t most = static_cast<std::uint64_t>(-1);

  /// A plan as the seed has it: each family of `from` is on or off. Some seeds have none at all.
  [[nodiscard]] static fault_plan drawn(std::uint64_t seed,
                                        families from = families::all().without(family::crash));
};

}  // namespace bight::sim
