// SPDX-License-Identifier: MIT
// Fetches a page: prints the header, saves the body to sina.html.
#include <bight/bight.hpp>
#include <fstream>
using namespace bight;

task<> fetch(std::string url) {
  auto page = co_await http::get(url);
  print("{}", page.head().text());
  std::ofstream file("sina.html", std::ios::binary);
  file.exceptions(std::ios::failbit);
  while (auto data = co_await page.recv()) file << data.view();
}

int main(int argc, char** argv) {
  return run(fetch(argc > 1 ? argv[1] : "http://www.sina.com.cn/"));
}
