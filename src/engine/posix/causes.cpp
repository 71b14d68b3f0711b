// SPDX-License-Identifier: MIT
#include "engine/posix/causes.hpp"

#include "engine/posix/sockaddr.hpp"

#include <cerrno>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bight::posix {

namespace {

bool is_ip6(const address& a) noexcept { return a.what() == address::kind::ip6; }

bool is_link_local(const address& a) noexcept {
  return is_ip6(a) && a.bytes()[0] == 0xFE && (a.bytes()[1] & 0xC0) == 0x80;
}

bool is_multicast(const address& a) noexcept {
  return is_ip6(a) ? a.bytes()[0] == 0xFF : (a.bytes()[0] & 0xF0) == 0xE0;
}

// Whether the kernel has a route to `to` and an address to send from: connecting a datagram socket
// finds that out and sends nothing.
bool has_route(const address& to, bool broadcast) noexcept {
  const int family = is_ip6(to) ? AF_INET6 : AF_INET;
  const int probe = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const int on = 1;
  if (broadcast) setsockopt(probe, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  socket_name name;
  to_system(to, family, name);
  const bool found = ::connect(probe, name.get(), name.length) == 0;
  ::close(probe);
  return found;
}

bool is_other_file(const address& at) {
  struct stat file{};
  const std::string path = at.host();
  return path[0] != '@' && ::stat(path.c_str(), &file) == 0 && !S_ISSOCK(file.st_mode);
}

std::string of_unix_connect(int number, const address& to) {
  switch (number) {
    case ENOENT: return "there is no such socket file (is the server running?)";
    case ENOTDIR: return "a part of the path is not a folder (check the path)";
    case ECONNREFUSED: return is_other_file(to) ? "that file is not a socket (check the path)" : "";
    case EPROTOTYPE: return "that socket does not take streams (the server uses datagrams there)";
    case EACCES:
      return "permission denied (this user may not write to the socket, or not pass a "
             "folder on the way)";
    default: return {};
  }
}

std::string of_unix_bind(int number, const address& at) {
  switch (number) {
    case ENOENT: return "the folder of the socket does not exist (create it first)";
    case ENOTDIR: return "a part of the path is not a folder (check the path)";
    case EACCES: return "permission denied (this user may not create files in that folder)";
    case EADDRINUSE:
      if (is_other_file(at)) return "a file that is not a socket is there (choose another path)";
      return "address in use (another program listens there; choose another path)";
    default: return {};
  }
}

constexpr const char* no_scope = "a link-local address needs its interface: [fe80::1%eth0]:9999";

std::string of_ip_connect(int number, const address& to) {
  switch (number) {
    case EADDRNOTAVAIL:
      if (has_route(to, false))
        return "no local port is free for that address (connections that have ended hold theirs "
               "for "
               "a minute; more ports: sysctl net.ipv4.ip_local_port_range)";
      return is_ip6(to) ? "this machine has no IPv6 address to connect from (is IPv6 off?)"
                        : "this machine has no IPv4 address to connect from";
    case ENETUNREACH:
      if (is_multicast(to) || to.host() == "255.255.255.255")
        return "no route to that network or host (TCP does not reach a multicast or broadcast "
               "address)";
      if (is_ip6(to)) return "no route to that network or host (does this machine have IPv6?)";
      return {};
    default: return {};
  }
}

std::string of_datagram(int number, const address& to) {
  if (number == EACCES && has_route(to, true) && !has_route(to, false))
    return "that is a broadcast address (allow it first: set(options::broadcast, true))";
  return {};
}

std::string of_ip(verb what, int number, const address& with) {
  switch (number) {
    case EINVAL:
      return is_link_local(with) && with.host().find('%') == std::string::npos ? no_scope : "";
    case EAFNOSUPPORT: return is_ip6(with) ? "this system has no IPv6" : "";
    case EPERM: return "not permitted (a firewall on this machine forbids it)";
    case EACCES:
      if (what == verb::accept)
        return "permission denied (ports below 1024 need root, CAP_NET_BIND_SERVICE, or a lower "
               "net.ipv4.ip_unprivileged_port_start)";
      if (std::string why = of_datagram(number, with); !why.empty()) return why;
      return "permission denied (a route or a firewall on this machine prohibits it)";
    default: return what == verb::connect ? of_ip_connect(number, with) : std::string();
  }
}

}  // namespace

std::string cause_of(verb what, int number, const address& with) {
  if (with.is_local())
    return what == verb::accept ? of_unix_bind(number, with) : of_unix_connect(number, with);
  if (with.is_ip() || with.what() == address::kind::any) return of_ip(what, number, with);
  return {};
}

}  // namespace bight::posix
