// SPDX-License-Identifier: MIT
#pragma once

/// Where OpenSSL's chance and time come from when the world is not the real one.

#include <bight/callback.hpp>

#include "engine/loop.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace bight::tls {

/// While one lives, everything that OpenSSL draws in this thread comes from `source`: keys, nonces,
/// serial numbers. So a simulated world gives the same bytes for the same seed. Nothing that is
/// made under it is secret.
///
/// OpenSSL has one source for a process, and no way to give a connection another. It is replaced at
/// the first use of this class, for good, by one that asks OpenSSL's own wherever none of these
/// lives; a program that never makes one never gets there.
class seeded_chance {
 public:
  using source = callback<void(std::span<std::byte>)>;

  explicit seeded_chance(source s);
  seeded_chance(const seeded_chance&) = delete;
  seeded_chance& operator=(const seeded_chance&) = delete;
  ~seeded_chance();

 private:
  source source_;
  const source* before_;
};

/// The date of a loop, for the dates in certificates. The system's unless it is set.
///
/// Left out: what OpenSSL writes the real date into, the age of a session ticket. It changes bytes
/// of a resumed handshake, and never how many there are.
struct wall_clock : loop_local {
  callback<std::int64_t()> seconds;  ///< since 1970, UTC
};

}  // namespace bight::tls
