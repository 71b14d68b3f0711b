// SPDX-License-Identifier: MIT
#include "advice.hpp"

#include <bight/http.hpp>

#include <string_view>

namespace tool {

using namespace bight;

std::string advice_on(const error& e) {
  const std::string_view whole = e.what();
  const bool plain_page = e.tried().find(" http://") != std::string_view::npos;
  if (e.is(errc::certificate_self_signed) || e.is(errc::certificate_unknown_authority))
    return " (see --pin, --ca and --insecure)";
  if (e.code() == http::errc::bad_encoding) return " (--no-decode saves it as it is sent)";
  if (e.code() == http::errc::over_limit && whole.find("times as many") != whole.npos)
    return " (--no-decode saves it as it is sent)";
  // A server of TLS answers a request with an alert, or closes.
  const bool is_tls = whole.find("it is TLS") != whole.npos;
  if (plain_page && (e.code() == http::errc::empty_reply || is_tls))
    return " (if it speaks TLS, the URL begins with https://)";
  return {};
}

}  // namespace tool
