// SPDX-License-Identifier: MIT
// Lookups of names: those of hosts, those that the scenario defines, and localhost (RFC 6761).

#include "sim/faults.hpp"
#include "sim/universe.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace bight::sim {

namespace {

// resolv.conf(5): a query without an answer is repeated once after five seconds.
constexpr duration asked_again_after = 5s;
constexpr int asked_max = 2;

std::string plain(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return name;
}

bool is_of(const address& a, int family) noexcept {
  return a.kind() == (family == 4 ? address_kind::ip4 : address_kind::ip6);
}

}  // namespace

void universe::look_up(sim_engine& e, op& o) {
  const std::uint32_t index = look_ups_.make();
  look_up_state& l = look_ups_[index];
  l.waiter = &o;
  l.eng = &e;
  l.life = (l.life + 1) & life_mask;
  l.asked = 0;
  l.due = duration::max();
  l.what = name_options::answer::silent;
  o.engine_data = reinterpret_cast<void*>(std::uintptr_t{index});
  ask_for(l, index);
}

// Answers one query, with the present names and faults.
void universe::ask_for(look_up_state& l, std::uint32_t index) {
  if (l.asked++ == asked_max) {
    l.what = name_options::answer::silent;
    return answer(l);
  }
  const op& o = *l.waiter;
  std::vector<address> addresses;
  auto what = name_options::answer::found;
  const std::uint16_t port = o.peer->port();
  const bool four = o.family == 4;
  duration latency = 1us;
  const std::string name = plain(o.peer->host());
  if (o.peer->is_ip()) {
    if (is_of(*o.peer, o.family)) addresses.push_back(*o.peer);
  } else if (name == "localhost" || name.ends_with(".localhost")) {
    packet_end here{o.family, port, {}};
    if (four)
      here.ip = {127, 0, 0, 1};
    else
      here.ip[15] = 1;
    if (four || l.eng->home().options.ip6) addresses.push_back(here.to_address());
  } else if (const auto found = names.find(name); found != names.end()) {
    const name_options& how = found->second.options;
    what = four ? how.answer4 : how.answer6;
    latency = four ? how.latency4 : how.latency6;
    for (const address& a : found->second.addresses)
      if (is_of(a, o.family)) addresses.push_back(a.with_port(port));
    faults->answer_worse(what, latency);
  }
  if (what != name_options::answer::silent && now() + latency < l.due) {
    l.due = now() + latency;
    l.what = what;
    l.found = std::move(addresses);
  }
  const duration wait = l.due - now();
  in(std::min(wait, asked_again_after), event_kind::answer, index, l.life);
}

void universe::answer(look_up_state& l) {
  op& o = *std::exchange(l.waiter, nullptr);
  if (l.what == name_options::answer::found)
    static_cast<resolve_answer*>(o.extra)->found = std::move(l.found);
  if (l.what == name_options::answer::failed) o.code = errc::name_unavailable;
  if (l.what == name_options::answer::silent) o.code = errc::timed_out;
  record(happening::looked_up, fmt::format("{} IPv{}", o.peer->host(), int{o.family}));
  l.life = (l.life + 1) & life_mask;
  const auto index = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(o.engine_data));
  look_ups_.free(index);
  l.eng->complete(o);
}

void universe::forget_look_up(op& o) noexcept {
  const auto index = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(o.engine_data));
  look_up_state& l = look_ups_[index];
  l.waiter = nullptr;
  l.life = (l.life + 1) & life_mask;
  look_ups_.free(index);
}

void universe::forget_look_ups(sim_engine& e) noexcept {
  for (std::uint32_t i = 0; i < look_ups_.end(); ++i)
    if (look_ups_[i].waiter != nullptr && look_ups_[i].eng == &e) e.cancel(*look_ups_[i].waiter);
}

void universe::describe_look_ups(const sim_engine& e, std::string& text) const {
  for (std::uint32_t i = 0; i < look_ups_.end(); ++i)
    if (const look_up_state& l = look_ups_[i]; l.waiter != nullptr && l.eng == &e)
      text += fmt::format("\n    resolve {} IPv{}", l.waiter->peer->host(), int{l.waiter->family});
}

}  // namespace bight::sim
