// SPDX-License-Identifier: MIT
#include "http/chunks.hpp"

#include "http/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bight::http {

namespace {

bool is_hex(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

std::size_t chunk_reader::read(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && left_ == 0 && !done()) {
    const std::string_view rest = bytes.substr(used);
    const std::size_t newline = rest.find('\n');
    const std::size_t size = newline == std::string_view::npos ? rest.size() : newline + 1;
    if (size > line_max_ - std::min(line_max_, trailer_bytes_ + line_.size()))
      throw over_limit(fmt::format("a chunk header or trailer is larger than {} bytes", line_max_));
    line_ += rest.substr(0, size);
    used += size;
    check_first_byte();
    if (line_.back() == '\n') end_line();
  }
  return used;
}

// Reports a wrong line at its first byte. The end of the line may never arrive.
void chunk_reader::check_first_byte() const {
  const char c = line_.front();
  if (next_ == part::size && !is_hex(c))
    throw malformed("a chunk does not begin with its size in hexadecimal");
  if (next_ == part::end_of_data && c != '\r' && c != '\n')
    throw malformed("a chunk is longer than its size");
}

void chunk_reader::end_line() {
  line_.pop_back();
  if (line_.ends_with('\r')) line_.pop_back();
  const std::string_view line = line_;
  // Some programs take a bare CR for the end of the line, and a NUL for the end of the text.
  if (line.find_first_of(std::string_view("\r\0", 2)) != std::string_view::npos)
    throw malformed("a chunk header or trailer contains a CR or NUL");
  switch (next_) {
    case part::size: read_size(line); break;
    case part::end_of_data:  // an empty line: check_first_byte() refuses all others
      next_ = part::size;
      break;
    case part::trailer:
      trailer_bytes_ += line.size() + 2;
      if (line.empty())
        next_ = part::end;
      else if (in_trailer_field_ && (line.front() == ' ' || line.front() == '\t'))
        break;  // a folded field continues (RFC 9112 §5.2)
      else if (line.find(':') == std::string_view::npos)
        throw malformed("a line of the trailer is not a field");
      else if (++fields_ > fields_max_)
        throw over_limit(fmt::format("more than {} fields", fields_max_));
      in_trailer_field_ = true;
      break;
    case part::end: break;
  }
  line_.clear();
}

void chunk_reader::read_size(std::string_view line) {
  const auto [end, failed] = std::from_chars(line.data(), line.data() + line.size(), left_, 16);
  const std::string_view rest = trimmed(line.substr(static_cast<std::size_t>(end - line.data())));
  if (failed != std::errc() || (!rest.empty() && rest.front() != ';'))
    throw malformed("the size of a chunk is not a hexadecimal number below 2^64");
  next_ = left_ > 0 ? part::end_of_data : part::trailer;
}

}  // namespace bight::http
