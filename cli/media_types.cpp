// SPDX-License-Identifier: MIT
#include "media_types.hpp"

#include "text.hpp"

#include <bight/http_server.hpp>

#include <fstream>
#include <sstream>

namespace tool {

media_types::media_types(const char* table) {
  // A line has a type and its extensions; "#" begins a comment. The first type of an extension
  // wins.
  std::ifstream file(table);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string name;
    words >> name;
    for (std::string ending; words >> ending;) by_ending_.emplace(lower(ending), name);
  }
}

std::string media_types::of(std::string_view name) const {
  name.remove_prefix(name.rfind('/') + 1);  // 0 if there is none
  const std::size_t dot = name.rfind('.');
  const auto found = dot == std::string_view::npos ? by_ending_.end()
                                                   : by_ending_.find(lower(name.substr(dot + 1)));
  if (found == by_ending_.end()) return bight::http::media_type(name);
  const std::string& type = found->second;
  return type.starts_with("text/") ? type + "; charset=utf-8" : type;
}

}  // namespace tool
