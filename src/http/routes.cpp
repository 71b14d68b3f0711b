// SPDX-License-Identifier: MIT
#include "base/text.hpp"
#include "http/exchange.hpp"
#include "http/host.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bight::http {

namespace {

error bad_pattern(std::string_view pattern, std::string_view reason) {
  return error(bight::errc::invalid, fmt::format("route \"{}\"", printable(pattern)), 0, reason);
}

// The segments of a path without its first "/": "a", "" for "/a/".
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  do {
    path.remove_prefix(1);
    segments.push_back(path.substr(0, path.find('/')));
    path.remove_prefix(segments.back().size());
  } while (!path.empty());
  return segments;
}

std::string joined(const std::vector<std::string>& segments, std::size_t first) {
  std::string all;
  for (std::size_t i = first; i < segments.size(); ++i)
    (all += i > first ? "/" : "") += segments[i];
  return all;
}

}  // namespace

std::vector<routes::segment> routes::parse(std::string_view pattern) {
  if (!pattern.starts_with('/')) throw bad_pattern(pattern, "a pattern begins with \"/\"");
  std::vector<segment> segments;
  for (std::string_view text : split(pattern)) {
    if (!segments.empty() && segments.back().matches == segment::kind::rest)
      throw bad_pattern(pattern, "{name...} must be the last segment");
    segment s{segment::kind::text, std::string(text)};
    if (text.starts_with('{') && text.ends_with('}')) {
      text = text.substr(1, text.size() - 2);
      s.matches = text.ends_with("...") ? segment::kind::rest : segment::kind::one;
      if (s.matches == segment::kind::rest) text.remove_suffix(3);
      s.text = text;
      const bool twice = std::any_of(segments.begin(), segments.end(), [&s](const segment& other) {
        return other.matches != segment::kind::text && other.text == s.text;
      });
      if (text.empty() || twice) throw bad_pattern(pattern, "a parameter needs its own name");
    }
    if (s.text.find_first_of("{}") != std::string::npos)
      throw bad_pattern(pattern, "a parameter is a whole segment");
    segments.push_back(std::move(s));
  }
  return segments;
}

void routes::on(std::string_view method, std::string_view pattern, handler handle) {
  route added{std::string(method), parse(pattern), std::move(handle)};
  for (const route& other : routes_)
    if (other.method == method && !comes_before(other, added) && !comes_before(added, other))
      throw bad_pattern(pattern, "there is a route of the same method and form");
  routes_.push_back(std::move(added));
}

bool routes::matches(const route& r, const std::vector<std::string>& path) {
  for (std::size_t i = 0; i < r.segments.size(); ++i) {
    const segment& s = r.segments[i];
    if (i == path.size()) return false;
    if (s.matches == segment::kind::rest) return true;
    if (s.matches == segment::kind::one ? path[i].empty() : path[i] != s.text) return false;
  }
  return path.size() == r.segments.size();
}

bool routes::comes_before(const route& a, const route& b) {
  return std::lexicographical_compare(a.segments.begin(), a.segments.end(), b.segments.begin(),
                                      b.segments.end(), [](const segment& x, const segment& y) {
                                        if (x.matches != y.matches) return x.matches < y.matches;
                                        return x.matches == segment::kind::text && x.text < y.text;
                                      });
}

task<> routes::operator()(exchange& x) const {
  std::vector<std::string> path;
  if (x.path().starts_with('/'))
    for (const std::string_view text : split(x.path())) path.push_back(percent_decoded(text));
  const auto best_for = [&](std::string_view method) {
    const route* best = nullptr;
    for (const route& r : routes_)
      if (r.method == method && matches(r, path) && (best == nullptr || comes_before(r, *best)))
        best = &r;
    return best;
  };
  const route* found = best_for(x.method());
  if (found == nullptr && x.method() == "HEAD") found = best_for("GET");
  if (found == nullptr) {
    std::vector<std::string> allowed;
    const auto allow = [&allowed](std::string method) {
      if (std::find(allowed.begin(), allowed.end(), method) == allowed.end())
        allowed.push_back(std::move(method));
    };
    for (const route& r : routes_)
      if (matches(r, path)) {
        allow(r.method);
        if (r.method == "GET") allow("HEAD");
      }
    if (allowed.empty()) co_return co_await x.respond(404, "not found\n", "text/plain");
    const std::string methods = fmt::format("{}", fmt::join(allowed, ", "));
    x.set("Allow", methods);
    co_return co_await x.respond(405, "method not allowed\n", "text/plain");
  }
  for (std::size_t i = 0; i < found->segments.size(); ++i) {
    const segment& s = found->segments[i];
    if (s.matches == segment::kind::text) continue;
    field parameter{s.text, s.matches == segment::kind::rest ? joined(path, i) : path[i]};
    x.state_->parameters.push_back(std::move(parameter));
  }
  co_await found->handle(x);
}

}  // namespace bight::http
