// SPDX-License-Identifier: MIT
#include "engine/posix/kernel.hpp"

#include "base/check.hpp"
#include "engine/posix/alarm.hpp"
#include "engine/posix/ancillary.hpp"
#include "engine/posix/facts.hpp"
#include "engine/posix/forks.hpp"
#include "engine/posix/resolver.hpp"
#include "engine/posix/signals.hpp"
#include "engine/posix/thread_pool.hpp"
#include "engine/posix/workers.hpp"

#include <bight/machinery/scheduler.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

namespace bight::posix {

namespace {

const std::error_code no_error;

std::error_code last_error() noexcept { return system_error_code(errno); }

error failed(const char* what) { return error(last_error(), what); }

std::error_code no_memory() noexcept { return system_error_code(ENOMEM); }

std::error_code closed_handle() noexcept { return make_error_code(errc::closed); }

bool ip6_works() noexcept {
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  ::close(fd);
  return true;
}

int family_of(transport t, const address& at) noexcept {
  if (t == transport::unix_socket || at.is_unix()) return AF_UNIX;
  if (at.kind() == address_kind::ip4) return AF_INET;
  if (at.kind() == address_kind::any && !ip6_works()) return AF_INET;
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

bool accept_goes_on(op& o, int number) noexcept {
  constexpr std::uint32_t in_a_row_max = 16;
  if (number == EINTR) return true;
  return accept_may_go_on(number) && ++o.size < in_a_row_max;  // unused by accept otherwise
}

void reset_at_close(int fd) noexcept {
  const linger none{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

void close_with_reset(int fd) noexcept {
  reset_at_close(fd);
  ::close(fd);
}

void kernel_engine::before_close(socket& s, ending how, bool unread) noexcept {
  remember_peer(s.self(), s);
  const bool loses = s.kind == socket_kind::stream && (unread || s.has_arrivals());
  if (loses || s.must_reset(how)) reset_at_close(s.fd);
  if (s.has_accepted())
    for (const int child : s.arrived->accepted) close_with_reset(child);
  s.arrived.reset();
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
    : alarm_(std::make_unique<alarm>(*this)),
      signals_(std::make_unique<signal_desk>(*this)),
      workers_(std::make_unique<worker_desk>(*this)) {
  waker_ = open_waker();
  if (waker_.reads < 0) throw failed("eventfd");
  wake_.fd = waker_.reads;
}

kernel_engine::~kernel_engine() {
  forget_forks(forks_);
  close_waker(waker_);
}

void kernel_engine::start_watching() {
  wake_.wants_read = true;
  wake_.ready = [](watcher& w, bool, bool) {
    auto& self = *static_cast<kernel_engine*>(w.owner);
    std::uint64_t counts[64];  // an eventfd has one; a pipe may have many
    [[maybe_unused]] const auto taken = ::read(w.fd, counts, sizeof counts);
    self.signals_->on_wake();
    self.workers_->on_wake();
  };
  wake_.owner = this;
  watch(wake_);
  alarm_->start();
  watch_forks(forks_, *this);
}

void kernel_engine::stop_watching() noexcept {
  forget_forks(forks_);
  workers_.reset();  // joins the threads, so that none wakes a dead engine
  signals_.reset();
  resolver_.reset();
  alarm_->stop();
  wake_.wants_read = false;
  watch(wake_);
}

// If a wake-up is lost, the loop may sleep forever.
void kernel_engine::wake() noexcept {
  constexpr int tries_max = 100;
  const std::uint64_t one = 1;
  for (int i = 0; i < tries_max; ++i)
    if (::write(waker_.writes, &one, sizeof one) >= 0 || errno == EAGAIN)
      return;  // EAGAIN: it is awake
}

duration kernel_engine::limit_of_wait(time_point until) {
  check_process();
  return alarm_->limit(until);
}

void kernel_engine::check_process() const noexcept {
  check(!in_child_, "a child process uses its parent's loop: create a new runner");
}

// No shutdown and no socket option: either would affect the parent.
void kernel_engine::close_in_child(socket& s) noexcept {
  if (s.kind != socket_kind::adopted) ::close(s.fd);
  s.leave();
}

time_point kernel_engine::now() const noexcept {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

void kernel_engine::random(std::span<std::byte> into) {
  if (!draw_random(into.data(), into.size())) throw failed("getrandom");
}

job_runner* kernel_engine::jobs() noexcept { return &thread_pool::of_process(); }

bool kernel_engine::submit_without_socket(op& o) {
  check_process();
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

handle kernel_engine::enter(int fd, socket_kind kind, int family) noexcept {
  try {
    socket& s = place(fd);
    s.last_used = sched().now();
    return s.enter(fd, kind, family);
  } catch (const std::bad_alloc&) {
    if (kind != socket_kind::adopted) close_with_reset(fd);
    return {};
  }
}

void kernel_engine::claim(op& o, int fd) noexcept {
  // The peer's name is not asked for here. The socket knows it, even after a reset.
  const handle child = enter(fd, socket_kind::stream, find(o.on)->family);
  if (!child) {
    o.code = no_memory();
    return;
  }
  o.extra = pack_handle(o.on);
  o.on = child;
}

void kernel_engine::requeue(op& o) noexcept {
  if (o.what == verb::accept) return requeue_accepted(o);
  socket* const s = find(o.on);
  if (s == nullptr || o.ends_stream) return;  // the next receive finds the end again
  try {
    s->keep().requeue(o);
  } catch (const std::bad_alloc&) {
    // Later bytes must not silently replace the ones that are lost here.
    if (!s->takes_datagrams()) close(o.on, ending::reset);
    return;
  }
  if (!s->has_waiting_receiver()) return;
  s->give_next(*s->receiver);
  finish(*s->receiver);
}

void kernel_engine::requeue_accepted(op& o) noexcept {
  const handle listener = unpack_handle(o.extra);
  socket* const s = find(listener);
  if (s == nullptr) return close(o.on, ending::reset);
  try {
    std::vector<int>& waiting = s->keep().accepted;
    waiting.insert(waiting.begin(), static_cast<int>(o.on.index));
  } catch (const std::bad_alloc&) {
    return close(o.on, ending::reset);
  }
  if (socket* const child = find(o.on)) child->leave();
  o.on = listener;
  if (!s->has_waiting_receiver()) return;
  claim(*s->receiver, s->arrived->take_accepted());
  finish(*s->receiver);
}

void kernel_engine::take_arrived(handle h, arrivals& into) {
  const socket* const s = find(h);
  if (s == nullptr || s->arrived == nullptr) return;
  s->arrived->take(into, at_once_max);
  count_at_once(static_cast<int>(into.size()));
}

result<handle> kernel_engine::open(transport t, const address& at) {
  check_process();
  const int family = family_of(t, at);
  const int type = t == transport::udp ? SOCK_DGRAM : SOCK_STREAM;
  const int fd = ::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return failed("");  // the caller names what it tried
  const int off = 0;
  const int on = 1;
  if (family == AF_INET6) {
    // Dual stack only for ":port". "[::]:9999" means IPv6, whatever the system's default is.
    const bool both = at.kind() == address_kind::any;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, both ? &off : &on, sizeof on);
  }
  if (type == SOCK_STREAM && family != AF_UNIX) {  // inherited by accepted sockets: tcp(7)
    setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  const handle h =
      enter(fd, type == SOCK_STREAM ? socket_kind::stream : socket_kind::datagram, family);
  if (!h) return error(no_memory(), "");
  return h;
}

std::error_code kernel_engine::bind(handle h, const address& at) {
  check_process();
  socket* s = find(h);
  if (s == nullptr) return closed_handle();
  socket_name name;
  to_system(at, s->family, name);
  if (name.length == 0) return make_error_code(errc::bad_address);
  if (s->family == AF_UNIX && at.host()[0] != '@') return bind_file(*s, name, at.host());
  if (::bind(s->fd, name.get(), name.length) != 0) return last_error();
  ask_for_targets(*s, at);
  return no_error;
}

std::error_code kernel_engine::bind_file(socket& s, const socket_name& name,
                                         const std::string& path) {
  files_.reserve(files_.size() + 1);  // so that nothing throws after the file exists
  socket_file file(s.fd, path);
  if (const std::error_code failed = file.bind(name)) return failed;
  files_.push_back(std::move(file));
  s.has_file = true;
  return no_error;
}

std::error_code kernel_engine::bind_source(handle h, const address& from) {
  // Without this option, a connection blocks its port for all destinations: ip(7). Before Linux
  // 4.2, or with a filter, the port is chosen at once.
  const int on = 1;
  if (const socket* s = find(h); s != nullptr && from.port() == 0)
    setsockopt(s->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  return engine::bind_source(h, from);
}

std::error_code kernel_engine::listen(handle h, int backlog) {
  check_process();
  socket* s = find(h);
  if (s == nullptr) return closed_handle();
  if (::listen(s->fd, backlog) != 0) return last_error();
  s->kind = socket_kind::listener;
  return no_error;
}

std::error_code kernel_engine::shutdown_send(handle h) {
  check_process();
  socket* s = find(h);
  if (s == nullptr) return closed_handle();
  if (shutdown(s->fd, SHUT_WR) != 0) return last_error();
  s->end_sent = true;
  return no_error;
}

result<handle> kernel_engine::adopt(int descriptor) {
  check_process();
  const std::string tried = "open descriptor " + std::to_string(descriptor);
  if (fcntl(descriptor, F_GETFD) < 0) return error(last_error(), tried, 0, "it is not open");
  const handle h = enter(descriptor, socket_kind::adopted, AF_UNSPEC);
  if (!h) return error(no_memory(), tried);
  return h;
}

result<address> kernel_engine::local(handle h) const {
  const socket* s = find(h);
  if (s == nullptr) return error(closed_handle(), "local address");
  return bound_name(s->fd);
}

std::string kernel_engine::cause(verb what, std::error_code& code, const address& with) const {
  return code.category() == std::system_category() ? cause_of(what, code, with, kernel_facts())
                                                   : std::string();
}

}  // namespace bight::posix
