// SPDX-License-Identifier: MIT
// Fetches several pages over kept connections, with limits on everything.
#include <bight/bight.hpp>
using namespace bight;

http::options careful() {
  http::options how;
  how.limits.body_bytes = 10 << 20;
  how.timeouts.header = 5s;
  how.redirects_max = 3;
  how.connect.allow = [](const address& a) { return a.port() != 25; };  // before each connect
  return how;
}

task<std::string> summary(const http::client& client, std::string url) {
  auto page = co_await client.get(url);
  auto text = co_await page.text(1 << 20);
  co_return fmt::format("{} {} bytes of {}", page.status(), text.size(), page.from().str());
}

task<> look_at(std::vector<std::string> urls) {
  http::client client(careful());
  for (const auto& url : urls) {
    auto told = co_await attempt(within(20s, summary(client, url)));
    print("{}", told ? *told : told.error().what());
  }
}

int main(int argc, char** argv) { return run(look_at({argv + 1, argv + argc})); }
