// SPDX-License-Identifier: MIT
//
// `bight get`: saves a page, or what a server says until it closes.

#include "dial.hpp"
#include "download.hpp"
#include "exit_codes.hpp"
#include "flags.hpp"
#include "http_request.hpp"
#include "http_response.hpp"
#include "http_url.hpp"
#include "output.hpp"
#include "session.hpp"
#include "target.hpp"
#include "text.hpp"

#include <bight/deadline.hpp>
#include <bight/error.hpp>

#include <fmt/core.h>

#include <memory>

namespace tool {

using namespace bight;

namespace {

/// A server that says nothing for so long has forgotten us.
constexpr duration silence_max = 60s;

struct get_flags {
  common_flags common;
  std::string url;
  bool header = false;
  bool head = false;
  std::vector<std::string> fields;
  std::uint64_t size_max = std::uint64_t{1} << 40;
};

bool is_redirect(const http_head& h) {
  const bool points =
      h.status == 301 || h.status == 302 || h.status == 303 || h.status == 307 || h.status == 308;
  return points && !h.get("Location").empty();
}

// Where a redirect points and what to type next.
std::string redirect_advice(const http_url& from, const http_head& h) {
  std::string to(h.get("Location"));
  if (to.starts_with("//"))
    to = "http:" + to;
  else if (to.starts_with('/'))
    to = "http://" + from.host + to;
  const std::string safe = shown(to, 500);
  std::string text = fmt::format("{} {}: it is at {} now", h.status, shown(h.reason), safe);
  if (to.starts_with("https://")) return text + ", and TLS is not in this build";
  const bool plain =
      to.starts_with("http://") && to.find_first_of("'\"`$\\;&|<>() ") == std::string::npos;
  return plain ? text + fmt::format("; type: bight get {}", safe) : text;
}

// What the status means for the exit code; 0 when the answer is what was asked for.
exit_code verdict(const get_flags& f, const http_head& h) {
  if (h.status >= 400) return exit_code::http_error;
  if (is_redirect(h) && !f.head) return exit_code::redirects;
  return exit_code::ok;
}

// The page of an error is not the file: it is shown only where -i asks for all that came.
task<> take_in(const get_flags& f, stream& peer, http_response& response, download& file) {
  const duration patience = f.common.timeout.value_or(silence_max);
  bool begun = false;
  bool wanted = false;
  while (!response.done()) {
    const lease bytes = co_await within(patience, peer.recv());
    if (bytes)
      response.feed(bytes);
    else
      response.end();
    if (!begun && response.head()) {
      begun = true;
      const http_head& h = *response.head();
      f.common.voice.event("response", {{"status", std::int64_t{h.status}},
                                        {"reason", h.reason},
                                        {"type", std::string(h.get("Content-Type"))}});
      std::string header = h.text();
      if (!f.head && !file.to_file()) header += '\n';
      if (f.header || f.head) co_await file.show(header);
      wanted = verdict(f, h) == exit_code::ok || (f.header && !file.to_file());
      if (wanted) co_await file.begin(h.length);
      if (!wanted) co_return;
    }
    const std::string body = response.take_body();
    if (wanted) co_await file.store(body);
  }
}

// Rethrows `e` with what was tried and what is kept. Ctrl-C is no error, but what is kept is news.
[[noreturn]] void explain(const get_flags& f, download& file, const error& e) {
  const std::string text = file.failed(e.is(errc::cancelled) ? "interrupted" : e.what());
  if (!e.is(errc::cancelled)) throw failure(exit_code_of(e), text);
  f.common.voice.note(text);
  throw error(e);
}

task<int> get_http(const get_flags& f) {
  const http_url url = parse_http_url(f.url);
  const std::string request = http_request(f.head ? "HEAD" : "GET", url, parse_fields(f.fields));
  output out = co_await output::open(f.common.output);
  download file(url.str(), std::move(out), f.size_max, f.common.voice);
  dial_options options{f.common.family(), f.common.timeout};
  target to;
  to.at = url.at;
  stream peer = co_await dial(to, options, f.common.voice);
  f.common.voice.detail(fmt::format("Asking {} for {}", url.host, url.target));
  http_response response(f.head);
  try {
    co_await peer.send(request);
    co_await take_in(f, peer, response, file);
  } catch (const error& e) {
    explain(f, file, e);
  } catch (const failure& e) {
    if (e.silent() || std::string_view(e.what()).starts_with("get ")) throw;
    throw failure(e.code(), file.failed(e.what()));
  }
  const http_head& h = *response.head();
  const exit_code result = verdict(f, h);
  if (result == exit_code::ok) {
    co_await file.finish();
    co_return 0;
  }
  const std::string reason = result == exit_code::redirects
                                 ? redirect_advice(url, h)
                                 : fmt::format("{} {}", h.status, shown(h.reason));
  throw failure(result, fmt::format("get {}: {}", url.str(), reason));
}

// All that a server says, until it closes.
task<int> get_stream(const get_flags& f) {
  const target to = parse_target(f.url, false);
  if (to.proto == protocol::udp)
    throw usage_error("get udp://: datagrams have no end to wait for; use bight send -u");
  if (f.header || f.head || !f.fields.empty())
    throw usage_error(fmt::format("get {}: -i, -I and -H are for http://", to.str()));
  output out = co_await output::open(f.common.output);
  download file(to.str(), std::move(out), f.size_max, f.common.voice);
  dial_options options{f.common.family(), f.common.timeout};
  stream peer = co_await dial(to, options, f.common.voice);
  const duration patience = f.common.timeout.value_or(silence_max);
  try {
    co_await file.begin({});
    for (;;) {
      const lease bytes = co_await within(patience, peer.recv());
      if (!bytes) break;
      co_await file.store(bytes);
    }
  } catch (const error& e) {
    explain(f, file, e);
  }
  if (file.received() == 0)
    throw failure(exit_code::empty_reply,
                  file.failed("the server closed without a word (empty reply)"));
  co_await file.finish();
  co_return 0;
}

BIGHT_CORO_WRAPPER task<int> get(const get_flags& f) {
  const std::string scheme = split_scheme(f.url).scheme;
  const bool raw = scheme == "tcp" || scheme == "unix" || scheme == "udp";
  return raw ? get_stream(f) : get_http(f);
}

}  // namespace

void add_get(CLI::App& root, action& chosen) {
  auto f = std::make_shared<get_flags>();
  CLI::App* sub = add_command(root, "get", "save a page or file");
  set_examples(*sub,
               "  bight get -i http://www.sina.com.cn/ -o sina.html\n"
               "  bight get -I http://localhost:8080/     only the header\n"
               "  bight get http://host/list | head -3\n"
               "  bight get tcp://host:9999 -o said       all that comes until it closes\n");
  add_text(*sub, "URL", f->url, "", "http://host[:port]/path, or tcp://host:port")->required();
  auto* header = sub->add_flag("-i,--include", f->header, "print the header too");
  auto* head = sub->add_flag("-I,--head", f->head, "ask for the header alone");
  header->excludes(head);
  header->option_text(" ");
  head->option_text(" ");
  add_list(*sub, "-H,--header", f->fields, "FIELD", "send \"Name: value\", or those in @FILE");
  add_size(*sub, "--max-size", f->size_max, "take no more than so much (1T)");
  add_client(*sub, f->common);
  head->excludes(sub->get_option("--output")->option_text("FILE"));
  add_network(*sub, f->common, false);
  add_voice(*sub, f->common);
  sub->footer(
      "The body goes to standard output unless -o names a file, which appears when all\n"
      "of it is there; until then it is FILE.part. The header of -i goes to standard\n"
      "output. A status of 400 and above ends with 22, and its page is shown only with\n"
      "-i. A redirect is told and not followed (47). A header may have 64 KiB and 256\n"
      "fields. Without -t, a minute of silence is a timeout.");
  sub->callback([f, &chosen] {
    chosen.voice = &f->common.voice;
    chosen.run = [f] { return run_client(get(*f), f->common.voice); };
  });
}

}  // namespace tool
