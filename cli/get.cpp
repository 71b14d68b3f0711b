// SPDX-License-Identifier: MIT
//
// `bight get`: downloads a page, or reads from a server until it closes.

#include "advice.hpp"
#include "download.hpp"
#include "exit_codes.hpp"
#include "fetch.hpp"
#include "flags.hpp"
#include "http_arguments.hpp"
#include "live_line.hpp"
#include "open_connection.hpp"
#include "output.hpp"
#include "proxies.hpp"
#include "resume.hpp"
#include "run_command.hpp"
#include "target.hpp"
#include "terminal.hpp"
#include "text.hpp"
#include "tls_flags.hpp"
#include "units.hpp"

#include <bight/deadline.hpp>
#include <bight/error.hpp>

#include <fmt/core.h>

#include <memory>

namespace tool {

using namespace bight;

namespace {

/// The default inactivity timeout.
constexpr duration silence_max = 60s;

struct get_flags {
  common_flags common;
  tls_flags tls;
  std::string url;
  bool header = false;
  bool head = false;
  bool named = false;
  bool no_redirect = false;
  std::vector<std::string> fields;
  std::uint64_t retries = 0;
  bool no_decode = false;
  std::uint64_t rate_min = http::options().rate_min;
  download::options limits;
};

http::options options_of(const get_flags& f) {
  http::options how;
  how.user_agent = "bight/" BIGHT_VERSION;
  how.redirects_max = f.no_redirect ? 0 : how.redirects_max;
  how.rate_min = f.rate_min;
  how.decode = !f.no_decode && !http::has_coded_name(f.common.output) &&
               !http::has_coded_name(parse_url(f.url).target());
  how.connect.family = f.common.family();
  how.tls = f.tls.options();
  how.proxy_for = proxies::from_environment();
  if (f.limits.rate_max > 0) how.rate_min = std::min(how.rate_min, f.limits.rate_max / 2);
  if (f.common.timeout) {
    how.connect.timeout = how.tls.timeout = *f.common.timeout;
    how.timeouts = {*f.common.timeout, *f.common.timeout, *f.common.timeout, *f.common.timeout};
  }
  return how;
}

// On a terminal the page is saved to a file; into a pipe or a file it is written to standard
// output.
bool wants_name(const get_flags& f) {
  return f.named || (f.common.output.empty() && !f.head && is_terminal(1));
}

task<int> get_http(const get_flags& f) {
  if (f.head && !f.common.output.empty() && f.common.output != "-")
    throw usage_error("get: -I prints the header and saves no file; remove -o, or write > FILE");
  const bool named = wants_name(f);
  fetch_options options{parse_url(f.url), options_of(f), f.common.output, named,
                        f.header,         f.retries,     f.limits};
  options.request.head = f.head;
  options.request.fields = parse_header_fields(f.fields);
  if (named) options.output = file_name_of(options.request.to);
  co_await fetch(options, f.common.log);
  co_return 0;
}

// Reads until the server closes. The arguments are borrowed.
task<> receive_all(const get_flags& f, const target& to, connection_options options,
                   download& file) {
  stream peer = co_await open_connection(to, std::move(options), f.common.log);
  const duration patience = f.common.timeout.value_or(silence_max);
  // A stream cannot be resumed.
  file.out().restart();
  file.out().note({to.str(), "", "", {}});
  try {
    co_await file.begin({});
    for (;;) {
      const lease bytes = co_await within(patience, peer.recv());
      if (!bytes) break;
      co_await file.store(bytes);
    }
  } catch (const error& e) {
    if (e.is(errc::cancelled)) throw;
    throw failure(exit_code_of(e), file.failed(e.what() + hint_for(e)));
  }
}

task<int> get_stream(const get_flags& f) {
  const target to = parse_target(f.url, protocol::tcp);
  if (to.proto == protocol::udp)
    throw usage_error("get udp://: UDP has no end of data to wait for; use bight send -u");
  if (f.header || f.head || f.named || f.no_decode || !f.fields.empty())
    throw usage_error(
        fmt::format("get {}: -i, -I, -H, -O and --no-decode need http:// or https://", to.str()));
  connection_options options{f.common.family(), f.common.timeout, f.tls.options_for(to)};
  output out = co_await output::open(f.common.output, {});
  download file(to.str(), std::move(out), f.limits, f.common.log);
  file.progress().wait_for(shown(to.str()));
  live_line line = [&file](time_point now, int width) { return file.progress().line(now, width); };
  const auto outcome = co_await attempt(
      with_live_line(receive_all(f, to, std::move(options), file), f.common.log, std::move(line)));
  if (!outcome) {
    const time_point now = co_await loop_now();
    file.end_early(outcome.error(), now);
  }
  if (file.received() == 0)
    throw failure(
        exit_code::empty_reply,
        file.failed("the server closed the connection without sending data (empty reply)"));
  co_await file.finish();
  co_return 0;
}

bool is_page(const std::string& text) {
  const std::string scheme = split_scheme(text).scheme;
  return scheme != "tcp" && scheme != "tls" && scheme != "unix" && scheme != "udp";
}

BIGHT_CORO_WRAPPER task<int> get_any(const get_flags& f) {
  return is_page(f.url) ? get_http(f) : get_stream(f);
}

// `f` is borrowed until the end.
task<int> get(get_flags& f) {
  time_limit& time = f.limits.time;
  if (time.max == duration::zero()) time.max.reset();  // no limit, as in curl and wget
  if (!time.max) co_return co_await get_any(f);
  const time_point begin = co_await loop_now();
  time.end = later(begin, *time.max);
  const auto outcome = co_await attempt(within(*time.max, get_any(f)));
  if (outcome) co_return *outcome;
  const time_point now = co_await loop_now();
  // The time limit was reached before the download began: for example, a FIFO without a reader.
  if (outcome.error().is(errc::timed_out) && time.is_over(now))
    throw failure(exit_code::timed_out,
                  fmt::format("get {}: {}", is_page(f.url) ? parse_url(f.url).str() : shown(f.url),
                              time.reason()));
  throw error(outcome.error());
}

}  // namespace

void add_get(CLI::App& root, action& chosen) {
  auto f = std::make_shared<get_flags>();
  CLI::App* sub = add_command(root, "get", "download a page or file");
  set_examples(*sub,
               "  bight get -i https://www.sina.com.cn/ -o sina.html\n"
               "  bight get http://host/file.iso          save as file.iso; run again to resume\n"
               "  bight get -I http://localhost:8080/     print the response header only\n"
               "  bight get http://host/list | head -3\n"
               "  bight get tcp://host:9999 -o reply      read until the server closes\n");
  add_text(*sub, "URL", f->url, "", "http[s]://host[:port]/path, or tcp://, tls://host:port")
      ->required();
  auto* header = sub->add_flag("-i,--include", f->header, "print the response header as well");
  auto* head = sub->add_flag("-I,--head", f->head, "request the header only (HEAD)");
  header->option_text(" ");
  head->option_text(" ");
  add_list(*sub, "-H,--header", f->fields, "FIELD", "add \"Name: value\", or the lines of @FILE");
  add_client(*sub, f->common, "inactivity timeout (1m)");
  auto* named = sub->add_flag("-O,--name", f->named, "save under the last part of the URL's path");
  named->option_text(" ");
  auto* output = sub->get_option("--output")->option_text("FILE");
  named->excludes(output);
  named->excludes(head);
  sub->add_flag("--no-redirect", f->no_redirect, "do not follow redirects");
  sub->add_flag("--no-decode", f->no_decode, "save the body as sent, without decompressing");
  add_time(*sub, "-m,--max-time", f->limits.time.max,
           "time limit for everything, with retries; 0: none");
  add_count(*sub, "--retry", f->retries, 0, 1000, "retry up to N times on transient errors (0)");
  add_rate(*sub, "--limit-rate", f->limits.rate_max,
           "limit the download rate, in bytes per second");
  add_rate(*sub, "--min-rate", f->rate_min, "fail below this rate, averaged over a minute (64)");
  add_size(*sub, "--max-size", f->limits.size_max, "fail if the download is larger (1T)");
  add_digest(*sub, "--sha256", f->limits.sha256, "expected SHA-256 of the file")
      ->option_text("HEX");
  head->excludes(sub->get_option("--sha256"));
  add_family(*sub, f->common);
  add_tls_client(*sub, f->tls);
  add_output_flags(*sub, f->common);
  sub->footer(
      "On a terminal, the body is saved in the current folder under the last part of\n"
      "the URL's path (index.html if there is none). Existing files are not\n"
      "overwritten. If standard output is a pipe or a file, or with -o -, the body is\n"
      "written to standard output.\n"
      "\n"
      "Downloads go to FILE.part and are renamed when complete. Run the same command\n"
      "again to resume; if the file has changed on the server, the download starts\n"
      "over. An existing FILE keeps its mode, owner and links. Devices, FIFOs and\n"
      "/dev/fd/N are written to directly.\n"
      "\n"
      "Up to ten redirects are followed, but none from https to http. gzip, deflate, br\n"
      "and zstd are decoded, unless the URL or FILE ends in .gz, .tgz, .br or .zst.\n"
      "user:password@ in a URL is sent as Basic authorization. The environment\n"
      "variables http_proxy, https_proxy, all_proxy and no_proxy are used.\n"
      "\n"
      "A status of 400 or above gives exit status 22; its page is printed only with -i.\n"
      "--retry repeats failed connections, timeouts, interrupted downloads, and the\n"
      "statuses 408, 429, 500, 502, 503 and 504. It waits 1 s, then twice as long each\n"
      "time, up to 1 min, or as long as the server asks for. It does not retry once\n"
      "data has been written to a pipe.");
  sub->callback([f, &chosen] {
    chosen.log = &f->common.log;
    chosen.run = [f] { return run_client(get(*f), f->common.log); };
  });
}

}  // namespace tool
