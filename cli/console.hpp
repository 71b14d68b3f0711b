// SPDX-License-Identifier: MIT
#pragma once

/// Everything the tool prints except received data: text for people, or JSON for programs.

#include <bight/line_sink.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tool {

enum class color_choice : std::uint8_t { automatic, always, never };

/// A value in an event.
using field = std::variant<std::string, std::int64_t, bool>;

/// Prints whole lines, so that threads do not mix them, and never waits for a slow reader (see
/// line_sink). Everything goes to standard error, except the events of commands that print no
/// received data (serve, engine): these go to standard output.
class console {
 public:
  bool quiet = false;
  bool verbose = false;
  bool json = false;
  bool events_to_stdout = false;
  color_choice color = color_choice::automatic;

  /// Prints one line for people; nothing with -q or --json.
  void note(std::string_view line) const;
  /// Like note(), only with -v.
  void detail(std::string_view line) const;
  /// With --json, prints one object: {"event":"listening","proto":"tcp",…}.
  void event(std::string_view name,
             std::initializer_list<std::pair<std::string_view, field>> fields) const;
  /// Prints "bight: …", why the command fails; also with -q.
  void error(std::string_view message, int exit_code) const;
  /// Prints "bight: …", a problem that does not end the command; an event with --json.
  void warn(std::string_view message) const;

  /// Shows `text` on the last line of the terminal, replacing the text painted before; "" erases
  /// it. The next message replaces it. Does nothing with -q or --json, on a terminal without escape
  /// sequences, and in the background (see owns_terminal).
  void paint(std::string_view text) const;
  /// Erases that line, before received data is printed on the same terminal.
  void unpaint() const { paint({}); }
  /// Whether paint() can show anything.
  [[nodiscard]] bool paints() const noexcept;

  /// Whether messages on standard error are colored.
  [[nodiscard]] bool colored() const noexcept;

  /// Reports lines that were dropped because nobody read them, with --json as an event.
  void report_dropped() const;

 private:
  void write_line(std::string_view line) const;
  [[nodiscard]] bight::line_sink& events() const;

  mutable std::string painted_;  // only commands with one thread paint
};

}  // namespace tool
