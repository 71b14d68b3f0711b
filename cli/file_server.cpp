// SPDX-License-Identifier: MIT
#include "file_server.hpp"

#include "http_conditions.hpp"
#include "http_date.hpp"
#include "http_request.hpp"
#include "text.hpp"
#include "units.hpp"

#include <bight/deadline.hpp>
#include <bight/error.hpp>
#include <bight/reader.hpp>
#include <bight/scope.hpp>
#include <bight/serve.hpp>
#include <bight/stdio.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <ctime>

namespace tool {

using namespace bight;

namespace {

/// Maximum size of a request header. Apache allows 8 kB per line, nginx 32 kB.
constexpr std::size_t header_max = 16384;
/// Time limit for a request, and between two requests.
constexpr duration request_time_max = 30s;
/// Time limit for sending each piece of a file.
constexpr duration piece_time_max = 60s;
constexpr std::size_t requests_max = 1000;
/// The first byte of a TLS client: RFC 8446 §5.1.
constexpr char tls_handshake = 22;
constexpr std::size_t piece_size = 65536;

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 412: return "Precondition Failed";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Range Not Satisfiable";
  }
}

// One client.
class file_session {
 public:
  file_session(stream& peer, const folder& shared, listings& pages, const media_types& types,
               const console& log)
      : peer_(peer),
        shared_(shared),
        pages_(pages),
        types_(types),
        log_(log),
        client_(peer.remote().str()) {}

  task<bool> run() {
    const context& mine = co_await current_context();
    reader in(peer_);
    for (std::size_t i = 0; i < requests_max && keep_; ++i) {
      auto header = co_await attempt(within(request_time_max, read_header(in)));
      if (!header) {
        const error& e = header.error();
        // Between two requests, the client may close, and an idle client is closed. Many TLS
        // clients close without close_notify; all their requests have been answered.
        const bool gone =
            e.is(errc::cut_short) || e.is(errc::tls_truncated) || e.is(errc::timed_out);
        if (gone && !begun_) co_return true;
        if (!e.is(errc::too_long)) throw error(e);
      } else if (header->empty()) {
        co_return false;
      }
      std::optional<http_request> request;
      if (header) request = parse_request(*header);
      keep_ = request && request->keep && i + 1 < requests_max && !is_draining(mine);
      if (!request) {
        http_request nothing;
        co_await respond(nothing, 400, "malformed or unsupported request\n");
      } else {
        co_await answer(*request);
      }
    }
    co_return true;
  }

 private:
  // The next byte; none when the server drains and the client has sent no further request.
  task<std::optional<char>> next_byte(reader<stream>& in) const {
    // An idle client holds no buffer.
    auto first = co_await race(in.read_exactly(1), until_drain());
    if (first.index() == 1) co_return std::nullopt;
    co_return std::get<0>(first).view().front();
  }

  // A request up to its empty line; "" if the server drains. A first byte that cannot begin a
  // request is returned alone: a TLS client sends its hello and then waits.
  task<std::string> read_header(reader<stream>& in) {
    begun_ = false;
    char c = '\n';
    // Empty lines before a request are skipped: RFC 9112 §2.2.
    for (std::size_t left = header_max; left > 0 && (c == '\r' || c == '\n'); --left) {
      const std::optional<char> next = co_await next_byte(in);
      if (!next) co_return std::string();
      c = *next;
    }
    begun_ = true;
    if (c == tls_handshake)
      log_.note(fmt::format("{} uses TLS, but this server does not (see --tls)", client_));
    if (c < 'A' || c > 'z') co_return std::string(1, c);
    std::string header(1, c);
    for (bool last = false; !last;) {
      // A line may end with LF alone: RFC 9112 §2.2.
      const std::size_t left = header_max - std::min(header_max, header.size());
      auto line = co_await in.read_line(left);
      if (!line) throw error(errc::cut_short, "read a request", header.size());
      last = line->view().empty();
      (header += line->view()) += "\r\n";
    }
    co_return header;
  }

  task<> answer(const http_request& request) {
    std::optional<unreadable> now;
    try {
      co_await answer_found(request);
    } catch (const unreadable& u) {
      now = u;
    }
    if (!now) co_return;
    log_.warn(
        fmt::format("{} {}: read: {}", client_, shown(request.target), std::strerror(now->reason)));
    if (now->passes())
      co_await respond(request, 503, "the file cannot be read at the moment; try again\n",
                       "Retry-After: 1\r\n");
    else
      co_await respond(request, 500, "the file cannot be read\n");
  }

  // Throws unreadable only before any part of the response is sent.
  task<> answer_found(const http_request& request) {
    if (request.method != "GET" && request.method != "HEAD") {
      co_await respond(request, 405, "only GET and HEAD are supported\n", "Allow: GET, HEAD\r\n");
      co_return;
    }
    const std::optional<std::string> path = request_path(request.target);
    std::optional<entry> found;
    if (path) found = shared_.find(*path);
    if (!found) {
      co_await respond(request, 404, "no such file\n");
    } else if (!found->is_folder) {
      co_await send_file(request, *path, *found);
    } else if (!path->empty() && !path->ends_with('/')) {
      // Without the trailing slash, relative links would resolve in the parent folder.
      const std::size_t query = std::min(request.target.find('?'), request.target.size());
      co_await respond(
          request, 301, "",
          fmt::format("Location: /{}/{}\r\n", url_encoded(*path), request.target.substr(query)));
    } else if (auto index = shared_.find(*path + "index.html"); index && !index->is_folder) {
      co_await send_file(request, "index.html", *index);
    } else {
      const auto page = co_await pages_.page(*std::move(found), *path);
      co_await respond(request, 200, *page, "Content-Type: text/html; charset=utf-8\r\n");
    }
  }

  task<> send_file(const http_request& request, std::string_view path, const entry& file) {
    const condition given = evaluate_conditions(request, file);
    if (given == condition::failed) {
      co_await respond(request, 412, "the file has changed\n");
      co_return;
    }
    const std::string fields =
        fmt::format("Accept-Ranges: bytes\r\nETag: {}\r\nLast-Modified: {}\r\nContent-Type: {}\r\n",
                    file.tag, http_date(file.changed), types_.of(path));
    if (given == condition::not_modified) {
      co_await send_head(request, 304, fields, std::nullopt);
      co_return;
    }
    // A range is valid for GET only (RFC 9110 §14.2). If the file has changed, send all of it.
    byte_range range{0, file.size};
    const bool may_be_part = request.method == "GET" && if_range_matches(request, file);
    const range_kind kind =
        may_be_part ? parse_range(request.get("Range"), file.size, range) : range_kind::whole;
    if (kind == range_kind::outside) {
      co_await respond(request, 416, "", fmt::format("Content-Range: bytes */{}\r\n", file.size));
      co_return;
    }
    const bool part = kind == range_kind::part;
    const std::string more = part ? fields + fmt::format("Content-Range: bytes {}-{}/{}\r\n",
                                                         range.first, range.last - 1, file.size)
                                  : fields;
    co_await send_head(request, part ? 206 : 200, more, range.last - range.first);
    if (request.method != "HEAD") co_await send_bytes(file, range);
  }

  task<> send_bytes(const entry& file, byte_range range) {
    stdio in = co_await stdio::open(file.open.get());
    const bool there = file.seek(range.first);
    for (std::uint64_t left = there ? range.last - range.first : 1; left > 0;) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece_size));
      lease bytes;
      if (there) bytes = co_await in.recv(size);
      if (!bytes) {
        // The file became shorter after its length was sent. The failed session resets the
        // connection, so the client notices.
        throw error(errc::cut_short, "read a file", range.last - range.first - left,
                    "the file was truncated while it was being sent");
      }
      co_await within(piece_time_max, peer_.send(bytes));
      left -= bytes.size();
    }
  }

  // A response with a short text.
  task<> respond(const http_request& request, int status, std::string_view text,
                 std::string fields = std::string()) {
    if (fields.find("Content-Type") == fields.npos) fields += "Content-Type: text/plain\r\n";
    co_await send_head(request, status, fields, text.size());
    if (request.method == "HEAD" || text.empty()) co_return;
    co_await within(piece_time_max, peer_.send(text));
  }

  task<> send_head(const http_request& request, int status, std::string_view fields,
                   std::optional<std::uint64_t> length) {
    std::string head =
        fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nServer: bight/" BIGHT_VERSION "\r\n", status,
                    reason_phrase(status), http_date(std::time(nullptr)));
    head += fields;
    if (length) head += fmt::format("Content-Length: {}\r\n", *length);
    head += "X-Content-Type-Options: nosniff\r\n";
    head += keep_ ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    const bool has_body = length && request.method == "GET";
    const std::string shown_request = request.method.empty()
                                          ? "invalid request"
                                          : shown(request.method, 20) + " " + shown(request.target);
    log_.note(fmt::format("{} {} {}{}", client_, shown_request, status,
                          has_body ? ", " + shown_size(*length) : ""));
    log_.event("request", {{"peer", client_},
                           {"method", request.method},
                           {"target", request.target},
                           {"status", std::int64_t{status}}});
    co_await within(piece_time_max, peer_.send(head));
  }

  stream& peer_;
  const folder& shared_;
  listings& pages_;
  const media_types& types_;
  const console& log_;
  const std::string client_;
  bool keep_ = true;
  bool begun_ = false;  // a request has been received in part
};

}  // namespace

task<bool> serve_files(stream& peer, const folder& shared, listings& pages,
                       const media_types& types, const console& log) {
  file_session session(peer, shared, pages, types, log);
  co_return co_await session.run();
}

}  // namespace tool
