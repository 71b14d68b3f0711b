// SPDX-License-Identifier: MIT
// oneway_asio MODE PORT: as bench_oneway single. Asio knows neither GSO nor GRO, nor batches.
#include "../oneway.h"

#include <asio.hpp>

#include <array>
#include <cstdlib>
#include <vector>

using asio::awaitable;
using asio::use_awaitable;
using asio::ip::udp;

namespace {

udp::endpoint meeting_point(const oneway& o) { return {asio::ip::address_v4::loopback(), o.port}; }

awaitable<void> send_for_ever(oneway& o) {
  udp::socket s(co_await asio::this_coro::executor, udp::v4());
  s.connect(meeting_point(o));
  std::vector<char> bytes(o.size);
  oneway_fill(&o, bytes.data(), bytes.size());
  for (;;) {
    oneway_number(&o, bytes.data(), bytes.size());
    asio::error_code e;  // at first the receiver may not be there yet
    co_await s.async_send(asio::buffer(bytes), asio::redirect_error(use_awaitable, e));
  }
}

awaitable<void> receive(oneway& o) {
  udp::socket s(co_await asio::this_coro::executor, meeting_point(o));
  std::array<char, 65536> bytes;
  while (!oneway_over(&o)) {
    const auto n = co_await s.async_receive(asio::buffer(bytes), use_awaitable);
    oneway_check(&o, bytes.data(), n);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  oneway o = oneway_begin(argv[1]);
  asio::io_context context(1);
  asio::co_spawn(context, o.sender == 0 ? send_for_ever(o) : receive(o), asio::detached);
  context.run();
  return oneway_end(&o);
}
