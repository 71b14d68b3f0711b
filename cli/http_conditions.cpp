// SPDX-License-Identifier: MIT
#include "http_conditions.hpp"

#include "http_date.hpp"

#include <algorithm>

namespace tool {

namespace {

// Whether `list` names `tag`: `"a", W/"b"`, or "*" for any. A weak tag counts only for a weak
// comparison (RFC 9110 §8.8.3.2). A tag may hold a comma, so the list is read tag by tag.
bool names(std::string_view list, std::string_view tag, bool weak) {
  if (list == "*") return true;
  while (!list.empty()) {
    const bool is_weak = list.starts_with("W/");
    if (is_weak) list.remove_prefix(2);
    if (list.starts_with('"')) {
      const std::size_t end = list.find('"', 1);
      if (end == std::string_view::npos) return false;
      if (list.substr(0, end + 1) == tag && (weak || !is_weak)) return true;
      list.remove_prefix(end + 1);
    }
    list.remove_prefix(std::min(list.find(','), list.size()));
    list.remove_prefix(std::min(list.find_first_not_of(", \t"), list.size()));
  }
  return false;
}

}  // namespace

condition conditions_of(const asked& what, const entry& file) {
  // A date that is none is ignored, as if the field were not there.
  const auto changed_since = [&file](const std::string& text) -> std::optional<bool> {
    const std::optional<std::time_t> date = parse_http_date(text);
    return date ? std::optional(file.changed > *date) : std::nullopt;
  };
  if (what.has("If-Match")) {
    if (!names(what.get("If-Match"), file.tag, false)) return condition::failed;
  } else if (changed_since(what.get("If-Unmodified-Since")).value_or(false)) {
    return condition::failed;
  }
  if (what.has("If-None-Match"))
    return names(what.get("If-None-Match"), file.tag, true) ? condition::not_modified
                                                            : condition::holds;
  return changed_since(what.get("If-Modified-Since")).value_or(true) ? condition::holds
                                                                     : condition::not_modified;
}

bool range_fits(const asked& what, const entry& file) {
  if (!what.has("If-Range")) return true;
  const std::string wanted = what.get("If-Range");
  return wanted == file.tag || parse_http_date(wanted) == file.changed;
}

}  // namespace tool
