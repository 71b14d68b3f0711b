// SPDX-License-Identifier: MIT
#include "file_server.hpp"

#include "request_path.hpp"
#include "text.hpp"
#include "units.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

namespace tool {

using namespace bight;

namespace {

constexpr const char* plain_text = "text/plain";

std::string printable_request(const http::access& a) {
  if (a.method.empty()) return "invalid request";
  return shown(a.method, 20) + " " + shown(a.target);
}

void log_answer(const console& log, const http::access& a) {
  const std::string client = a.peer.str();
  if (a.refused == http::refusal::tls)
    log.note(fmt::format("{} uses TLS, but this server does not (see --tls)", client));
  if (a.status == 0) return;  // the connection failed, which is reported elsewhere
  const bool has_body = a.method == "GET" && a.status != 304;
  log.note(fmt::format("{} {} {}{}", client, printable_request(a), a.status,
                       has_body ? ", " + shown_size(a.sent) : ""));
  log.event("request", {{"peer", client},
                        {"method", std::string(a.method)},
                        {"target", std::string(a.target)},
                        {"status", std::int64_t{a.status}}});
}

task<> send_entry(const file_site& site, http::exchange& x, std::string_view path,
                  const entry& file) {
  http::file_version version;
  version.size = file.size;
  version.changed = file.changed;
  version.tag = file.tag;
  const std::string type = site.types.of(path);
  co_await http::send_file(x, file.open.get(), std::move(version), type);
}

task<> answer_found(const file_site& site, http::exchange& x) {
  const std::optional<std::string> path = request_path(x.path());
  std::optional<entry> found;
  if (path) found = site.shared.find(*path);
  if (!found) co_return co_await x.respond(404, "no such file\n", plain_text);
  if (!found->is_folder) co_return co_await send_entry(site, x, *path, *found);
  if (!path->empty() && !path->ends_with('/')) {
    // Without the trailing slash, relative links would resolve in the parent folder.
    const std::string_view target = x.target();
    const std::size_t query = std::min(target.find('?'), target.size());
    const std::string to = fmt::format("/{}/{}", url_encoded(*path), target.substr(query));
    x.set("Location", to);
    x.set("Content-Type", plain_text);
    co_return co_await x.respond(301);
  }
  if (auto index = site.shared.find(*path + "index.html"); index && !index->is_folder)
    co_return co_await send_entry(site, x, "index.html", *index);
  const auto page = co_await site.pages.page(*std::move(found), *path);
  co_await x.respond(200, *page, "text/html; charset=utf-8");
}

}  // namespace

task<> answer_file(const file_site& site, http::exchange& x) {
  if (x.method() != "GET" && x.method() != "HEAD") {
    x.set("Allow", "GET, HEAD");
    co_return co_await x.respond(405, "only GET and HEAD are supported\n", plain_text);
  }
  std::optional<unreadable> now;
  try {
    co_await answer_found(site, x);
  } catch (const unreadable& u) {
    now = u;
  }
  if (!now) co_return;
  site.log.warn(fmt::format("{} {}: read: {}", x.peer().str(), shown(x.target()),
                            std::strerror(now->reason)));
  if (!now->passes()) co_return co_await x.respond(500, "the file cannot be read\n", plain_text);
  x.set("Retry-After", "1");
  co_await x.respond(503, "the file cannot be read at the moment; try again\n", plain_text);
}

http::serve_options file_server_options(const console& log) {
  http::serve_options how;
  how.name = "bight/" BIGHT_VERSION;
  how.fields.push_back({"X-Content-Type-Options", "nosniff"});
  how.limits.keep_alive = 30s;
  how.limits.unread_bytes = 0;  // no request needs a body
  how.on_answer = [&log](const http::access& a) { log_answer(log, a); };
  return how;
}

}  // namespace tool
