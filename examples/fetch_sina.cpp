// SPDX-License-Identifier: MIT
// Fetches a page: prints the header, saves the body to sina.html.
#include <bight/bight.hpp>
#include <fstream>
using namespace bight;

task<> fetch(std::string where) {
  const address site(where);
  auto server = co_await tcp::connect(site);
  co_await server.send("GET / HTTP/1.1\r\nHost: ", site.host(), "\r\nConnection: close\r\n\r\n");
  reader page(server);
  print(co_await page.read_until("\r\n\r\n"));
  std::ofstream file("sina.html", std::ios::binary);
  file.exceptions(std::ios::failbit);
  while (auto data = co_await page.recv()) file << data.view();
}

int main(int argc, char** argv) { return run(fetch(argc > 1 ? argv[1] : "www.sina.com.cn:80")); }
