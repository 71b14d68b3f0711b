// SPDX-License-Identifier: MIT
//
// The SHA-256 of what is posted, computed on other threads: other clients never wait for it.
//
//     hash 127.0.0.1:8080
//     curl -T FILE http://127.0.0.1:8080

#include <bight/bight.hpp>
#include <bight/off_loop.hpp>

using namespace bight;

// A mebibyte at a time. While it is hashed, the kernel receives the next one.
task<> hash(http::exchange& x) {
  if (x.method() != "PUT" && x.method() != "POST") co_return co_await x.respond(405);
  x.limit_body(64ULL << 30);
  sha256 digest;
  std::string block;
  for (bool more = true; more;) {
    block.clear();
    while (more && block.size() < 1 << 20) {
      const lease some = co_await x.recv();
      more = !some.empty();
      block += some.view();
    }
    co_await off_loop([&] { digest.update(block); });
  }
  co_await x.respond(200, digest.finish() + '\n');
}

int main(int argc, char** argv) {
  http::serve_options how;
  how.server.on_listening = [](const address& at) { print("Serving http://{}", at); };
  return run(http::serve(argc > 1 ? argv[1] : "127.0.0.1:8080", hash, how));
}
