// SPDX-License-Identifier: MIT
#include "fetch.hpp"

#include "advice.hpp"
#include "live_line.hpp"
#include "output.hpp"
#include "resume.hpp"
#include "run_command.hpp"
#include "target.hpp"
#include "text.hpp"
#include "units.hpp"

#include <bight/deadline.hpp>
#include <bight/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <ctime>

namespace tool {

using namespace bight;

namespace {

/// The wait before an attempt doubles from the minimum to the maximum.
constexpr duration wait_min = 1s;
constexpr duration wait_max = 1min;
/// How many shorter ranges than requested one attempt accepts.
constexpr std::size_t ranges_max = 1000;

/// The failure of an attempt that may be repeated.
struct transient_failure {
  failure why;
  std::optional<duration> wait;  ///< requested by the server
};

bool redirects(const http::response_head& h) {
  const int s = h.status;
  return (s == 301 || s == 302 || s == 303 || s == 307 || s == 308) && !h.get("Location").empty();
}

// The exit status for an HTTP status; ok if the response is what was requested.
exit_code exit_code_for(const fetch_options& f, const http::response_head& h) {
  if (h.status >= 400) return exit_code::http_error;
  if (redirects(h) && !f.request.head) return exit_code::redirects;
  return exit_code::ok;
}

// The target of a redirect, and the command that downloads it.
std::string redirect_advice(const http::response& page) {
  const http::response_head& h = page.head();
  const std::string_view location = h.get("Location");
  const std::string start = fmt::format("{} {}: moved to ", h.status, shown(h.reason));
  try {
    const std::string to = page.from().resolve(location).str();
    const bool plain = to.find_first_of("'\"`$\\;&|<>() ") == std::string::npos;
    return start + to + (plain ? "; run: bight get " + to : "");
  } catch (const error& e) {
    return fmt::format("{} {}: invalid redirect: {}", h.status, shown(h.reason), e.what());
  }
}

// RFC 9110 §15.5.9, RFC 6585 §4.
bool is_transient(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
         status == 504;
}

// RFC 9110 §10.2.3: seconds or a date. A date is compared with the server's own clock.
std::optional<duration> retry_after(const http::response_head& h) {
  const std::string_view text = h.get("Retry-After");
  std::uint32_t seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, seconds);
  if (!text.empty() && stop == end)
    return failed == std::errc() ? std::min<duration>(std::chrono::seconds(seconds), wait_max)
                                 : wait_max;  // a number out of range
  const auto then = http::parse_date(text);
  const auto now = http::parse_date(h.get("Date"));
  if (!then) return std::nullopt;
  const std::int64_t wait = *then - now.value_or(std::time(nullptr));
  return std::chrono::seconds(std::clamp<std::int64_t>(wait, 0, wait_max / 1s));
}

bool is_transient(const error& e) {
  return e.is(errc::timed_out) || e.is(errc::reset) || e.is(errc::cut_short) ||
         e.is(errc::closed) || e.is(errc::refused) || e.is(errc::unreachable) ||
         e.is(errc::name_unavailable);
}

void report_head(const fetch_options& f, const http::response& page, const console& log) {
  const std::string at = url_of(protocol::tcp, page.peer());
  log.detail(fmt::format("{} {} from {}", f.request.head ? "HEAD" : "GET", page.from().str(), at));
  log.event("connected", {{"proto", std::string("tcp")}, {"peer", at}});
  const http::response_head& h = page.head();
  log.event("response", {{"status", std::int64_t{h.status}},
                         {"reason", h.reason},
                         {"type", std::string(h.get("Content-Type"))},
                         {"url", page.from().str()}});
}

bool has_field(const fetch_options& f, std::initializer_list<std::string_view> names) {
  return std::any_of(
      f.request.fields.begin(), f.request.fields.end(), [names](const http::field& x) {
        return std::any_of(names.begin(), names.end(),
                           [&x](std::string_view n) { return http::same_name(x.name, n); });
      });
}

// One attempt: requests until the file is complete or one fails.
class fetch_attempt {
 public:
  fetch_attempt(const fetch_options& f, download& file, const console& log, bool last)
      : f_(f), file_(file), log_(log), last_(last) {}

  /// Returns the failure if another attempt may succeed.
  task<std::optional<transient_failure>> run(const http::client& client) {
    find_start();
    for (std::size_t requests = 0;; ++requests) {
      auto outcome = co_await attempt(ask(client, requests));
      if (!outcome) co_return explained(outcome.error());
      if (*outcome == step::done) co_return std::move(transient_failure_);
    }
  }

 private:
  enum class step { done, again };

  // Decides whether the .part file can be resumed.
  void find_start() {
    own_range_ = has_field(f_, {"Range", "If-Range"});
    conditional_ = has_field(f_, {"If-None-Match", "If-Modified-Since"});
    const resume_point noted = file_.out().noted();
    if (file_.received() == 0 || f_.request.head) return;
    if (const std::string_view why = why_anew(noted); !why.empty()) return log_.note(notice(why));
    const std::uint64_t total = noted.total.value_or(UINT64_MAX);
    // The file is complete. Request its last byte, so that the server confirms the version.
    if (file_.received() == total) file_.out().restart(total - 1);
    if (file_.received() > 0) from_ = noted;
  }

  // Why the .part file cannot be resumed; "" if it can.
  std::string_view why_anew(const resume_point& noted) const {
    if (own_range_) return "a request with its own Range does not resume";
    if (noted.url != f_.request.to.str()) return "the partial download is from another URL";
    if (noted.validator.empty())
      return "the partial download has no version to check (ETag, Last-Modified), or was "
             "decompressed";
    if (file_.received() > noted.total.value_or(UINT64_MAX))
      return "the partial download is larger than the file";
    return "";
  }

  http::request next_request() const {
    http::request what = f_.request;
    if (from_) {
      what.fields.push_back({"Range", fmt::format("bytes={}-", file_.received())});
      what.fields.push_back({"If-Range", from_->validator});
    }
    return what;
  }

  task<step> ask(const http::client& client, std::size_t requests) {
    auto page = co_await client.get(next_request());
    report_head(f_, page, log_);
    const http::response_head& h = page.head();
    const wanted w{from_ ? &*from_ : nullptr, file_.received(), own_range_, conditional_};
    contribution c;
    if (!f_.request.head) c = judge(h, page.length(), w);
    const bool useless = c.is == contribution::kind::useless;
    if (useless && from_) co_return start_over(c.reason);
    const exit_code result = exit_code_for(f_, h);
    // Only the last response is printed, not even the header of the others.
    if (!last_ && result == exit_code::http_error && is_transient(h.status))
      co_return refused(page, result);
    if (requests == 0 || !from_) co_await print_head(h);
    const bool shown_anyway = f_.header && !file_.to_file();
    if (result != exit_code::ok && !shown_anyway) co_return refused(page, result);
    // An unexpected 304 is not an empty page.
    if (useless) throw failure(exit_code::cut_short, file_.failed(c.reason));
    if (c.is == contribution::kind::nothing && file_.to_file()) {
      log_.note(fmt::format("{}: not modified", f_.request.to.str()));
      co_return step::done;
    }
    if (c.is == contribution::kind::range) co_return co_await store_range(page, c, requests);
    co_await store_whole(page, c.size);
    if (result != exit_code::ok) co_return refused(page, result);
    co_await file_.finish();
    co_return step::done;
  }

  // `size`: the expected size, or 0.
  task<> store_whole(http::response& page, std::uint64_t size) {
    if (from_) log_.note(notice("the server sent the whole file"));
    from_.reset();
    begin_anew(page);
    co_await file_.begin(page.length());
    while (auto bytes = co_await page.recv()) co_await file_.store(bytes);
    file_.decoded(page.encoded());
    if (size > 0 && file_.received() != size)
      throw failure(exit_code::cut_short,
                    file_.failed(fmt::format("the server's Content-Range says {} bytes", size)));
  }

  task<step> store_range(http::response& page, contribution c, std::size_t requests) {
    if (from_)
      log_.detail(fmt::format("Resuming after {}", shown_size(file_.received())));
    else
      begin_anew(page);
    co_await file_.begin(*c.total - file_.received());
    std::uint64_t left = c.size;
    while (auto bytes = co_await page.recv()) {
      if (bytes.size() > left) {
        const char* const reason = "the server sent more than its Content-Range says";
        if (from_) co_return start_over(reason);
        throw failure(exit_code::cut_short, file_.failed(reason));
      }
      left -= bytes.size();
      co_await file_.store(bytes);
    }
    if (left > 0)
      throw error(errc::cut_short, "", 0, "the connection closed before the end of the range");
    if (file_.received() < *c.total) {
      // The server may send less than requested (RFC 9110 §15.3.7): request the rest.
      if (!from_ && !begun_.validator.empty()) from_ = begun_;
      if (!from_ || requests >= ranges_max)
        throw failure(exit_code::cut_short, file_.failed("the server sent only part of the file"));
      co_return step::again;
    }
    co_await file_.finish();
    co_return step::done;
  }

  // Discards earlier bytes. Notes the version of the new ones, so that a later attempt can resume.
  void begin_anew(const http::response& page) {
    file_.out().restart();
    begun_ = resume_point::of(f_.request.to.str(), page);
    if (own_range_ || page.status() >= 300) begun_.validator.clear();
    file_.out().note(begun_);
  }

  step start_over(std::string_view reason) {
    log_.note(notice(reason));
    from_.reset();
    file_.out().restart();
    return step::again;
  }

  std::string notice(std::string_view reason) {
    return fmt::format("get {}: {}; starting over", f_.request.to.str(), reason);
  }

  task<> print_head(const http::response_head& h) {
    if (!f_.header && !f_.request.head) co_return;
    std::string text = h.text();
    // An empty line separates the header from the body.
    if (!f_.request.head && !file_.to_file()) text += '\n';
    co_await file_.show(text);
  }

  step refused(const http::response& page, exit_code result) {
    const http::response_head& h = page.head();
    const std::string reason = result == exit_code::redirects
                                   ? redirect_advice(page)
                                   : fmt::format("{} {}", h.status, shown(h.reason));
    failure why(result, fmt::format("get {}: {}", page.from().str(), reason));
    if (!is_transient(h.status)) throw why;
    transient_failure_.emplace(transient_failure{why, retry_after(h)});
    return step::done;
  }

  // The message names the URL and the .part file.
  transient_failure explained(const error& e) {
    if (e.is(errc::cancelled)) throw error(e);
    const failure why(exit_code_of(e), file_.failed(reason_of(e)));
    if (!is_transient(e)) throw why;
    return {why, {}};
  }

  // The message already begins with the URL.
  static std::string reason_of(const error& e) {
    const std::string_view whole = e.what();
    const bool ours = e.tried().starts_with("GET ") || e.tried().starts_with("HEAD ");
    const std::string_view reason =
        ours ? whole.substr(std::min(e.tried().size() + 2, whole.size())) : whole;
    // For an https:// URL, the advice is another one.
    const std::string_view without = " (connect without TLS";
    if (e.is(errc::tls_not_spoken) && reason.find(without) != reason.npos)
      return std::string(reason.substr(0, reason.find(without))) + " (try http://)";
    return std::string(reason) + hint_for(e);
  }

  const fetch_options& f_;
  download& file_;
  const console& log_;
  const bool last_;
  bool own_range_ = false;
  bool conditional_ = false;
  std::optional<resume_point> from_;  // the version that the next request resumes
  resume_point begun_;                // the version of the bytes of this attempt
  std::optional<transient_failure> transient_failure_;
};

// Up to --retry attempts after the first.
task<> try_all(const fetch_options& f, const http::client& client, download& file,
               const console& log) {
  duration wait = wait_min;
  for (std::uint64_t left = f.retries;; --left) {
    fetch_attempt one(f, file, log, left == 0);
    const std::optional<transient_failure> back = co_await one.run(client);
    if (!back) co_return;
    // Data written to a pipe cannot be discarded.
    const bool gone = !file.out().can_restart() && file.out().written() > 0;
    if (left == 0 || gone) throw back->why;
    const duration pause = back->wait.value_or(wait);
    log.warn(fmt::format("{}; retrying in {}", back->why.what(), shown_duration(pause)));
    const time_point now = co_await loop_now();
    file.progress().wait_until(later(now, pause));
    co_await sleep(pause);
    wait = std::min(wait * 2, wait_max);
  }
}

// The options of `f`; the progress line also shows the host of each request.
http::options options_with_progress(const fetch_options& f, download& file) {
  http::options how = f.http;
  how.proxy_for = [&file, inner = f.http.proxy_for](const http::url& to) {
    file.progress().wait_for(to.authority());
    return inner ? inner(to) : http::proxy();
  };
  return how;
}

}  // namespace

task<> fetch(const fetch_options& f, const console& log) {
  // One output for all attempts, so that no other process takes the .part file in between.
  output out = co_await output::open(f.output, {f.fresh, false});
  download file(f.request.to.str(), std::move(out), f.limits, log);
  http::client client(options_with_progress(f, file));
  live_line line = [&file](time_point now, int width) { return file.progress().line(now, width); };
  const auto outcome =
      co_await attempt(with_live_line(try_all(f, client, file, log), log, std::move(line)));
  if (outcome) co_return;
  const time_point now = co_await loop_now();
  file.end_early(outcome.error(), now);
}

}  // namespace tool
