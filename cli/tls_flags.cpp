// SPDX-License-Identifier: MIT
#include "tls_flags.hpp"

#include "exit_codes.hpp"
#include "text.hpp"

#include <fmt/core.h>

namespace tool {

namespace {

// sha256// and 32 bytes in base64. Checked here too, so that the message can say how to get a pin.
bool looks_like_pin(std::string_view text) {
  constexpr std::string_view prefix = "sha256//";
  constexpr std::size_t digits = 43;
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return text.size() == digits + 1 && text.back() == '=' &&
         text.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") == digits;
}

}  // namespace

void tls_flags::check_pair() const {
  if (certificate.empty() != key.empty())
    throw usage_error("--cert and --key must be given together");
}

bight::tls::connect_options tls_flags::options() const {
  check_pair();
  if (insecure && (!pins.empty() || !authorities.empty()))
    throw usage_error("--insecure cannot be combined with --pin or --ca");
  for (const std::string& pin : pins)
    if (!looks_like_pin(pin))
      throw usage_error(fmt::format(
          "--pin \"{}\": a pin is sha256// and 44 characters; `bight serve "
          "--tls` prints its pin, and `bight connect -v --insecure` prints that of any server",
          shown(pin)));
  bight::tls::connect_options how;
  how.authorities = authorities;
  how.certificate = {certificate, key};
  how.pins = pins;
  how.insecure = insecure;
  return how;
}

bight::tls::connect_options tls_flags::options_for(const target& to) const {
  if (to.proto != protocol::tls) {
    refuse_without_tls();
    return {};
  }
  if (to.is_unix() && pins.empty() && !insecure)
    throw usage_error(
        fmt::format("{}: a unix socket has no host name to check a certificate against; "
                    "use --pin or --insecure",
                    to.str()));
  return options();
}

bight::tls::serve_options tls_flags::serve_options() const {
  check_pair();
  bight::tls::serve_options how;
  how.certificate = certificate;
  how.key = key;
  how.client_authorities = authorities;
  return how;
}

void tls_flags::refuse_without_tls(const char* other) const {
  const char* given = !certificate.empty()   ? "--cert"
                      : !key.empty()         ? "--key"
                      : !authorities.empty() ? "--ca"
                      : !pins.empty()        ? "--pin"
                      : insecure             ? "--insecure"
                                             : other;
  if (given != nullptr)
    throw usage_error(fmt::format("{}: no address uses TLS; write tls://… or add --tls", given));
}

void add_tls_client(CLI::App& to, tls_flags& flags) {
  add_text(to, "--ca", flags.authorities, "FILE", "trust the CAs in FILE instead of the system's");
  add_list(to, "--pin", flags.pins, "PIN", "trust only this key (sha256//…); may be repeated");
  to.add_flag("--insecure", flags.insecure, "encrypt, but do not verify the certificate");
  add_text(to, "--cert", flags.certificate, "FILE", "client certificate (PEM)");
  add_text(to, "--key", flags.key, "FILE", "private key of the client certificate (PEM)");
}

void add_tls_server(CLI::App& to, tls_flags& flags) {
  add_text(to, "--cert", flags.certificate, "FILE", "certificate (PEM); default: made at startup");
  add_text(to, "--key", flags.key, "FILE", "private key of the certificate (PEM)");
  add_text(to, "--ca", flags.authorities, "FILE",
           "require client certificates signed by these CAs");
}

}  // namespace tool
