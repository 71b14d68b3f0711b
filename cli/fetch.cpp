// SPDX-License-Identifier: MIT
#include "fetch.hpp"

#include "output.hpp"
#include "part.hpp"
#include "target.hpp"
#include "text.hpp"
#include "units.hpp"

#include <bight/deadline.hpp>
#include <bight/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace tool {

using namespace bight;

namespace {

/// The wait before a try doubles from the first to the last.
constexpr duration wait_min = 1s;
constexpr duration wait_max = 1min;

/// How a try ended that was not the last.
struct setback {
  failure why;
  std::optional<duration> wait;  ///< what the server asks for
};

bool redirects(const http::response_head& h) {
  const int s = h.status;
  return (s == 301 || s == 302 || s == 303 || s == 307 || s == 308) && !h.get("Location").empty();
}

// What the status means for the exit code; ok when the answer is what was asked for.
exit_code verdict(const fetch_options& f, const http::response_head& h) {
  if (h.status >= 400) return exit_code::http_error;
  if (redirects(h) && !f.what.head) return exit_code::redirects;
  return exit_code::ok;
}

// Where a redirect points and what to type next.
std::string redirect_advice(const http::response& page) {
  const http::response_head& h = page.head();
  const std::string_view location = h.get("Location");
  const std::string start = fmt::format("{} {}: it is at ", h.status, shown(h.reason));
  try {
    const std::string to = page.from().resolve(location).str();
    const bool plain = to.find_first_of("'\"`$\\;&|<>() ") == std::string::npos;
    return start + to + " now" + (plain ? "; type: bight get " + to : "");
  } catch (const error&) {
    return start + shown(location, 500) + " now, which is no page";
  }
}

// 408, 429 and 5xx may pass (RFC 9110 §15.5.9, RFC 6585 §4); what the server asks for is heeded.
bool may_pass(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
         status == 504;
}

std::optional<duration> retry_after(const http::response_head& h) {
  const std::string_view text = h.get("Retry-After");
  std::uint32_t seconds = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || failed != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return std::min<duration>(std::chrono::seconds(seconds), wait_max);
}

bool may_pass(const error& e) {
  return e.is(errc::timed_out) || e.is(errc::reset) || e.is(errc::cut_short) ||
         e.is(errc::closed) || e.is(errc::refused) || e.is(errc::unreachable) ||
         e.is(errc::name_unavailable);
}

void tell_head(const fetch_options& f, const http::response& page, const console& voice) {
  const std::string at = url_of(protocol::tcp, page.peer());
  voice.detail(fmt::format("{} {} from {}", f.what.head ? "HEAD" : "GET", page.from().str(), at));
  voice.event("connected", {{"proto", std::string("tcp")}, {"peer", at}});
  const http::response_head& h = page.head();
  voice.event("response", {{"status", std::int64_t{h.status}},
                           {"reason", h.reason},
                           {"type", std::string(h.get("Content-Type"))},
                           {"url", page.from().str()}});
}

// One try. Gives why it failed, when another may do better.
class attempt_at {
 public:
  attempt_at(const fetch_options& f, const console& voice) : f_(f), voice_(voice) {}

  task<std::optional<setback>> run(http::client& client) {
    std::optional<part_origin> from = part_origin::read(f_.output + ".part");
    const auto asks_for_part = [](const http::field& x) {
      return http::same_name(x.name, "Range");
    };
    const auto& fields = f_.what.fields;
    if (from && (from->url != f_.what.to.str() || f_.what.head ||
                 std::any_of(fields.begin(), fields.end(), asks_for_part)))
      from.reset();
    for (;;) {
      auto opening = output::open(f_.output, {from.has_value(), f_.fresh});
      output out = co_await std::move(opening);
      file_.emplace(f_.what.to.str(), std::move(out), f_.limits, voice_);
      if (file_->received() == 0) from.reset();
      auto asking = attempt(ask(client, from));
      auto outcome = co_await std::move(asking);
      if (!outcome) co_return explained(outcome.error());
      if (*outcome != step::anew) co_return std::move(setback_);
      from.reset();
      file_.reset();
    }
  }

  /// Whether bytes went to where they cannot be taken back from: a pipe, a terminal.
  [[nodiscard]] bool wrote_to_a_stream() const {
    return file_ && !file_->to_file() && file_->received() > 0;
  }

 private:
  enum class step { done, anew };

  http::request request_for(const std::optional<part_origin>& from) const {
    http::request what = f_.what;
    if (from) {
      what.fields.push_back({"Range", fmt::format("bytes={}-", file_->received())});
      what.fields.push_back({"If-Range", from->validator});
    }
    return what;
  }

  task<step> ask(http::client& client, const std::optional<part_origin>& from) {
    auto page = co_await client.get(request_for(from));
    tell_head(f_, page, voice_);
    const http::response_head& h = page.head();
    if (from && (h.status == 416 || (h.status == 206 && range_start(h) != file_->received())))
      co_return step::anew;  // the page has changed, or the part has more than it
    if (from && h.status == 206)
      voice_.detail(fmt::format("Going on behind {}", shown_size(file_->received())));
    const exit_code result = verdict(f_, h);
    co_await print_head(h);
    const bool shown_anyway = f_.header && !file_->to_file();
    if (result != exit_code::ok && !shown_anyway) co_return refused(page, result);
    if (h.status == 304 && file_->to_file()) {
      voice_.note(fmt::format("{}: not modified", f_.what.to.str()));
      co_return step::done;
    }
    if (h.status != 206) file_->out().restart();
    const std::string part = file_->out().part();
    if (!part.empty() && h.status != 206) remember(page, part);
    co_await file_->begin(page.length());
    while (auto bytes = co_await page.recv()) co_await file_->store(bytes);
    if (result != exit_code::ok) co_return refused(page, result);
    if (!part.empty()) part_origin::remove(part);
    co_await file_->finish();
    co_return step::done;
  }

  // Beside the .part, so that a later try knows what it is the beginning of.
  void remember(const http::response& page, const std::string& part) const {
    const auto origin = part_origin::of(f_.what.to, page);
    if (origin)
      origin->write(part);
    else
      part_origin::remove(part);
  }

  task<> print_head(const http::response_head& h) {
    if (!f_.header && !f_.what.head) co_return;
    std::string text = h.text();
    // The empty line stands between a header and a body.
    if (!f_.what.head && !file_->to_file()) text += '\n';
    co_await file_->show(text);
  }

  step refused(const http::response& page, exit_code result) {
    const http::response_head& h = page.head();
    const std::string reason = result == exit_code::redirects
                                   ? redirect_advice(page)
                                   : fmt::format("{} {}", h.status, shown(h.reason));
    failure why(result, fmt::format("get {}: {}", page.from().str(), reason));
    if (!may_pass(h.status)) throw why;
    setback_.emplace(setback{why, retry_after(h)});
    return step::done;
  }

  // With what was tried and what is kept. Ctrl-C is no error, but what is kept is news.
  setback explained(const error& e) {
    const std::string text = file_->failed(e.is(errc::cancelled) ? "interrupted" : reason_of(e));
    if (e.is(errc::cancelled)) {
      voice_.note(text);
      throw error(e);
    }
    const failure why(exit_code_of(e), text);
    if (!may_pass(e)) throw why;
    return {why, {}};
  }

  // The page is named in front already.
  static std::string reason_of(const error& e) {
    const std::string_view whole = e.what();
    const bool ours = e.tried().starts_with("GET ") || e.tried().starts_with("HEAD ");
    return std::string(ours ? whole.substr(std::min(e.tried().size() + 2, whole.size())) : whole);
  }

  const fetch_options& f_;
  const console& voice_;
  std::optional<download> file_;
  std::optional<setback> setback_;
};

}  // namespace

task<> fetch(const fetch_options& f, const console& voice) {
  http::client client(f.how);
  duration wait = wait_min;
  for (std::uint64_t left = f.retries;; --left) {
    std::optional<setback> back;
    bool gone = false;
    {
      attempt_at one(f, voice);
      back = co_await one.run(client);
      // What has been written to a pipe cannot be taken back.
      gone = one.wrote_to_a_stream();
    }
    if (!back) co_return;
    if (left == 0 || gone) throw back->why;
    const duration pause = back->wait.value_or(wait);
    voice.warn(fmt::format("{}; trying again in {}", back->why.what(), shown_duration(pause)));
    co_await sleep(pause);
    wait = std::min(wait * 2, wait_max);
  }
}

}  // namespace tool
