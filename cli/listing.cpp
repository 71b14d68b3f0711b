// SPDX-License-Identifier: MIT
#include "listing.hpp"

#include "units.hpp"

#include <bight/context.hpp>
#include <bight/deadline.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <ctime>

namespace tool {

using namespace bight;

namespace {

/// Names between two turns of the loop: some 0.2 ms where a name has to be looked up.
constexpr std::size_t names_at_a_time = 64;
constexpr duration shared_for = 1s;
constexpr std::size_t pages_max = 16;

std::string html_escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      default: safe += c;
    }
  return safe;
}

// Readable in a narrow window, light or dark, and without a script.
constexpr const char* page_head =
    R"html(<!DOCTYPE html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 1rem auto; padding: 0 1rem }
h1 { font-size: 1.25rem; overflow-wrap: anywhere }
table { width: 100%; border-collapse: collapse }
th, td { padding: .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #8884 }
th:first-child { width: 100% }
td:first-child { overflow-wrap: anywhere }
th + th, td + td { padding-left: 1rem; text-align: right; white-space: nowrap }
a { text-decoration: none }
a:hover { text-decoration: underline }
@media (max-width: 30rem) { th:nth-child(3), td:nth-child(3) { display: none } }
</style>
)html";

// "2024-11-06 08:49", in UTC.
std::string minute(std::time_t t) {
  std::tm parts{};
  gmtime_r(&t, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", 1900 + parts.tm_year, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min);
}

std::string row(const listed& one) {
  return fmt::format("<tr><td><a href=\"./{}\">{}</a><td>{}<td>{}\n", url_encoded(one.name),
                     html_escaped(one.name), one.is_folder() ? "" : shown_size(one.size),
                     minute(one.changed));
}

// Folders first; "file9" before "file10".
bool comes_before(const listed& a, const listed& b) {
  if (a.is_folder() != b.is_folder()) return a.is_folder();
  return strverscmp(a.name.c_str(), b.name.c_str()) < 0;
}

}  // namespace

std::string url_encoded(std::string_view path) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string safe;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(c);
    if (plain)
      safe += c;
    else
      (safe += '%') += {digits[byte >> 4], digits[byte & 15]};
  }
  return safe;
}

std::shared_ptr<const std::string> listings::find(const std::string& path, const std::string& tag,
                                                  time_point now) {
  const std::lock_guard held(lock_);
  std::erase_if(kept_, [now](const kept& k) { return now >= later(k.made, shared_for); });
  for (const kept& k : kept_)
    if (k.path == path && k.tag == tag) return k.page;
  return nullptr;
}

task<std::shared_ptr<const std::string>> listings::page(entry of, std::string path) {
  const context& clock = co_await current_context();
  if (auto made = find(path, of.tag, clock.now())) co_return made;
  const time_point begun = clock.now();
  folder::names names(shared_, of, path);
  while (names.read(names_at_a_time)) co_await sleep(0s);
  std::sort(names.found().begin(), names.found().end(), comes_before);
  const std::string title = html_escaped("Index of /" + path);
  std::string text = fmt::format("{}<title>{}</title>\n<h1>{}</h1>\n", page_head, title, title);
  text += "<table>\n<tr><th>Name<th>Size<th>Changed (UTC)\n";
  if (!path.empty()) text += "<tr><td><a href=\"../\">../</a><td><td>\n";
  std::size_t written = 0;
  for (const listed& one : names.found()) {
    text += row(one);
    if (++written % names_at_a_time == 0) co_await sleep(0s);
  }
  text += "</table>\n";
  if (names.found().empty()) text += "<p>This folder is empty.\n";
  if (!names.complete())
    text += fmt::format("<p>Only the first {} names are listed.\n", names.found().size());
  auto made = std::make_shared<const std::string>(std::move(text));
  const std::lock_guard held(lock_);
  if (kept_.size() == pages_max) kept_.erase(kept_.begin());
  kept_.push_back({std::move(path), std::move(of.tag), begun, made});
  co_return made;
}

}  // namespace tool
