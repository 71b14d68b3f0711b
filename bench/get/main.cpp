// SPDX-License-Identifier: MIT
//
// Small pages, one after the other over one kept connection: `bench_get URL COUNT [CA]`. Prints how
// often memory was allocated for each.
#include <bight/bight.hpp>

#include <cstdlib>
#include <new>

namespace {

std::size_t allocated = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocated;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

using namespace bight;

namespace {

task<int> fetch(std::string url, int count, std::string authorities) {
  http::options how;
  how.tls.authorities = authorities;
  http::client client(how);
  std::size_t bytes = 0;
  std::size_t before = 0;
  for (int i = 0; i <= count; ++i) {
    if (i == 1) before = allocated;  // the first makes the connection
    auto page = co_await client.get(url);
    if (page.status() != 200 || page.reused() != (i > 0)) {
      print("status {}, or another connection", page.status());
      co_return 1;
    }
    while (auto piece = co_await page.recv()) bytes += piece.size();
  }
  print("{} {}", (allocated - before) / static_cast<std::size_t>(count), bytes);
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  return run(fetch(argv[1], std::atoi(argv[2]), argc > 3 ? argv[3] : ""));
}
