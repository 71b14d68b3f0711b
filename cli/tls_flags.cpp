// SPDX-License-Identifier: MIT
#include "tls_flags.hpp"

#include "exit_codes.hpp"

namespace tool {

bight::tls::connect_options tls_flags::options() const {
  if (certificate.empty() != key.empty())
    throw usage_error("--cert and --key: one is of no use without the other");
  if (insecure && (!pins.empty() || !authorities.empty()))
    throw usage_error("--insecure trusts anybody; leave --pin and --ca out, or it");
  bight::tls::connect_options how;
  how.authorities = authorities;
  how.certificate = {certificate, key};
  how.pins = pins;
  how.insecure = insecure;
  return how;
}

void add_tls(CLI::App& to, tls_flags& flags) {
  add_text(to, "--ca", flags.authorities, "FILE", "trust these authorities, not the system's");
  add_list(to, "--pin", flags.pins, "PIN", "trust this key alone: sha256//… ; may come again");
  to.add_flag("--insecure", flags.insecure, "trust anybody: encrypted, with whoever answers");
  add_text(to, "--cert", flags.certificate, "FILE", "show the server this certificate");
  add_text(to, "--key", flags.key, "FILE", "its key");
}

}  // namespace tool
