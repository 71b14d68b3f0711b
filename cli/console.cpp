// SPDX-License-Identifier: MIT
#include "console.hpp"

#include "terminal.hpp"
#include "text.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <cstdlib>

namespace tool {

using bight::line_sink;

namespace {

using object = nlohmann::ordered_json;

// A peer's bytes may be in it: what is not UTF-8 becomes U+FFFD instead of an exception.
std::string dumped(const object& o) {
  const std::string text = o.dump(-1, ' ', false, object::error_handler_t::replace);
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // DEL and U+0080 to U+009F, which JSON allows and a terminal obeys. They are inside a string.
    const bool c1 = byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1)
      safe += fmt::format("\\u{:04x}", static_cast<unsigned char>(text[++i]));
    else if (byte == 0x7F)
      safe += "\\u007f";
    else
      safe += text[i];
  }
  return safe;
}

/// Takes away what was painted.
constexpr std::string_view erase_line = "\r\x1b[K";

}  // namespace

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
  return (no_color == nullptr || *no_color == '\0') && understands_escapes();
}

bool console::paints() const noexcept { return !quiet && !json && understands_escapes(); }

void console::paint(std::string_view text) const {
  if (text == painted_ || (painted_.empty() && !paints())) return;
  line_sink& sink = line_sink::standard_error();
  if (!owns_terminal()) {
    painted_.clear();  // it is no longer below the cursor
  } else if (text.empty() || sink.flush(bight::duration::zero())) {  // Ctrl-S: no frames wait
    sink.write(std::string(erase_line).append(text));
    painted_ = text;
  }
}

// Our own words with a peer's in them: no control character of a peer gets through.
void console::say(std::string_view line) const {
  unpaint();
  line_sink::standard_error().line(line);
}

void console::note(std::string_view text) const {
  if (!quiet && !json) say(shown_lines(text));
}

void console::detail(std::string_view text) const {
  if (!verbose || json) return;
  const std::string safe = shown_lines(text);
  say(colored() ? "\x1b[2m" + safe + "\x1b[0m" : safe);
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
  say((colored() ? "\x1b[1;31mbight:\x1b[0m " : "bight: ") + shown_lines(message));
}

void console::warn(std::string_view message) const {
  event("warning", {{"message", std::string(message)}});
  if (!json) say("bight: " + shown_lines(message));
}

}  // namespace tool
