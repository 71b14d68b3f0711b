// SPDX-License-Identifier: MIT
#include "engine/posix/name_channel.hpp"

#include "engine/posix/names_category.hpp"
#include "engine/posix/resolver.hpp"

#include <algorithm>
#include <cerrno>

#include <netinet/in.h>
#include <sys/uio.h>
#include <unistd.h>

namespace bight::posix {

namespace {

int library_version() noexcept {
  int version = 0;
  ares_version(&version);
  return version;
}

// Since 1.24, c-ares supports servers with a scope.
bool library_knows_scopes() noexcept { return library_version() >= 0x011800; }

// "%eth0" for a link-local address, otherwise empty.
std::string scope_text(const address& a) {
  const std::string host = a.host();
  return host.substr(std::min(host.find('%'), host.size()));
}

bool is_scoped(const address& a) { return !scope_text(a).empty(); }

address without_scope(const address& a) noexcept {
  return a.kind() == address_kind::ip6 ? address::ip6(a.bytes(), a.port()) : a;
}

// c-ares requires that all of its system calls are replaced, or none.

int close_socket(ares_socket_t fd, void*) noexcept { return ::close(fd); }

ares_ssize_t receive(ares_socket_t fd, void* into, size_t size, int flags, sockaddr* from,
                     ares_socklen_t* length, void*) noexcept {
  return ::recvfrom(fd, into, size, flags, from, length);
}

ares_ssize_t send_pieces(ares_socket_t fd, const iovec* pieces, int count, void*) noexcept {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces);
  message.msg_iovlen = static_cast<std::size_t>(count);
  const ares_ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
  // The kernel reports the refusal of an earlier query on this socket, once. c-ares would move only
  // this query to the next server; the others would wait for their timeouts. Sending again makes
  // c-ares find the refusal when it reads, and it moves all of them.
  if (sent >= 0 || errno != ECONNREFUSED) return sent;
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

}  // namespace

name_channel::name_channel(kernel_engine& k, resolver& home, resolv_conf conf)
    : kernel_(k), conf_(std::move(conf)), home_(home) {
  timeout_.owner = this;
  timeout_.expired = [](timer& t) {
    static_cast<owned_timer&>(t).owner->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  };
  // Armed here, because moving an armed timer needs no memory and so cannot fail.
  kernel_.timers().arm(timeout_, time_point::max());
  status_ = open();
  if (status_ == ARES_SUCCESS) status_ = set_servers();
}

name_channel::~name_channel() {
  if (channel_ != nullptr) ares_destroy(channel_);
  kernel_.timers().disarm(timeout_);
}

// Sets every option, so that c-ares does not read the system's files itself.
int name_channel::open() noexcept {
  ares_options options{};
  int set = ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_DOMAINS | ARES_OPT_NDOTS |
            ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_FLAGS | ARES_OPT_RESOLVCONF;
  set |= conf_.rotate ? ARES_OPT_ROTATE : ARES_OPT_NOROTATE;
  char servers_only[] = "b";
  char no_file[] = "/dev/null";
  options.lookups = servers_only;
  options.resolvconf_path = no_file;
  options.ndomains = 0;
  options.ndots = 1;
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  if (conf_.use_tcp) options.flags |= ARES_FLAG_USEVC;
  if (conf_.edns) options.flags |= ARES_FLAG_EDNS;
  options.timeout = static_cast<int>(conf_.timeout / 1ms);
  options.tries = conf_.attempts;
  options.sock_state_cb = &name_channel::on_socket;
  options.sock_state_cb_data = this;
#ifdef ARES_OPT_QUERY_CACHE
  set |= ARES_OPT_QUERY_CACHE;  // with a lifetime of 0: no cache
  options.qcache_max_ttl = 0;
#endif
  const int failed = ares_init_options(&channel_, &options, set);
  if (failed != ARES_SUCCESS) return failed;
  // c-ares keeps this pointer.
  static constexpr ares_socket_functions calls{&name_channel::open_socket, close_socket,
                                               &name_channel::connect_scoped, receive, send_pieces};
  ares_set_socket_functions(channel_, &calls, this);
  return ARES_SUCCESS;
}

int name_channel::set_servers() {
  if (conf_.servers.empty()) return ARES_SUCCESS;  // 127.0.0.1
  std::string list;
  for (const address& server : conf_.servers) {
    if (!list.empty()) list += ',';
    list += without_scope(server).str();
    if (library_knows_scopes()) list += scope_text(server);  // "[fe80::1]:53%eth0"
  }
  return ares_set_servers_ports_csv(channel_, list.c_str());
}

ares_socket_t name_channel::open_socket(int family, int type, int protocol, void* self) noexcept {
  const int fd = ::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  if (fd < 0 && is_shortage(errno)) static_cast<name_channel*>(self)->shortage_ = errno;
  return fd;
}

// Adds the scope, which c-ares before 1.24 does not support.
int name_channel::connect_scoped(ares_socket_t fd, const sockaddr* to, ares_socklen_t size,
                                 void* self) {
  const address wanted = from_system(to, size);
  for (const address& server : static_cast<name_channel*>(self)->conf_.servers) {
    if (!is_scoped(server) || without_scope(server) != wanted) continue;
    socket_name name;
    to_system(server, AF_INET6, name);
    return ::connect(fd, name.get(), name.length);
  }
  return ::connect(fd, to, size);
}

void name_channel::ask(const std::string& name, int family, ares_addrinfo_callback told,
                       void* who) noexcept {
  if (!usable()) return told(who, status_, 0, nullptr);
  shortage_ = 0;
  ares_addrinfo_hints hints{};
  hints.ai_family = family == 6 ? AF_INET6 : AF_INET;
  // c-ares would sort by RFC 6724, with a socket for each address. Within one family the servers'
  // order is as good, and it spreads load.
  hints.ai_flags = ARES_AI_NOSORT;
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, told, who);
}

void name_channel::cancel_all() noexcept {
  shortage_ = 0;
  if (usable()) ares_cancel(channel_);
}

void name_channel::set_alarm() noexcept {
  timeval left{};
  time_point alarm = time_point::max();
  if (channel_ != nullptr && ares_timeout(channel_, nullptr, &left) != nullptr) {
    // One millisecond later than c-ares requests: it must not be early by the clock of c-ares.
    const duration wait = left.tv_sec * 1s + left.tv_usec * 1us + 1ms;
    alarm = later(kernel_.now(), wait);
  }
  kernel_.timers().arm(timeout_, alarm);
}

void name_channel::process(ares_socket_t readable, ares_socket_t writable) noexcept {
  shortage_ = 0;
  ares_process_fd(channel_, readable, writable);
  set_alarm();
  home_.proceed();
}

void name_channel::on_socket(void* arg, ares_socket_t fd, int readable, int writable) {
  name_channel& self = *static_cast<name_channel*>(arg);
  auto known = std::find_if(self.sockets_.begin(), self.sockets_.end(),
                            [&](const auto& w) { return w->fd == fd; });
  try {
    if (known == self.sockets_.end()) {
      self.sockets_.push_back(std::make_unique<watcher>());
      known = std::prev(self.sockets_.end());
      (*known)->fd = fd;
      (*known)->owner = arg;
      (*known)->ready = [](watcher& w, bool can_read, bool can_write) {
        const ares_socket_t s = w.fd;  // this call may destroy `w`
        static_cast<name_channel*>(w.owner)->process(can_read ? s : ARES_SOCKET_BAD,
                                                     can_write ? s : ARES_SOCKET_BAD);
      };
    }
    (*known)->wants_read = readable != 0;
    (*known)->wants_write = writable != 0;
    self.kernel_.watch(**known);
  } catch (const std::exception&) {
    // Not watched, because there is no memory. The query times out by itself.
  }
  if (readable == 0 && writable == 0 && known != self.sockets_.end()) self.sockets_.erase(known);
}

}  // namespace bight::posix
