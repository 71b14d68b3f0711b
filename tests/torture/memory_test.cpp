// SPDX-License-Identifier: MIT
// The n-th allocation fails, for each n: alone, and with all that come later. What needed it ends
// with an exception or an error; the program never aborts, hangs, loses a descriptor or takes wrong
// bytes for right ones. curl calls this a torture test.
#include "torture/child.hpp"
#include "torture/scarce.hpp"
#include "torture/sessions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string_view>

namespace torture {

namespace {

constexpr int beyond = 6;  // succeeded, and so many allocations it does not make

struct trial {
  const session* what;
  std::uint64_t n;
  bool and_later;
};

int run_trial(void* argument) {
  const trial& t = *static_cast<const trial*>(argument);
  const int before = descriptors();
  fail_allocation(t.n, t.and_later);
  int outcome = outcome_of(*t.what);
  if (outcome == succeeded && !allocation_failed()) outcome = beyond;
  fail_allocation(0, false);
  return descriptors() > before ? leaves_open : outcome;
}

// So many of a session's allocations are tried; BIGHT_TORTURE: every one. BIGHT_TORTURE_N: that
// one, in this process, for a debugger.
std::uint64_t trials_max() { return std::getenv("BIGHT_TORTURE") != nullptr ? 1'000'000 : 30; }

void torture_session(const session& s, bool and_later) {
  if (const char* only = std::getenv("BIGHT_TORTURE_N")) {
    trial t{&s, std::strtoull(only, nullptr, 10), and_later};
    run_trial(&t);
    return;
  }
  trial none{&s, 0, false};
  constexpr std::string_view counter = "allocations ";
  struct counting {
    static int run(void* argument) {
      const trial& t = *static_cast<const trial*>(argument);
      const std::uint64_t before = allocations();
      t.what->run();
      std::fprintf(stderr, "allocations %llu",
                   static_cast<unsigned long long>(allocations() - before));
      return 0;
    }
  };
  const ending counted = in_child(counting::run, &none, 30);
  ASSERT_TRUE(counted.exited(0)) << counted.text();
  const std::size_t at = counted.said.find(counter);
  ASSERT_NE(at, std::string::npos) << counted.text();
  const std::uint64_t all = std::strtoull(counted.said.c_str() + at + counter.size(), nullptr, 10);
  const std::uint64_t step = std::max<std::uint64_t>(1, all / trials_max());
  for (std::uint64_t n = 1; n <= all + 5; n += step) {
    trial t{&s, n, and_later};
    const ending e = in_child(run_trial, &t, 30);
    if (e.exited(beyond)) break;
    const bool said_so = e.exited(1) && e.said.starts_with("bight: out of memory");
    EXPECT_TRUE(e.exited(succeeded) || e.exited(failed) || said_so)
        << s.name << ", allocation " << n << " of " << all << (and_later ? " and later" : "")
        << ": " << e.text();
  }
}

}  // namespace

class own_network : public testing::Environment {
  void SetUp() override {
    enter_own_network();
    std::signal(SIGINT, SIG_DFL);  // a shell ignores it for what runs in the background
  }
};
[[maybe_unused]] const auto* const network = testing::AddGlobalTestEnvironment(new own_network);

class memory : public testing::TestWithParam<session> {
  void SetUp() override {
    if (!BIGHT_MALLOC_CAN_FAIL) GTEST_SKIP() << "a sanitizer has a malloc of its own";
  }
};

void PrintTo(const session& s, std::ostream* out) { *out << s.name; }

TEST_P(memory, one_allocation_that_fails_ends_only_what_needed_it) {
  torture_session(GetParam(), false);
}

TEST_P(memory, when_it_is_exhausted_the_program_ends_with_an_error) {
  torture_session(GetParam(), true);
}

INSTANTIATE_TEST_SUITE_P(, memory, testing::ValuesIn(sessions().begin(), sessions().end()),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace torture
