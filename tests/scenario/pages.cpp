// SPDX-License-Identifier: MIT
//
// Pages over HTTP and HTTPS: every framing, redirects, kept connections that are stale, and
// somebody on the way who ends connections in the middle of whatever they carry.

#include "scenario/pages.hpp"

#include "scenario/meddler.hpp"
#include "scenario/service.hpp"
#include "support/keyed.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace scenario {

namespace {

constexpr std::uint64_t page_key = 80;
constexpr std::string_view framings[] = {"length", "chunked", "close"};

// ── The server ──────────────────────────────────────────────────────────────────────────────────

task<> send_body(tcp::stream& peer, framing_of how, std::uint64_t total) {
  for (std::uint64_t at = 0; at < total;) {
    const std::string_view bytes =
        keyed::at(page_key, at, std::min<std::uint64_t>(total - at, at % 3000 + 1));
    at += bytes.size();
    if (how == framing_of::chunked) {
      const std::string line = fmt::format("{:x}\r\n", bytes.size());
      co_await peer.send(line, bytes, "\r\n");
    } else {
      co_await peer.send(bytes);
    }
  }
  if (how == framing_of::chunked) co_await peer.send("0\r\n\r\n");
}

// Whether the connection goes on.
task<bool> answer(tcp::stream& peer, std::string path) {
  if (path.starts_with("/moved")) {
    const std::string moved = fmt::format(
        "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 5\r\n\r\nmoved", path.substr(6));
    co_await peer.send(moved);
    co_return true;
  }
  const std::size_t slash = path.find('/', 1);
  const auto name = std::find(std::begin(framings), std::end(framings), path.substr(1, slash - 1));
  sim::require(name != std::end(framings), "the server is asked for what there is");
  const auto how = static_cast<framing_of>(name - std::begin(framings));
  const std::uint64_t total = std::stoull(path.substr(slash + 1));
  std::string head = "HTTP/1.1 200 OK\r\n";
  if (how == framing_of::length) head += fmt::format("Content-Length: {}\r\n", total);
  if (how == framing_of::chunked) head += "Transfer-Encoding: chunked\r\n";
  head += "\r\n";
  co_await peer.send(head);
  co_await send_body(peer, how, total);
  co_return how != framing_of::close && !path.ends_with("?leave");
}

}  // namespace

task<> serve_pages(tcp::stream peer) {
  reader in(peer);
  for (;;) {
    auto asked = co_await attempt(in.read_until("\r\n\r\n"));
    if (!asked) co_return;  // the client has gone
    const std::string_view line = asked->view();
    const std::size_t from = line.find(' ') + 1;
    std::string path(line.substr(from, line.find(' ', from) - from));
    auto goes_on = co_await attempt(answer(peer, std::move(path)));
    // A page that is as long as its connection must not look whole when it is not.
    if (!goes_on) co_return peer.abort();
    if (!*goes_on) co_return;
  }
}

std::string path_of(framing_of how, std::uint64_t bytes) {
  return fmt::format("/{}/{}", framings[static_cast<std::size_t>(how)], bytes);
}

// ── The client ──────────────────────────────────────────────────────────────────────────────────

task<> read_page(http::client& web, std::string url, std::uint64_t bytes) {
  ledger body(page_key);
  body.sent(bytes);
  auto page = co_await web.get(url);
  sim::require(page.status() == 200, fmt::format("{} answers {}", url, page.status()));
  for (;;) {
    const lease part = co_await page.recv(bytes % 5000 + 1);
    if (!part) break;
    body.received(part);
  }
  body.ended();
}

namespace {

// What the programs of a world know of each other.
struct site {
  sim::world* net;
  service where;
  sim::random_stream chooses;  // pages
  sim::random_stream meddles;
};

// A page without a length that is cut off in order cannot be told from a whole one, unless TLS
// tells. So that is asked of the server itself.
std::string drawn_page(site& s, std::uint64_t& bytes) {
  const auto how = static_cast<framing_of>(s.chooses.below(3));
  bytes = s.chooses.log_uniform(1, 20'000);
  const char* const moved = s.chooses.chance(0.2) ? "/moved" : "";
  const char* const leaves = s.chooses.chance(0.2) ? "?leave" : "";
  const char* const host = !s.where.secure && how == framing_of::close ? "server" : "between";
  return fmt::format("{}://{}{}{}{}", s.where.secure ? "https" : "http", host, moved,
                     path_of(how, bytes), leaves);
}

task<> browse(site& s, unsigned pages) {
  http::options how;
  if (s.where.secure) how.tls.pins.push_back(s.where.pin);
  http::client web(how);
  for (unsigned i = 0; i < pages; ++i) {
    std::uint64_t bytes = 0;
    const std::string url = drawn_page(s, bytes);
    co_await read_page(web, url, bytes);
  }
}

task<> browser(site& s, stage& on, unsigned pages, unsigned& done) {
  callback<task<>()> session([&s, pages]() -> task<> { co_await browse(s, pages); });
  co_await until_it_works(*s.net, on, std::move(session));
  ++done;
}

struct in_between {
  site* s;

  task<> operator()(tcp::stream client) const {
    meddling how;
    const sim::fault_plan& faults = s->net->faults();
    const bool goes_wrong = !faults.on.empty() && s->net->now() < faults.lasts;
    if (goes_wrong && s->meddles.chance(0.5)) {
      // Of TLS the first 800 bytes or so are its handshake, which other scenarios cut.
      how.most_back = s->meddles.log_uniform(s->where.secure ? 500 : 1, 10'000);
      how.resets = s->meddles.below(2) == 0;
    }
    overheard heard;
    co_await meddle(std::move(client), s->where.at, how, heard);
  }
};

void play_pages(sim::world& net, unsigned size, bool secure) {
  auto& server = net.add("server");
  auto& between = net.add("between");
  auto& client = net.add("client");
  site s{&net,
         {secure ? "server:443" : "server:80", secure},
         net.random("pages"),
         net.random("meddling")};
  unsigned done = 0;
  stage on(net);
  on.start(server, [&s]() -> task<> { co_await s.where.serve(serve_pages); });
  on.start(between, [&s]() -> task<> {
    auto serving = tcp::serve(s.where.secure ? ":443" : ":80", in_between{&s}, quiet());
    co_await std::move(serving);
  });
  for (unsigned i = 0; i < size; ++i) {
    const auto pages = static_cast<unsigned>(1 + s.chooses.below(4));
    on.start(client, [&s, &on, pages, &done]() -> task<> { co_await browser(s, on, pages, done); });
  }
  on.drive([&] { return done == size; });
  if (on.is_cut()) return;
  server.signal(15);
  between.signal(15);
  on.drive([&] { return !server.running() && !between.running(); });
}

}  // namespace

void pages(sim::world& net, unsigned size) { play_pages(net, size, false); }
void pages_tls(sim::world& net, unsigned size) { play_pages(net, size, true); }

}  // namespace scenario
