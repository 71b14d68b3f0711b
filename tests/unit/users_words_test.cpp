// SPDX-License-Identifier: MIT
#include <bight/bight.hpp>
#include <bight/explore.hpp>
#include <bight/sim.hpp>

#include <any>
#include <functional>
#include <mutex>
#include <queue>
#include <string>
#include <vector>

#include <gtest/gtest.h>

// A program that opens both namespaces, as the guide does, and has words of its own. That it
// compiles is the test: each use is ambiguous if Bight has a name of that kind too.
using namespace std;
using namespace bight;

struct timer {};
struct handle {};
struct signals {};
struct category {};
struct loop {};
struct session {};
struct engine {};
struct op {};
struct verb {};
struct carrier {};
struct deadline {};
struct runnable {};
struct scheduler {};
struct option {};
struct framing {};
struct splitter {};
struct connection {};
struct server {};
struct client {};
struct message {};
struct request {};
struct response {};
struct config {};
struct local {};
struct machine {};
struct frame {};
struct pool {};
struct buffer {};
struct later {};
struct kind {};
using callback = function<void(int)>;
namespace detail {
struct hidden {};
}  // namespace detail

namespace {

task<> uses_them() {
  [[maybe_unused]] timer t;
  [[maybe_unused]] handle h;
  [[maybe_unused]] signals s;
  [[maybe_unused]] category c;
  [[maybe_unused]] loop l;
  [[maybe_unused]] session one;
  [[maybe_unused]] engine e;
  [[maybe_unused]] op o;
  [[maybe_unused]] verb v;
  [[maybe_unused]] carrier ca;
  [[maybe_unused]] deadline d;
  [[maybe_unused]] runnable r;
  [[maybe_unused]] scheduler sc;
  [[maybe_unused]] option opt;
  [[maybe_unused]] framing f;
  [[maybe_unused]] splitter sp;
  [[maybe_unused]] connection con;
  [[maybe_unused]] server ser;
  [[maybe_unused]] client cl;
  [[maybe_unused]] message m;
  [[maybe_unused]] request req;
  [[maybe_unused]] response res;
  [[maybe_unused]] config cfg;
  [[maybe_unused]] local lo;
  [[maybe_unused]] machine ma;
  [[maybe_unused]] frame fr;
  [[maybe_unused]] pool po;
  [[maybe_unused]] buffer bu;
  [[maybe_unused]] later la;
  [[maybe_unused]] kind k;
  [[maybe_unused]] callback cb = [](int) {};
  [[maybe_unused]] detail::hidden hi;
  any anything = 5;
  anything = clock();
  vector<string> words = {"one"};
  EXPECT_EQ((co_await race(sleep(0s), sleep(1h))).index(), 0u);
}

// Both namespaces have these two, so a program with both headers qualifies them.
TEST(users_words, queue_and_mutex_are_qualified) {
  bight::queue<int> items(1);
  bight::mutex alone;
  std::queue<int> others;
  std::mutex real;
  others.push(5);
  EXPECT_TRUE(items.try_push(others.front()));
  const std::lock_guard<std::mutex> held(real);
  EXPECT_TRUE(alone.try_lock());
}

TEST(users_words, are_free_beside_using_namespace_bight_and_std) {
  sim::world net;
  net.add("a").run(uses_them());
}

}  // namespace
