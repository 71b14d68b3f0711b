// SPDX-License-Identifier: MIT
//
// `bight send`: sends each message, prints the reply, ends.

#include "conversation.hpp"
#include "exit_codes.hpp"
#include "flags.hpp"
#include "live_line.hpp"
#include "open_connection.hpp"
#include "output.hpp"
#include "run_command.hpp"
#include "target.hpp"
#include "terminal.hpp"
#include "text.hpp"
#include "tls_flags.hpp"
#include "units.hpp"

#include <bight/udp.hpp>

#include <fmt/core.h>

#include <memory>

namespace tool {

using namespace bight;

namespace {

/// Data received within this time after connecting is a greeting.
constexpr duration greeting_wait = 100ms;

struct send_flags {
  common_flags common;
  tls_flags tls;
  std::string to;
  std::vector<std::string> messages;
  std::string framing = "chunk";
  std::optional<duration> wait;
  std::uint64_t count = 1;
  bool hex = false;
  std::string file;
};

task<std::unique_ptr<message_source>> open_source(const send_flags& f, bool udp) {
  std::unique_ptr<message_source> source;
  if (!f.messages.empty()) {
    source = std::make_unique<message_source>(f.messages, f.count);
  } else {
    message_source::input from;
    from.file = f.file;
    from.lines = f.framing != "chunk";
    from.hex = f.hex;
    if (udp) from.max = datagram_max;
    source = co_await message_source::from_input(std::move(from));
  }
  co_return source;
}

// The status line until the first reply. Not shown if the messages are typed on the terminal.
live_line silence_of(const send_flags& f, const std::string& peer, const output& out) {
  return
      [waiting = waiting_for(shown(peer)), &out,
       typed = f.messages.empty() && f.file.empty() && is_terminal(0)](time_point now, int width) {
        return typed || out.written() > 0 ? std::string() : waiting(now, width);
      };
}

// Tries the addresses in order while each refuses. Then nothing was lost, and messages from
// arguments can be sent again.
task<> send_datagrams(const send_flags& f, const target& to, const conversation_options& how,
                      output& out) {
  const std::vector<address> addresses = co_await with_live_line(
      datagram_addresses(to, f.common.family()), f.common.log, waiting_for(shown(to.str())));
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const bool last = i + 1 == addresses.size();
    auto peer = co_await udp::connect(addresses[i]);
    f.common.log.detail("Sending to " + url_of(protocol::udp, peer.remote()));
    auto source = co_await open_source(f, true);
    std::uint64_t received = 0;
    auto talk = with_live_line(converse(peer, *source, out, how, f.common.log, received),
                               f.common.log, silence_of(f, to.str(), out));
    auto outcome = co_await attempt(std::move(talk));
    if (!outcome) {
      const bool again = outcome.error().is(errc::refused) && received == 0 && source->is_fixed();
      if (!last && again) continue;
      throw error(outcome.error());
    }
    if (received == 0)
      f.common.log.note(fmt::format("No reply from {} within {}. UDP does not guarantee delivery.",
                                    url_of(protocol::udp, addresses[i]),
                                    shown_duration(how.wait.value_or(1s))));
    co_return;
  }
}

task<> send_messages(const send_flags& f, const target& to, connection_options options,
                     const conversation_options& how, output& out) {
  stream peer = co_await with_live_line(open_connection(to, std::move(options), f.common.log),
                                        f.common.log, waiting_for(shown(to.str())));
  auto source = co_await open_source(f, false);
  co_await with_live_line(converse(peer, *source, out, how, f.common.log), f.common.log,
                          silence_of(f, to.str(), out));
}

task<int> send(const send_flags& f) {
  const target to = parse_target(f.to, f.common.assumed());
  const bool udp = to.proto == protocol::udp;
  tls::connect_options secure = f.tls.options_for(to);
  if (udp && f.framing == "len")
    throw usage_error("--framing len: not needed with UDP; each message is one datagram");
  conversation_options how;
  // A datagram is a message; a line in it needs no newline.
  how.format = udp ? message_format::chunk : parse_message_format(f.framing);
  how.hex = f.hex;
  how.as_lines = !f.messages.empty() || f.framing != "chunk";
  how.greeting = greeting_wait;
  how.wait = f.wait;
  how.timeout = f.common.timeout;
  output out = co_await output::open(f.common.output, {});
  out.restart();
  out.note({to.str(), "", "", {}});
  try {
    if (udp) {
      co_await send_datagrams(f, to, how, out);
    } else {
      connection_options options{f.common.family(), f.common.timeout, std::move(secure)};
      co_await send_messages(f, to, std::move(options), how, out);
    }
  } catch (...) {
    const std::string kept = out.kept();
    if (!kept.empty())
      f.common.log.note(fmt::format("The replies received so far are in {}", shown(kept)));
    throw;
  }
  out.finish();
  co_return 0;
}

void check(send_flags& f) {
  if (f.hex)
    for (std::string& m : f.messages) m = from_hex(m);
  if (!f.messages.empty() && !f.file.empty())
    throw usage_error("--file and messages cannot be combined");
  if (f.count != 1 && f.messages.empty())
    throw usage_error("--count: no messages to repeat; give them as arguments");
}

}  // namespace

void add_send(CLI::App& root, action& chosen) {
  auto f = std::make_shared<send_flags>();
  CLI::App* sub = add_command(root, "send", "send messages, print the replies");
  set_examples(*sub,
               "  bight send :9999 dbb lily exit      three messages to `bight serve greet`\n"
               "  bight send -u :9999 dbb lily        the same over UDP\n"
               "  echo hello | bight send host:7      send standard input, print the reply\n"
               "  bight send --framing line :9999 a b\n"
               "  bight send tls://host:9999 hello    over TLS; --pin trusts a self-signed key\n");
  add_text(*sub, "ADDRESS", f->to, "", "[tls://]host:port, :port, unix:/path")->required();
  add_list(*sub, "MSG", f->messages, "...", "messages to send (default: standard input)");
  static const std::vector<std::string> framings{"chunk", "line", "len"};
  add_choice(*sub, "--framing", f->framing, framings, "HOW",
             "message format: chunk, line or len (see below)");
  add_time(*sub, "--wait", f->wait, "how long to read replies after the last message");
  add_count(*sub, "--count", f->count, 1, 1000000000, "send the messages N times (1)");
  sub->add_flag("--hex", f->hex, "read and print messages in hexadecimal");
  add_text(*sub, "--file", f->file, "FILE", "send the contents of FILE");
  add_client(*sub, f->common, "inactivity timeout");
  add_network(*sub, f->common);
  add_tls_client(*sub, f->tls);
  add_output_flags(*sub, f->common);
  sub->footer(
      "If the server sends a greeting within 100 ms, it is printed first. Each message\n"
      "is sent after the reply to the previous one.\n"
      "\n"
      "TCP has no message boundaries. By default (--framing chunk), a reply is what one\n"
      "receive returns, and two replies may arrive as one. If the server speaks a\n"
      "line-based protocol, use --framing line. --framing len puts a four-byte\n"
      "big-endian length before each message.\n"
      "\n"
      "After the last message (or the end of standard input), bight closes its sending\n"
      "side and reads until the peer closes. With -u, it reads until no datagram has\n"
      "arrived for one second. Replies to messages are printed one per line; replies to\n"
      "standard input are printed unchanged. To send a message that begins with -, put\n"
      "-- before it.");
  sub->callback([f, &chosen] {
    check(*f);
    chosen.log = &f->common.log;
    chosen.run = [f] { return run_client(send(*f), f->common.log); };
  });
}

}  // namespace tool
