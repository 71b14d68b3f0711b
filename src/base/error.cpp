// SPDX-License-Identifier: MIT
#include <bight/error.hpp>

#include "base/names.hpp"

#include <array>
#include <utility>

namespace bight {

namespace {

// One row per condition: its text, and advice for the user.
struct wording {
  errc condition;
  const char* reason;
  const char* advice;
};

constexpr wording vocabulary[] = {
    {errc::cancelled, "cancelled", ""},
    {errc::timed_out, "timed out", ""},
    {errc::refused, "connection refused", "is the server running?"},
    {errc::reset, "connection reset by the peer", ""},
    {errc::closed, "the connection is closed", ""},
    {errc::cut_short, "the peer closed before all data arrived", ""},
    {errc::too_long, "longer than the limit", ""},
    {errc::unreachable, "no route to that network or host", "check the address and the network"},
    {errc::address_in_use, "address in use",
     "another program is listening there; choose another port"},
    {errc::address_not_available, "this machine has no such address", ""},
    {errc::denied, "permission denied", "ports below 1024 and some files require privileges"},
    {errc::bad_address, "invalid address", ""},
    {errc::name_not_found, "no such host", "check the spelling"},
    {errc::name_unavailable, "the name servers did not answer",
     "try again, or check /etc/resolv.conf"},
    {errc::too_many_files, "too many open files", "raise the limit: ulimit -n"},
    {errc::no_resources, "the kernel is out of buffers", "try again"},
    {errc::message_too_large, "the datagram is too large", "send fewer bytes at a time"},
    {errc::busy, "another operation of this kind is in flight", "await it first"},
    {errc::not_supported, "not supported here", ""},
    {errc::tls_truncated, "the connection ended without TLS close_notify", "data may be missing"},
    {errc::tls_not_spoken, "the peer does not speak TLS",
     "connect without TLS, or check the address"},
    {errc::tls_old_protocol, "the peer supports no TLS version that is allowed here",
     "versions before 1.2 are insecure (RFC 8996); update the peer"},
    {errc::tls_alert, "the peer refused the TLS connection", ""},
    {errc::tls_failed, "the peer sent invalid TLS data", ""},
    {errc::certificate_self_signed, "the certificate is self-signed",
     "if it is the right one, trust its key with a pin, or its file as a CA"},
    {errc::certificate_unknown_authority, "the certificate is signed by an unknown authority",
     "trust the file of its CA, or install the package ca-certificates"},
    {errc::certificate_expired, "the certificate has expired",
     "renew it, or check the clock of this machine"},
    {errc::certificate_not_yet_valid, "the certificate is not valid yet",
     "check the clock of this machine"},
    {errc::certificate_wrong_host, "the certificate is for another host",
     "connect to a name listed in it"},
    {errc::certificate_not_pinned, "the key does not match any pin",
     "if the peer has a new key, ask its owner for the new pin"},
    {errc::certificate_unusable, "the certificate is not valid for this use",
     "use another certificate"},
    {errc::invalid, "invalid value", ""},
    {errc::connection_timed_out, "connection timed out", "the peer did not respond"},
};

const wording* find_wording(errc e) noexcept {
  for (const wording& w : vocabulary)
    if (w.condition == e) return &w;
  return nullptr;
}

// The only mapping from system error codes to conditions.
bool stands_for(const std::error_code& code, errc e) noexcept {
  if (code.category() != std::system_category() && code.category() != std::generic_category())
    return false;
  using std::errc;
  const auto any_of = [&](auto... codes) {
    return ((code.value() == static_cast<int>(codes)) || ...);
  };
  switch (e) {
    case bight::errc::cancelled: return any_of(errc::operation_canceled);
    case bight::errc::timed_out: return any_of(errc::timed_out, errc::stream_timeout);
    case bight::errc::connection_timed_out: return any_of(errc::timed_out);
    case bight::errc::refused: return any_of(errc::connection_refused);
    case bight::errc::reset: return any_of(errc::connection_reset, errc::connection_aborted);
    case bight::errc::closed:
      return any_of(errc::broken_pipe, errc::not_connected, errc::bad_file_descriptor);
    case bight::errc::unreachable:
      return any_of(errc::network_unreachable, errc::host_unreachable, errc::network_down);
    case bight::errc::address_in_use: return any_of(errc::address_in_use);
    case bight::errc::address_not_available: return any_of(errc::address_not_available);
    case bight::errc::denied: return any_of(errc::permission_denied, errc::operation_not_permitted);
    case bight::errc::bad_address:
      return any_of(errc::address_family_not_supported, errc::destination_address_required,
                    errc::no_such_file_or_directory, errc::filename_too_long);
    case bight::errc::too_many_files:
      return any_of(errc::too_many_files_open, errc::too_many_files_open_in_system);
    case bight::errc::no_resources: return any_of(errc::no_buffer_space, errc::not_enough_memory);
    case bight::errc::message_too_large: return any_of(errc::message_size);
    case bight::errc::busy: return any_of(errc::connection_already_in_progress);
    case bight::errc::not_supported:
      return any_of(errc::operation_not_supported, errc::not_supported, errc::no_protocol_option,
                    errc::protocol_not_supported, errc::function_not_supported);
    case bight::errc::invalid: return any_of(errc::invalid_argument);
    default: return false;
  }
}

class bight_category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "bight"; }
  std::string message(int value) const override {
    const wording* w = find_wording(static_cast<errc>(value));
    return w != nullptr ? w->reason : "unknown error";
  }
  bool equivalent(const std::error_code& code, int condition) const noexcept override {
    if (code.category() != *this) return stands_for(code, static_cast<errc>(condition));
    return code.value() == condition ||
           (static_cast<errc>(code.value()) == errc::connection_timed_out &&
            static_cast<errc>(condition) == errc::timed_out);
  }
};

// Fast path: every connection reset creates a system error. Comparing each condition through
// std::error_code would take as long as the rest of the construction.
const wording* find_wording(const std::error_code& code) noexcept {
  if (code.category() == category()) return find_wording(static_cast<errc>(code.value()));
  const bool of_system =
      code.category() == std::system_category() || code.category() == std::generic_category();
  for (const wording& w : vocabulary)
    if (of_system ? stands_for(code, w.condition) : code == make_error_condition(w.condition))
      return &w;
  return nullptr;
}

std::string sentence(std::error_code code, std::string_view tried, std::string_view reason) {
  const wording* const known = find_wording(code);
  std::string text;
  text.reserve(tried.size() + reason.size() + 100);
  text += tried;
  if (!text.empty()) text += ": ";
  // A foreign library's message is more specific than the condition it maps to.
  const bool ours = code.category() == category() || code.category() == std::system_category() ||
                    code.category() == std::generic_category();
  if (!reason.empty())
    text += reason;
  else if (known != nullptr && ours)
    text += known->reason;
  else
    text += code.message();
  if (reason.empty() && known != nullptr && *known->advice != '\0')
    text.append(" (").append(known->advice).append(")");
  return text;
}

}  // namespace

const std::error_category& machinery::category() noexcept {
  static const bight_category the_category;
  return the_category;
}

std::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), category()}; }

std::error_condition make_error_condition(errc e) noexcept {
  return {static_cast<int>(e), category()};
}

error::error(std::error_code code, std::string_view tried, std::uint64_t transferred,
             std::string_view reason)
    : std::system_error(code),
      message_(sentence(code, tried, reason)),
      tried_length_(tried.size()),
      transferred_(transferred) {}

}  // namespace bight
