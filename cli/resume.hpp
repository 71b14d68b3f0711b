// SPDX-License-Identifier: MIT
#pragma once

/// When a download can be resumed.

#include <bight/http.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tool {

/// The URL and version that FILE.part belongs to.
struct resume_point {
  std::string url;
  /// What the server must confirm: a strong ETag or a strong date (RFC 9110 §8.8). "" if the
  /// download cannot be resumed.
  std::string validator;
  std::string coding;  ///< the Content-Encoding that was not decoded
  std::optional<std::uint64_t> total;

  /// The resume point of a complete response. `url` is the requested one.
  [[nodiscard]] static resume_point of(const std::string& url, const bight::http::response& page);
};

/// A Content-Range: "bytes 500-999/1000".
struct content_range {
  std::uint64_t first = 0;
  std::uint64_t size = 0;  ///< of the range; 0 if the user's own Range was answered otherwise
  std::optional<std::uint64_t> total;  ///< none for "/*"

  /// Returns none for anything that RFC 9110 §14.4 does not allow, such as two fields.
  [[nodiscard]] static std::optional<content_range> of(const bight::http::response_head& h);
};

/// What a response contributes to a file.
struct contribution {
  enum class kind : std::uint8_t {
    whole,    ///< all of the file
    range,    ///< `size` bytes that follow those already received
    nothing,  ///< the file is not modified (conditional request)
    useless,  ///< nothing usable; `reason` says why
  };
  kind is = kind::whole;
  std::uint64_t size = 0;
  std::optional<std::uint64_t> total;  ///< of the file, for a range
  std::string reason;
};

/// What the client requested.
struct wanted {
  const resume_point* from = nullptr;  ///< null: the whole file
  std::uint64_t had = 0;               ///< bytes already received
  bool own_range = false;              ///< the user's own Range: any response is accepted
  bool conditional = false;            ///< the user's own If-None-Match or If-Modified-Since
};

/// Decides by the header. `length` is the length of the body, if known. A status of 400 or above is
/// `whole`; the caller handles it.
[[nodiscard]] contribution judge(const bight::http::response_head& h,
                                 std::optional<std::uint64_t> length, const wanted& w);

/// The file name for `u`: the last part of the path as typed. It is never hidden, never outside the
/// current folder, and never chosen by the server.
[[nodiscard]] std::string file_name_of(const bight::http::url& u);

}  // namespace tool
