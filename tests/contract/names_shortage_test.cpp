// SPDX-License-Identifier: MIT
#include <bight/resolve.hpp>

#include <bight/deadline.hpp>
#include <bight/run.hpp>
#include <bight/scope.hpp>
#include <bight/tcp.hpp>

#include "base/names.hpp"
#include "contract/own_network.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

// Looking up names in a process that has no file descriptor left. What the files say about a name
// is not known then, and must not be taken for nothing.

namespace bight {
namespace {

using bight_test::in_own_network;
using bight_test::name_server;
using bight_test::replace_file;
using testing::HasSubstr;

using answer = result<std::vector<address>>;

// While it lives, this process can open `room` more descriptors.
class few_descriptors {
 public:
  explicit few_descriptors(int room) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = dup(0);
    close(lowest_free);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(lowest_free + room);
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &now), 0);
  }
  few_descriptors(const few_descriptors&) = delete;
  few_descriptors& operator=(const few_descriptors&) = delete;
  ~few_descriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// So old that the resolver knows it by its times.
void make_old(const char* file) {
  const timespec times[] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  EXPECT_EQ(utimensat(AT_FDCWD, file, times, 0), 0);
}

task<answer> ask(address name) {
  co_return co_await attempt(within(20s, resolve(std::move(name))));
}

task<answer> ask(address name, address_family family) {
  co_return co_await attempt(within(20s, resolve(std::move(name), family)));
}

std::string text(const answer& a) {
  if (!a) return a.error().what();
  std::string all;
  for (const address& found : *a) all += found.str() + " ";
  return all;
}

void expect_too_many_files(const answer& a) {
  ASSERT_FALSE(a) << text(a);
  EXPECT_TRUE(a.error().is(errc::too_many_files)) << text(a);
  EXPECT_FALSE(a.error().is(errc::name_unavailable)) << text(a);
  EXPECT_THAT(text(a), HasSubstr("too many open files (raise the limit: ulimit -n)"));
}

TEST(names_shortage, a_first_lookup_without_descriptors_does_not_affect_the_next) {
  in_own_network([] {
    replace_file("resolv.conf", "nameserver 127.0.0.1\noptions no-aaaa\n");
    make_old("/etc/resolv.conf");
    name_server server;
    runner r;
    {
      const few_descriptors none(0);
      expect_too_many_files(r.run(ask("ok.ok.test:80", address_family::ip4)));
      expect_too_many_files(r.run(ask("ok.ok.test:80")));
    }
    EXPECT_EQ(text(r.run(ask("ok.ok.test:80"))), "127.0.0.1:80 ");
  });
}

TEST(names_shortage, a_name_in_the_hosts_file_is_never_sent_to_a_server) {
  in_own_network([] {
    replace_file("hosts", "127.0.0.5 ok.ok.test\n");
    name_server server;
    runner r;
    // The other question keeps the socket open by which a server could be asked.
    const auto body = []() -> task<> {
      scope side(co_await current_context());
      const auto silent = []() -> task<> {
        static_cast<void>(co_await ask("silent.silent.test:80", address_family::ip4));
      };
      side.spawn(silent());
      const auto before = co_await ask("ok.ok.test:80", address_family::ip4);
      EXPECT_EQ(text(before), "127.0.0.5:80 ");
      {
        const few_descriptors none(0);
        const auto short_of = co_await ask("ok.ok.test:80", address_family::ip4);
        expect_too_many_files(short_of);
      }
      const auto after = co_await ask("ok.ok.test:80", address_family::ip4);
      EXPECT_EQ(text(after), "127.0.0.5:80 ");
      side.stop();
      co_await side.join();
    };
    r.run(body());
  });
}

TEST(names_shortage, a_query_that_gets_no_descriptor_says_so) {
  in_own_network([] {
    name_server server;
    runner r;
    const few_descriptors one(1);  // for the UDP socket; the long answer needs a TCP socket too
    expect_too_many_files(r.run(ask("many.none.test:80", address_family::ip4)));
    EXPECT_EQ(text(r.run(ask("ok.ok.test:80", address_family::ip4))), "127.0.0.1:80 ");
  });
}

TEST(names_shortage, a_resolv_conf_that_becomes_readable_is_used_at_once) {
  in_own_network([] {
    constexpr uid_t nobody = 65534;
    replace_file("resolv.conf", "nameserver 127.0.0.1\noptions no-aaaa\n");
    make_old("/etc/resolv.conf");
    chmod("/etc/hosts", 0644);
    name_server server;
    ASSERT_EQ(seteuid(nobody), 0);
    runner r;
    EXPECT_EQ(text(r.run(ask("ok.ok.test:80"))), "[::1]:80 127.0.0.1:80 ");  // as with no file
    ASSERT_EQ(seteuid(0), 0);
    chmod("/etc/resolv.conf", 0644);
    ASSERT_EQ(seteuid(nobody), 0);
    EXPECT_EQ(text(r.run(ask("ok.ok.test:80"))), "127.0.0.1:80 ");
    ASSERT_EQ(seteuid(0), 0);
    prctl(PR_SET_DUMPABLE, 1);  // a change of user has taken it, and LeakSanitizer needs it
  });
}

TEST(names_shortage, a_connect_by_name_reports_the_same_as_one_by_address) {
  in_own_network([] {
    name_server server;
    runner r;
    const auto connect = [](address to) -> task<result<tcp::stream>> {
      co_return co_await attempt(tcp::connect(std::move(to)));
    };
    const few_descriptors none(0);
    for (const char* to : {"127.0.0.1:80", "ok.ok.test:80"}) {
      auto outcome = r.run(connect(to));
      ASSERT_FALSE(outcome);
      EXPECT_TRUE(outcome.error().is(errc::too_many_files)) << outcome.error().what();
      EXPECT_EQ(outcome.error().what(), "connect " + std::string(to) +
                                            ": too many open files (raise the limit: "
                                            "ulimit -n)");
    }
  });
}

}  // namespace
}  // namespace bight
