// SPDX-License-Identifier: MIT
#pragma once

/// Content codings: gzip, deflate, br, zstd, taken off a body as it comes.

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
  decoder(std::unique_ptr<codec> by, const limits& max) : max_(max) {
    stages_.emplace_back().by = std::move(by);
  }
  /// Several codings, in the order in which they are undone.
  decoder(std::vector<std::unique_ptr<codec>> by, const limits& max) : max_(max) {
    for (auto& one : by) stages_.emplace_back().by = std::move(one);
  }

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
  // One coding. What it gives is fed to the next stage.
  struct stage {
    std::unique_ptr<codec> by;
    lease in;
    std::uint64_t gave = 0;
    bool more_inside = false;  // the codec may hold more than it could write
  };
  [[nodiscard]] lease run(stage& s);
  void check_limits(const stage& s) const;

  std::vector<stage> stages_;
  const limits max_;
  std::uint64_t came_ = 0;
};

/// The decoder for a response, null when there is nothing to undo.
///
/// All fields named Content-Encoding are one list (RFC 9110 §5.3), undone from its end (§8.4). A
/// word that is no registered coding ("none", "utf-8") changes nothing. Nor does the coding of a
/// file that is of that very type: application/gzip with gzip.
///
/// errors  bad_encoding for a coding that was not asked for; over_limit for more than five.
[[nodiscard]] std::unique_ptr<decoder> make_decoder(const response_head& h, const limits& max);

}  // namespace bight::http
