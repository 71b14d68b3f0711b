// SPDX-License-Identifier: MIT
#include "http/ranges.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace bight::http {

namespace {

// Parses digits only. A number that is too large becomes the maximum (RFC 9110 §14.1.2).
std::optional<std::uint64_t> number(std::string_view s) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (s.empty() || failed == std::errc::invalid_argument || end != s.data() + s.size())
    return std::nullopt;
  return failed == std::errc() ? value : std::numeric_limits<std::uint64_t>::max();
}

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

range_kind parse_range(std::string_view text, std::uint64_t size, byte_span& into) {
  into = {0, size};
  constexpr std::string_view unit = "bytes=";
  if (!same_name(text.substr(0, unit.size()), unit)) return range_kind::whole;
  text.remove_prefix(unit.size());
  // A list may have whitespace and empty elements: RFC 9110 §5.6.1.
  constexpr std::string_view nothing = ", \t";
  text.remove_prefix(std::min(text.find_first_not_of(nothing), text.size()));
  text = text.substr(0, text.find_last_not_of(nothing) + 1);
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return range_kind::whole;
  const std::string_view from = text.substr(0, dash);
  const std::string_view to = text.substr(dash + 1);
  const auto first = number(from);
  const auto last = number(to);
  if ((!from.empty() && !first) || (!to.empty() && !last) || (!first && !last))
    return range_kind::whole;
  if (!first) {  // "-500": the last 500
    if (*last == 0 || size == 0) return range_kind::outside;
    into.first = size - std::min(*last, size);
    return range_kind::part;
  }
  if (last && *last < *first) return range_kind::whole;
  if (*first >= size) return range_kind::outside;
  into.first = *first;
  if (last) into.last = std::min(*last, size - 1) + 1;
  return range_kind::part;
}

condition evaluate_conditions(const exchange& x, const file_version& file) {
  // An invalid date is ignored, as if the field were absent.
  const auto changed_since = [&file](std::string_view text) -> std::optional<bool> {
    const auto date = parse_date(text);
    return date ? std::optional(file.changed > *date) : std::nullopt;
  };
  if (x.has("If-Match")) {
    if (!lists_tag(x.get("If-Match"), file.tag, false)) return condition::failed;
  } else if (changed_since(x.get("If-Unmodified-Since")).value_or(false)) {
    return condition::failed;
  }
  if (x.has("If-None-Match"))
    return lists_tag(x.get("If-None-Match"), file.tag, true) ? condition::not_modified
                                                             : condition::holds;
  return changed_since(x.get("If-Modified-Since")).value_or(true) ? condition::holds
                                                                  : condition::not_modified;
}

bool if_range_matches(const exchange& x, const file_version& file) {
  if (!x.has("If-Range")) return true;
  const std::string wanted = x.get("If-Range");
  return wanted == file.tag || parse_date(wanted) == file.changed;
}

}  // namespace bight::http
