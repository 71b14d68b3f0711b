// SPDX-License-Identifier: MIT
#pragma once

/// Decodes the content codings gzip, deflate, br and zstd while a body is received.

#include <bight/http.hpp>

#include "base/names.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace bight::http {

/// One library's decoder.
class codec {
 public:
  codec() = default;
  codec(const codec&) = delete;
  codec& operator=(const codec&) = delete;
  virtual ~codec() = default;

  /// Decodes some of `in` into `out`, and removes the bytes that it used from `in`.
  ///
  /// returns  the number of bytes written to `out`; 0 means that it needs more input.
  /// errors   bad_encoding.
  [[nodiscard]] virtual std::size_t decode(std::string_view& in, std::span<std::byte> out) = 0;
  /// Whether the input may end here.
  [[nodiscard]] virtual bool complete() const noexcept = 0;
};

/// Returns the codec for a value of Content-Encoding; null for "identity" and for an empty value.
///
/// errors  bad_encoding for a coding that we do not request.
[[nodiscard]] std::unique_ptr<codec> make_codec(std::string_view encoding);

/// Decodes a body in pieces of limited size, and enforces the limits on decoded bytes.
class decoder {
 public:
  decoder(std::unique_ptr<codec> by, const limits& max) : max_(max) {
    stages_.emplace_back().by = std::move(by);
  }
  /// Several codings, in the order in which they are decoded.
  decoder(std::vector<std::unique_ptr<codec>> by, const limits& max) : max_(max) {
    for (auto& one : by) stages_.emplace_back().by = std::move(one);
  }

  /// Adds the next bytes of the body. Must be called only after next() has returned an empty lease.
  void feed(lease bytes);
  /// Returns the next decoded bytes; empty if it needs more input.
  ///
  /// errors  bad_encoding, over_limit.
  [[nodiscard]] lease next();
  /// Must be called at the end of the body.
  ///
  /// errors  cut_short if the encoded data is incomplete.
  void end() const;

 private:
  // One coding. Its output is the input of the next stage.
  struct stage {
    std::unique_ptr<codec> by;
    lease in;
    std::uint64_t produced = 0;
    bool more_output = false;  // the codec may have output that did not fit
  };
  [[nodiscard]] lease run(stage& s);
  void check_limits(const stage& s) const;

  std::vector<stage> stages_;
  const limits max_;
  std::uint64_t fed_ = 0;
};

/// Returns the decoder for a response; null if there is nothing to decode.
///
/// All Content-Encoding fields form one list (RFC 9110 §5.3), which is decoded from its end (§8.4).
/// Ignored are words that are no registered coding ("none", "utf-8"), and a coding that the media
/// type of the file names too (application/gzip with gzip).
///
/// errors  bad_encoding for a coding that we do not request; over_limit for more than five.
[[nodiscard]] std::unique_ptr<decoder> make_decoder(const response_head& h, const limits& max);

}  // namespace bight::http
