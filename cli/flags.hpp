// SPDX-License-Identifier: MIT
#pragma once

/// The flags that all commands share, and helpers to add flags. CLI11 parses the command line.

#include "console.hpp"
#include "target.hpp"

#include <bight/time.hpp>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tool {

/// What main() runs after parsing the command line.
struct action {
  std::function<int()> run;
  const console* log = nullptr;
};

/// Flags that have the same meaning in every command.
struct common_flags {
  bool only_ip4 = false;
  bool only_ip6 = false;
  bool udp = false;
  bool tls = false;
  std::optional<bight::duration> timeout;
  std::string output;
  console log;

  /// The only address family to use. Not set: both.
  [[nodiscard]] std::optional<bight::address_family> family() const noexcept {
    if (only_ip4) return bight::address_family::ip4;
    if (only_ip6) return bight::address_family::ip6;
    return std::nullopt;
  }
  /// The protocol of an address without a scheme.
  [[nodiscard]] protocol assumed() const noexcept {
    return udp ? protocol::udp : tls ? protocol::tls : protocol::tcp;
  }
};

/// -q -v --json --color, for every command.
void add_output_flags(CLI::App& to, common_flags& flags);
/// -4 -6.
void add_family(CLI::App& to, common_flags& flags);
/// -4 -6 -u --tls, for commands that take addresses.
void add_network(CLI::App& to, common_flags& flags);
/// -t/--timeout and -o, for clients. `timeout` is the description of -t.
void add_client(CLI::App& to, common_flags& flags, const std::string& timeout);

/// Adds a flag and stores its value in `into`. `names` has CLI11's form: "-t,--timeout". These
/// functions throw a usage failure for an invalid value.
CLI::Option* add_time(CLI::App& to, const std::string& names, bight::duration& into,
                      const std::string& description);
CLI::Option* add_time(CLI::App& to, const std::string& names, std::optional<bight::duration>& into,
                      const std::string& description);
CLI::Option* add_size(CLI::App& to, const std::string& names, std::uint64_t& into,
                      const std::string& description);
/// Bytes per second: a size, with or without "/s".
CLI::Option* add_rate(CLI::App& to, const std::string& names, std::uint64_t& into,
                      const std::string& description);
/// 64 hexadecimal digits, stored in lower case.
CLI::Option* add_digest(CLI::App& to, const std::string& names, std::string& into,
                        const std::string& description);
CLI::Option* add_count(CLI::App& to, const std::string& names, std::uint64_t& into,
                       std::uint64_t min, std::uint64_t max, const std::string& description);
/// The number of an open descriptor; `into` is unchanged without the flag.
CLI::Option* add_descriptor(CLI::App& to, const std::string& names, std::int64_t& into,
                            const std::string& description);
CLI::Option* add_text(CLI::App& to, const std::string& names, std::string& into,
                      const std::string& value, const std::string& description);
/// A flag or positional argument that may be repeated.
CLI::Option* add_list(CLI::App& to, const std::string& names, std::vector<std::string>& into,
                      const std::string& value, const std::string& description);
/// A flag whose value is one of `words`.
CLI::Option* add_choice(CLI::App& to, const std::string& names, std::string& into,
                        std::vector<std::string> words, const std::string& value,
                        const std::string& description);

/// CLI11 parses "[a,b]" as a list. A message or an address may have brackets too, so main() marks
/// such arguments before CLI11 parses them, and the functions above remove the mark.
[[nodiscard]] std::string hide_brackets(std::string argument);

/// Adds a command without flags.
CLI::App* add_command(CLI::App& root, const std::string& name, const std::string& description);
/// Sets the examples at the beginning of --help.
void set_examples(CLI::App& command, const std::string& lines);

/// Prints the help of `command` on standard output, folded if the terminal has less than 80
/// columns.
void print_help(const CLI::App& command);

void add_serve(CLI::App& root, action& chosen);
void add_send(CLI::App& root, action& chosen);
void add_connect(CLI::App& root, action& chosen);
void add_get(CLI::App& root, action& chosen);
void add_engine(CLI::App& root, action& chosen);
void add_sim(CLI::App& root, action& chosen);
void add_completions(CLI::App& root, action& chosen);
void add_help(CLI::App& root, action& chosen);

}  // namespace tool
