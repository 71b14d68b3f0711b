// SPDX-License-Identifier: MIT
//
// `bight serve`: one of a few simple servers, on any number of addresses.

#include "announce.hpp"
#include "exit_codes.hpp"
#include "flags.hpp"
#include "handlers.hpp"
#include "run_command.hpp"
#include "target.hpp"
#include "terminal.hpp"
#include "tls_flags.hpp"
#include "units.hpp"

#include <bight/deadline.hpp>
#include <bight/error_digest.hpp>
#include <bight/resolve.hpp>
#include <bight/scope.hpp>
#include <bight/stdio.hpp>
#include <bight/tcp.hpp>
#include <bight/tls.hpp>
#include <bight/udp.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <memory>

namespace tool {

using namespace bight;

namespace {

struct serve_flags {
  common_flags common;
  tls_flags tls;
  std::string handler;
  std::string text;
  std::vector<std::string> words;
  std::vector<std::string> listen;
  duration delay{};
  std::uint64_t max_conns = serve_options().max_connections;
  duration idle = serve_options().idle;
  duration drain = serve_options().grace;
  std::optional<duration> handshake;
  std::uint64_t threads = 1;
  bool once = false;
  bool open_to_all = false;
  std::int64_t ready_fd = -1;
  std::shared_ptr<ready_file> ready;
  std::shared_ptr<const folder> files;
};

// Whether this machine has IPv6 on its loopback: some containers have none, and ":9999" is fine
// there without it.
task<bool> has_ip6_loopback() {
  auto opened = co_await attempt(tcp::listen("[::1]:0"));
  co_return opened.has_value();
}

// What `wanted` means as addresses to listen on.
task<std::vector<address>> addresses_of(const target& wanted, const serve_flags& f) {
  const int family = f.common.family();
  std::vector<address> at;
  if (wanted.at.what() == address::kind::any) {
    const bool loopback = !f.open_to_all;
    bool ip6 = family != 4;
    if (ip6 && family == 0) ip6 = co_await has_ip6_loopback();
    if (!loopback && family == 0) {
      at.push_back(wanted.at);  // the library's ":9999": every address, both families
      co_return at;
    }
    const address ip4_any(loopback ? "127.0.0.1:1" : "0.0.0.0:1");
    const address ip6_any(loopback ? "[::1]:1" : "[::]:1");
    if (family != 6) at.push_back(ip4_any.with_port(wanted.at.port()));
    if (ip6) at.push_back(ip6_any.with_port(wanted.at.port()));
  } else if (wanted.at.is_name() && family == 0) {
    at = co_await resolve(wanted.at);
  } else if (wanted.at.is_name()) {
    at = co_await resolve(wanted.at, family);
  } else {
    at.push_back(wanted.at);
  }
  co_return at;
}

// Whether an address stands for all of both families.
bool serves_both(const std::vector<address>& at) {
  return std::any_of(at.begin(), at.end(),
                     [](const address& a) { return a.what() == address::kind::any; });
}

serve_options options_of(const serve_flags& f, const handling& shared, event& drain,
                         announcer& announce, protocol proto) {
  const console& voice = f.common.voice;
  serve_options o;
  o.max_connections = f.once ? 1 : static_cast<std::size_t>(f.max_conns);
  o.idle = f.idle;
  o.grace = f.drain;
  o.threads = static_cast<unsigned>(f.threads);
  o.drain = &drain;
  o.on_listening = [&announce, proto](const address& at) { announce.listening(proto, at); };
  o.on_error = [&shared](const address& peer, const error& e) { tell_failure(shared, peer, e); };
  o.on_drain = [&voice, grace = f.drain](std::size_t sessions) {
    voice.event("drain", {{"sessions", static_cast<std::int64_t>(sessions)}});
    if (sessions > 0)
      voice.note(fmt::format(
          "Shutting down: waiting up to {} for {} connection{}. Ctrl-C again closes {} now.",
          shown_duration(grace), sessions, sessions == 1 ? "" : "s",
          sessions == 1 ? "it" : "them"));
  };
  return o;
}

tls::serve_options tls_options_of(const serve_flags& f, announcer& announce) {
  tls::serve_options how = f.tls.serve_options();
  if (f.handshake) how.handshake = *f.handshake;
  if (f.files != nullptr) how.protocols.push_back("http/1.1");
  how.on_pin = [&announce](const std::string& pin) { announce.made_certificate(pin); };
  how.on_reload = [&voice = f.common.voice](const error* wrong) {
    if (wrong == nullptr)
      voice.note("Certificate reloaded.");
    else
      voice.warn(fmt::format("{}; keeping the old certificate", wrong->what()));
  };
  return how;
}

// What goes on beside serving.
struct beside {
  // Remembers which signal began the drain; serving itself sees to the drain.
  static task<> note_signal(int& into) { into = co_await next_signal(); }
  // The terminal has gone: a drain, unless SIGHUP reads certificates again, or is ignored (nohup).
  static task<> drain_at_hangup(event& drain) {
    for (;;) {
      co_await next_hangup();
      drain.set();
    }
  }
  static task<> sum_up(error_digest& failures) {
    const scheduler& clock = (co_await current_context()).sched();
    for (;;) {
      co_await sleep(error_digest::window);
      failures.summarise(clock.now());
    }
  }
  static task<> run(task<> serving, scope& all) {
    co_await std::move(serving);
    all.stop();
  }
};

// Serves, and gives the signal that ended it; 0 for none.
task<int> serve_until_signal(task<> serving, error_digest& failures, event* drain_at_hangup) {
  int caught = 0;
  scope all(co_await current_context());
  all.spawn(beside::note_signal(caught));
  all.spawn(beside::sum_up(failures));
  if (drain_at_hangup != nullptr) all.spawn(beside::drain_at_hangup(*drain_at_hangup));
  all.spawn(beside::run(std::move(serving), all));
  auto joined = all.join();
  co_await std::move(joined);
  failures.summarise((co_await current_context()).sched().now());
  co_return caught;
}

task<int> serve(const serve_flags& f) {
  const console& voice = f.common.voice;
  voice.count_dropped();
  std::vector<std::string> listen = f.listen;
  if (listen.empty()) listen.push_back(fmt::format(":{}", default_port));
  std::vector<address> plain;
  std::vector<address> secure;
  std::vector<address> datagrams;
  for (const std::string& text : listen) {
    const target wanted = parse_target(text, f.common.assumed());
    const std::vector<address> found = co_await addresses_of(wanted, f);
    std::vector<address>& list = wanted.proto == protocol::udp   ? datagrams
                                 : wanted.proto == protocol::tls ? secure
                                                                 : plain;
    list.insert(list.end(), found.begin(), found.end());
  }
  if (secure.empty()) f.tls.refuse_without_tls();
  handling shared;
  shared.kind = parse_handler(f.handler);
  shared.text = f.text;
  std::optional<listings> pages;
  std::optional<media_types> types;
  if (f.files != nullptr) {
    pages.emplace(*f.files);
    types.emplace();  // now, while there are descriptors
  }
  shared.files = f.files.get();
  shared.types = types ? &*types : nullptr;
  shared.pages = pages ? &*pages : nullptr;
  loop_guard loops;
  shared.loops = &loops;
  shared.delay = f.delay;
  shared.voice = &voice;
  error_digest failures([&voice](const address& peer, const error& e, std::uint64_t more,
                                 duration in) { tell_failures(voice, peer, e, more, in); });
  shared.failures = &failures;
  event drain;
  if (f.once) shared.finished = &drain;
  announcer announce(voice, f.ready.get(), f.files.get(),
                     plain.size() + secure.size() + datagrams.size(),
                     serves_both(plain) || serves_both(secure));
  std::vector<task<>> servers;
  if (!plain.empty()) {
    serve_options options = options_of(f, shared, drain, announce, protocol::tcp);
    stream_handler handler{&shared};
    servers.push_back(tcp::serve(std::move(plain), handler, std::move(options)));
  }
  if (!secure.empty()) {
    serve_options options = options_of(f, shared, drain, announce, protocol::tls);
    tls::serve_options how = tls_options_of(f, announce);
    stream_handler handler{&shared};
    servers.push_back(tls::serve(std::move(secure), handler, std::move(how), std::move(options)));
  }
  if (!datagrams.empty()) {
    serve_options options = options_of(f, shared, drain, announce, protocol::udp);
    datagram_handler handler{&shared};
    servers.push_back(udp::serve(std::move(datagrams), handler, std::move(options)));
  }
  const bool reloads = !f.tls.certificate.empty();  // at SIGHUP, as tls::serve does
  event* const at_hangup = reloads || hangup_is_ignored() ? nullptr : &drain;
  auto serving = serve_until_signal(all(std::move(servers)), failures, at_hangup);
  const int caught = co_await std::move(serving);
  co_return static_cast<int>(caught == SIGINT ? exit_code::interrupted : exit_code::ok);
}

void check(serve_flags& f) {
  const bool is_text = f.handler == "text";
  if (f.handler == "files") {
    if (f.words.empty())
      throw usage_error("serve files: no folder given; for example: bight serve files .");
    if (f.words.size() > 1)
      throw usage_error("serve files: more than one folder given; -l :8080 sets the port");
    if (f.common.udp) throw usage_error("serve files: files are served over TCP; remove -u");
    f.files = std::make_shared<const folder>(f.words.front());
    f.words.clear();
  }
  if (!is_text && (!f.words.empty() || !f.text.empty()))
    throw usage_error(
        fmt::format("serve {}: unexpected text; only serve text takes one", f.handler));
  if (is_text && !f.words.empty() && !f.text.empty())
    throw usage_error("serve text: the text is given twice, as an argument and with --text");
  for (const std::string& word : f.words) f.text += (f.text.empty() ? "" : " ") + word;
  if (is_text && f.text.empty())
    throw usage_error("serve text: no text given; for example: bight serve text \"Back at noon\"");
  if (f.once && f.threads > 1) throw usage_error("--once and --threads cannot be combined");
  for (const std::string& text : f.listen) {
    const target wanted = parse_target(text, f.common.assumed());
    if (f.files != nullptr && wanted.proto == protocol::udp)
      throw usage_error(fmt::format("-l {}: serve files needs TCP or TLS", wanted.str()));
    if ((f.common.only_ip4 && wanted.at.what() == address::kind::ip6) ||
        (f.common.only_ip6 && wanted.at.what() == address::kind::ip4))
      throw usage_error(fmt::format("-l {}: not an IPv{} address, but -{} is given",
                                    wanted.at.str(), f.common.family(), f.common.family()));
  }
  if (f.ready_fd >= 0) f.ready = ready_file::take(static_cast<int>(f.ready_fd));
}

}  // namespace

void add_serve(CLI::App& root, action& chosen) {
  auto f = std::make_shared<serve_flags>();
  f->common.voice.events_to_stdout = true;
  CLI::App* sub = add_command(root, "serve", "run a greet, echo, discard, text or files server");
  set_examples(
      *sub,
      "  bight serve greet --delay 1s        \"Welcome\", then \"Hello, X\" until \"exit\"\n"
      "  bight serve echo -u                 send each datagram back\n"
      "  bight serve text \"Back at noon\" -l 0.0.0.0:8080\n"
      "  bight serve files DIR --public      share the files in DIR on the network\n"
      "  bight serve files DIR --tls         over HTTPS; prints the command for clients\n"
      "  bight serve echo --tls --cert cert.pem --key key.pem\n"
      "  bight serve discard -l unix:/tmp/s  read everything, send nothing\n");
  add_choice(*sub, "HANDLER", f->handler, handler_names(), "",
             "greet, echo, discard, text or files")
      ->required();
  add_list(*sub, "TEXT", f->words, "...", "the text (serve text) or the folder (serve files)");
  add_list(*sub, "-l,--listen", f->listen, "ADDR", "address to listen on; may be repeated (:9999)");
  add_text(*sub, "--text", f->text, "STRING", "the text of serve text");
  add_time(*sub, "--delay", f->delay, "wait before each reply");
  add_count(*sub, "--max-conns", f->max_conns, 1, 1000000,
            "limit on simultaneous connections (16384)");
  add_time(*sub, "-t,--timeout,--idle", f->idle, "inactivity timeout of connections; 0: none (5m)");
  add_time(*sub, "--drain", f->drain, "time limit for a graceful shutdown (10s)");
  add_count(*sub, "--threads", f->threads, 1, 1024,
            "number of threads, each with its own loop (1)");
  sub->add_flag("--once", f->once, "exit after the first connection");
  sub->add_flag("--public", f->open_to_all, "listen on all interfaces, not only loopback");
  add_descriptor(*sub, "--ready-fd", f->ready_fd, "write the addresses to descriptor N when ready");
  add_network(*sub, f->common);
  add_tls_server(*sub, f->tls);
  add_time(*sub, "--handshake", f->handshake, "time limit for a TLS handshake (10s)");
  add_voice(*sub, f->common);
  sub->footer(
      "By default, bight listens on 127.0.0.1:9999 and [::1]:9999. :PORT accepts\n"
      "clients on this machine only; 0.0.0.0:PORT, [::]:PORT or --public accept clients\n"
      "from the network. Port 0 chooses a free port and prints it.\n"
      "\n"
      "Ctrl-C shuts down gracefully: no new connections are accepted, existing\n"
      "connections may finish. A second Ctrl-C closes them. SIGTERM does the same, with\n"
      "exit status 0. SIGHUP reloads the files of --cert and --key; existing\n"
      "connections are kept. Without --cert, SIGHUP acts like SIGTERM.\n"
      "\n"
      "--tls and -l tls://… encrypt connections. Without --cert, bight makes a\n"
      "self-signed certificate at startup and prints its pin; clients trust it with\n"
      "--pin.\n"
      "\n"
      "With -u, datagrams from ports below 1024 are not answered. If a client only\n"
      "repeats the same datagrams, one in 256 is not answered. This stops loops between\n"
      "two servers.\n"
      "\n"
      "With --json, events are printed on standard output. Lines that are not read in\n"
      "time are dropped and counted.");
  sub->callback([f, &chosen] {
    check(*f);
    chosen.voice = &f->common.voice;
    chosen.run = [f] { return run_command(serve(*f), f->common.voice); };
  });
}

}  // namespace tool
