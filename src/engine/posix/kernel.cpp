// SPDX-License-Identifier: MIT
#include "engine/posix/kernel.hpp"

#include "base/check.hpp"
#include "engine/posix/alarm.hpp"
#include "engine/posix/ancillary.hpp"
#include "engine/posix/causes.hpp"
#include "engine/posix/resolver.hpp"
#include "engine/posix/signals.hpp"
#include "engine/posix/workers.hpp"

#include <bight/scheduler.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

namespace bight::posix {

namespace {

const std::error_code no_error;

std::error_code last_error() noexcept { return system_error_code(errno); }

error failed(const char* what) { return error(last_error(), what); }

std::error_code closed_handle() noexcept { return make_error_code(errc::closed); }

// Calls of fork(2) that lead to this process, since somebody counts.
unsigned forks = 0;

unsigned forks_counted() noexcept {
  static const int counts = pthread_atfork(nullptr, nullptr, [] { ++forks; });
  static_cast<void>(counts);
  return forks;
}

bool ip6_works() noexcept {
  const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  ::close(fd);
  return true;
}

int family_of(transport t, const address& at) noexcept {
  if (t == transport::local || at.is_local()) return AF_UNIX;
  if (at.what() == address::kind::ip4) return AF_INET;
  if (at.what() == address::kind::any && !ip6_works()) return AF_INET;
  return AF_INET6;
}

result<address> bound_name(int fd) {
  socket_name name;
  if (getsockname(fd, name.get(), &name.length) != 0) return failed("local address");
  return from_system(name);
}

}  // namespace

std::error_code system_error_code(int number) noexcept {
  if (number == ECANCELED) return make_error_code(errc::cancelled);
  return {number, std::system_category()};
}

bool ends_connection(int number) noexcept {
  switch (number) {  // recv(2) and send(2), "Errors"
    case EBADF:
    case ECANCELED:
    case EFAULT:
    case EINTR:
    case EINVAL:
    case EMSGSIZE:
    case ENOBUFS:
    case ENOMEM:
    case ENOTCONN:
    case ENOTSOCK:
    case EPERM:
    case EOPNOTSUPP: return false;
    default: return true;
  }
}

bool accept_may_go_on(int number) noexcept {
  switch (number) {  // accept(2), "Error handling"
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ETIMEDOUT:
    case EPERM:  // a firewall rule
    case EINTR: return true;
    default: return false;
  }
}

void* pack_handle(handle h) noexcept {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(h.index) << 32 | h.generation);
}

handle unpack_handle(const void* packed) noexcept {
  const auto bits = reinterpret_cast<std::uintptr_t>(packed);
  return {static_cast<std::uint32_t>(bits >> 32), static_cast<std::uint32_t>(bits)};
}

void reset_at_close(int fd) noexcept {
  const linger none{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

void close_with_reset(int fd) noexcept {
  reset_at_close(fd);
  ::close(fd);
}

void kernel_engine::before_close(const slot& s, ending how, bool unread) noexcept {
  if (s.attended == attention::session) remember(s);
  const bool fails = (how == ending::failed || s.attended == attention::cut) && !s.end_sent;
  if (fails || how == ending::reset || unread) reset_at_close(s.fd);
  if (!s.has_file) return;
  const auto mine = std::find_if(files_.begin(), files_.end(),
                                 [&s](const socket_file& f) { return f.socket() == s.fd; });
  if (mine == files_.end()) return;
  mine->remove();
  files_.erase(mine);
}

bool connected_to_itself(int fd) noexcept {
  socket_name mine;
  socket_name theirs;
  if (getsockname(fd, mine.get(), &mine.length) != 0) return false;
  if (mine.storage.ss_family == AF_UNIX) return false;
  if (getpeername(fd, theirs.get(), &theirs.length) != 0) return false;
  return mine.length == theirs.length && std::memcmp(mine.get(), theirs.get(), mine.length) == 0;
}

kernel_engine::kernel_engine()
    : forks_(forks_counted()),
      alarm_(std::make_unique<alarm>(*this)),
      signals_(std::make_unique<signal_desk>(*this)),
      workers_(std::make_unique<worker_desk>(*this)) {
  wake_.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_.fd < 0) throw failed("eventfd");
}

kernel_engine::~kernel_engine() { ::close(wake_.fd); }

void kernel_engine::start_watching() {
  wake_.wants_read = true;
  wake_.ready = [](watcher& w, bool, bool) {
    auto& self = *static_cast<kernel_engine*>(w.owner);
    std::uint64_t count = 0;
    [[maybe_unused]] const auto taken = ::read(w.fd, &count, sizeof count);
    self.signals_->on_wake();
    self.workers_->on_wake();
  };
  wake_.owner = this;
  watch(wake_);
  alarm_->start();
}

void kernel_engine::stop_watching() noexcept {
  workers_.reset();  // joins, so that nobody wakes a dead engine
  signals_.reset();
  resolver_.reset();
  alarm_->stop();
  wake_.wants_read = false;
  watch(wake_);
}

void kernel_engine::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written =
      ::write(wake_.fd, &one, sizeof one);  // EAGAIN: awake anyway
}

duration kernel_engine::limit_of_wait(time_point until) {
  check(!in_child(), "a child process goes on with its parent's loop: make a runner of its own");
  return alarm_->limit(until);
}

bool kernel_engine::in_child() const noexcept { return forks_ != forks; }

// Neither a shutdown nor an option of the socket, which the parent would feel.
void kernel_engine::close_in_child(slot& s) noexcept {
  if (s.kind != socket_kind::adopted) ::close(s.fd);
  s.leave();
}

time_point kernel_engine::now() const noexcept {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

void kernel_engine::random(std::span<std::byte> into) {
  while (!into.empty()) {
    const ssize_t n = getrandom(into.data(), into.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw failed("getrandom");
    into = into.subspan(static_cast<std::size_t>(n));
  }
}

bool kernel_engine::submit_without_socket(op& o) {
  const bool complete = submit_to_desk(o);
  if (!complete) o.begin_waiting();
  return complete;
}

bool kernel_engine::submit_to_desk(op& o) {
  if (o.what == verb::signal) return signals_->submit(o);
  if (o.what == verb::work) return workers_->submit(o);
  if (o.what != verb::resolve) {
    o.code = errc::closed;
    return true;
  }
  if (resolver_ == nullptr) resolver_ = std::make_unique<resolver>(*this);
  return resolver_->submit(o);
}

void kernel_engine::cancel_other(op& o) noexcept {
  if (o.what == verb::signal)
    signals_->cancel(o);
  else if (o.what == verb::work)
    workers_->cancel(o);
  else
    resolver_->cancel(o);
}

bool kernel_engine::busy_other() const noexcept {
  return signals_->busy() || workers_->busy() || (resolver_ != nullptr && resolver_->busy());
}

handle kernel_engine::enter(int fd, socket_kind kind, int family) {
  slot& s = place(fd);
  s.last_used = sched().now();
  return s.enter(fd, kind, family);
}

result<handle> kernel_engine::open(transport t, const address& at) {
  const int family = family_of(t, at);
  const int type = t == transport::udp ? SOCK_DGRAM : SOCK_STREAM;
  const int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return failed("socket");
  const int off = 0;
  const int on = 1;
  if (family == AF_INET6) {
    // Dual stack only for ":port": "[::]:9999" means IPv6, whatever the system's default is.
    const bool both = at.what() == address::kind::any;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, both ? &off : &on, sizeof on);
  }
  if (type == SOCK_STREAM && family != AF_UNIX) {  // accepted sockets inherit both: tcp(7)
    setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return enter(fd, type == SOCK_STREAM ? socket_kind::stream : socket_kind::datagram, family);
}

std::error_code kernel_engine::bind(handle h, const address& at) {
  slot* s = find(h);
  if (s == nullptr) return closed_handle();
  socket_name name;
  to_system(at, s->family, name);
  if (name.length == 0) return make_error_code(errc::bad_address);
  if (s->family == AF_UNIX && at.host()[0] != '@') return bind_file(*s, name, at.host());
  if (::bind(s->fd, name.get(), name.length) != 0) return last_error();
  ask_for_targets(*s, at);
  return no_error;
}

std::error_code kernel_engine::bind_file(slot& s, const socket_name& name,
                                         const std::string& path) {
  files_.emplace_back(s.fd, path);  // may throw, and nothing has happened yet
  const std::error_code failed = files_.back().bind(name);
  if (failed) files_.pop_back();
  s.has_file = !failed;
  return failed;
}

std::error_code kernel_engine::bind_source(handle h, const address& from) {
  // Without it each connection takes a port from all destinations: ip(7). Older than Linux 4.2, or
  // filtered: the port is drawn at once.
  const int on = 1;
  if (const slot* s = find(h); s != nullptr && from.port() == 0)
    setsockopt(s->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  return engine::bind_source(h, from);
}

std::error_code kernel_engine::listen(handle h, int backlog) {
  slot* s = find(h);
  if (s == nullptr) return closed_handle();
  if (::listen(s->fd, backlog) != 0) return last_error();
  s->kind = socket_kind::listener;
  return no_error;
}

std::error_code kernel_engine::shutdown_send(handle h) {
  slot* s = find(h);
  if (s == nullptr) return closed_handle();
  if (shutdown(s->fd, SHUT_WR) != 0) return last_error();
  s->end_sent = true;
  return no_error;
}

namespace {
std::uint64_t key_of(handle h) noexcept { return std::uint64_t{h.generation} << 32 | h.index; }
}  // namespace

void kernel_engine::attend(handle h, attention a) noexcept {
  if (slot* const s = find(h))
    s->attended = a;
  else if (a == attention::none && !departed_.empty())
    departed_.erase(key_of(h));
}

attention kernel_engine::attended(handle h) const noexcept {
  const slot* const s = find(h);
  return s != nullptr ? s->attended : attention::none;
}

bool kernel_engine::may_lose(handle h) const noexcept {
  const slot* const s = find(h);
  if (s == nullptr || s->end_taken) return false;
  if (s->attended == attention::none || s->attended == attention::cut) return false;
  if (has_unread(*s)) return true;
  int there = 0;
  return s->send_waited && ioctl(s->fd, FIONREAD, &there) == 0 && there > 0;
}

// For the error of a session whose handler closes its stream before it fails.
void kernel_engine::remember(const slot& s) noexcept {
  const handle h{static_cast<std::uint32_t>(s.fd), s.generation};
  try {
    auto name = remote(h);
    if (!name || name->what() == address::kind::none) name = local(h);
    if (name) departed_.emplace(key_of(h), *std::move(name));
  } catch (const std::bad_alloc&) {
    // The error then names nobody.
  }
}

result<handle> kernel_engine::adopt(int descriptor) {
  if (fcntl(descriptor, F_GETFD) < 0) return failed("open the descriptor");
  return enter(descriptor, socket_kind::adopted, AF_UNSPEC);
}

result<address> kernel_engine::local(handle h) const {
  const slot* s = find(h);
  if (s == nullptr) return error(closed_handle(), "local address");
  return bound_name(s->fd);
}

namespace {

result<address> peer_name(const slot& s) {
  socket_name name;
  // Once a connection is gone getpeername(2) fails, and this option still knows whose it was:
  // socket(7). It takes the exact length.
  if (s.family != AF_UNIX) {
    name.length = s.family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    if (getsockopt(s.fd, SOL_SOCKET, SO_PEERNAME, name.get(), &name.length) == 0)
      return from_system(name);
    name.length = sizeof name.storage;
  }
  if (getpeername(s.fd, name.get(), &name.length) != 0) return failed("remote address");
  return from_system(name);
}

}  // namespace

result<address> kernel_engine::remote(handle h) const {
  const slot* s = find(h);
  if (s == nullptr) {
    const auto known = departed_.find(key_of(h));
    if (known != departed_.end()) return known->second;
    return error(closed_handle(), "remote address");
  }
  return peer_name(*s);
}

std::string kernel_engine::cause(verb what, std::error_code code, const address& with) const {
  return code.category() == std::system_category() ? cause_of(what, code.value(), with)
                                                   : std::string();
}

time_point kernel_engine::last_used(handle h) const noexcept {
  const slot* s = find(h);
  return s != nullptr ? s->last_used : time_point::min();
}

}  // namespace bight::posix
