// SPDX-License-Identifier: MIT
// bench_oneway many|single MODE PORT: datagrams in one direction. MODE is oneway64 or oneway1200.
// The sender is a child on the other core. Prints what the receiver got, as JSON.
#include <bight/bight.hpp>

#include "../oneway.h"

#include <string>
#include <string_view>
using namespace bight;

namespace {

address meeting_point(const oneway& o) { return address("127.0.0.1:" + std::to_string(o.port)); }

task<> send_for_ever(oneway& o, bool many) {
  auto s = co_await udp::connect(meeting_point(o));
  std::string bytes(many ? oneway_run(o.size) : o.size, '\0');
  oneway_fill(&o, bytes.data(), bytes.size());
  for (;;) {
    oneway_number(&o, bytes.data(), bytes.size());
    auto sent = many ? co_await attempt(s.send_many(bytes, o.size))  //
                     : co_await attempt(s.send(bytes));
    // At first the receiver may not be there yet.
    if (!sent && !sent.error().is(errc::refused)) sent.value();
  }
}

task<> receive_many(oneway& o) {
  auto s = co_await udp::bind(meeting_point(o));
  while (!oneway_over(&o)) {
    auto got = co_await s.recv_many();
    for (std::string_view each : got) oneway_check(&o, each.data(), each.size());
  }
}

task<> receive_single(oneway& o) {
  auto s = co_await udp::bind(meeting_point(o));
  while (!oneway_over(&o)) {
    auto got = co_await s.recv();
    oneway_check(&o, got.data.view().data(), got.data.size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const bool many = std::string_view(argv[1]) == "many";
  oneway o = oneway_begin(argv[2]);
  if (o.sender == 0) return run(send_for_ever(o, many));
  if (const int failed = run(many ? receive_many(o) : receive_single(o))) return failed;
  return oneway_end(&o);
}
