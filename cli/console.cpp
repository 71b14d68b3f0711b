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

// The text may contain a peer's bytes: invalid UTF-8 becomes U+FFFD instead of an exception.
std::string dumped(const object& o) {
  const std::string text = o.dump(-1, ' ', false, object::error_handler_t::replace);
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // JSON allows DEL and U+0080 to U+009F, but a terminal would interpret them.
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

/// Erases the painted line.
constexpr std::string_view erase_line = "\r\x1b[K";

}  // namespace

line_sink& console::events() const {
  return events_to_stdout ? line_sink::standard_output() : line_sink::standard_error();
}

void console::report_dropped() const {
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
    painted_.clear();  // it is no longer on the last line
  } else if (text.empty() ||
             sink.flush(bight::duration::zero())) {  // not while output is stopped (Ctrl-S)
    sink.write(std::string(erase_line).append(text));
    painted_ = text;
  }
}

// The caller has escaped control characters of peers.
void console::write_line(std::string_view line) const {
  unpaint();
  line_sink::standard_error().line(line);
}

void console::note(std::string_view text) const {
  if (!quiet && !json) write_line(shown_lines(text));
}

void console::detail(std::string_view text) const {
  if (!verbose || json) return;
  const std::string safe = shown_lines(text);
  write_line(colored() ? "\x1b[2m" + safe + "\x1b[0m" : safe);
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

void console::error(std::string_view message, int exit_code) const {
  event("error", {{"message", std::string(message)}, {"exit", std::int64_t{exit_code}}});
  if (json && !events_to_stdout) return;
  write_line((colored() ? "\x1b[1;31mbight:\x1b[0m " : "bight: ") + shown_lines(message));
}

void console::warn(std::string_view message) const {
  event("warning", {{"message", std::string(message)}});
  if (!json) write_line("bight: " + shown_lines(message));
}

}  // namespace tool
