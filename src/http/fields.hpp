// SPDX-License-Identifier: MIT
#pragma once

/// The text of requests: which header fields are allowed, and how redirects change them.

#include <bight/error.hpp>
#include <bight/http.hpp>

#include "base/names.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace bight::http {

/// Makes an error with a code of http. `tried` is the operation that failed.
[[nodiscard]] error fault(errc code, std::string_view reason, std::string_view tried = {});

/// Make errors for a response that violates the grammar, or that exceeds one of `limits`.
[[nodiscard]] error malformed(std::string_view what);
[[nodiscard]] error over_limit(std::string_view what);

/// Returns `e`, which malformed() or over_limit() made, as an error of a request.
[[nodiscard]] error of_request(const error& e);

/// Returns `e` with `tried` in place of the operation that it names.
[[nodiscard]] error in_terms_of(std::string_view tried, const error& e);

/// Whether `s` is a token (RFC 9110 §5.6.2), such as the name of a field.
[[nodiscard]] bool is_token(std::string_view s) noexcept;
/// Checks one field: see check_fields().
void check_field(std::string_view name, std::string_view value);
/// Returns `s` without blanks at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view s) noexcept;

/// Returns the bytes of a request. `via` is the proxy if the request line must have the whole URL,
/// else null.
[[nodiscard]] std::string request_text(const request& what, const options& how, const proxy* via);

/// Whether request_text() asks for content codings, which then must be decoded.
[[nodiscard]] bool asks_for_codings(const request& what, const options& how) noexcept;

/// Returns the value of Authorization or Proxy-Authorization (RFC 7617).
[[nodiscard]] std::string basic_credentials(const std::string& user, const std::string& password);

/// Returns the request that `answer` redirects `sent` to; none if it is not a redirect.
///
/// followed  the number of redirects so far.
/// errors    redirect_refused; too_many_redirects if `followed` is the limit.
[[nodiscard]] std::optional<request> redirected(const request& sent, const response_head& answer,
                                                const options& how, std::size_t followed);

}  // namespace bight::http
