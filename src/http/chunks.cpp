// SPDX-License-Identifier: MIT
#include "http/chunks.hpp"

#include "http/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bight::http {

namespace {

constexpr std::size_t unneeded_bytes_max = 16384;
constexpr std::uint64_t counted_data_max = 1 << 20;  // twice a size cannot overflow

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
  if (line_.ends_with('\r'))
    line_.pop_back();
  else if (syntax_ == chunk_syntax::strict)
    throw malformed("a line of the chunked body does not end with CRLF");
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
  std::string_view rest = line.substr(static_cast<std::size_t>(end - line.data()));
  if (syntax_ == chunk_syntax::lenient) rest = trimmed(rest);
  if (failed != std::errc() || (!rest.empty() && rest.front() != ';'))
    throw malformed("the size of a chunk is not a hexadecimal number below 2^64");
  next_ = left_ > 0 ? part::end_of_data : part::trailer;
  if (syntax_ == chunk_syntax::lenient) return;
  // Tiny chunks with long extensions would cost far more to read than the body's limit allows. Go
  // has the same rule (CVE-2023-39326): 16 bytes a chunk and twice its data are free.
  unneeded_bytes_ += line.size();
  const std::uint64_t free = 16 + 2 * std::min(left_, counted_data_max);
  unneeded_bytes_ -= static_cast<std::size_t>(std::min<std::uint64_t>(unneeded_bytes_, free));
  if (unneeded_bytes_ > unneeded_bytes_max)
    throw malformed("the chunks have much longer extensions than data");
}

}  // namespace bight::http
