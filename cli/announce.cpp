// SPDX-License-Identifier: MIT
#include "announce.hpp"

#include "exit_codes.hpp"
#include "file_io.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <fmt/core.h>

#include <algorithm>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

namespace tool {

using bight::address;

namespace {

// 0.0.0.0, [::], and any address that other machines can reach.
bool is_open(const address& at) { return !at.is_loopback(); }

// 0.0.0.0 and [::], which clients cannot connect to.
bool is_every(const address& at) { return at.host() == "0.0.0.0" || at.host() == "::"; }

// The addresses under which other machines reach a server that listens on all interfaces. Browsers
// do not support link-local addresses.
std::vector<address> reachable(const address& every, bool both_families) {
  std::vector<address> found;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return found;
  for (const ifaddrs* i = all; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || (i->ifa_flags & IFF_UP) == 0) continue;
    char text[INET6_ADDRSTRLEN] = "";
    if (i->ifa_addr->sa_family == AF_INET && (both_families || every.host() == "0.0.0.0")) {
      const auto& ip4 = *reinterpret_cast<const sockaddr_in*>(i->ifa_addr);
      inet_ntop(AF_INET, &ip4.sin_addr, text, sizeof text);
    } else if (i->ifa_addr->sa_family == AF_INET6 && every.host() == "::") {
      const auto& ip6 = *reinterpret_cast<const sockaddr_in6*>(i->ifa_addr);
      if (!IN6_IS_ADDR_LINKLOCAL(&ip6.sin6_addr))
        inet_ntop(AF_INET6, &ip6.sin6_addr, text, sizeof text);
    }
    if (*text == '\0') continue;
    const bool is_ip4 = i->ifa_addr->sa_family == AF_INET;
    const address at(
        fmt::format("{}{}{}:{}", is_ip4 ? "" : "[", text, is_ip4 ? "" : "]", every.port()));
    if (!at.is_loopback()) found.push_back(at);
  }
  freeifaddrs(all);
  return found;
}

}  // namespace

std::shared_ptr<ready_descriptor> ready_descriptor::take(int fd) {
  auto ready = std::make_shared<ready_descriptor>();
  ready->fd_ = fd;
  ready->file_ = fd == 1 ? stdout : fd == 2 ? stderr : fd == 0 ? nullptr : file_of(fd);
  if (ready->file_ == nullptr)
    throw usage_error(
        fmt::format("--ready-fd {}: the descriptor is not open for writing; for example: "
                    "bight serve echo --ready-fd 3 3>port",
                    fd));
  return ready;
}

void ready_descriptor::write(const std::vector<target>& where) {
  if (file_ == nullptr) return;
  std::string lines;
  for (const target& t : where)
    lines += fmt::format("{} {}\n", name_of(t.proto, t.address),
                         t.is_unix() ? t.address.host() : t.address.str());
  try {
    write_all(fileno(file_), lines, "--ready-fd");
  } catch (const failure&) {
    // If the script has closed its end, serve anyway.
  }
  if (fd_ > 2) std::fclose(file_);
  file_ = nullptr;
}

void announcer::announce(const target& t) const {
  const std::string name = name_of(t.proto, t.address);
  const char* who = t.is_unix()          ? ""
                    : is_open(t.address) ? ", open to the network"
                                         : ", for this machine only";
  log_.note(fmt::format("Listening on {}{}", t.str(), who));
  if (t.is_unix())
    log_.event("listening", {{"proto", name}, {"path", t.address.host()}});
  else
    log_.event("listening", {{"proto", name},
                             {"addr", t.address.host()},
                             {"port", std::int64_t{t.address.port()}},
                             {"public", is_open(t.address)}});
  if (files_ != nullptr) announce_files(t);
}

// The URLs of the files.
void announcer::announce_files(const target& t) const {
  const std::string path = shown(files_->path());
  if (t.is_unix()) {
    log_.note(
        fmt::format("Serving {} at http://localhost/ (curl --unix-socket {} http://localhost/)",
                    path, shown(t.address.host())));
    return;
  }
  if (!t.address.is_ip()) return;
  std::vector<address> at{t.address};
  if (is_every(t.address)) at = reachable(t.address, both_families_);
  const char* const loopback =
      t.address.host() == "::" && !both_families_ ? "[::1]:1" : "127.0.0.1:1";
  if (at.empty()) at.push_back(address(loopback).with_port(t.address.port()));
  for (const address& a : at)
    log_.note(fmt::format("Serving {} at {}://{}/", path,
                          t.proto == protocol::tls ? "https" : "http", a.str()));
}

void announcer::announce_pin() const {
  const auto found = std::find_if(where_.begin(), where_.end(),
                                  [](const target& t) { return t.proto == protocol::tls; });
  if (pin_.empty() || found == where_.end()) return;
  const bool every = found->address.is_ip() && is_every(found->address);
  const std::string at =
      every ? fmt::format("localhost:{}", found->address.port()) : found->address.str();
  std::string command = fmt::format("bight connect tls://{}", at);
  if (found->is_unix())
    command = "bight connect --tls " + at;
  else if (files_ != nullptr)
    command = fmt::format("bight get https://{}/", at);
  command += " --pin " + pin_;
  log_.note(fmt::format(
      "Made a self-signed certificate, valid while this server runs. To connect{}:\n  {}",
      every ? " (from another machine, use this machine's name)" : "", command));
  log_.event("certificate", {{"pin", pin_}, {"command", command}});
}

void announcer::listening(protocol proto, const address& at) {
  where_.push_back({proto, at});
  if (where_.size() != expected_) return;
  for (const target& t : where_) announce(t);
  announce_pin();
  if (ready_ != nullptr) ready_->write(where_);
}

}  // namespace tool
