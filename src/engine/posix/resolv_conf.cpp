// SPDX-License-Identifier: MIT
#include "engine/posix/resolv_conf.hpp"

#include "engine/posix/text_file.hpp"

#include <bight/error.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>

#include <unistd.h>

namespace bight::posix {

namespace {

constexpr std::size_t dns_name_max = 253;  // RFC 1035 §2.3.4, as text
constexpr unsigned ndots_max = 15;         // the limit of glibc: resolv.conf(5)
constexpr unsigned timeout_s_max = 30;
constexpr unsigned attempts_max = 5;

// The number after "name:" in `option`. Anything else is not an option.
std::optional<unsigned> number_of(std::string_view option, std::string_view name, unsigned max) {
  if (!option.starts_with(name)) return std::nullopt;
  option.remove_prefix(name.size());
  unsigned value = 0;
  const auto [end, failed] = std::from_chars(option.data(), option.data() + option.size(), value);
  if (failed == std::errc::result_out_of_range) return max;
  if (failed != std::errc() || end == option.data()) return std::nullopt;
  return std::min(value, max);
}

void set_option(resolv_conf& c, std::string_view option) {
  if (const auto n = number_of(option, "ndots:", ndots_max)) c.ndots = *n;
  if (const auto n = number_of(option, "timeout:", timeout_s_max))
    c.timeout = std::chrono::seconds(std::max(*n, 1u));
  if (const auto n = number_of(option, "attempts:", attempts_max))
    c.attempts = static_cast<int>(std::max(*n, 1u));
  if (option == "rotate") c.rotate = true;
  if (option == "use-vc" || option == "usevc") c.use_tcp = true;
  if (option == "edns0") c.edns = true;
  if (option == "no-aaaa") c.no_aaaa = true;
  if (option == "no-tld-query") c.no_tld_query = true;
  if (option == "single-request" || option == "single-request-reopen") c.single_request = true;
}

void set_options(resolv_conf& c, std::string_view options) {
  for (std::string_view word = next_word(options); !word.empty(); word = next_word(options))
    set_option(c, word);
}

// Accepts "192.0.2.1", "2001:db8::1" and "fe80::1%eth0", and like c-ares also "192.0.2.1:5353" and
// "[2001:db8::1]:5353".
std::optional<address> parse_server(std::string_view text) {
  const std::string word(text);
  const bool is_ip6 = std::count(word.begin(), word.end(), ':') > 1 && word.front() != '[';
  for (const std::string& form : {is_ip6 ? "[" + word + "]:53" : word + ":53", word}) {
    try {
      const address a(form);
      if (a.is_ip()) return a;
    } catch (const error&) {
      continue;
    }
  }
  return std::nullopt;
}

std::string without_dots_around(std::string_view domain) {
  while (domain.starts_with('.')) domain.remove_prefix(1);
  while (domain.ends_with('.')) domain.remove_suffix(1);
  return std::string(domain);
}

std::vector<std::string> domains(std::string_view words) {
  std::vector<std::string> all;
  for (std::string_view word = next_word(words); !word.empty(); word = next_word(words))
    all.push_back(without_dots_around(word));
  return all;
}

std::string_view variable(const char* name) noexcept {
  const char* value = std::getenv(name);
  return value != nullptr ? std::string_view(value) : std::string_view();
}

}  // namespace

resolv_conf parse_resolv_conf(std::string_view text, const resolver_environment& env) {
  resolv_conf c;
  const std::size_t dot = env.host_name.find('.');
  if (dot != std::string_view::npos) c.search = domains(env.host_name.substr(dot + 1));
  while (!text.empty()) {
    std::string_view line = next_line(text);
    // A comment is a whole line, as in glibc: res_vinit_1(), resolv/res_init.c.
    if (line.starts_with('#') || line.starts_with(';')) continue;
    const std::string_view keyword = next_word(line);
    if (keyword == "nameserver") {
      if (auto server = parse_server(next_word(line))) c.servers.push_back(*std::move(server));
    } else if (keyword == "domain") {
      c.search = domains(next_word(line));
    } else if (keyword == "search") {
      c.search = domains(line);
    } else if (keyword == "options") {
      set_options(c, line);
    }
  }
  if (!env.localdomain.empty()) c.search = domains(env.localdomain);
  set_options(c, env.options);
  return c;
}

resolv_conf read_resolv_conf() {
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  return parse_resolv_conf(read_file("/etc/resolv.conf"),
                           {host, variable("LOCALDOMAIN"), variable("RES_OPTIONS")});
}

// As in glibc: res_search(), resolv/res_query.c.
std::vector<std::string> candidates(const resolv_conf& conf, std::string_view name) {
  std::vector<std::string> all;
  const auto add = [&](std::string candidate) {
    if (candidate.size() > dns_name_max) return;
    if (std::find(all.begin(), all.end(), candidate) == all.end())
      all.push_back(std::move(candidate));
  };
  if (name.ends_with('.')) {  // absolute
    name.remove_suffix(1);
    add(std::string(name));
    return all;
  }
  const auto dots = static_cast<std::size_t>(std::count(name.begin(), name.end(), '.'));
  if (dots >= conf.ndots) add(std::string(name));
  for (const std::string& domain : conf.search)
    add(domain.empty() ? std::string(name) : std::string(name) + "." + domain);
  if (dots > 0 || !conf.no_tld_query || all.empty()) add(std::string(name));
  return all;
}

}  // namespace bight::posix
