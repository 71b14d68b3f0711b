// SPDX-License-Identifier: MIT
#pragma once

/// Header fields of requests: what may stand in one, and the request that they make.

#include <bight/error.hpp>
#include <bight/http.hpp>

#include "base/names.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace bight::http {

/// An error about what `tried` did: http's own code, or with the library's.
[[nodiscard]] error fault(errc code, std::string_view reason, std::string_view tried = {});

/// An answer that breaks the grammar, or that passes one of `limits`.
[[nodiscard]] error malformed(std::string_view what);
[[nodiscard]] error over_limit(std::string_view what);

/// `e`, which says what was tried on a socket, as the failure of `tried`.
[[nodiscard]] error in_terms_of(std::string_view tried, const error& e);

/// Whether `s` is a token (RFC 9110 §5.6.2): the name of a field.
[[nodiscard]] bool is_token(std::string_view s) noexcept;
/// `s` without the blanks around it.
[[nodiscard]] std::string_view trimmed(std::string_view s) noexcept;

/// The request as it is sent; `by` is the proxy that it goes to, if that wants the whole URL.
[[nodiscard]] std::string request_text(const request& what, const options& how, const proxy* by);

/// Whether request_text() asks for codings that are to be decoded.
[[nodiscard]] bool asks_for_codings(const request& what, const options& how) noexcept;

/// The value of Authorization or Proxy-Authorization: RFC 7617.
[[nodiscard]] std::string basic_credentials(const std::string& user, const std::string& password);

/// What to ask for instead of `asked` when `answer` redirects; none when it does not.
///
/// errors  redirect_refused, too_many_redirects (when `followed` is the limit already).
[[nodiscard]] std::optional<request> redirected(const request& asked, const response_head& answer,
                                                const options& how, std::size_t followed);

}  // namespace bight::http
