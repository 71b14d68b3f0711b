// SPDX-License-Identifier: MIT
#include "base/buffers.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace bight {

// A receive that fills its room asks the kernel for more; messages of the usual sizes shall not.
TEST(buffer_pool, messages_of_powers_of_two_do_not_fill_their_space) {
  for (const std::size_t size : {4096u, 8192u, 16384u, 32768u}) {
    buffer_pool pool;
    std::vector<lease> held;
    for (std::size_t i = 0; i < 4 * 65536 / size; ++i) {
      EXPECT_GT(pool.room(65536).size(), size) << "the " << i << ". of " << size << " bytes";
      held.push_back(pool.fill(size));
    }
  }
}

TEST(buffer_pool, the_free_space_is_never_too_small_to_use) {
  buffer_pool pool;
  std::vector<lease> held;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_GE(pool.room(65536).size(), 4096u);
    held.push_back(pool.fill(static_cast<std::size_t>(i) * 3 % 4096 + 1));
  }
}

}  // namespace bight
