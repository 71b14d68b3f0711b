// SPDX-License-Identifier: MIT
#include "listing.hpp"

#include <bight/context.hpp>
#include <bight/deadline.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace tool {

using namespace bight;

namespace {

/// Names between two turns of the loop: some 0.2 ms where a name has to be looked up.
constexpr std::size_t names_at_a_time = 64;
constexpr duration shared_for = 1s;
constexpr std::size_t pages_max = 16;

std::string in_html(std::string_view text) {
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

}  // namespace

std::string in_url(std::string_view path) {
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
  const scheduler& clock = (co_await current_context()).sched();
  if (auto made = find(path, of.tag, clock.now())) co_return made;
  const time_point begun = clock.now();
  folder::names names(shared_, of, path);
  while (names.read(names_at_a_time)) co_await sleep(0s);
  std::sort(names.found().begin(), names.found().end());
  const std::string title = in_html("/" + path);
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>{0}</title>\n<h1>{0}</h1>\n<ul>\n", title);
  if (!path.empty()) text += "<li><a href=\"../\">../</a>\n";
  std::size_t written = 0;
  for (const std::string& name : names.found()) {
    text += fmt::format("<li><a href=\"./{}\">{}</a>\n", in_url(name), in_html(name));
    if (++written % names_at_a_time == 0) co_await sleep(0s);
  }
  text += "</ul>\n";
  if (!names.complete()) text += fmt::format("<p>The first {} names.\n", names.found().size());
  auto made = std::make_shared<const std::string>(std::move(text));
  const std::lock_guard held(lock_);
  if (kept_.size() == pages_max) kept_.erase(kept_.begin());
  kept_.push_back({std::move(path), std::move(of.tag), begun, made});
  co_return made;
}

}  // namespace tool
