// SPDX-License-Identifier: MIT
#pragma once

/// The faults of a simulated world, grouped into families and drawn from a seed.

#include <bight/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bight::sim {

/// Random numbers determined by a seed and a purpose alone. Each purpose has its own stream, so an
/// additional draw in one does not change the others. The generator is xoshiro256** with integer
/// arithmetic only, so every machine and compiler draws the same numbers.
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
  /// Returns a number from 0 to `n` - 1; 0 if n is 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t n) noexcept { return product_high(next(), n); }
  /// Returns true with `probability`; draws nothing if it is 0.
  [[nodiscard]] bool chance(double probability) noexcept {
    return probability > 0 && static_cast<double>(next() >> 11) < probability * 0x1p53;
  }
  /// Returns a number from `least` to `most`, log-uniformly distributed; `least` is at least 1.
  [[nodiscard]] std::uint64_t log_uniform(std::uint64_t least, std::uint64_t most) noexcept;
  [[nodiscard]] duration log_uniform(duration least, duration most) noexcept {
    return duration(static_cast<duration::rep>(log_uniform(
        static_cast<std::uint64_t>(least.count()), static_cast<std::uint64_t>(most.count()))));
  }

 private:
  [[nodiscard]] static constexpr std::uint64_t rotated(std::uint64_t x, int by) noexcept {
    return (x << by) | (x >> (64 - by));
  }

  // The upper half of a product: standard C++ has no 128-bit integer type.
  [[nodiscard]] static constexpr std::uint64_t product_high(std::uint64_t a,
                                                            std::uint64_t b) noexcept {
    constexpr std::uint64_t low = 0xffffffff;
    const std::uint64_t middle = (a >> 32) * (b & low) + ((a & low) * (b & low) >> 32);
    const std::uint64_t other = (a & low) * (b >> 32) + (middle & low);
    return (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32);
  }

  std::array<std::uint64_t, 4> state_;
};

/// A kind of fault. Path faults are always present; those marked "strikes" occur at times.
enum class family : std::uint8_t {
  latency,        ///< paths: high latency
  jitter,         ///< paths: varying latency
  rate,           ///< paths: low rate, with a queue that overflows
  loss,           ///< paths: packets are lost, independent of each other
  burst_loss,     ///< paths: several packets in a row are lost
  duplicate,      ///< paths: datagrams arrive twice
  reorder,        ///< paths: datagrams overtake one another
  corrupt,        ///< paths: datagrams with a wrong byte that the checksum did not detect
  packet_size,    ///< paths: small packets
  slow_pair,      ///< some pairs of hosts have a high latency permanently
  partition,      ///< strikes: hosts cannot reach each other, perhaps in one direction only
  clog,           ///< strikes: a path holds all packets back, then releases them
  refuse,         ///< connects are refused or hang although a program listens
  reset,          ///< strikes: a connection is reset by the network
  short_io,       ///< receives and sends transfer less than possible
  accept_errors,  ///< accept fails with the errors of accept(2)
  descriptors,    ///< strikes: a host has no descriptors left for a while
  names,          ///< lookups are slow, fail, or never end
  clocks,         ///< timers are late
  pause,          ///< strikes: a host stops for a while, then continues
  crash,          ///< strikes: a host loses power, or its program is killed; then it restarts
  schedule,       ///< things that are ready at the same time happen in any order
  buffers,        ///< sockets have tiny buffers
};
inline constexpr std::size_t family_count = static_cast<std::size_t>(family::buffers) + 1;

[[nodiscard]] std::string_view name_of(family f) noexcept;

/// A set of fault families.
class families {
 public:
  constexpr families() noexcept = default;
  constexpr families(family f) noexcept : bits_(bit(f)) {}
  /// Parses "loss,clog", the format of str(); also "none" and "all".
  ///
  /// errors  error(errc::invalid); the text names the unknown family.
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

/// The faults of a world. The world's seed determines how strong each is and when it strikes. Each
/// family has its own random stream, so removing one does not change the others.
struct fault_plan {
  families on = {};
  /// How long faults strike. After that, the network is good for everything sent or retransmitted.
  duration lasts = 10s;
  /// Maximum number of faults of all families together; later ones are omitted.
  std::uint64_t most = static_cast<std::uint64_t>(-1);

  /// Returns the plan for a seed: which families of `from` are on, and `lasts` (100 ms to 60 s).
  /// One seed in eight has no faults.
  [[nodiscard]] static fault_plan drawn(std::uint64_t seed,
                                        families from = families::all().without(family::crash));
};

}  // namespace bight::sim
