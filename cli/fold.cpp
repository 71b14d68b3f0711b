// SPDX-License-Identifier: MIT
#include "fold.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace tool {

namespace {

/// With fewer columns left, a description moves to the next line.
constexpr std::size_t beside_min = 24;
/// A longer line without indentation continues on the next line.
constexpr std::size_t filled_min = 60;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const bool flush = !line.empty() && line.front() != ' ';
    const bool more =
        flush && !lines.empty() && lines.back().size() > filled_min && lines.back().front() != ' ';
    if (more)
      lines.back().append(" ").append(line);
    else
      lines.emplace_back(line);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

// Appends the words of `text` in lines of `width`, indented by `indent`; the first line already has
// `used` columns.
void fill(std::string& to, std::string_view text, std::size_t used, std::size_t indent,
          std::size_t width) {
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    if (word.empty()) continue;
    if (!first && used + 1 + word.size() > width) {
      to.append("\n").append(indent, ' ');
      used = indent;
    } else if (!first) {
      to += ' ';
      ++used;
    }
    to += word;
    used += word.size();
    first = false;
  }
  to += '\n';
}

}  // namespace

std::string folded(std::string_view text, int columns) {
  const auto width = static_cast<std::size_t>(std::max(columns, 1));
  std::string narrow;
  for (const std::string& line : lines_of(text)) {
    if (line.size() <= width) {
      narrow.append(line).append("\n");
      continue;
    }
    // A description below its flag is already indented like the others.
    const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t gap = line.find("  ", begin);
    const std::size_t rest = gap == line.npos ? line.npos : line.find_first_not_of(' ', gap);
    const std::size_t below = std::min<std::size_t>(begin == 0 ? 0 : 6, width / 2);
    if (rest == line.npos) {
      const bool has_room = begin + beside_min <= width;
      const std::size_t indent = has_room ? begin : std::min(begin, below);
      narrow.append(indent, ' ');
      fill(narrow, std::string_view(line).substr(begin), indent, std::max(indent, below), width);
    } else if (rest + beside_min <= width) {
      narrow.append(line, 0, rest);
      fill(narrow, std::string_view(line).substr(rest), rest, rest, width);
    } else {
      narrow.append(line, 0, gap).append("\n").append(below, ' ');
      fill(narrow, std::string_view(line).substr(rest), below, below, width);
    }
  }
  return narrow;
}

}  // namespace tool
