// SPDX-License-Identifier: MIT
#pragma once

/// Content codings: gzip, deflate, br, zstd, taken off a body as it comes.

#include <bight/http.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace bight::http {

/// One library's decoder.
class codec {
 public:
  codec() = default;
  codec(const codec&) = delete;
  codec& operator=(const codec&) = delete;
  virtual ~codec() = default;

  /// Decodes some of `in`, cuts what was used off it, and gives the count of bytes written to
  /// `out`. When that is 0 it wants more.
  ///
  /// errors  bad_encoding.
  [[nodiscard]] virtual std::size_t run(std::string_view& in, std::span<std::byte> out) = 0;
  /// Whether what came so far is complete.
  [[nodiscard]] virtual bool complete() const noexcept = 0;
};

/// The codec for a value of Content-Encoding; null for "identity" and for none.
///
/// errors  bad_encoding for any other: nothing else was asked for.
[[nodiscard]] std::unique_ptr<codec> make_codec(std::string_view encoding);

/// Decodes a body in pieces of bounded size, and keeps to the limits on what comes out.
class decoder {
 public:
  decoder(std::unique_ptr<codec> by, const limits& max) : codec_(std::move(by)), max_(max) {}

  /// Takes the next bytes of the body; only once next() has given an empty lease.
  void feed(lease bytes);
  /// The next decoded bytes; empty when it wants more.
  ///
  /// errors  bad_encoding, over_limit.
  [[nodiscard]] lease next();
  /// The body has ended.
  ///
  /// errors  cut_short when the encoding has not.
  void end() const;

 private:
  std::unique_ptr<codec> codec_;
  const limits max_;
  lease in_;
  std::uint64_t came_ = 0;
  std::uint64_t gave_ = 0;
  bool more_inside_ = false;  // the codec may hold more than it could write
};

}  // namespace bight::http
