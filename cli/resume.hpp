// SPDX-License-Identifier: MIT
#pragma once

/// How a download goes on where an earlier one ended, and when it must not.

#include <bight/http.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tool {

/// Which version of which page a FILE.part is the beginning of.
struct resume_point {
  std::string url;
  /// What the server must repeat for the rest to fit: a strong ETag, or a date that is strong (RFC
  /// 9110 §8.8). "" when this part cannot be resumed.
  std::string validator;
  std::string coding;  ///< the Content-Encoding that was left on
  std::optional<std::uint64_t> total;

  /// What a whole response says of itself. `url` is the one that was requested.
  [[nodiscard]] static resume_point of(const std::string& url, const bight::http::response& page);
};

/// A Content-Range: "bytes 500-999/1000".
struct content_range {
  std::uint64_t first = 0;
  std::uint64_t size = 0;  ///< of a range; of a whole that is the user's own Range, or 0
  std::optional<std::uint64_t> total;  ///< none for "/*"

  /// errors  none: anything that RFC 9110 §14.4 does not allow, also two fields, is no range.
  [[nodiscard]] static std::optional<content_range> of(const bight::http::response_head& h);
};

/// What a response brings to a file.
struct contribution {
  enum class kind : std::uint8_t {
    whole,    ///< all of the file
    range,    ///< `size` bytes that follow those that are there
    nothing,  ///< the file is not changed, as the request's condition asked for
    useless,  ///< nothing that fits; `reason` says why
  };
  kind is = kind::whole;
  std::uint64_t size = 0;
  std::optional<std::uint64_t> total;  ///< of the file, for a range
  std::string reason;
};

/// What the client wanted.
struct wanted {
  const resume_point* from = nullptr;  ///< null: the whole file
  std::uint64_t had = 0;               ///< bytes that are there
  bool own_range = false;              ///< the user's own Range: whatever comes is what was wanted
  bool conditional = false;            ///< the user's own If-None-Match or If-Modified-Since
};

/// Decides from the header alone. `length` is that of the body, when the response says so. A status
/// of 400 and above is whole: what becomes of it is another question.
[[nodiscard]] contribution judge(const bight::http::response_head& h,
                                 std::optional<std::uint64_t> length, const wanted& w);

/// A name to save `u` under, that cannot lead out of the current folder or hide there: of the last
/// part of the path as it was typed, never of anything a server says.
[[nodiscard]] std::string file_name_of(const bight::http::url& u);

}  // namespace tool
