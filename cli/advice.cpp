// SPDX-License-Identifier: MIT
#include "advice.hpp"

#include <bight/http.hpp>

#include <string_view>

namespace tool {

using namespace bight;

std::string hint_for(const error& e) {
  const std::string_view whole = e.what();
  const bool plain_page = e.tried().find(" http://") != std::string_view::npos;
  if (e.is(errc::certificate_self_signed) || e.is(errc::certificate_unknown_authority))
    return " (see --pin, --ca and --insecure)";
  if (e.code() == http::errc::bad_encoding) return " (--no-decode saves the body as sent)";
  if (e.code() == http::errc::over_limit && whole.find("times their size") != whole.npos)
    return " (--no-decode saves the body as sent)";
  // A TLS server answers a plain request with an alert, or closes the connection.
  const bool is_tls = whole.find("the server sent TLS") != whole.npos;
  if (plain_page && (e.code() == http::errc::empty_reply || is_tls))
    return " (if the server uses TLS, write https://)";
  return {};
}

}  // namespace tool
