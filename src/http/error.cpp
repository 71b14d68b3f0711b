// SPDX-License-Identifier: MIT
#include <bight/error.hpp>
#include <bight/http.hpp>

namespace bight::http {

namespace {

class http_category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "http"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::malformed: return "malformed HTTP response";
      case errc::over_limit: return "the response exceeds a limit";
      case errc::empty_reply:
        return "the server closed the connection without sending data (empty reply)";
      case errc::bad_encoding: return "the content does not match its Content-Encoding";
      case errc::too_many_redirects: return "too many redirects";
      case errc::redirect_refused: return "redirect refused";
      case errc::proxy_refused: return "the proxy refused the connection";
      case errc::too_slow: return "the transfer is too slow";
    }
    return "unknown error";
  }

  std::error_condition default_error_condition(int value) const noexcept override {
    switch (static_cast<errc>(value)) {
      case errc::malformed:
      case errc::bad_encoding: return make_error_condition(bight::errc::invalid);
      case errc::over_limit:
      case errc::too_many_redirects: return make_error_condition(bight::errc::too_long);
      case errc::empty_reply: return make_error_condition(bight::errc::cut_short);
      case errc::redirect_refused:
      case errc::proxy_refused: return make_error_condition(bight::errc::denied);
      case errc::too_slow: return make_error_condition(bight::errc::timed_out);
    }
    return {value, *this};
  }
};

}  // namespace

const std::error_category& category() noexcept {
  static const http_category the_category;
  return the_category;
}

std::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), category()}; }

}  // namespace bight::http
