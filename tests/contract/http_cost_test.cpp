// SPDX-License-Identifier: MIT
// What a page costs in memory, in exact figures.
#include <bight/http.hpp>

#include "contract/contract.hpp"
#include "contract/site.hpp"
#include "unit/allocations.hpp"

#if BIGHT_ALLOCATIONS_COUNTED

namespace contract {
namespace {

task<bool> say_hello(site&, stream& peer, std::string) {
  co_await peer.send(
      "HTTP/1.1 200 OK\r\nServer: x\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
      "Content-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\nETag: \"123456789\"\r\n"
      "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nCache-Control: max-age=600, public\r\n"
      "Accept-Ranges: bytes\r\n\r\nhello");
  co_return true;
}

// The server is in the same program, so its share is counted too.
BIGHT_SITE_TEST(http_cost, a_page_takes_few_allocations, say_hello) {
  http::client c;
  const std::string url = s.url();
  std::size_t before = 0;
  constexpr std::size_t pages = 100;
  for (std::size_t i = 0; i < pages + 2; ++i) {
    if (i == 2) before = allocations();
    auto page = co_await c.get(url);
    while (auto bytes = co_await page.recv()) continue;
  }
  EXPECT_LE((allocations() - before) / pages, 150u);
  EXPECT_EQ(s.connections, 1u);
}

}  // namespace
}  // namespace contract

#endif
