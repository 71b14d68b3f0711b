// SPDX-License-Identifier: MIT
//
// `bight connect`: talk by hand, both ways.

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

#include <bight/deadline.hpp>
#include <bight/udp.hpp>

#include <fmt/core.h>

#include <memory>
#include <optional>
#include <string_view>

namespace tool {

using namespace bight;

namespace {

/// How often --retry knocks.
constexpr duration retry_pause = 500ms;

struct connect_flags {
  common_flags common;
  tls_flags tls;
  std::string to;
  bool crlf = false;
  bool hex = false;
  bool retry = false;
};

// Whether trying again may help: nobody is there yet, or the way there is broken.
bool may_come_up(const error& e) {
  const exit_code code = exit_code_of(e);
  return code == exit_code::refused || code == exit_code::timed_out || e.is(errc::name_unavailable);
}

/// What --retry has come to.
struct attempts_made {
  int count = 0;
  std::optional<error> last;
};

// Connects; with --retry for as long as it takes. `made` is borrowed until the end.
task<stream> connect_stream(const connect_flags& f, const target& to, attempts_made& made) {
  const dial_options options{f.common.family(), f.common.timeout, f.tls.options_for(to)};
  for (bool told = false;; told = true) {
    auto dialling = attempt(dial(to, options, f.common.voice));
    auto connected = co_await std::move(dialling);
    if (connected) co_return std::move(*connected);
    // What the deadline has cut off says less than the failure before it.
    if (!connected.error().is(errc::cancelled)) {
      ++made.count;
      made.last = connected.error();
    }
    if (!f.retry || !may_come_up(connected.error())) throw error(connected.error());
    if (!told)
      f.common.voice.note(fmt::format("{}; retrying (Ctrl-C stops)", connected.error().what()));
    co_await sleep(retry_pause);
  }
}

// The last failure, and how often it was tried.
error gave_up(const attempts_made& made, duration after) {
  const std::string_view whole = made.last->what();
  const std::string_view tried = made.last->tried();
  const std::string_view reason = whole.substr(tried.empty() ? 0 : tried.size() + 2);
  return error(made.last->code(), tried, 0,
               fmt::format("{}; gave up after {} attempt{} in {}", reason, made.count,
                           made.count == 1 ? "" : "s", shown_duration(after)));
}

task<stream> connect_in_time(const connect_flags& f, const target& to) {
  attempts_made made;
  auto connecting = connect_stream(f, to, made);
  if (!f.retry || !f.common.timeout) co_return co_await std::move(connecting);
  auto limited = attempt(within(*f.common.timeout, std::move(connecting)));
  auto outcome = co_await std::move(limited);
  if (outcome) co_return std::move(*outcome);
  if (outcome.error().is(errc::timed_out) && made.last) throw gave_up(made, *f.common.timeout);
  throw error(outcome.error());
}

task<udp::socket> connect_socket(const connect_flags& f, const target& to) {
  const std::vector<address> addresses = co_await datagram_addresses(to, f.common.family());
  co_return co_await udp::connect(addresses.front());
}

task<int> connect(const connect_flags& f) {
  const target to = parse_target(f.to, f.common.assumed());
  manner how;
  how.hex = f.hex;
  how.crlf = f.crlf;
  how.timeout = f.common.timeout;
  message_source::input from;
  from.hex = f.hex;
  if (to.proto == protocol::udp) from.max = datagram_max;
  // A conversation is a log: all of it is kept, whatever its end.
  auto opening = output::open(f.common.output, {.append = true});
  output out = co_await std::move(opening);
  const char* keys = is_terminal(0) ? " Ctrl-D closes the sending side, Ctrl-C quits." : "";
  if (to.proto == protocol::udp) {
    f.tls.refuse_without_tls();
    auto connecting = watched(connect_socket(f, to), f.common.voice, waiting_for(shown(to.str())));
    udp::socket peer = co_await std::move(connecting);
    f.common.voice.note(
        fmt::format("Sending datagrams to {}.{}", url_of(protocol::udp, peer.remote()), keys));
    auto source = co_await message_source::from_input(std::move(from));
    std::uint64_t heard = 0;
    co_await converse(peer, *source, out, how, f.common.voice, heard);
  } else {
    auto connecting = watched(connect_in_time(f, to), f.common.voice, waiting_for(shown(to.str())));
    stream peer = co_await std::move(connecting);
    const address remote = peer.remote();
    f.common.voice.note(
        fmt::format("Connected to {}.{}", url_of(to.proto, to.is_local() ? to.at : remote), keys));
    auto source = co_await message_source::from_input(std::move(from));
    co_await converse(peer, *source, out, how, f.common.voice);
  }
  out.finish();
  co_return 0;
}

}  // namespace

void add_connect(CLI::App& root, action& chosen) {
  auto f = std::make_shared<connect_flags>();
  CLI::App* sub = add_command(root, "connect", "open an interactive connection");
  set_examples(*sub,
               "  bight connect :9999                 type messages, read replies\n"
               "  bight connect --crlf host:25        end lines with CR LF, as SMTP requires\n"
               "  bight connect tls://example.org:443 over TLS\n"
               "  bight connect --retry unix:/run/x.sock\n");
  add_text(*sub, "ADDRESS", f->to, "", "[tls://]host:port, :port, unix:/path")->required();
  auto* crlf = sub->add_flag("--crlf", f->crlf, "send line ends as CR LF");
  auto* hex = sub->add_flag("--hex", f->hex, "type and print hexadecimal, a line at a time");
  crlf->excludes(hex)->option_text(" ");
  hex->option_text(" ");
  sub->add_flag("--retry", f->retry, "retry until the server accepts the connection");
  add_client(*sub, f->common, "inactivity timeout");
  add_network(*sub, f->common);
  add_tls_client(*sub, f->tls);
  add_voice(*sub, f->common);
  sub->footer(
      "At the end of standard input, bight closes its sending side and reads until the\n"
      "peer closes. On a terminal, control characters from the peer are printed as\n"
      "\\xNN. -o appends to FILE as data arrives. With --retry, -t limits how long bight\n"
      "tries to connect.");
  sub->callback([f, &chosen] {
    chosen.voice = &f->common.voice;
    chosen.run = [f] { return run_client(connect(*f), f->common.voice); };
  });
}

}  // namespace tool
