// SPDX-License-Identifier: MIT
#include "engine/posix/facts.hpp"

#include "engine/posix/sockaddr.hpp"

#include <cerrno>
#include <string>

#include <net/if.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bight::posix {

// Connecting a datagram socket looks up a route and sends nothing. If no descriptor is free, this
// assumes a route, the usual case.
int kernel_facts::route(const address& to, bool broadcast) const {
  const int family = to.kind() == address_kind::ip6 ? AF_INET6 : AF_INET;
  const int probe = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return 0;
  const int on = 1;
  if (broadcast) setsockopt(probe, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  socket_name name;
  to_system(to, family, name);
  int failed = ::connect(probe, name.get(), name.length) == 0 ? 0 : errno;
  if (failed == EAGAIN) failed = 0;  // there was a route, but no free port
  ::close(probe);
  return failed;
}

bool kernel_facts::has_zone_of(const address& a) const {
  char name[IF_NAMESIZE];
  if (a.scope() != 0) return if_indextoname(a.scope(), name) != nullptr;
  return a.text().empty() || if_nametoindex(std::string(a.text()).c_str()) != 0;
}

auto kernel_facts::file_at(const address& at) const -> file {
  struct stat there{};
  const std::string path = at.host();
  if (path[0] == '@' || ::lstat(path.c_str(), &there) != 0) return file::none;
  if (S_ISSOCK(there.st_mode)) return file::socket;
  return S_ISLNK(there.st_mode) ? file::link : file::other;
}

}  // namespace bight::posix
