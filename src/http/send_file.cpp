// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/stdio.hpp>

#include "engine/regular_file.hpp"
#include "http/ranges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace bight::http {

namespace {

constexpr std::size_t piece_bytes = 65536;
constexpr const char* plain_text = "text/plain";

// A simulated program has no files in its world; it reads the machine's, without waiting.
lease read_at_once(int file, std::size_t max) {
  std::byte* room = nullptr;
  lease bytes = lease::to_fill(max, room);
  return bytes.take_front(regular_file::read(file, std::span(room, max)));
}

task<> send_bytes(exchange& x, int file, byte_span range) {
  auto in = co_await attempt(stdio::open(file));  // fails in a simulated world
  const bool there = regular_file::seek(file, range.first);
  for (std::uint64_t left = range.last - range.first; left > 0;) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece_bytes));
    lease bytes;
    if (there && in) bytes = co_await in->recv(size);
    if (there && !in) bytes = read_at_once(file, size);
    if (!bytes)
      throw error(bight::errc::cut_short, "read a file", range.last - range.first - left,
                  "the file was truncated while it was being sent");
    co_await x.send(bytes);
    left -= bytes.size();
  }
}

}  // namespace

task<> send_file(exchange& x, int file, file_version version, std::string type) {
  const bool is_get = x.method() == "GET";
  if (!is_get && x.method() != "HEAD") {
    x.set("Allow", "GET, HEAD");
    co_return co_await x.respond(405, "only GET and HEAD are supported\n", plain_text);
  }
  const condition given = evaluate_conditions(x, version);
  if (given == condition::failed)
    co_return co_await x.respond(412, "the file has changed\n", plain_text);
  // A range is valid for GET only (RFC 9110 §14.2). If the file has changed, send all of it.
  byte_span range{0, version.size};
  range_kind kind = range_kind::whole;
  if (is_get && given == condition::holds && if_range_matches(x, version)) {
    const std::string wanted = x.get("Range");
    kind = parse_range(wanted, version.size, range);
  }
  if (kind == range_kind::outside) {
    const std::string size = fmt::format("bytes */{}", version.size);
    x.set("Content-Range", size);
    x.set("Content-Type", plain_text);
    co_return co_await x.respond(416);
  }
  x.set("Accept-Ranges", "bytes");
  x.set("ETag", version.tag);
  const std::string date = date_text(version.changed);
  x.set("Last-Modified", date);
  x.set("Content-Type", type);
  if (given == condition::not_modified) co_return co_await x.respond(304);
  if (kind == range_kind::part) {
    const std::string part =
        fmt::format("bytes {}-{}/{}", range.first, range.last - 1, version.size);
    x.set("Content-Range", part);
  }
  const std::optional<std::uint64_t> length = range.last - range.first;
  co_await x.begin(kind == range_kind::part ? 206 : 200, length);
  if (is_get) co_await send_bytes(x, file, range);
  co_await x.end();
}

task<> send_file(exchange& x, std::string path, std::string type) {
  const regular_file file(path);
  if (file.error() != 0 && !file.is_shortage())
    co_return co_await x.respond(404, "no such file\n", plain_text);
  if (file.error() != 0) {
    x.set("Retry-After", "1");
    co_return co_await x.respond(503, "the file cannot be read at the moment; try again\n",
                                 plain_text);
  }
  file_version version;
  version.size = file.size();
  version.changed = file.changed();
  version.tag = file.tag();
  co_await send_file(x, file.fd(), std::move(version), std::move(type));
}

}  // namespace bight::http
