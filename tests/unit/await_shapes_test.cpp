// SPDX-License-Identifier: MIT
//
// g++ 12 copies some temporaries of an expression with co_await, byte by byte, and destroys both
// copies. Which shapes it breaks stands in docs/guide/testing.md; this shows that the others are
// sound, so that nobody needs a name for them.

#include <bight/deadline.hpp>
#include <bight/scope.hpp>

#include "base/names.hpp"
#include "manual_scheduler.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace bight::await_shapes {
namespace {

/// Counts its objects, and those that were destroyed elsewhere than they were made.
class counted {
 public:
  counted() noexcept : counted(0) {}
  explicit counted(int number) noexcept : number_(number) { ++live; }
  counted(const counted& other) noexcept : number_(other.number_) { ++live; }
  counted(counted&& other) noexcept : number_(other.number_) { ++live; }
  counted& operator=(const counted&) noexcept = default;
  counted& operator=(counted&&) noexcept = default;
  ~counted() {
    if (self_.where != this) ++copied_bytes;
    --live;
  }
  [[nodiscard]] int number() const noexcept { return number_; }

  inline static int live = 0;
  inline static int copied_bytes = 0;

 private:
  struct place {  // stays as it is when the object is assigned to
    const void* where;
    explicit place(const void* p) noexcept : where(p) {}
    place(const place&) = delete;
    place& operator=(const place&) noexcept { return *this; }
  };
  place self_{this};
  int number_;
};

/// Whether each object that `body` makes is destroyed once, where it was made.
template <class Body>
bool is_sound(Body body) {
  counted::live = counted::copied_bytes = 0;
  {
    manual_scheduler loop;
    loop.run(body());
  }
  return counted::live == 0 && counted::copied_bytes == 0;
}

struct entry {  // an aggregate: no constructor
  counted text;
  int number = 0;
};
struct flags {  // an aggregate with nothing to destroy
  bool fresh = false;
  bool append = false;
};
class settings {
 public:
  settings() = default;
  settings(counted text, int) : text_(std::move(text)) {}

 private:
  counted text_;
};

task<int> take(counted object) {
  co_await sleep(1ns);
  co_return object.number();
}
task<counted> make(int number) {
  co_await sleep(1ns);
  co_return counted(number);
}
task<> take_settings(settings) { co_await sleep(1ns); }
task<> take_default(settings = settings()) { co_await sleep(1ns); }
task<> take_flags(counted, flags) { co_await sleep(1ns); }
task<> take_entry(entry) { co_await sleep(1ns); }
task<> take_default_braces(entry = {}) { co_await sleep(1ns); }
template <class F>
task<> take_function(F) {
  co_await sleep(1ns);
}
task<counted> pass_on(int number) { co_return co_await within(1s, make(number)); }

TEST(await_shapes, operations_in_operations_are_sound) {
  EXPECT_TRUE(is_sound([]() -> task<> { co_await take(counted(1)); }));
  EXPECT_TRUE(is_sound([]() -> task<> { co_await within(1s, take(counted(1))); }));
  EXPECT_TRUE(is_sound([]() -> task<> {
    auto value = co_await attempt(within(1s, make(1)));
    EXPECT_EQ(value->number(), 1);
  }));
  EXPECT_TRUE(is_sound([]() -> task<> {
    auto both = co_await all(take(counted(1)), make(2));
    EXPECT_EQ(std::get<1>(both).number(), 2);
  }));
  EXPECT_TRUE(is_sound([]() -> task<> {
    static_cast<void>(co_await attempt(race(within(1s, take(counted(1))), make(2), sleep(1h))));
  }));
  EXPECT_TRUE(is_sound([]() -> task<> { co_await pass_on(1); }));
  EXPECT_TRUE(is_sound([]() -> task<> {
    std::vector<task<>> many;
    for (int i = 0; i < 3; ++i) many.push_back(take_settings(settings(counted(i), i)));
    co_await all(std::move(many));
  }));
}

TEST(await_shapes, arguments_by_value_are_sound) {
  EXPECT_TRUE(is_sound([]() -> task<> {
    counted object(1);
    co_await take(object);
    co_await take(std::move(object));
  }));
  EXPECT_TRUE(is_sound([]() -> task<> { co_await take(co_await make(1)); }));
  EXPECT_TRUE(is_sound([]() -> task<> { co_await take_default(); }));
  EXPECT_TRUE(is_sound([]() -> task<> {
    if (co_await take(counted(1)) == 1) co_await take(counted(2));
    for (int i = 0; i < co_await take(counted(2)); ++i) co_await take(counted(i));
  }));
}

TEST(await_shapes, braces_for_a_class_with_a_constructor_are_sound) {
  EXPECT_TRUE(is_sound([]() -> task<> { co_await take(counted{1}); }));
  EXPECT_TRUE(is_sound([]() -> task<> { co_await take_settings({}); }));
  EXPECT_TRUE(is_sound([]() -> task<> { co_await take_settings({counted(1), 2}); }));
}

TEST(await_shapes, braces_for_an_aggregate_with_nothing_to_destroy_are_sound) {
  EXPECT_TRUE(is_sound([]() -> task<> { co_await take_flags(counted(1), {}); }));
  EXPECT_TRUE(is_sound([]() -> task<> { co_await take_flags(counted(1), {.append = true}); }));
}

TEST(await_shapes, a_conditional_between_named_objects_or_numbers_is_sound) {
  EXPECT_TRUE(is_sound([]() -> task<> {
    counted one(1);
    counted two(2);
    co_await take(one.number() == 1 ? one : two);
    co_await take(counted(one.number() == 1 ? 3 : 4));
  }));
}

TEST(await_shapes, a_lambda_that_captures_nothing_to_destroy_is_sound) {
  EXPECT_TRUE(is_sound([]() -> task<> {
    counted object(1);
    co_await take_function([&object, number = 2] { return object.number() + number; });
  }));
}

// Each of these needs a name with g++ 12. If it no longer does, the guide is out of date.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ == 12
constexpr bool sound = false;
#else
constexpr bool sound = true;
#endif

TEST(await_shapes, braces_for_an_aggregate_need_a_name_with_gcc_12) {
  EXPECT_EQ(is_sound([]() -> task<> { co_await take_entry({counted(1), 2}); }), sound);
  EXPECT_EQ(is_sound([]() -> task<> { co_await take_entry({.text = counted(1)}); }), sound);
  EXPECT_EQ(is_sound([]() -> task<> { co_await take_entry({}); }), sound);
  EXPECT_EQ(is_sound([]() -> task<> { co_await take_default_braces(); }), sound);
  EXPECT_TRUE(is_sound([]() -> task<> {
    entry named{counted(1), 2};
    co_await take_entry(std::move(named));
  }));
}

TEST(await_shapes, a_conditional_that_makes_an_object_needs_a_name_with_gcc_12) {
  EXPECT_EQ(is_sound([]() -> task<> {
              const counted one(1);
              co_await take(one.number() == 1 ? counted(2) : counted(3));
            }),
            sound);
  EXPECT_EQ(is_sound([]() -> task<> {
              const counted one(1);
              co_await take(one.number() == 2 ? one : counted(3));
            }),
            sound);
}

TEST(await_shapes, a_lambda_that_captures_an_object_needs_a_name_with_gcc_12) {
  EXPECT_EQ(is_sound([]() -> task<> {
              counted object(1);
              co_await take_function([object] { return object.number(); });
            }),
            sound);
}

}  // namespace
}  // namespace bight::await_shapes
