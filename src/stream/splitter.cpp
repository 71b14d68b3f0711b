// SPDX-License-Identifier: MIT
#include <bight/reader.hpp>

#include "base/check.hpp"
#include "base/names.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include <endian.h>

#include <fmt/format.h>

namespace bight {

namespace {

// The bytes of a message that arrived in several pieces. The string that collected them becomes the
// lease's buffer.
struct gathered_block : lease_block {
  std::string bytes;
};

lease lease_of(std::string& bytes, std::size_t from, std::size_t n) {
  if (n == 0) {
    bytes.clear();
    return {};
  }
  auto block = std::make_unique<gathered_block>();  // may throw; `bytes` is unchanged then
  block->release = [](lease_block& b) noexcept { delete static_cast<gathered_block*>(&b); };
  block->bytes.swap(bytes);
  const auto* data = reinterpret_cast<const std::byte*>(block->bytes.data());
  return {*block.release(), data + from, n};
}

constexpr std::string_view newline = "\n";

}  // namespace

void splitter::feed(lease bytes) {
  looked_for_ = nullptr;
  if (bytes.empty()) {
    ended_ = true;
    return;
  }
  stash();
  front_ = std::move(bytes);
}

void splitter::stash() {
  if (front_.empty()) return;
  // Compacts only when more than half is consumed, so bytes moved never exceed bytes consumed.
  if (spill_used_ > spill_.size() / 2) {
    spill_.erase(0, spill_used_);
    spill_used_ = 0;
  }
  spill_.append(front_.view());  // may throw; `front_` is unchanged then
  front_.reset();
}

bool splitter::settled(const framing& f) {
  seen_ = look(f);
  looked_for_ = &f;
  return seen_ != state::waiting;
}

result<std::optional<lease>> splitter::take(const framing& f) {
  const state s = looked_for_ == &f ? seen_ : look(f);
  looked_for_ = nullptr;
  check(s != state::waiting, "take() from a splitter that is not settled");
  if (s == state::nothing) return std::optional<lease>();
  if (s != state::complete) return failure(f, s);
  return std::optional<lease>(cut());
}

splitter::state splitter::look(const framing& f) {
  const std::size_t held = buffered();
  skip_ = 0;
  drop_ = 0;
  switch (f.what) {
    case framing::kind::some:
      size_ = std::min(held, f.max);
      if (held > 0) return state::complete;
      return ended_ ? state::nothing : state::waiting;
    case framing::kind::exactly:
      size_ = f.max;
      if (held >= f.max) return state::complete;
      return ended_ ? state::cut_short : state::waiting;
    case framing::kind::until: return look_delimiter(f, f.delimiter);
    case framing::kind::line: return look_delimiter(f, newline);
    case framing::kind::prefixed: return look_prefixed(f);
  }
  return state::waiting;
}

splitter::state splitter::look_delimiter(const framing& f, std::string_view delimiter) {
  const bool line = f.what == framing::kind::line;
  const std::size_t held = buffered();
  find(delimiter);
  if (found_) {
    size_ = searched_;
    drop_ = delimiter.size();
    if (line && size_ > 0 && byte(size_ - 1) == '\r') {
      --size_;
      ++drop_;
    }
    return size_ > f.max ? state::too_long : state::complete;
  }
  // The shortest message that further input could still complete. A line may lose a trailing '\r'.
  std::size_t shortest = held;
  if (held > f.max && line && byte(held - 1) == '\r' && !ended_) --shortest;
  if (held > f.max && !line) shortest = first_open(delimiter);
  if (shortest > f.max) return state::too_long;
  if (!ended_) return state::waiting;
  if (line && held == 0) return state::nothing;
  if (!line || f.last == last_line::whole) return state::cut_short;
  size_ = held;
  return state::complete;
}

splitter::state splitter::look_prefixed(const framing& f) {
  const std::size_t held = buffered();
  if (held < f.prefix) {
    if (!ended_) return state::waiting;
    return held > 0 ? state::cut_short : state::nothing;
  }
  std::uint64_t first = 0;
  if (spilled() == 0 && held >= sizeof first) {
    std::memcpy(&first, front_.data(), sizeof first);
    announced_ = be64toh(first) >> (64 - 8 * f.prefix);
  } else {
    announced_ = 0;
    for (std::size_t i = 0; i < f.prefix; ++i)
      announced_ = announced_ << 8 | static_cast<unsigned char>(byte(i));
  }
  if (announced_ > f.max) return state::too_long;
  skip_ = f.prefix;
  size_ = static_cast<std::size_t>(announced_);
  if (held - f.prefix >= size_) return state::complete;
  return ended_ ? state::cut_short : state::waiting;
}

// Advances searched_ to the delimiter, or to the first position where it could still begin.
void splitter::find(std::string_view delimiter) {
  if (delimiter_ != delimiter) {
    delimiter_ = delimiter;
    searched_ = 0;
    found_ = false;
  }
  if (found_) return;
  const std::string_view back = std::string_view(spill_).substr(spill_used_);
  const std::string_view front = front_.view();
  const std::size_t held = back.size() + front.size();
  const std::size_t overlap = delimiter.size() - 1;
  const auto at = [&](std::size_t place) {
    searched_ = place;
    found_ = true;
  };
  // 1. In the stashed bytes.
  std::size_t place = searched_ < back.size() ? back.find(delimiter, searched_) : back.npos;
  if (place != back.npos) return at(place);
  // 2. Across the boundary.
  const std::size_t seam = std::max(searched_, back.size() - std::min(overlap, back.size()));
  for (std::size_t i = seam; i < back.size(); ++i)
    if (matches(i, delimiter)) return at(i);
  // 3. In the newest piece.
  const std::size_t from = std::max(searched_, back.size()) - back.size();
  place = front.find(delimiter, from);
  if (place != front.npos) return at(back.size() + place);
  searched_ = std::max(searched_, held - std::min(overlap, held));
}

// The first position where the delimiter could still begin: all bytes from there to the end match a
// prefix of it.
std::size_t splitter::first_open(std::string_view delimiter) const {
  const std::size_t held = buffered();
  std::size_t i = searched_;
  while (i < held && !matches(i, delimiter.substr(0, held - i))) ++i;
  return i;
}

bool splitter::matches(std::size_t at, std::string_view text) const {
  if (text.size() > buffered() - at) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (byte(at + i) != text[i]) return false;
  return true;
}

char splitter::byte(std::size_t i) const noexcept {
  const std::size_t back = spilled();
  return i < back ? spill_[spill_used_ + i] : front_.view()[i - back];
}

// Removes the complete message and its delimiter or prefix.
lease splitter::cut() {
  const std::size_t n = skip_ + size_ + drop_;
  lease message = spilled() == 0 ? cut_front() : cut_spill(n);
  found_ = found_ && searched_ >= n;
  searched_ -= std::min(n, searched_);
  return message;
}

lease splitter::cut_front() noexcept {
  front_.drop_front(skip_);
  lease message = front_.take_front(size_);
  front_.drop_front(drop_);
  return message;
}

lease splitter::cut_spill(std::size_t n) {
  const std::size_t back = spilled();
  if (n < back) {
    lease message = lease::copy_of(std::string_view(spill_).substr(spill_used_ + skip_, size_));
    spill_used_ += n;
    return message;
  }
  // In this order, a failed allocation loses nothing.
  spill_.append(front_.view().substr(0, n - back));
  front_.drop_front(n - back);
  lease message = lease_of(spill_, spill_used_ + skip_, size_);
  spill_used_ = 0;
  return message;
}

error splitter::failure(const framing& f, state s) const {
  const std::size_t held = buffered();
  const std::string there = fmt::format("({} byte{} received)", held, held == 1 ? "" : "s");
  const std::string tried = f.tried();
  if (s == state::cut_short) {
    const char* missing = f.what == framing::kind::exactly    ? "all bytes arrived"
                          : f.what == framing::kind::prefixed ? "the whole message arrived"
                          : f.what == framing::kind::line     ? "the end of the line"
                                                              : "it arrived";
    return error(errc::cut_short, tried, 0,
                 fmt::format("the peer closed before {} {}", missing, there));
  }
  if (f.what == framing::kind::prefixed)
    return error(
        errc::too_long, tried, 0,
        fmt::format("the message has {} bytes, but the limit is {} {}", announced_, f.max, there));
  const char* what =
      f.what == framing::kind::line ? "the line is longer than" : "it was not found within";
  return error(errc::too_long, tried, 0,
               fmt::format("{} the limit of {} bytes {}", what, f.max, there));
}

}  // namespace bight
