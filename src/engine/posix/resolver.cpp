// SPDX-License-Identifier: MIT
#include "engine/posix/resolver.hpp"

#include "engine/joint_lookup.hpp"
#include "engine/posix/hosts_file.hpp"
#include "engine/posix/names_category.hpp"
#include "engine/posix/text_file.hpp"

#include <algorithm>
#include <ctime>
#include <system_error>

namespace bight::posix {

namespace {

constexpr const char* conf_path = "/etc/resolv.conf";
constexpr const char* hosts_path = "/etc/hosts";

// Whether `t` is so recent that a later change may have the same time. The clock of files ticks
// every few milliseconds.
bool just_now(const timespec& t) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec - t.tv_sec < 2;
}

bool same(const timespec& a, const timespec& b) noexcept {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

// Whether the contents or the permissions have changed: st_ctim.
bool unchanged(const struct stat& a, const struct stat& b) noexcept {
  return same(a.st_mtim, b.st_mtim) && same(a.st_ctim, b.st_ctim) && a.st_ino == b.st_ino &&
         a.st_dev == b.st_dev && a.st_size == b.st_size;
}

bool is_in(std::string_view host, std::string_view domain) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() < domain.size()) return false;
  if (!same_name(host.substr(host.size() - domain.size()), domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

address loopback_of(int family) noexcept {
  if (family == 4) return address::ip4({127, 0, 0, 1}, 0);
  return address::ip6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0);
}

int family_of(const address& a) noexcept { return a.kind() == address_kind::ip6 ? 6 : 4; }

resolve_answer& answer_of(const op& o) noexcept { return *static_cast<resolve_answer*>(o.extra); }

void fail(op& o, int status) noexcept {
  const std::error_code why = names_code(status);
  if (why.category() == std::system_category()) {  // the usual text explains it
    o.code = why;
    return;
  }
  answer_of(o).failed = why;
  o.code = make_error_code(static_cast<errc>(why.default_error_condition().value()));
}

}  // namespace

struct resolver::search : name_search {
  search(resolver& r, address sought, bool ip6, bool ip4)
      : name_search(std::move(sought), ip6, ip4), desk(r) {}

  resolver& desk;
  std::shared_ptr<name_channel> channel;  // set when it starts
  int queries = 0;                        // in c-ares
  bool given_up = false;
  search_list::iterator self{};
};

resolver::resolver(kernel_engine& k) : kernel_(k) {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);  // once per process
  static_cast<void>(library);
}

resolver::~resolver() {
  for (const auto& s : in_flight_) {
    s->given_up = true;
    for (auto& h : s->halves) h.waiter = nullptr;
  }
  cancel_all();
}

// Ends every started search.
void resolver::cancel_all() noexcept {
  for (const auto& c : old_) c->cancel_all();
  if (channel_ != nullptr) channel_->cancel_all();
}

bool resolver::submit(op& o) {
  if (!o.peer->is_name()) {
    if (family_of(*o.peer) == o.family && o.peer->is_ip())
      answer_of(o).found.push_back(*o.peer);
    else
      fail(o, ARES_ENODATA);
    return true;
  }
  const std::shared_ptr<search> s = search_for(o);
  name_search::half& h = s->of(o.family);
  h.waiter = &o;
  o.engine_data = &h;
  ++awaited_;
  if (s->decided && h.known) answer(h);
  proceed();  // even an immediate answer completes in its turn
  return false;
}

// Its own search, or the one of the other family's operation if the two belong together.
auto resolver::search_for(op& o) -> std::shared_ptr<search> {
  joint_lookup* const both = answer_of(o).both;
  if (both != nullptr && both->state != nullptr) {
    auto joined = std::static_pointer_cast<search>(both->state);
    if (!joined->given_up) return joined;
  }
  const bool joint = both != nullptr;
  auto s = std::make_shared<search>(*this, *o.peer, joint || o.family == 6, joint || o.family == 4);
  waiting_.push_back(s);
  s->self = std::prev(waiting_.end());
  if (joint) both->state = s;
  return s;
}

void resolver::cancel(op& o) noexcept {
  if (o.engine_data == nullptr) return;  // already complete
  auto& h = *static_cast<name_search::half*>(std::exchange(o.engine_data, nullptr));
  search& s = static_cast<search&>(*h.home);
  h.waiter = nullptr;
  --awaited_;
  o.code = errc::cancelled;
  kernel_.complete(o);
  if (!s.is_awaited()) {
    s.given_up = true;
    if (s.queries == 0) waiting_.erase(s.self);
  }
  // No lookup is left, so close the sockets and stop the timers.
  if (awaited_ == 0) cancel_all();
  proceed();
}

void resolver::proceed() noexcept {
  while (!waiting_.empty() && queries_ + 2 <= in_flight_max) {
    search& s = *waiting_.front();
    in_flight_.splice(in_flight_.end(), waiting_, s.self);
    begin(s);
  }
}

void resolver::begin(search& s) noexcept {
  const std::shared_ptr<search> alive = *s.self;  // until this function returns
  try {
    if (s.channel == nullptr) begin_anew(s);
  } catch (const std::bad_alloc&) {
    give_up(s, ARES_ENOMEM);
  } catch (const std::system_error& e) {  // of a file; the next lookup reads it again
    give_up(s, -e.code().value());
  }
  s.channel != nullptr ? ask(s) : settle(s);
}

void resolver::give_up(search& s, int status) noexcept {
  for (auto& h : s.halves) s.learn(h, name_outcome::no_answer, status);
  s.decided = true;
}

// Answers without servers if possible, otherwise prepares the queries.
void resolver::begin_anew(search& s) {
  if (answer_here(s)) {
    s.decided = true;
    return;
  }
  choose_channel();
  s.candidates = candidates(channel_->conf(), s.name.host());
  s.channel = channel_;
}

bool resolver::answer_here(search& s) {
  const auto answer_each = [&s](auto each) {
    for (auto& h : s.halves) each(h);
  };
  const std::string host = s.name.host();
  // RFC 6761 §6.3, §6.4: these names need no server.
  if (is_in(host, "localhost")) {
    answer_each([&](auto& h) {
      h.found.push_back(loopback_of(h.family).with_port(s.name.port()));
      s.learn(h, name_outcome::found, ARES_SUCCESS);
    });
    return true;
  }
  if (is_in(host, "invalid")) {
    answer_each([&](auto& h) { s.learn(h, name_outcome::no_name, ARES_ENOTFOUND); });
    return true;
  }
  // An entry of the hosts file is complete. The servers, which may be unreachable, are not queried
  // for a family that it lacks.
  const std::vector<address> hosts = find_in_hosts(read_file(hosts_path), host);
  if (hosts.empty()) return false;
  answer_each([&](auto& h) {
    for (const address& a : hosts)
      if (family_of(a) == h.family) h.found.push_back(a.with_port(s.name.port()));
    const bool none = h.found.empty();
    s.learn(h, none ? name_outcome::no_address : name_outcome::found,
            none ? ARES_ENODATA : ARES_SUCCESS);
  });
  return true;
}

// Makes a new channel if the configuration has changed. Running queries keep theirs.
void resolver::choose_channel() {
  struct stat file{};
  if (stat(conf_path, &file) != 0) file = {};
  const bool usable = channel_ != nullptr && channel_->usable();
  if (usable && !conf_may_change_unseen_ && unchanged(file, conf_file_)) return;
  resolv_conf conf = read_resolv_conf();
  if (!usable || conf != channel_->conf()) {
    std::erase_if(old_, [](const auto& c) { return c.use_count() == 1; });
    auto fresh = std::make_shared<name_channel>(kernel_, *this, std::move(conf));
    if (channel_ != nullptr) old_.push_back(channel_);
    channel_ = std::move(fresh);
  }
  conf_file_ = file;
  conf_may_change_unseen_ = just_now(file.st_mtim);
}

// Queries the current candidate in the wanted families.
void resolver::ask(search& s) noexcept {
  const resolv_conf& conf = s.channel->conf();
  // Counts one more until all are queried, so that an immediate answer does not end the search.
  ++s.queries;
  for (const int family : {4, 6}) {
    auto& h = s.of(family);
    if (!h.wanted || h.asked) continue;
    h.asked = true;
    if (family == 6 && conf.no_aaaa) {
      s.learn(h, name_outcome::no_address, ARES_ENODATA);
      continue;
    }
    ++queries_;
    ++s.queries;
    s.channel->ask(s.candidate() + ".", family, &resolver::on_found, &h);
    if (conf.single_request) break;
  }
  --s.queries;
  s.channel->set_alarm();
  settle(s);
}

void resolver::on_found(void* arg, int status, int, ares_addrinfo* found) {
  auto& h = *static_cast<name_search::half*>(arg);
  search& s = static_cast<search&>(*h.home);
  s.desk.learn(h, status, found);
  if (found != nullptr) ares_freeaddrinfo(found);
}

void resolver::learn(name_search::half& h, int status, const ares_addrinfo* found) noexcept {
  search& s = static_cast<search&>(*h.home);
  const std::shared_ptr<search> alive = *s.self;  // until this function returns
  try {
    for (const auto* n = found != nullptr ? found->nodes : nullptr; n != nullptr; n = n->ai_next)
      h.found.push_back(from_system(n->ai_addr, n->ai_addrlen).with_port(s.name.port()));
    if (status == ARES_SUCCESS && h.found.empty())
      status = ARES_ENODATA;         // an alias without a target
  } catch (const std::bad_alloc&) {  // c-ares is C, so no exception may pass through it
    h.found.clear();
    status = ARES_ENOMEM;
  }
  if (status == ARES_EBADNAME) status = ARES_ENOTFOUND;  // too long with its domain
  const int shortage = s.channel->shortage();
  if (shortage != 0 && outcome_of(status) >= name_outcome::server_fails) status = -shortage;
  s.learn(h, outcome_of(status), status);
  --queries_;
  --s.queries;
  if (s.queries == 0 || h.outcome == name_outcome::found) settle(s);
}

// Called after an answer, and after all queries of a candidate have started.
void resolver::settle(search& s) noexcept {
  const auto verdict = s.given_up ? name_search::verdict::decided : s.judge();
  const bool decided = verdict == name_search::verdict::decided;
  if (decided)
    for (auto& h : s.halves)
      if (h.known) answer(h);
  if (s.queries > 0) return;
  if (s.channel != nullptr && !s.given_up && s.has_more_to_ask())
    return waiting_.splice(waiting_.begin(), in_flight_, s.self);  // it has waited before
  s.channel.reset();
  in_flight_.erase(s.self);
}

void resolver::answer(name_search::half& h) noexcept {
  op* const o = std::exchange(h.waiter, nullptr);
  if (o == nullptr) return;
  if (h.outcome != name_outcome::found)
    fail(*o, h.status);
  else
    answer_of(*o).found = std::move(h.found);
  o->engine_data = nullptr;
  --awaited_;
  kernel_.complete(*o);
}

}  // namespace bight::posix
