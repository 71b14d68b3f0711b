// SPDX-License-Identifier: MIT
#include "messages.hpp"

#include "exit_codes.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <bight/error.hpp>

#include <fmt/core.h>

#include <cerrno>
#include <cstring>

namespace tool {

using namespace bight;

message_format parse_message_format(std::string_view text) {
  return text == "line"  ? message_format::line
         : text == "len" ? message_format::length
                         : message_format::chunk;
}

std::string framed(message_format how, std::string_view message) {
  std::string text;
  if (how == message_format::length) text = length_prefix(message.size());
  text += message;
  if (how == message_format::line) text += '\n';
  return text;
}

task<std::unique_ptr<message_source>> message_source::from_input(input from) {
  std::vector<std::string> none;
  auto source = std::make_unique<message_source>(std::move(none), 0);
  int fd = 0;
  if (!from.file.empty()) {
    source->file_.reset(std::fopen(from.file.c_str(), "rb"));
    if (source->file_ == nullptr)
      throw usage_error(fmt::format("--file {}: {}", shown(from.file), std::strerror(errno)));
    fd = descriptor_of(source->file_.get());
  }
  auto opened = co_await stdio::open(fd);
  source->input_.emplace(std::move(opened));
  source->reader_.emplace(*source->input_);
  source->from_ = std::move(from);
  co_return source;
}

task<std::optional<std::string>> message_source::next() {
  std::optional<std::string> message;
  if (!input_) {
    if (left_ == 0) co_return message;
    --left_;
    message = messages_[at_];
    at_ = (at_ + 1) % messages_.size();
    co_return message;
  }
  try {
    if (from_.lines || from_.hex) {
      auto line = co_await reader_->read_line(message_max, last_line::as_it_is);
      if (line) message = from_.hex ? from_hex(*line) : line->str();
    } else {
      auto bytes = co_await reader_->recv(from_.max);
      if (bytes) message = bytes.str();
    }
  } catch (const error& e) {
    if (e.is(errc::cancelled)) throw;
    const std::string name = from_.file.empty() ? "standard input" : shown(from_.file);
    throw failure(
        exit_code::other,
        fmt::format("read {}: {}", name, e.is(errc::too_long) ? e.what() : e.code().message()));
  }
  co_return message;
}

task<std::string> reply_reader::next() {
  std::string reply;
  if (how_ == message_format::chunk) {
    auto bytes = co_await reader_.recv();
    reply = bytes.str();
  } else if (how_ == message_format::line) {
    if (cut_short_) throw error(*cut_short_);
    auto line = co_await attempt(reader_.read_line(message_max));
    if (!line && line.error().is(errc::cut_short)) {
      cut_short_.emplace(line.error());
      auto part = co_await reader_.recv();
      reply = part.str();
    } else if (const auto& whole = line.value()) {
      reply = whole->str() + "\n";
    }
  } else {
    auto message = co_await reader_.read_message(message_max);
    if (message) reply = message->str() + "\n";
  }
  co_return reply;
}

}  // namespace tool
