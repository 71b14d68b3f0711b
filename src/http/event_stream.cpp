// SPDX-License-Identifier: MIT
#include "http/exchange.hpp"

#include <bight/error.hpp>

namespace bight::http {

namespace {

// One line for each line of the text: "data: a\ndata: b\n". A line ends with CR, LF or CRLF.
void add_lines(std::string& to, std::string_view prefix, std::string_view text) {
  for (;;) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    to.append(prefix).append(text.substr(0, end)).append("\n");
    if (end == text.size()) return;
    text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
  }
}

void add_one_line(std::string& to, std::string_view prefix, std::string_view text) {
  if (text.empty()) return;
  if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
    throw error(bight::errc::invalid, "send an event", 0,
                "the name and the id of an event cannot contain a line break or NUL");
  to.append(prefix).append(text).append("\n");
}

}  // namespace

task<> event_stream::send(std::string_view data, std::string_view name, std::string_view id) {
  std::string text;
  add_one_line(text, "event: ", name);
  add_one_line(text, "id: ", id);
  add_lines(text, "data: ", data);
  co_await write(text += "\n");
}

task<> event_stream::comment(std::string_view text) {
  std::string lines;
  add_lines(lines, ": ", text);
  co_await write(lines += "\n");
}

task<> event_stream::write(std::string text) {
  if (!x_->begun()) {
    x_->set("Content-Type", "text/event-stream");
    x_->set("Cache-Control", "no-store");
  }
  if (x_->method() == "HEAD" && !x_->begun()) {
    co_await x_->begin();
    co_await x_->end();
    x_->state_->only_head = true;
    throw error(bight::errc::closed, "send an event", 0, "the answer to HEAD has no body");
  }
  co_await x_->send(text);
}

}  // namespace bight::http
