// SPDX-License-Identifier: MIT
#include "engine/posix/names_category.hpp"

#include <bight/error.hpp>

#include <cerrno>
#include <string>

#include <ares.h>

namespace bight::posix {

namespace {

class names_category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "c-ares"; }
  std::string message(int status) const override {
    if (status < 0)
      return "cannot read /etc/hosts or /etc/resolv.conf: " +
             std::system_category().message(-status);
    switch (status) {
      case ARES_ENOTFOUND: return "no such host (check the spelling)";
      case ARES_ENODATA: return "the host has no address of that family";
      case ARES_ETIMEOUT:
        return "the name servers timed out (check the network and /etc/resolv.conf)";
      case ARES_ESERVFAIL: return "the name server failed (try again)";
      case ARES_EREFUSED: return "the name server refused the query (check /etc/resolv.conf)";
      // Version 1.18 also reports this if every server answered SERVFAIL or REFUSED.
      case ARES_ECONNREFUSED: return "no name server could be reached, or all of them failed";
      default: return ares_strerror(status);
    }
  }
  std::error_condition default_error_condition(int status) const noexcept override {
    switch (status) {
      case ARES_ENOTFOUND:
      case ARES_ENODATA: return make_error_condition(errc::name_not_found);
      case ARES_ECANCELLED:
      case ARES_EDESTRUCTION: return make_error_condition(errc::cancelled);
      case ARES_ENOMEM: return make_error_condition(errc::no_resources);
      case ARES_EBADNAME: return make_error_condition(errc::bad_address);
      default: return make_error_condition(errc::name_unavailable);
    }
  }
};

}  // namespace

bool is_shortage(int number) noexcept {
  return number == EMFILE || number == ENFILE || number == ENOMEM || number == ENOBUFS;
}

std::error_code names_code(int status) noexcept {
  static const names_category category;
  if (is_shortage(-status)) return {-status, std::system_category()};
  return {status, category};
}

name_outcome outcome_of(int status) noexcept {
  switch (status) {
    case ARES_SUCCESS: return name_outcome::found;
    case ARES_ENOTFOUND: return name_outcome::no_name;
    case ARES_ENODATA: return name_outcome::no_address;
    case ARES_ESERVFAIL:
    case ARES_EREFUSED:
    case ARES_ENOTIMP:
    case ARES_ECONNREFUSED:  // 1.18 uses it for all three
      return name_outcome::server_fails;
    default: return name_outcome::no_answer;
  }
}

}  // namespace bight::posix
