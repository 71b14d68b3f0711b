// SPDX-License-Identifier: MIT
// Lengths that do not fit into 32 bits. The memory is pages of zeros that nobody writes, so that
// 4 GiB of it take none.
#include <bight/stdio.hpp>
#include <bight/udp.hpp>

#include "contract/contract.hpp"
#include "contract/tls_pair.hpp"

#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>

namespace contract {

namespace {

constexpr std::size_t four_gib = std::size_t{1} << 32;

class zeros {
 public:
  explicit zeros(std::size_t size, int access = PROT_READ)
      : size_(size),
        at_(mmap(nullptr, size, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    if (at_ == MAP_FAILED) throw std::runtime_error("mmap");
  }
  ~zeros() { munmap(at_, size_); }
  zeros(const zeros&) = delete;
  zeros& operator=(const zeros&) = delete;

  [[nodiscard]] std::string_view view() const { return {static_cast<const char*>(at_), size_}; }
  [[nodiscard]] std::span<std::byte> bytes() { return {static_cast<std::byte*>(at_), size_}; }

 private:
  std::size_t size_;
  void* at_;
};

}  // namespace

BIGHT_TEST(lengths, a_datagram_of_4_GiB_and_5_bytes_is_too_large) {
  const zeros much(four_gib + 5);
  auto server = co_await udp::bind("127.0.0.1:0");
  auto client = co_await udp::connect(server.local());
  auto sent = co_await attempt(client.send(much.view()));
  EXPECT_TRUE(fails(sent, errc::message_too_large));
  auto sent_to = co_await attempt(client.send_to(server.local(), much.view()));
  EXPECT_TRUE(fails(sent_to, errc::message_too_large));
  auto gathered = co_await attempt(client.send("x", much.view().substr(1)));
  EXPECT_TRUE(fails(gathered, errc::message_too_large));
  auto halves = co_await attempt(client.send(much.view().substr(0, four_gib / 2 + 2),
                                             much.view().substr(0, four_gib / 2 + 3)));
  EXPECT_TRUE(fails(halves, errc::message_too_large));
  co_await client.send("still fine");
  EXPECT_EQ((co_await server.recv()).data, "still fine");
}

static task<> reply_too_much(std::string_view& much, udp::request asked) {
  auto sent = co_await attempt(asked.reply(much));
  EXPECT_TRUE(fails(sent, errc::message_too_large));
  co_await asked.reply("refused");
}

static task<> ask_for_much(served& s) {
  auto client = co_await udp::connect(s.at.front());
  co_await client.send("much");
  EXPECT_EQ((co_await client.recv()).data, "refused");
}

BIGHT_TEST(lengths, a_reply_of_4_GiB_and_5_bytes_is_too_large) {
  const zeros much(four_gib + 5);
  std::string_view view = much.view();
  served s;
  co_await serve_for(s, udp::serve("127.0.0.1:0", with(view, &reply_too_much), s.options()),
                     ask_for_much(s));
  EXPECT_EQ(s.told(), "");
}

BIGHT_TEST(lengths, a_receive_of_4_GiB_and_5_bytes_is_not_one_of_5) {
  zeros room(four_gib + 5, PROT_READ | PROT_WRITE);
  auto pair = co_await connected();
  auto secure = co_await connected_by_tls();
  for (ends* both : {&pair, &secure}) {
    co_await both->there.send("0123456789");
    EXPECT_EQ(co_await both->here.recv(four_gib + 5), "0123456789");
    co_await both->there.send("0123456789");
    EXPECT_EQ(co_await both->here.recv_into(room.bytes()), 10u);
    EXPECT_EQ(std::memcmp(room.bytes().data(), "0123456789", 10), 0);
  }
  auto server = co_await udp::bind("127.0.0.1:0");
  auto client = co_await udp::connect(server.local());
  co_await client.send("0123456789");
  EXPECT_EQ((co_await server.recv(four_gib + 5)).data, "0123456789");
}

BIGHT_TEST(lengths, a_write_of_4_GiB_and_5_bytes_is_all_of_it) {
  needs_kernel("writes to a device");
  const zeros much(four_gib + 5);
  const raw::socket null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  auto out = co_await stdio::open(null.fd());
  auto written = co_await attempt(out.send(much.view()));
  EXPECT_TRUE(static_cast<bool>(written));
  auto gathered = co_await attempt(out.send("x", much.view(), "y"));
  EXPECT_TRUE(static_cast<bool>(gathered));
}

static task<> send_until_cancelled(stream& to, std::string_view bytes, std::size_t at_least) {
  auto sent = co_await attempt(to.send(bytes));
  EXPECT_TRUE(fails(sent, errc::cancelled));
  if (!sent) {
    EXPECT_GE(sent.error().transferred(), at_least);
  }
}

BIGHT_TEST(lengths, a_send_of_4_GiB_and_5_bytes_is_not_one_of_5) {
  constexpr std::size_t enough = std::size_t{1} << 20;
  const zeros much(four_gib + 5);
  auto pair = co_await connected();
  auto secure = co_await connected_by_tls();
  for (ends* both : {&pair, &secure}) {
    scope side(co_await current_context());
    side.spawn(send_until_cancelled(both->there, much.view(), enough));
    EXPECT_EQ((co_await recv_exactly(both->here, enough)).size(), enough);
    side.stop();
    co_await side.join();
  }
}

}  // namespace contract
