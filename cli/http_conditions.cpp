// SPDX-License-Identifier: MIT
#include "http_conditions.hpp"

#include "http_date.hpp"

#include <algorithm>

namespace tool {

namespace {

// Whether `list` contains `tag`: `"a", W/"b"`, or "*" for any. A weak tag matches only in a weak
// comparison (RFC 9110 §8.8.3.2). A tag may contain a comma, so the list is parsed tag by tag.
bool lists_tag(std::string_view list, std::string_view tag, bool weak) {
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

condition evaluate_conditions(const http_request& request, const entry& file) {
  // An invalid date is ignored, as if the field were absent.
  const auto changed_since = [&file](const std::string& text) -> std::optional<bool> {
    const std::optional<std::time_t> date = parse_http_date(text);
    return date ? std::optional(file.changed > *date) : std::nullopt;
  };
  if (request.has("If-Match")) {
    if (!lists_tag(request.get("If-Match"), file.tag, false)) return condition::failed;
  } else if (changed_since(request.get("If-Unmodified-Since")).value_or(false)) {
    return condition::failed;
  }
  if (request.has("If-None-Match"))
    return lists_tag(request.get("If-None-Match"), file.tag, true) ? condition::not_modified
                                                                   : condition::holds;
  return changed_since(request.get("If-Modified-Since")).value_or(true) ? condition::holds
                                                                        : condition::not_modified;
}

bool if_range_matches(const http_request& request, const entry& file) {
  if (!request.has("If-Range")) return true;
  const std::string wanted = request.get("If-Range");
  return wanted == file.tag || parse_http_date(wanted) == file.changed;
}

}  // namespace tool
