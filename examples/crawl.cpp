// SPDX-License-Identifier: MIT
// Fetches all pages of a site politely: 8 at a time, 20 a second, and again when a server is busy.
#include <bight/bight.hpp>
#include <charconv>
#include <set>
using namespace bight;

struct crawler {
  http::url site;
  http::client client = {};
  retry_policy policy = {};
  semaphore eight{8};
  mutex next = {};
  interval twentieth{50ms};
  std::set<std::string> seen = {};
  int failed = 0;

  task<std::string> fetch(std::string page) {
    auto turn = co_await next.lock();  // no more than 20 requests a second, retries included
    co_await twentieth.tick();
    turn.unlock();
    auto answer = co_await client.get(page);
    const auto& head = answer.head();
    if (head.status == 429 || head.status >= 500) {
      int seconds = 0;
      const std::string_view wait = head.get("Retry-After");
      std::from_chars(wait.data(), wait.data() + wait.size(), seconds);
      co_await sleep(std::min(seconds, 10) * 1s);
      throw error(errc::busy, "get " + page, 0, std::to_string(head.status) + " " + head.reason);
    }
    if (head.status >= 400) throw error(errc::invalid, "get " + page, 0, head.reason);
    co_return co_await answer.text(10 << 20);
  }

  task<> visit(std::string page, scope& pages) {
    auto permit = co_await eight.acquire();
    auto once = [this, &page]() -> task<std::string> { co_return co_await fetch(page); };
    auto text = co_await attempt(retry(policy, once));
    permit.release();
    print("{}: {}", page, text ? std::to_string(text->size()) + " bytes" : text.error().what());
    if (!text) ++failed;
    for (std::size_t at = 0; text && (at = text->find("href=\"", at)) != text->npos;) {
      at += 6;
      follow(http::url(page), text->substr(at, text->find_first_of("\"#", at) - at), pages);
    }
  }

  void follow(const http::url& from, const std::string& link, scope& pages) try {
    const auto page = from.resolve(link);
    if (page.origin() != site.origin() || seen.size() == 10'000) return;
    if (seen.insert(page.str()).second) pages.spawn(visit(page.str(), pages));
  } catch (const error&) {}  // "mailto:" and the like

  task<int> crawl() {
    policy.attempts_max = 8;
    policy.repeats = [](auto& e) { return retry_policy::is_transient(e) || e.is(errc::busy); };
    auto first = [this](scope& pages) -> task<> { co_await visit(site.str(), pages); };
    seen.insert(site.str());
    co_await in_scope(first);
    print("{} pages, {} failed", seen.size(), failed);
    co_return failed == 0 ? 0 : 1;
  }
};

int main(int argc, char** argv) {
  crawler all{argc > 1 ? argv[1] : "http://127.0.0.1/"};
  return run(all.crawl());
}
