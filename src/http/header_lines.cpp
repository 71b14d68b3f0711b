// SPDX-License-Identifier: MIT
#include "http/header_lines.hpp"

#include "http/fields.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bight::http {

bool header_lines::take(lease& bytes) {
  while (bytes) {
    const std::string_view rest = bytes.view();
    const std::size_t newline = rest.find('\n');
    const std::size_t size = newline == std::string_view::npos ? rest.size() : newline + 1;
    bytes_ += size;
    if (bytes_ > bytes_max_)
      throw over_limit(fmt::format("the header is larger than {} bytes", bytes_max_));
    line_ += rest.substr(0, size);
    static_cast<void>(bytes.take_front(size));
    if (line_.back() == '\n' && end_line()) return true;
  }
  return false;
}

// Returns whether it was the empty line at the end of the header.
bool header_lines::end_line() {
  line_.pop_back();
  if (line_.ends_with('\r')) line_.pop_back();
  const std::string_view line = line_;
  if (line.empty() && text_.empty()) return false;
  if (line.empty()) {
    text_ += "\r\n\r\n";
    return true;
  }
  if (line.front() == ' ' || line.front() == '\t') {
    if (lines_ == 0) throw malformed("a line before the first field begins with whitespace");
    if (folds_ == folded::refused) throw malformed("a field is folded into several lines");
    (text_ += ' ') += trimmed(line);
  } else {
    if (!text_.empty()) {
      text_ += "\r\n";
      if (++lines_ > lines_max_) throw over_limit(fmt::format("more than {} fields", lines_max_));
    }
    text_ += line;
  }
  line_.clear();
  return false;
}

std::string_view header_lines::first_bytes(std::size_t count) const noexcept {
  const std::string_view whole = text_.empty() ? line_ : text_;
  const std::string_view text = whole.substr(0, count);
  return text.substr(0, text.find_first_of("\r\n"));
}

void header_lines::clear() noexcept {
  bytes_ = lines_ = 0;
  text_.clear();
  line_.clear();
}

}  // namespace bight::http
