// SPDX-License-Identifier: MIT
#pragma once

/// What the tool says that is not payload: lines for people, or objects for programs.

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

/// Whole lines, so that threads do not mix theirs; a slow reader of them holds nothing up (see
/// line_sink). Everything goes to standard error, except that
/// the events of a command without payload of its own (serve, engine) go to standard output.
class console {
 public:
  bool quiet = false;
  bool verbose = false;
  bool json = false;
  bool events_to_stdout = false;
  color_choice color = color_choice::automatic;

  /// One line for people; nothing with -q, and with --json, where events say it.
  void note(std::string_view line) const;
  /// The same for those who gave -v.
  void detail(std::string_view line) const;
  /// One object on a line, with --json: {"event":"listening","proto":"tcp",…}.
  void event(std::string_view name,
             std::initializer_list<std::pair<std::string_view, field>> fields) const;
  /// "bight: …": why a command ends. Always said.
  void complain(std::string_view message, int exit_code) const;
  /// "bight: …": something that a command survives; an event with --json.
  void warn(std::string_view message) const;

  /// Shows `text` at the bottom of the terminal in place of the text painted before; "" shows
  /// nothing. Whatever is reported next takes its place. Nothing happens with -q and --json, and
  /// where a terminal cannot do it, or not now (see owns_terminal).
  void paint(std::string_view text) const;
  /// Takes that line away: payload comes to the same terminal.
  void unpaint() const { paint({}); }
  /// Whether paint() may ever show something.
  [[nodiscard]] bool paints() const noexcept;

  /// Whether to colour what goes to standard error.
  [[nodiscard]] bool colored() const noexcept;

  /// From now on, lines that were dropped because nobody read them are reported in the form that
  /// the reader expects.
  void count_dropped() const;

 private:
  void say(std::string_view line) const;
  [[nodiscard]] bight::line_sink& events() const;

  mutable std::string painted_;  // only commands with one thread paint
};

}  // namespace tool
