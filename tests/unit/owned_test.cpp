// SPDX-License-Identifier: MIT
#include <bight/machinery/owned.hpp>

#include "base/names.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace bight {
namespace {

using counted = std::shared_ptr<int>;

static_assert(!std::is_copy_constructible_v<owned<counted>>);

TEST(owned, destroys_what_it_owns_once) {
  const auto count = std::make_shared<int>(7);
  {
    owned<counted> first = own<counted>(count);
    EXPECT_EQ(**first, 7);
    EXPECT_EQ(first->use_count(), 2);
    const owned<counted> second = std::move(first);
    EXPECT_FALSE(first);
    EXPECT_TRUE(second);
    EXPECT_EQ(count.use_count(), 2);
  }
  EXPECT_EQ(count.use_count(), 1);
}

TEST(owned, destroys_the_old_when_it_takes_another) {
  const auto count = std::make_shared<int>(0);
  owned<counted> mine = own<counted>(count);
  mine = own<counted>(nullptr);
  EXPECT_EQ(count.use_count(), 1);
  mine = owned<counted>();
  EXPECT_FALSE(mine);
}

}  // namespace
}  // namespace bight
