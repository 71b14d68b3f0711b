// SPDX-License-Identifier: MIT
#include "engine/posix/text_file.hpp"

#include <gtest/gtest.h>

#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

namespace bight::posix {
namespace {

// The errno of the failure; 0: none.
int failure_of(const char* path) {
  try {
    static_cast<void>(read_file(path));
    return 0;
  } catch (const std::system_error& e) {
    return e.code().value();
  }
}

TEST(text_file, a_file_that_is_not_there_is_empty) {
  EXPECT_EQ(read_file("/no/such/file"), "");
  EXPECT_EQ(read_file("/dev/null/file"), "");
  EXPECT_EQ(read_file("/tmp"), "");
}

TEST(text_file, a_file_that_cannot_be_opened_without_descriptors_is_not_empty) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const int lowest_free = dup(0);
  close(lowest_free);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(lowest_free);
  setrlimit(RLIMIT_NOFILE, &none);
  const int failed = failure_of("/etc/passwd");
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(failed, EMFILE);
  EXPECT_NE(read_file("/etc/passwd"), "");
}

TEST(text_file, a_file_that_cannot_be_read_is_not_empty) {
  EXPECT_EQ(failure_of("/proc/self/mem"), EIO);  // nothing is mapped at its beginning
}

}  // namespace
}  // namespace bight::posix
