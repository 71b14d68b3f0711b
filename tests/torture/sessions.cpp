// SPDX-License-Identifier: MIT
#include "torture/served.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace torture {

namespace {

using namespace bight;
using namespace bight::machinery;

void drive(task<> main) {
  runner loop;
  auto limited = within(8s, std::move(main));
  struct body {
    static task<> of(within_operation<task<>> inner) { co_await std::move(inner); }
  };
  loop.run(body::of(std::move(limited)));
}

// ── TCP ─────────────────────────────────────────────────────────────────────────────────────────

task<> tcp_clients(served& s) {
  for (const std::size_t size : {10, 100'000}) {
    auto peer = co_await tcp::connect(s.at);
    co_await round_trip(peer, size);
  }
  address by_name("localhost:" + std::to_string(s.at.port()));
  auto named = co_await tcp::connect(by_name);
  co_await round_trip(named, 10);
}

task<> tcp_session() {
  served s;
  co_await serve_for(s, tcp::serve("127.0.0.1:0", echo, s.options()), tcp_clients(s));
}

// The first client may fail; the server must serve the next.
task<> next_client(served& s) {
  for (int i = 0; i < 4; ++i) {
    try {
      auto peer = co_await tcp::connect(s.at);
      co_await within(1s, round_trip(peer, 1000));
      co_return;
    } catch (const wrong_bytes&) {
      throw;
    } catch (const std::exception& e) {
      heard.append(e.what()).append("\n");
    }
  }
  throw wrong_bytes("the server serves nobody any more");
}

task<> server_session() {
  served s;
  auto clients = [](served& of) -> task<> {
    co_await next_client(of);
    co_await next_client(of);
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", echo, s.options()), clients(s));
}

// The handler fails each time, and nobody but the server itself reports that.
task<> reports_session() {
  served s;
  auto options = s.options();
  options.on_error = {};
  auto failing = [](stream peer) -> task<> {
    auto bytes = co_await peer.recv();
    co_await peer.send(bytes);
    throw std::runtime_error("a session that fails");
  };
  auto clients = [](served& of) -> task<> {
    for (int i = 0; i < 3; ++i) {
      auto peer = co_await tcp::connect(of.at);
      co_await peer.send("hello");
      auto rest = co_await attempt(recv_all(peer));
      if (rest) throw wrong_bytes("an answer that was cut looked whole");
    }
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", failing, std::move(options)), clients(s));
}

task<> threads_session() {
  served s;
  auto options = s.options();
  options.threads = 3;
  co_await serve_for(s, tcp::serve("127.0.0.1:0", echo, std::move(options)), tcp_clients(s));
}

task<> tls_clients(served& s, std::string& pin) {
  tls::connect_options how;
  how.pins.push_back(pin);
  for (int i = 0; i < 2; ++i) {
    auto peer = co_await tls::connect(s.at, how);
    co_await round_trip(peer, 20'000);
  }
}

task<> tls_session() {
  served s;
  std::string pin;
  tls::serve_options how;
  how.on_pin = [&pin](const std::string& p) { pin = p; };
  how.server = s.options();
  auto serving = tls::serve("127.0.0.1:0", echo, std::move(how));
  co_await serve_for(s, std::move(serving), tls_clients(s, pin));
}

// Sends at its end what it has to send.
class collecting final : public stream_layer {
 public:
  task<> send(stream&, std::span<piece> parts) override {
    for (const piece& p : parts) kept_.append(static_cast<const char*>(p.data), p.size);
    co_return;
  }
  task<> end(stream& below) override { co_await below.send(kept_); }

 private:
  std::string kept_;
};

task<std::size_t> layer_client(served& s) {
  auto peer = co_await tcp::connect(s.at);
  auto upper = add_layer(std::move(peer), std::make_unique<collecting>());
  co_await round_trip(upper, 2500);
  co_return 1;
}

task<> layer_session() {
  served s;
  auto clients = [&s](scope& children) -> task<> { co_await children.spawn(layer_client(s)); };
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto serving = tcp::serve(std::move(listening), echo, s.options());
  co_await serve_for(s, std::move(serving), in_scope(clients));
}

// ── UDP, names, HTTP ────────────────────────────────────────────────────────────────────────────

// Datagrams may be lost, so an answer that does not come is asked for again.
task<> udp_client(served& s) {
  auto here = co_await udp::bind("127.0.0.1:0");
  for (int i = 0; i < 20; ++i) {
    const std::string text = "datagram " + std::to_string(i);
    for (bool answered = false; !answered;) {
      co_await here.send_to(s.at, text);
      auto answer = co_await attempt(within(200ms, here.recv()));
      if (!answer && !answer.error().is(errc::timed_out)) throw error(answer.error());
      answered = answer && answer->data == text;
    }
  }
  auto there = co_await udp::connect(s.at);
  const std::string many = numbered(5000);
  co_await there.send_many(many, 1000);
  auto joined = co_await attempt(within(200ms, there.recv_many()));
  if (!joined) co_return;
  const std::size_t at = many.find(joined->data.view());
  if (at == std::string::npos || at % 1000 != 0) throw wrong_bytes("datagrams");
}

task<> udp_session() {
  served s;
  auto answer = [](udp::request asked) -> task<> { co_await asked.reply(asked.data()); };
  co_await serve_for(s, udp::serve("127.0.0.1:0", answer, s.options()), udp_client(s));
}

task<> names_session() {
  const auto both = co_await resolve("localhost:80");
  if (both.size() != 2) throw wrong_bytes("addresses are missing");
  auto four = co_await resolve("localhost:80", address_family::ip4);
  if (four.front() != address("127.0.0.1:80")) throw wrong_bytes("another address");
  auto none = co_await attempt(resolve("nothing.invalid:80"));
  if (none) throw wrong_bytes("a name that does not exist");
}

const std::string& page() {
  static const std::string text = numbered(30'000);
  return text;
}

task<> answer_http(stream peer) {
  writer out(peer);
  reader in(peer, out);
  for (;;) {
    for (;;) {
      auto line = co_await in.read_line();
      if (!line) co_return;
      if (line->empty()) break;
    }
    co_await out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7530\r\n", page());
    co_await out.write("\r\n0\r\n\r\n");
  }
}

task<> http_client(served& s) {
  http::client client;
  for (int i = 0; i < 2; ++i) {
    auto got = co_await client.get("http://" + s.at.str() + "/page");
    expect_equal(co_await got.text(), page());
  }
}

task<> http_session() {
  served s;
  co_await serve_for(s, tcp::serve("127.0.0.1:0", answer_http, s.options()), http_client(s));
}

// ── What needs no network ───────────────────────────────────────────────────────────────────────

task<> lines_session() {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto there = co_await tcp::connect(listening.local());
  auto here = co_await listening.accept();
  writer out(there);
  reader in(here);
  for (int i = 0; i < 300; ++i) co_await out.write("line ", std::to_string(i), "\n");
  co_await out.write(length_prefix(5000), numbered(5000));
  auto flushing = [](writer<stream>& w, stream& s) -> task<> {
    co_await w.flush();
    s.shutdown_send();
  };
  auto reading = [](reader<stream>& from) -> task<> {
    for (int i = 0; i < 300; ++i) {
      auto line = co_await from.read_line();
      expect_equal(line.value().view(), "line " + std::to_string(i));
    }
    auto message = co_await from.read_message();
    expect_equal(message.value().view(), numbered(5000));
  };
  co_await all(flushing(out, there), reading(in));
}

task<> scopes_session() {
  event go;
  int ended = 0;
  auto wait = [](event& e, int& count) -> task<> {
    co_await e.wait();
    ++count;
  };
  auto run = [wait, &go, &ended](scope& s) -> task<> {
    for (int i = 0; i < 10; ++i) s.spawn(wait(go, ended));
    co_await sleep(1ms);
    go.set();
  };
  co_await in_scope(run);
  if (ended != 10) throw wrong_bytes("a child is missing");
  if ((co_await race(sleep(1ms), sleep(10s))).index() != 0) throw wrong_bytes("the later won");
  auto late = co_await attempt(within(1ms, sleep(10s)));
  if (late || !late.error().is(errc::timed_out)) throw wrong_bytes("no deadline");
}

task<> stdio_session() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  struct closer {
    int (&ends)[2];
    ~closer() {
      ::close(ends[0]);
      ::close(ends[1]);
    }
  } const closes{fds};
  auto from = co_await stdio::open(fds[0]);
  auto to = co_await stdio::open(fds[1]);
  const std::string sent = numbered(100'000);
  auto write = [](stdio& s, std::string_view text) -> task<> { co_await s.send(text); };
  auto read = [](stdio& s, std::string_view text) -> task<> {
    std::string got;
    while (got.size() < text.size()) got += (co_await s.recv()).view();
    expect_equal(got, text);
  };
  co_await all(write(to, sent), read(from, sent));
}

task<> signals_session() {
  auto send = []() -> task<> {
    co_await sleep(1ms);
    ::raise(SIGINT);
  };
  auto got = co_await all(next_signal(), send());
  if (std::get<0>(got) != SIGINT) throw wrong_bytes("another signal");
}

void in_a_world() {
  sim::world net({.seed = 7});
  auto& server = net.add("server");
  auto& client = net.add("client");
  net.between(server, client) = {.latency = 20ms, .loss = 0.05};
  server.start([]() -> task<> { co_await tcp::serve(":9999", echo); });
  auto ask = []() -> task<> {
    auto peer = co_await tcp::connect("server:9999");
    co_await round_trip(peer, 20'000);
  };
  client.run(ask());
  server.signal(SIGTERM);
  net.run_for(1s);
  net.end();
}

template <task<> (*Session)()>
void on_a_loop() {
  drive(Session());
}

constexpr session all_sessions[] = {
    {"tcp", on_a_loop<tcp_session>},         {"server", on_a_loop<server_session>},
    {"threads", on_a_loop<threads_session>}, {"tls", on_a_loop<tls_session>},
    {"layer", on_a_loop<layer_session>},     {"udp", on_a_loop<udp_session>},
    {"names", on_a_loop<names_session>},     {"http", on_a_loop<http_session>},
    {"lines", on_a_loop<lines_session>},     {"scopes", on_a_loop<scopes_session>},
    {"stdio", on_a_loop<stdio_session>},     {"signals", on_a_loop<signals_session>},
    {"reports", on_a_loop<reports_session>}, {"world", in_a_world},
};

}  // namespace

std::span<const session> sessions() noexcept { return all_sessions; }

const std::string& told() noexcept { return heard; }

int outcome_of(const session& s) {
  int outcome = succeeded;
  try {
    s.run();
  } catch (const wrong_bytes& e) {
    std::fprintf(stderr, "%s\n", e.what());
    outcome = is_wrong;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    outcome = failed;
  }
  if (outcome != succeeded) std::fputs(heard.c_str(), stderr);
  return outcome;
}

}  // namespace torture
