// SPDX-License-Identifier: MIT
#include "engine/causes.hpp"

#include <cerrno>

namespace bight {

namespace {

bool is_ip6(const address& a) noexcept { return a.kind() == address_kind::ip6; }

// A link-local address, or a multicast group of link scope or smaller, without a zone. Ambiguous
// without an interface (RFC 4007).
bool lacks_interface(const address& a) {
  if (!is_ip6(a) || a.host().find('%') != std::string::npos) return false;
  const auto first = a.bytes()[0];
  const auto second = a.bytes()[1];
  return (first == 0xFE && (second & 0xC0) == 0x80) || (first == 0xFF && (second & 0x0F) <= 2);
}

bool is_multicast(const address& a) noexcept {
  return is_ip6(a) ? a.bytes()[0] == 0xFF : (a.bytes()[0] & 0xF0) == 0xE0;
}

using file = machine_facts::file;

std::string of_unix_connect(int number, file there) {
  switch (number) {
    case ENOENT: return "no such socket file (is the server running?)";
    case ENOTDIR: return "a part of the path is not a folder (check the path)";
    case ECONNREFUSED:
      // A socket file outlives its server; an abstract name does not.
      return there == file::other    ? "that file is not a socket (check the path)"
             : there == file::socket ? "no server is listening on that socket (is it running?)"
                                     : "no server is listening under that name (is it running?)";
    case EPROTOTYPE: return "not a stream socket (the server uses datagrams)";
    case EACCES:
      return "permission denied (this user cannot write to the socket, or cannot enter a "
             "folder of its path)";
    default: return {};
  }
}

std::string of_unix_bind(int number, file there) {
  switch (number) {
    case ENOENT: return "the folder of the socket does not exist (create it first)";
    case ENOTDIR: return "a part of the path is not a folder (check the path)";
    case EACCES: return "permission denied (this user cannot create files in that folder)";
    case EADDRINUSE:
      if (there == file::link)
        return "a symbolic link exists there and is not replaced (remove it, or choose another "
               "path)";
      if (there == file::other)
        return "a file that is not a socket exists there (choose another path)";
      return "address in use (another program is listening there; choose another path)";
    default: return {};
  }
}

constexpr const char* no_scope = "a link-local address needs its interface: [fe80::1%eth0]:9999";

constexpr const char* more_ports = "more ports: sysctl net.ipv4.ip_local_port_range";

void replace(std::error_code& code, int number) noexcept {
  code = {number, std::system_category()};
}

std::string of_no_address(const address& to, const machine_facts& facts) {
  if (facts.route(to, true) == 0)
    return std::string(
               "no local port is free for that address (closed connections keep "
               "theirs for a minute; ") +
           more_ports + ")";
  return is_ip6(to) ? "this machine has no IPv6 address to connect from (is IPv6 off?)"
                    : "this machine has no IPv4 address to connect from";
}

std::string of_no_route(const address& to, const machine_facts& facts) {
  if (is_multicast(to) || to.host() == "255.255.255.255")
    return "no route to that network or host (TCP does not reach a multicast or broadcast address)";
  if (facts.route(to, false) == EINVAL)
    return "no route to that network or host (a blackhole route on this machine drops the "
           "packets: ip route get " +
           to.host() + ")";
  if (is_ip6(to)) return "no route to that network or host (does this machine have IPv6?)";
  return {};
}

// EINVAL may concern the address, the route or an argument.
std::string of_invalid(verb what, std::error_code& code, const address& to,
                       const machine_facts& facts) {
  if (lacks_interface(to)) return no_scope;
  if (what == verb::accept || to.port() == 0 || facts.route(to, true) != EINVAL) return {};
  replace(code, ENETUNREACH);
  return of_no_route(to, facts);
}

std::string of_ip_connect(std::error_code& code, const address& to, const machine_facts& facts) {
  switch (code.value()) {
    case EAGAIN:  // from a datagram socket; TCP reports EADDRNOTAVAIL
      replace(code, EADDRNOTAVAIL);
      return of_no_address(to, facts);
    case EADDRNOTAVAIL: return of_no_address(to, facts);
    case ENETUNREACH: return of_no_route(to, facts);
    default: return {};
  }
}

std::string of_ip_bind(int number, const address& at) {
  switch (number) {
    case EACCES:
      return "permission denied (ports below 1024 need root, CAP_NET_BIND_SERVICE, or a lower "
             "net.ipv4.ip_unprivileged_port_start)";
    case EADDRINUSE:
      return at.port() == 0 ? std::string("no port is free (") + more_ports + ")" : "";
    default: return {};
  }
}

// The kernel returns various codes for a zone that is not an interface, by name or by number.
std::string of_no_interface(verb what, std::error_code& code, const address& with) {
  const std::string host = with.host();
  if (what != verb::accept) replace(code, ENETUNREACH);
  return "this machine has no interface \"" + host.substr(host.find('%') + 1) +
         "\" (ip link lists them)";
}

std::string of_ip(verb what, std::error_code& code, const address& with,
                  const machine_facts& facts) {
  const int number = code.value();
  const bool may_be_zone = number == EINVAL || number == ENODEV || number == ENETUNREACH ||
                           number == EHOSTUNREACH || number == EADDRNOTAVAIL;
  if (is_ip6(with) && may_be_zone && !facts.has_zone_of(with))
    return of_no_interface(what, code, with);
  if (number == EINVAL) return of_invalid(what, code, with, facts);
  if (number == EAFNOSUPPORT) return is_ip6(with) ? "this system has no IPv6" : "";
  if (number == EPERM) return "not permitted (blocked by a firewall on this machine)";
  if (what == verb::accept) return of_ip_bind(number, with);
  if (number == EACCES) {
    if (facts.route(with, true) == 0 && facts.route(with, false) != 0)
      return "a broadcast address (enable it first: set(options::broadcast, true))";
    return "permission denied (prohibited by a route or a firewall on this machine)";
  }
  return what == verb::connect ? of_ip_connect(code, with, facts) : std::string();
}

}  // namespace

std::string cause_of(verb what, std::error_code& code, const address& with,
                     const machine_facts& facts) {
  if (with.is_unix()) {
    const file there = facts.file_at(with);
    return what == verb::accept ? of_unix_bind(code.value(), there)
                                : of_unix_connect(code.value(), there);
  }
  if (with.is_ip() || with.kind() == address_kind::any) return of_ip(what, code, with, facts);
  return {};
}

}  // namespace bight
