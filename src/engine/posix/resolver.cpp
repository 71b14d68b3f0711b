// SPDX-License-Identifier: MIT
#include "engine/posix/resolver.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include <netdb.h>
#include <netinet/in.h>

namespace bight::posix {

namespace {

constexpr const char* config_file = "/etc/resolv.conf";

// c-ares' codes as they are, with Bight's conditions beside them.
class names_category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "c-ares"; }
  std::string message(int status) const override {
    switch (status) {
      case ARES_ENOTFOUND: return "no such name (check the spelling)";
      case ARES_ENODATA: return "the name has no such address";
      case ARES_ETIMEOUT: return "the name servers timed out (check the network and resolv.conf)";
      case ARES_ESERVFAIL: return "the name server failed (try again)";
      case ARES_EREFUSED: return "the name server refuses to answer (check resolv.conf)";
      // Version 1.18 says this too when every server answered SERVFAIL or REFUSED.
      case ARES_ECONNREFUSED: return "no name server could be reached, or all of them failed";
      default: return ares_strerror(status);
    }
  }
  std::error_condition default_error_condition(int status) const noexcept override {
    switch (status) {
      case ARES_ENOTFOUND:
      case ARES_ENODATA: return make_error_condition(errc::name_not_found);
      case ARES_ECANCELLED:
      case ARES_EDESTRUCTION: return make_error_condition(errc::cancelled);
      case ARES_ENOMEM: return make_error_condition(errc::no_resources);
      case ARES_EBADNAME: return make_error_condition(errc::bad_address);
      default: return make_error_condition(errc::name_unavailable);
    }
  }
};

std::error_code names_code(int status) noexcept {
  static const names_category category;
  return {status, category};
}

timespec changed_at(const char* file) noexcept {
  struct stat info{};
  return stat(file, &info) == 0 ? info.st_mtim : timespec{};
}

// Whether `t` is so near that a change after it may bear the same time: the clock of files ticks
// every few milliseconds.
bool just_now(const timespec& t) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec - t.tv_sec < 2;
}

bool is_in(std::string_view host, std::string_view domain) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() < domain.size()) return false;
  const std::string_view tail = host.substr(host.size() - domain.size());
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (!std::equal(tail.begin(), tail.end(), domain.begin(),
                  [&](char a, char b) { return lower(a) == b; }))
    return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

address loopback(int family, std::uint16_t port) noexcept {
  if (family == AF_INET) return address::ip4({127, 0, 0, 1}, port);
  return address::ip6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, port);
}

resolve_answer& answer_of(const op& o) noexcept { return *static_cast<resolve_answer*>(o.extra); }

void fail(op& o, int status) noexcept {
  const std::error_code why = names_code(status);
  answer_of(o).failed = why;
  o.code = make_error_code(static_cast<errc>(why.default_error_condition().value()));
}

}  // namespace

resolver::resolver(kernel_engine& k) : kernel_(k) {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);  // once a process, and for good
  static_cast<void>(library);
  timeout_.owner = this;
  timeout_.expired = [](timer& t) {
    static_cast<owned_timer&>(t).owner->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  };
  // Armed from now on: to move an armed timer takes no memory, so it cannot fail later.
  kernel_.timers().arm(timeout_, time_point::max());
}

resolver::~resolver() {
  for (query& q : in_flight_) q.waiter = nullptr;
  if (channel_ != nullptr) ares_destroy(channel_);
  kernel_.timers().disarm(timeout_);
}

bool resolver::submit(op& o) {
  if (!o.peer->is_name()) {
    const auto wanted = o.family == 4 ? address::kind::ip4 : address::kind::ip6;
    if (o.peer->what() == wanted)
      answer_of(o).found.push_back(*o.peer);
    else
      fail(o, ARES_ENODATA);
    return true;
  }
  waiting_.push_back(
      {*this, &o, o.peer->host(), o.peer->port(), o.family == 4 ? AF_INET : AF_INET6});
  query& q = waiting_.back();
  q.self = std::prev(waiting_.end());
  o.engine_data = &q;
  ++awaited_;
  proceed();  // even an answer that is there at once is told in its turn
  return false;
}

void resolver::cancel(op& o) noexcept {
  if (o.engine_data == nullptr) return;  // complete already
  query& q = *static_cast<query*>(std::exchange(o.engine_data, nullptr));
  q.waiter = nullptr;
  --awaited_;
  o.code = errc::cancelled;
  kernel_.complete(o);
  if (!q.in_flight)
    waiting_.erase(q.self);
  else if (awaited_ == 0)
    ares_cancel(channel_);  // nobody wants anything any more: no sockets, no timers are kept
  proceed();
}

void resolver::process(ares_socket_t readable, ares_socket_t writable) noexcept {
  ares_process_fd(channel_, readable, writable);
  proceed();
}

// What follows every event: begins queries while there is room, and sets the alarm for c-ares.
void resolver::proceed() noexcept {
  while (!waiting_.empty() && in_flight_.size() < in_flight_max) {
    query& q = waiting_.front();
    in_flight_.splice(in_flight_.end(), waiting_, q.self);
    q.in_flight = true;
    begin(q);
  }
  timeval left{};
  time_point alarm = time_point::max();
  if (channel_ != nullptr && ares_timeout(channel_, nullptr, &left) != nullptr) {
    // A millisecond later than c-ares says: by its own clock it must not be early.
    const duration wait = left.tv_sec * 1s + left.tv_usec * 1us + 1ms;
    alarm = later(kernel_.now(), wait);
  }
  kernel_.timers().arm(timeout_, alarm);
}

void resolver::begin(query& q) noexcept {
  // RFC 6761 §6.3, §6.4: these are answered without asking anybody.
  if (is_in(q.host, "localhost")) return finish(q, ARES_SUCCESS, nullptr);
  if (is_in(q.host, "invalid")) return finish(q, ARES_ENOTFOUND, nullptr);
  if (const int status = open_channel(); status != ARES_SUCCESS) return finish(q, status, nullptr);
  if (only_the_other_family_is_in_hosts(q)) return finish(q, ARES_ENODATA, nullptr);
  ares_addrinfo_hints hints{};
  hints.ai_family = q.family;
  // c-ares would sort by RFC 6724, with a socket for each address; within one family the servers'
  // order, which spreads load, is as good.
  hints.ai_flags = ARES_AI_NOSORT;
  ares_getaddrinfo(channel_, q.host.c_str(), nullptr, &hints, &resolver::on_found, &q);
}

// c-ares would ask the name servers for the family that the hosts file lacks. But whoever wrote a
// name there has said all there is to say about it, and the servers may be out of reach.
bool resolver::only_the_other_family_is_in_hosts(const query& q) const noexcept {
  const auto has = [&](int family) {
    hostent* entry = nullptr;
    if (ares_gethostbyname_file(channel_, q.host.c_str(), family, &entry) != ARES_SUCCESS)
      return false;
    ares_free_hostent(entry);
    return true;
  };
  return has(q.family == AF_INET ? AF_INET6 : AF_INET) && !has(q.family);
}

void resolver::on_found(void* arg, int status, int, ares_addrinfo* found) {
  query& q = *static_cast<query*>(arg);
  q.home.finish(q, status, found);
  if (found != nullptr) ares_freeaddrinfo(found);
}

void resolver::finish(query& q, int status, const ares_addrinfo* found) noexcept {
  if (op* o = std::exchange(q.waiter, nullptr)) {
    auto& results = answer_of(*o).found;
    if (status != ARES_SUCCESS) fail(*o, status);
    try {
      if (status == ARES_SUCCESS && found == nullptr) results.push_back(loopback(q.family, q.port));
      for (const auto* n = found != nullptr ? found->nodes : nullptr; n != nullptr;
           n = n->ai_next) {
        results.push_back(from_system(n->ai_addr, n->ai_addrlen).with_port(q.port));
      }
    } catch (const std::bad_alloc&) {  // c-ares is C: nothing may be thrown through it
      o->code = errc::no_resources;
    }
    o->engine_data = nullptr;
    --awaited_;
    kernel_.complete(*o);
  }
  in_flight_.erase(q.self);
}

int resolver::open_channel() noexcept {
  const timespec config = changed_at(config_file);
  const bool changed = config_may_change_unseen_ || config.tv_sec != config_time_.tv_sec ||
                       config.tv_nsec != config_time_.tv_nsec;
  // Another channel reads resolv.conf anew; not while a query is out in this one.
  if (channel_ != nullptr && changed && in_flight_.size() == 1) {
    ares_destroy(channel_);
    channel_ = nullptr;
  }
  if (channel_ != nullptr) return ARES_SUCCESS;
  config_time_ = config;
  config_may_change_unseen_ = just_now(config);
  ares_options options{};
  int set = ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
  char hosts_then_servers[] = "fb";
  options.lookups = hosts_then_servers;
  options.sock_state_cb = &resolver::on_socket;
  options.sock_state_cb_data = this;
  int version = 0;
  ares_version(&version);
  if (version < 0x011400) {
    // Before 1.20 the default is 5+10+20+40 s, and "options timeout:" is not read. These are the
    // later defaults: 2+4+8 s.
    set |= ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
    options.timeout = 2000;
    options.tries = 3;
  }
#ifdef ARES_OPT_QUERY_CACHE
  set |= ARES_OPT_QUERY_CACHE;  // off: an answer is good for the call that asked
  options.qcache_max_ttl = 0;
#endif
  return ares_init_options(&channel_, &options, set);
}

void resolver::on_socket(void* arg, ares_socket_t fd, int readable, int writable) {
  resolver& self = *static_cast<resolver*>(arg);
  auto known = std::find_if(self.sockets_.begin(), self.sockets_.end(),
                            [&](const auto& w) { return w->fd == fd; });
  try {
    if (known == self.sockets_.end()) {
      self.sockets_.push_back(std::make_unique<watcher>());
      known = std::prev(self.sockets_.end());
      (*known)->fd = fd;
      (*known)->owner = arg;
      (*known)->ready = [](watcher& w, bool can_read, bool can_write) {
        const ares_socket_t s = w.fd;  // `w` may die in there
        static_cast<resolver*>(w.owner)->process(can_read ? s : ARES_SOCKET_BAD,
                                                 can_write ? s : ARES_SOCKET_BAD);
      };
    }
    (*known)->wants_read = readable != 0;
    (*known)->wants_write = writable != 0;
    self.kernel_.watch(**known);
  } catch (const std::exception&) {
    // Not watched, for want of memory; the query times out by itself.
  }
  if (readable == 0 && writable == 0 && known != self.sockets_.end()) self.sockets_.erase(known);
}

}  // namespace bight::posix
