// SPDX-License-Identifier: MIT
#pragma once

/// The flags that all commands share, and flags with units. The grammar itself is CLI11's.

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

/// What main() does once the command line has been read.
struct action {
  std::function<int()> run;
  const console* voice = nullptr;
};

/// Flags that mean the same wherever they are taken.
struct common_flags {
  bool only_ip4 = false;
  bool only_ip6 = false;
  bool udp = false;
  bool tls = false;
  std::optional<bight::duration> timeout;
  std::string output;
  console voice;

  /// 4, 6, or 0 for both.
  [[nodiscard]] int family() const noexcept { return only_ip4 ? 4 : only_ip6 ? 6 : 0; }
  /// What an address without a scheme means.
  [[nodiscard]] protocol assumed() const noexcept {
    return udp ? protocol::udp : tls ? protocol::tls : protocol::tcp;
  }
};

/// -q -v --json --color, for every command.
void add_voice(CLI::App& to, common_flags& flags);
/// -4 -6.
void add_family(CLI::App& to, common_flags& flags);
/// -4 -6 -u --tls, for commands that take addresses.
void add_network(CLI::App& to, common_flags& flags);
/// -t/--timeout and -o, for clients. `timeout` is the description of -t.
void add_client(CLI::App& to, common_flags& flags, const std::string& timeout);

/// A flag whose value has a unit, a limit or no rule at all. `names` as CLI11 has them:
/// "-t,--timeout".
CLI::Option* add_time(CLI::App& to, const std::string& names, bight::duration& into,
                      const std::string& what);
CLI::Option* add_time(CLI::App& to, const std::string& names, std::optional<bight::duration>& into,
                      const std::string& what);
CLI::Option* add_size(CLI::App& to, const std::string& names, std::uint64_t& into,
                      const std::string& what);
/// Bytes a second: a size, or a size and "/s".
CLI::Option* add_rate(CLI::App& to, const std::string& names, std::uint64_t& into,
                      const std::string& what);
/// 64 hexadecimal digits, kept in lower case.
CLI::Option* add_digest(CLI::App& to, const std::string& names, std::string& into,
                        const std::string& what);
CLI::Option* add_count(CLI::App& to, const std::string& names, std::uint64_t& into,
                       std::uint64_t min, std::uint64_t max, const std::string& what);
/// A number of an open descriptor; `into` is left alone without the flag.
CLI::Option* add_descriptor(CLI::App& to, const std::string& names, std::int64_t& into,
                            const std::string& what);
CLI::Option* add_text(CLI::App& to, const std::string& names, std::string& into,
                      const std::string& value, const std::string& what);
/// A flag or positional that may come again.
CLI::Option* add_list(CLI::App& to, const std::string& names, std::vector<std::string>& into,
                      const std::string& value, const std::string& what);
/// A flag whose value is one of a few words.
CLI::Option* add_choice(CLI::App& to, const std::string& names, std::string& into,
                        std::vector<std::string> words, const std::string& value,
                        const std::string& what);

/// CLI11 takes "[a,b]" for a list of its own. A message or an address in brackets is none, so
/// main() hides such arguments behind a mark before CLI11 sees them, and the flags above take it
/// off again.
[[nodiscard]] std::string hide_brackets(std::string argument);

/// A command, without flags yet.
CLI::App* add_command(CLI::App& root, const std::string& name, const std::string& what);
/// Puts the examples that --help begins with.
void set_examples(CLI::App& command, const std::string& lines);

/// Prints the help of `command` on standard output, folded for a window of less than 80 columns.
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
