// SPDX-License-Identifier: MIT
#include "flags.hpp"

#include "exit_codes.hpp"
#include "suggest.hpp"
#include "text.hpp"
#include "units.hpp"

#include <algorithm>

namespace tool {

namespace {

/// Cannot be typed, and is valid in no argument.
constexpr char bracket_mark = '\x01';

std::string plain(const std::string& argument) {
  return !argument.empty() && argument[0] == bracket_mark ? argument.substr(1) : argument;
}

// "--timeout" of "-t,--timeout": the name of the flag in messages.
std::string long_name(const std::string& names) { return names.substr(names.rfind(',') + 1); }

// A flag whose value is parsed by `read`, which throws a usage failure.
template <class Read>
CLI::Option* add(CLI::App& to, const std::string& names, const std::string& value,
                 const std::string& description, Read read) {
  auto take = [read](const std::string& text) { read(plain(text)); };
  return to.add_option_function<std::string>(names, take, description)->type_name(value);
}

}  // namespace

std::string hide_brackets(std::string argument) {
  const bool brackets = argument.size() >= 2 && argument.front() == '[' && argument.back() == ']';
  return brackets ? bracket_mark + argument : argument;
}

CLI::Option* add_time(CLI::App& to, const std::string& names, bight::duration& into,
                      const std::string& description) {
  return add(to, names, "T", description,
             [&into, name = long_name(names)](const std::string& text) {
               into = parse_duration(name, text);
             });
}

CLI::Option* add_time(CLI::App& to, const std::string& names, std::optional<bight::duration>& into,
                      const std::string& description) {
  return add(to, names, "T", description,
             [&into, name = long_name(names)](const std::string& text) {
               into = parse_duration(name, text);
             });
}

CLI::Option* add_size(CLI::App& to, const std::string& names, std::uint64_t& into,
                      const std::string& description) {
  return add(
      to, names, "SIZE", description,
      [&into, name = long_name(names)](const std::string& text) { into = parse_size(name, text); });
}

CLI::Option* add_rate(CLI::App& to, const std::string& names, std::uint64_t& into,
                      const std::string& description) {
  return add(to, names, "RATE", description,
             [&into, name = long_name(names)](const std::string& text) {
               const bool a_second = text.ends_with("/s");
               into = parse_size(name, a_second ? text.substr(0, text.size() - 2) : text);
             });
}

CLI::Option* add_digest(CLI::App& to, const std::string& names, std::string& into,
                        const std::string& description) {
  return add(to, names, "HEX", description,
             [&into, name = long_name(names)](const std::string& text) {
               const std::string digest = lower(text);
               if (digest.size() != 64 ||
                   digest.find_first_not_of("0123456789abcdef") != std::string::npos)
                 throw usage_error(name + " \"" + shown(text) +
                                   "\": not a SHA-256; write 64 hexadecimal digits");
               into = digest;
             });
}

CLI::Option* add_count(CLI::App& to, const std::string& names, std::uint64_t& into,
                       std::uint64_t min, std::uint64_t max, const std::string& description) {
  return add(to, names, "N", description,
             [&into, min, max, name = long_name(names)](const std::string& text) {
               into = parse_count(name, text, min, max);
             });
}

CLI::Option* add_descriptor(CLI::App& to, const std::string& names, std::int64_t& into,
                            const std::string& description) {
  return add(to, names, "N", description,
             [&into, name = long_name(names)](const std::string& text) {
               into = static_cast<std::int64_t>(parse_count(name, text, 0, 1 << 20));
             });
}

CLI::Option* add_text(CLI::App& to, const std::string& names, std::string& into,
                      const std::string& value, const std::string& description) {
  return add(to, names, value, description, [&into](const std::string& text) { into = text; });
}

CLI::Option* add_list(CLI::App& to, const std::string& names, std::vector<std::string>& into,
                      const std::string& value, const std::string& description) {
  auto take = [&into](const std::vector<std::string>& all) {
    into.clear();
    for (const std::string& one : all) into.push_back(plain(one));
  };
  CLI::Option* o = to.add_option_function<std::vector<std::string>>(names, take, description);
  // Each -l takes one address; a positional takes all remaining arguments.
  if (names[0] == '-') o->allow_extra_args(false);
  return o->option_text(value);
}

CLI::Option* add_choice(CLI::App& to, const std::string& names, std::string& into,
                        std::vector<std::string> words, const std::string& value,
                        const std::string& description) {
  auto read = [&into, words, name = long_name(names)](const std::string& text) {
    if (std::find(words.begin(), words.end(), text) == words.end()) {
      std::string all;
      for (const std::string& w : words) all += (all.empty() ? "" : ", ") + w;
      throw usage_error(name + " \"" + shown(text) + "\": not one of " + all +
                        did_you_mean(text, words));
    }
    into = text;
  };
  return add(to, names, value, description, read);
}

void add_output_flags(CLI::App& to, common_flags& flags) {
  console& log = flags.log;
  to.add_flag("-q,--quiet", log.quiet, "print errors only");
  to.add_flag("-v,--verbose", log.verbose, "print more details");
  to.add_flag("--json", log.json, "print one JSON object per event (CLI-JSON.md)");
  auto color = [&log](const std::string& text) {
    const std::vector<std::string> words{"auto", "always", "never"};
    const auto found = std::find(words.begin(), words.end(), text);
    if (found == words.end())
      throw usage_error("--color \"" + shown(text) + "\": not one of auto, always, never" +
                        did_you_mean(text, words));
    log.color = static_cast<color_choice>(found - words.begin());
  };
  add(to, "--color", "WHEN", "color messages: auto, always or never", color);
}

void add_family(CLI::App& to, common_flags& flags) {
  auto* ip4 = to.add_flag("-4", flags.only_ip4, "use IPv4 only");
  auto* ip6 = to.add_flag("-6", flags.only_ip6, "use IPv6 only");
  ip4->excludes(ip6);
  ip4->option_text(" ");
  ip6->option_text(" ");
}

void add_network(CLI::App& to, common_flags& flags) {
  add_family(to, flags);
  auto* udp = to.add_flag("-u,--udp", flags.udp, "use UDP, like udp:// in the address");
  auto* tls = to.add_flag("--tls", flags.tls, "use TLS, like tls:// in the address");
  tls->excludes(udp);
  udp->option_text(" ");
  tls->option_text(" ");
}

void add_client(CLI::App& to, common_flags& flags, const std::string& timeout) {
  add_time(to, "-t,--timeout", flags.timeout, timeout);
  add_text(to, "-o,--output", flags.output, "FILE", "write to FILE instead of standard output");
}

}  // namespace tool
