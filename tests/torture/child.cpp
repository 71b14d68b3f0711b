// SPDX-License-Identifier: MIT
#include "torture/child.hpp"

#include <chrono>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace torture {

bool ending::exited(int code) const noexcept {
  return !hung && WIFEXITED(status) && WEXITSTATUS(status) == code;
}

std::string ending::text() const {
  std::string how = hung                  ? "hung"
                    : WIFEXITED(status)   ? "exit status " + std::to_string(WEXITSTATUS(status))
                    : WIFSIGNALED(status) ? std::string("died: ") + strsignal(WTERMSIG(status))
                                          : "ended somehow";
  return how + (said.empty() ? "" : ": " + said);
}

ending in_child(int (*body)(void*), void* argument, int seconds) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(fds[1], 2);
    ::close(fds[0]);
    ::close(fds[1]);
    ::_exit(body(argument));
  }
  ::close(fds[1]);
  ending e;
  using clock = std::chrono::steady_clock;
  const auto give_up = clock::now() + std::chrono::seconds(seconds);
  for (char buffer[4096];;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(give_up - clock::now()).count();
    pollfd p{fds[0], POLLIN, 0};
    if (left <= 0 || ::poll(&p, 1, static_cast<int>(left)) == 0) {
      e.hung = true;
      ::kill(child, SIGKILL);
      break;
    }
    const ssize_t n = ::read(fds[0], buffer, sizeof buffer);
    if (n <= 0) break;
    if (e.said.size() < 4096) e.said.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(fds[0]);
  ::waitpid(child, &e.status, 0);
  return e;
}

void enter_own_network() noexcept {
  if (::unshare(CLONE_NEWNET) != 0) return;
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq lo{};
  std::strcpy(lo.ifr_name, "lo");
  lo.ifr_flags = IFF_UP | IFF_RUNNING;
  ::ioctl(fd, SIOCSIFFLAGS, &lo);
  ::close(fd);
}

int descriptors() noexcept {
  int open = 0;
  for (int fd = 0; fd < 512; ++fd)
    if (::fcntl(fd, F_GETFD) >= 0) ++open;
  return open;
}

}  // namespace torture
