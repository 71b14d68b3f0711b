// SPDX-License-Identifier: MIT
// The Bight side of tls_peers_test.py.
//
//   interop-tls-peer serve [KEY=VALUE…]           echoes; prints its port, then what was agreed
//   interop-tls-peer connect PORT [KEY=VALUE…]    says "hello", prints what comes back and how it
//                                                 ended; times=N does so N times
#include <bight/bight.hpp>

#include <cstdlib>
#include <map>

using namespace bight;

namespace {

using settings = std::map<std::string, std::string>;

std::vector<std::string> list(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t to = std::min(text.find(',', from), text.size());
    all.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return all;
}

void print_agreement(const stream& peer) {
  const auto a = *tls::info(peer);
  print("agreed {} alpn={} name={} peer={} resumed={}", a.protocol, a.application, a.name, a.peer,
        a.resumed);
}

task<> echo(tcp::stream peer) {
  print_agreement(peer);
  while (auto said = co_await peer.recv()) co_await peer.send(said);
  print("end");
}

task<> talk_once(address at, tls::connect_options how) {
  auto peer = co_await tls::connect(at, how);
  print_agreement(peer);
  co_await peer.send("hello\n");
  std::string came;
  while (came.size() < 6) {
    auto part = co_await peer.recv();
    if (!part) break;
    came += part.view();
  }
  print("said {}", came.substr(0, came.find('\n')));
  peer.shutdown_send();
  while (auto bytes = co_await peer.recv()) continue;
  print("end");
}

task<int> talk(address at, tls::connect_options how, int times) {
  for (int i = 0; i < times; ++i) {
    auto outcome = co_await attempt(talk_once(at, how));
    if (outcome) continue;
    const auto is = [&](errc e) { return outcome.error().is(e) ? 1 : 0; };
    print("failed truncated={} untrusted={} expired={} host={} old={} plain={} alert={}: {}",
          is(errc::tls_truncated),
          is(errc::certificate_self_signed) + is(errc::certificate_unknown_authority),
          is(errc::certificate_expired), is(errc::certificate_wrong_host),
          is(errc::tls_old_protocol), is(errc::tls_not_spoken), is(errc::tls_alert),
          outcome.error().what());
    co_return 1;
  }
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  settings set;
  for (int i = 2; i < argc; ++i) {
    const std::string text = argv[i];
    const std::size_t at = text.find('=');
    if (at != std::string::npos) set[text.substr(0, at)] = text.substr(at + 1);
  }
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "serve") {
    tls::serve_options how;
    how.certificate = set["cert"];
    how.key = set["key"];
    how.client_authorities = set["client_ca"];
    how.protocols = list(set["alpn"]);
    how.on_pin = [](const std::string&) {};
    auto ready = [](const address& a) { print("{}", a.port()); };
    auto failed = [](const address&, const error& e) { print("failed {}", e.what()); };
    how.server.on_listening = ready;
    how.server.on_error = failed;
    return run(tls::serve("127.0.0.1:0", echo, how));
  }
  if (mode != "connect" || argc < 3) return 2;
  tls::connect_options how;
  how.authorities = set["ca"];
  how.name = set["name"];
  how.protocols = list(set["alpn"]);
  how.certificate = {set["cert"], set["key"]};
  how.pins = list(set["pin"]);
  how.insecure = set["insecure"] == "1";
  const int times = set.contains("times") ? std::atoi(set["times"].c_str()) : 1;
  return run(talk("127.0.0.1:" + std::string(argv[2]), how, times));
}
