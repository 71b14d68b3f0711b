// SPDX-License-Identifier: MIT
#include "request_path.hpp"

#include "text.hpp"

#include <algorithm>
#include <vector>

namespace tool {

namespace {

std::string decoded(std::string_view name) {
  std::string plain;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const int high = name[i] == '%' && i + 2 < name.size() ? hex_digit(name[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(name[i + 2]) : -1;
    plain += low >= 0 ? static_cast<char>(high * 16 + low) : name[i];
    i += low >= 0 ? 2 : 0;
  }
  return plain;
}

}  // namespace

std::optional<std::string> request_path(std::string_view target) {
  if (!target.starts_with('/')) return std::nullopt;
  std::vector<std::string> names;
  bool is_folder = true;
  while (!target.empty()) {
    target.remove_prefix(1);  // the "/"
    const std::size_t size = std::min(target.find('/'), target.size());
    std::string name = decoded(target.substr(0, size));
    target.remove_prefix(size);
    if (name.find_first_of(std::string_view("/\0", 2)) != std::string::npos) return std::nullopt;
    is_folder = name.empty() || name == "." || name == "..";
    if (!is_folder)
      names.push_back(std::move(name));
    else if (name == ".." && !names.empty())
      names.pop_back();
  }
  std::string path;
  for (const std::string& name : names) (path += path.empty() ? "" : "/") += name;
  return is_folder && !path.empty() ? path + "/" : path;
}

}  // namespace tool
