// SPDX-License-Identifier: MIT
//
// `bight connect`: an interactive connection.

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

/// The pause between attempts of --retry.
constexpr duration retry_pause = 500ms;

struct connect_flags {
  common_flags common;
  tls_flags tls;
  std::string to;
  bool crlf = false;
  bool hex = false;
  bool retry = false;
};

// Whether a later attempt may succeed: the server is not running yet, or the network is down.
bool may_come_up(const error& e) {
  const exit_code code = exit_code_of(e);
  return code == exit_code::refused || code == exit_code::timed_out || e.is(errc::name_unavailable);
}

/// The attempts of --retry.
struct attempts_made {
  int count = 0;
  std::optional<error> last;
};

// Connects; with --retry, until it succeeds. `made` is borrowed until the end.
task<stream> connect_stream(const connect_flags& f, const target& to, attempts_made& made) {
  const connection_options options{f.common.family(), f.common.timeout, f.tls.options_for(to)};
  for (bool reported = false;; reported = true) {
    auto connected = co_await attempt(open_connection(to, options, f.common.log));
    if (connected) co_return std::move(*connected);
    // An attempt that the deadline cancelled has no useful error; keep the previous one.
    if (!connected.error().is(errc::cancelled)) {
      ++made.count;
      made.last = connected.error();
    }
    if (!f.retry || !may_come_up(connected.error())) throw error(connected.error());
    if (!reported)
      f.common.log.note(fmt::format("{}; retrying (Ctrl-C stops)", connected.error().what()));
    co_await sleep(retry_pause);
  }
}

// The last failure, with the number of attempts.
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
  if (!f.retry || !f.common.timeout) co_return co_await connect_stream(f, to, made);
  auto outcome = co_await attempt(within(*f.common.timeout, connect_stream(f, to, made)));
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
  conversation_options how;
  how.hex = f.hex;
  how.crlf = f.crlf;
  how.timeout = f.common.timeout;
  message_source::input from;
  from.hex = f.hex;
  if (to.proto == protocol::udp) from.max = datagram_max;
  // The output is appended directly: it is kept, however the connection ends.
  output out = co_await output::open(f.common.output, {.append = true});
  const char* keys = is_terminal(0) ? " Ctrl-D closes the sending side, Ctrl-C quits." : "";
  if (to.proto == protocol::udp) {
    f.tls.refuse_without_tls();
    udp::socket peer =
        co_await with_live_line(connect_socket(f, to), f.common.log, waiting_for(shown(to.str())));
    f.common.log.note(
        fmt::format("Sending datagrams to {}.{}", url_of(protocol::udp, peer.remote()), keys));
    auto source = co_await message_source::from_input(std::move(from));
    std::uint64_t received = 0;
    co_await converse(peer, *source, out, how, f.common.log, received);
  } else {
    stream peer =
        co_await with_live_line(connect_in_time(f, to), f.common.log, waiting_for(shown(to.str())));
    const address remote = peer.remote();
    f.common.log.note(fmt::format("Connected to {}.{}",
                                  url_of(to.proto, to.is_unix() ? to.address : remote), keys));
    auto source = co_await message_source::from_input(std::move(from));
    co_await converse(peer, *source, out, how, f.common.log);
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
  add_output_flags(*sub, f->common);
  sub->footer(
      "At the end of standard input, bight closes its sending side and reads until the\n"
      "peer closes. On a terminal, control characters from the peer are printed as\n"
      "\\xNN. -o appends to FILE as data arrives. With --retry, -t limits how long bight\n"
      "tries to connect.");
  sub->callback([f, &chosen] {
    chosen.log = &f->common.log;
    chosen.run = [f] { return run_client(connect(*f), f->common.log); };
  });
}

}  // namespace tool
