// SPDX-License-Identifier: MIT
//
// `bight serve`: one of five simple servers, on any number of addresses.

#include "announce.hpp"
#include "exit_codes.hpp"
#include "file_server.hpp"
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
  duration idle = *serve_options().idle;  // zero: none
  duration drain = serve_options().grace;
  std::optional<duration> handshake;
  std::uint64_t threads = 1;
  bool once = false;
  bool open_to_all = false;
  std::int64_t ready_fd = -1;
  std::shared_ptr<ready_descriptor> ready;
  std::shared_ptr<const folder> files;
};

// Whether this machine has ::1. Some containers have none; ":9999" then means 127.0.0.1 only.
task<bool> has_ip6_loopback() {
  auto opened = co_await attempt(tcp::listen("[::1]:0"));
  co_return opened.has_value();
}

// The addresses to listen on for `wanted`.
task<std::vector<address>> addresses_of(const target& wanted, const serve_flags& f) {
  const auto family = f.common.family();
  std::vector<address> at;
  if (wanted.address.kind() == bight::address_kind::any) {
    const bool loopback = !f.open_to_all;
    bool ip6 = family != address_family::ip4;
    if (ip6 && !family) ip6 = co_await has_ip6_loopback();
    if (!loopback && !family) {
      at.push_back(wanted.address);  // the library's ":9999": every address, both families
      co_return at;
    }
    const address ip4_any(loopback ? "127.0.0.1:1" : "0.0.0.0:1");
    const address ip6_any(loopback ? "[::1]:1" : "[::]:1");
    if (family != address_family::ip6) at.push_back(ip4_any.with_port(wanted.address.port()));
    if (ip6) at.push_back(ip6_any.with_port(wanted.address.port()));
  } else if (wanted.address.is_name() && !family) {
    at = co_await resolve(wanted.address);
  } else if (wanted.address.is_name()) {
    at = co_await resolve(wanted.address, *family);
  } else {
    at.push_back(wanted.address);
  }
  co_return at;
}

// Whether an address includes all addresses of both families.
bool serves_both(const std::vector<address>& at) {
  return std::any_of(at.begin(), at.end(),
                     [](const address& a) { return a.kind() == bight::address_kind::any; });
}

serve_options options_of(const serve_flags& f, const handler_settings& shared, event& drain,
                         announcer& announce, protocol proto) {
  const console& log = f.common.log;
  serve_options o;
  o.max_connections = f.once ? 1 : static_cast<std::size_t>(f.max_conns);
  if (f.idle > duration::zero())
    o.idle = f.idle;
  else
    o.idle.reset();
  o.grace = f.drain;
  o.threads = static_cast<unsigned>(f.threads);
  o.drain = &drain;
  o.on_listening = [&announce, proto](const address& at) { announce.listening(proto, at); };
  o.on_error = [&shared](const address& peer, const error& e) { report_failure(shared, peer, e); };
  o.on_drain = [&log, grace = f.drain](std::size_t sessions) {
    log.event("drain", {{"sessions", static_cast<std::int64_t>(sessions)}});
    if (sessions > 0)
      log.note(fmt::format(
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
  how.on_reload = [&log = f.common.log](const error* wrong) {
    if (wrong == nullptr)
      log.note("Certificate reloaded.");
    else
      log.warn(fmt::format("{}; keeping the old certificate", wrong->what()));
  };
  return how;
}

// Tasks that run while serving.
struct background {
  // Stores the signal that began the drain. The server itself drains.
  static task<> note_signal(int& into) { into = co_await next_signal(); }
  // SIGHUP drains, unless it reloads certificates or is ignored (nohup).
  static task<> drain_at_hangup(event& drain) {
    for (;;) {
      co_await next_hangup();
      drain.set();
    }
  }
  static task<> sum_up(error_digest& failures) {
    const context& clock = co_await current_context();
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

// Serves, and returns the signal that ended it; 0 for none.
task<int> serve_until_signal(task<> serving, error_digest& failures, event* drain_at_hangup) {
  int caught = 0;
  scope all(co_await current_context());
  all.spawn(background::note_signal(caught));
  all.spawn(background::sum_up(failures));
  if (drain_at_hangup != nullptr) all.spawn(background::drain_at_hangup(*drain_at_hangup));
  all.spawn(background::run(std::move(serving), all));
  co_await all.join();
  failures.summarise((co_await current_context()).now());
  co_return caught;
}

task<int> serve(const serve_flags& f) {
  const console& log = f.common.log;
  log.report_dropped();
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
  if (secure.empty()) f.tls.refuse_without_tls(f.handshake ? "--handshake" : nullptr);
  handler_settings shared;
  shared.kind = parse_handler(f.handler);
  shared.text = f.text;
  std::optional<listings> pages;
  std::optional<media_types> types;
  std::optional<file_site> site;
  if (f.files != nullptr) {
    pages.emplace(*f.files);
    types.emplace();  // now, while descriptors are available
    site.emplace(file_site{*f.files, *pages, *types, log});
    shared.files = [&site](http::exchange& x) -> task<> { co_await answer_file(*site, x); };
    shared.web = file_server_options(log);
  }
  loop_guard loops;
  shared.loops = &loops;
  shared.delay = f.delay;
  shared.log = &log;
  error_digest failures([&log](const address& peer, const error& e, std::uint64_t more,
                               duration in) { report_failures(log, peer, e, more, in); });
  shared.failures = &failures;
  event drain;
  if (f.once) shared.finished = &drain;
  announcer announce(log, f.ready.get(), f.files.get(),
                     plain.size() + secure.size() + datagrams.size(),
                     serves_both(plain) || serves_both(secure));
  std::vector<task<>> servers;
  if (!plain.empty()) {
    serve_options options = options_of(f, shared, drain, announce, protocol::tcp);
    stream_handler handler{&shared};
    servers.push_back(tcp::serve(std::move(plain), handler, std::move(options)));
  }
  if (!secure.empty()) {
    tls::serve_options how = tls_options_of(f, announce);
    how.server = options_of(f, shared, drain, announce, protocol::tls);
    stream_handler handler{&shared};
    servers.push_back(tls::serve(std::move(secure), handler, std::move(how)));
  }
  if (!datagrams.empty()) {
    serve_options options = options_of(f, shared, drain, announce, protocol::udp);
    datagram_handler handler{&shared};
    servers.push_back(udp::serve(std::move(datagrams), handler, std::move(options)));
  }
  const bool reloads = !f.tls.certificate.empty();  // at SIGHUP, as tls::serve does
  event* const at_hangup = reloads || hangup_is_ignored() ? nullptr : &drain;
  const int caught = co_await serve_until_signal(all(std::move(servers)), failures, at_hangup);
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
    if ((f.common.only_ip4 && wanted.address.kind() == bight::address_kind::ip6) ||
        (f.common.only_ip6 && wanted.address.kind() == bight::address_kind::ip4))
      throw usage_error(fmt::format("-l {0}: not an IPv{1} address, but -{1} is given",
                                    wanted.address.str(), static_cast<int>(*f.common.family())));
  }
  if (f.ready_fd >= 0) f.ready = ready_descriptor::take(static_cast<int>(f.ready_fd));
}

}  // namespace

void add_serve(CLI::App& root, action& chosen) {
  auto f = std::make_shared<serve_flags>();
  f->common.log.events_to_stdout = true;
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
  add_output_flags(*sub, f->common);
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
    chosen.log = &f->common.log;
    chosen.run = [f] { return run_command(serve(*f), f->common.log); };
  });
}

}  // namespace tool
