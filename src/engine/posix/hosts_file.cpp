// SPDX-License-Identifier: MIT
#include "engine/posix/hosts_file.hpp"

#include "engine/posix/text_file.hpp"

#include <bight/error.hpp>

#include <algorithm>
#include <string>

namespace bight::posix {

namespace {

char lower_case(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Returns an address of kind none if `text` is not an IP address.
address host_address(std::string_view text) {
  const bool is_ip6 = text.find(':') != std::string_view::npos;
  try {
    const address a(is_ip6 ? "[" + std::string(text) + "]:0" : std::string(text) + ":0");
    if (a.is_ip()) return a;
  } catch (const error&) {  // an unusable line: hosts(5) has no errors
  }
  return {};
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) noexcept {
  if (a.ends_with('.')) a.remove_suffix(1);
  if (b.ends_with('.')) b.remove_suffix(1);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower_case(x) == lower_case(y); });
}

std::vector<address> find_in_hosts(std::string_view text, std::string_view name) {
  std::vector<address> found;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    line = line.substr(0, line.find('#'));
    const std::string_view ip = next_word(line);
    bool is_named = false;
    for (auto word = next_word(line); !word.empty() && !is_named; word = next_word(line))
      is_named = same_name(word, name);
    if (!is_named) continue;
    address a = host_address(ip);
    const bool known = std::find(found.begin(), found.end(), a) != found.end();
    if (a.is_ip() && !known) found.push_back(std::move(a));
  }
  return found;
}

}  // namespace bight::posix
