// SPDX-License-Identifier: MIT
// Maps options to the system's levels and numbers.

#include "engine/posix/kernel.hpp"

#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>

namespace bight::posix {

namespace {

struct system_option {
  int level;
  int name;
};

system_option find_option(option_id id, bool ip6) noexcept {
  switch (id) {
    case option_id::no_delay: return {IPPROTO_TCP, TCP_NODELAY};
    case option_id::keep_alive: return {SOL_SOCKET, SO_KEEPALIVE};
    case option_id::keep_alive_idle: return {IPPROTO_TCP, TCP_KEEPIDLE};
    case option_id::keep_alive_interval: return {IPPROTO_TCP, TCP_KEEPINTVL};
    case option_id::keep_alive_count: return {IPPROTO_TCP, TCP_KEEPCNT};
    case option_id::user_timeout: return {IPPROTO_TCP, TCP_USER_TIMEOUT};
    case option_id::linger: return {SOL_SOCKET, SO_LINGER};
    case option_id::receive_buffer: return {SOL_SOCKET, SO_RCVBUF};
    case option_id::send_buffer: return {SOL_SOCKET, SO_SNDBUF};
    case option_id::reuse_address: return {SOL_SOCKET, SO_REUSEADDR};
    case option_id::reuse_port: return {SOL_SOCKET, SO_REUSEPORT};
    case option_id::only_ip6: return {IPPROTO_IPV6, IPV6_V6ONLY};
    case option_id::broadcast: return {SOL_SOCKET, SO_BROADCAST};
    case option_id::hop_limit:
      return ip6 ? system_option{IPPROTO_IPV6, IPV6_UNICAST_HOPS}
                 : system_option{IPPROTO_IP, IP_TTL};
    case option_id::traffic_class:
      return ip6 ? system_option{IPPROTO_IPV6, IPV6_TCLASS} : system_option{IPPROTO_IP, IP_TOS};
    case option_id::urgent_inline: return {SOL_SOCKET, SO_OOBINLINE};
  }
  return {-1, -1};
}

}  // namespace

std::error_code kernel_engine::set(handle h, option_id id, int value) {
  check_process();
  const socket* s = find(h);
  if (s == nullptr) return make_error_code(errc::closed);
  const int fd = s->fd;
  const auto [level, name] = find_option(id, s->family == AF_INET6);
  const linger lingering{value >= 0 ? 1 : 0, value >= 0 ? value : 0};
  const bool is_linger = id == option_id::linger;
  const int failed = is_linger ? setsockopt(fd, level, name, &lingering, sizeof lingering)
                               : setsockopt(fd, level, name, &value, sizeof value);
  return failed == 0 ? std::error_code() : system_error_code(errno);
}

result<int> kernel_engine::get(handle h, option_id id) const {
  const socket* s = find(h);
  if (s == nullptr) return error(errc::closed, "get a socket option");
  const int fd = s->fd;
  const auto [level, name] = find_option(id, s->family == AF_INET6);
  linger lingering{};
  int value = 0;
  const bool is_linger = id == option_id::linger;
  socklen_t length = is_linger ? sizeof lingering : sizeof value;
  void* into = is_linger ? static_cast<void*>(&lingering) : &value;
  if (getsockopt(fd, level, name, into, &length) != 0)
    return error(system_error_code(errno), "get a socket option");
  if (is_linger) return lingering.l_onoff != 0 ? lingering.l_linger : -1;
  return value;
}

}  // namespace bight::posix
