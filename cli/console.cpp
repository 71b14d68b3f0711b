// SPDX-License-Identifier: MIT
#include "console.hpp"

#include "terminal.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>

namespace tool {

using bight::line_sink;

namespace {

using object = nlohmann::ordered_json;

// A peer's bytes may be in it: what is not UTF-8 becomes U+FFFD instead of an exception.
std::string dumped(const object& o) {
  return o.dump(-1, ' ', false, object::error_handler_t::replace);
}

}  // namespace

line_sink& console::errors() { return line_sink::standard_error(); }

line_sink& console::events() const {
  return events_to_stdout ? line_sink::standard_output() : line_sink::standard_error();
}

void console::count_dropped() const {
  if (!json) return;
  events().on_dropped([](std::uint64_t lines) {
    return dumped({{"event", "dropped"}, {"lines", static_cast<std::int64_t>(lines)}});
  });
}

bool console::colored() const noexcept {
  if (color != color_choice::automatic) return color == color_choice::always;
  const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org: set and not empty
  const char* term = std::getenv("TERM");
  return is_terminal(2) && (no_color == nullptr || *no_color == '\0') && term != nullptr &&
         std::string_view(term) != "dumb";
}

void console::note(std::string_view text) const {
  if (!quiet && !json) errors().line(text);
}

void console::detail(std::string_view text) const {
  if (!verbose || json) return;
  errors().line(colored() ? "\x1b[2m" + std::string(text) + "\x1b[0m" : std::string(text));
}

void console::event(std::string_view name,
                    std::initializer_list<std::pair<std::string_view, field>> fields) const {
  if (!json) return;
  object o;
  o["event"] = name;
  for (const auto& [key, value] : fields)
    std::visit([&](const auto& v) { o[std::string(key)] = v; }, value);
  events().line(dumped(o));
}

void console::complain(std::string_view message, int exit_code) const {
  event("error", {{"message", std::string(message)}, {"exit", std::int64_t{exit_code}}});
  if (json && !events_to_stdout) return;
  errors().line((colored() ? "\x1b[1;31mbight:\x1b[0m " : "bight: ") + std::string(message));
}

void console::warn(std::string_view message) const {
  event("warning", {{"message", std::string(message)}});
  if (!json) errors().line("bight: " + std::string(message));
}

}  // namespace tool
