// SPDX-License-Identifier: MIT
#include "sim/faults.hpp"

#include "sim/streams.hpp"

#include <algorithm>

namespace bight::sim {

namespace {

constexpr families of_paths = family::latency | family::jitter | family::rate | family::loss |
                              family::burst_loss | family::duplicate | family::reorder |
                              family::corrupt | family::packet_size | family::slow_pair;
constexpr families that_strike = family::partition | family::clog | family::reset |
                                 family::descriptors | family::pause | family::crash;
// The subject of the event that ends all faults.
constexpr std::uint32_t the_end = family_count;

template <std::size_t... I>
std::array<random_stream, sizeof...(I)> streams_of(std::uint64_t seed, std::index_sequence<I...>) {
  return {random_stream(seed, "fault " + std::string(name_of(static_cast<family>(I))))...};
}

double share_of(random_stream& draw, std::uint64_t least, std::uint64_t most) {
  return static_cast<double>(draw.log_uniform(least, most)) / 1e6;
}

}  // namespace

fault_driver::fault_driver(universe& all)
    : all_(all), draws_(streams_of(all.options.seed, std::make_index_sequence<family_count>())) {}

void fault_driver::begin() {
  const fault_plan& plan = all_.options.faults;
  if (plan.on.empty()) return;
  for (std::size_t i = 0; i < family_count; ++i) {
    const auto f = static_cast<family>(i);
    if (!plan.on.has(f)) continue;
    const bool asked = !of_paths.has(f) && !that_strike.has(f);
    // A permanent condition counts as one fault. Strikes and drawn faults count each time.
    if (of_paths.has(f) && !may_strike()) continue;
    on_ = on_ | families(f);
    random_stream& draw = draws(f);
    if (asked) share_[i] = share_of(draw, 1'000, 300'000);
    if (!that_strike.has(f)) continue;
    interval_[i] = draw.log_uniform(std::max(plan.lasts / 50, duration(1ms)), plan.lasts);
    next_strike(f);
  }
  const auto drawn = [&](family f, auto least, auto most) {
    return draws(f).log_uniform(least, most);
  };
  if (on(family::latency)) worse_.latency = drawn(family::latency, duration(1ms), duration(500ms));
  if (on(family::jitter)) worse_.jitter = drawn(family::jitter, duration(100us), duration(1s));
  if (on(family::rate)) {
    worse_.rate = drawn(family::rate, 10'000u, 10'000'000u);
    worse_.queue = drawn(family::rate, 4'096u, 1'048'576u);
  }
  if (on(family::loss)) worse_.loss = share_of(draws(family::loss), 100, 300'000);
  if (on(family::burst_loss)) worse_.burst_loss = share_of(draws(family::burst_loss), 100, 20'000);
  if (on(family::duplicate)) worse_.duplicate = share_of(draws(family::duplicate), 1'000, 300'000);
  if (on(family::reorder)) worse_.reorder = share_of(draws(family::reorder), 1'000, 300'000);
  if (on(family::corrupt)) worse_.corrupt = share_of(draws(family::corrupt), 100, 100'000);
  if (on(family::packet_size)) worse_.packet = drawn(family::packet_size, 88u, 1'400u);
  for (const auto& m : all_.machines)
    for (std::size_t i = 0; i < m->ways.size(); ++i)
      if (m->ways[i] != nullptr) worsen(*m->ways[i], *m, *all_.machines[i]);
  all_.in(plan.lasts, event_kind::strike, the_end, 0);
}

void fault_driver::worsen(path& p, const machine& from, const machine& to) {
  if (&from == &to || on_.both(of_paths).empty()) return;
  path_options o = p.options();
  if (on(family::latency)) o.latency += worse_.latency;
  if (on(family::jitter)) o.jitter += worse_.jitter;
  if (on(family::rate)) {
    o.rate = o.rate ? std::min(o.rate, worse_.rate) : worse_.rate;
    o.queue = worse_.queue;
  }
  o.loss += worse_.loss;
  o.burst_loss += worse_.burst_loss;
  o.duplicate += worse_.duplicate;
  o.reorder += worse_.reorder;
  o.corrupt += worse_.corrupt;
  if (on(family::packet_size)) o.packet = std::min(o.packet, worse_.packet);
  if (on(family::slow_pair)) {
    // Depends on the pair, not on the order in which pairs first communicate.
    random_stream draw(all_.options.seed,
                       "slow " + std::min(from.name, to.name) + " " + std::max(from.name, to.name));
    if (draw.below(4) == 0) o.latency += draw.log_uniform(duration(50ms), duration(3s));
  }
  p.worsen(o);
}

bool fault_driver::may_strike() {
  if (struck_ >= all_.options.faults.most) return false;
  ++struck_;
  return true;
}

// Draws for `f`, one of `share` families that divide a probability between them.
bool fault_driver::strikes(family f, int share) {
  return draws(f).chance(share_[static_cast<std::size_t>(f)] / share) && may_strike();
}

void fault_driver::tell(family f, std::string_view what, const machine* a, const machine* b) {
  std::string text(name_of(f));
  text.append(" ").append(what);
  if (a != nullptr) text.append(" ").append(a->name);
  if (b != nullptr) text.append(" ").append(b->name);
  all_.record(happening::fault, text);
}

bool fault_driver::hangs(socket& s) {
  if (!on(family::refuse)) return false;
  // Half of the affected requests get no answer, and neither do their repetitions.
  if (!s.unlucky && s.tries == 0 && strikes(family::refuse, 2)) s.unlucky = true;
  return s.unlucky;
}

std::errc fault_driver::accept_error(machine& m) {
  if (!on(family::accept_errors) || !strikes(family::accept_errors, 1)) return {};
  constexpr std::errc errors[] = {std::errc::too_many_files_open,
                                  std::errc::too_many_files_open_in_system,
                                  std::errc::no_buffer_space, std::errc::not_enough_memory};
  tell(family::accept_errors, "on", &m, nullptr);
  return errors[draws(family::accept_errors).below(std::size(errors))];
}

std::size_t fault_driver::shorter(std::size_t n) {
  if (n < 2 || !on(family::short_io) || !strikes(family::short_io, 1)) return n;
  return draws(family::short_io).log_uniform(1, n);
}

std::size_t fault_driver::buffer(socket_kind k, std::size_t usual) {
  if (!on(family::buffers) || k == socket_kind::listener) return usual;
  const std::size_t least = k == socket_kind::datagram ? 4096 : 1;
  return draws(family::buffers).log_uniform(least, 65536);
}

duration fault_driver::lateness() {
  if (!on(family::clocks) || !strikes(family::clocks, 1)) return 0ns;
  return draws(family::clocks).log_uniform(duration(10us), duration(1s));
}

void fault_driver::answer_worse(name_options::answer& what, duration& latency) {
  if (!on(family::names) || !strikes(family::names, 1)) return;
  random_stream& draw = draws(family::names);
  tell(family::names, "answers badly", nullptr, nullptr);
  switch (draw.below(4)) {
    case 0: what = name_options::answer::failed; break;
    case 1: what = name_options::answer::silent; break;
    default: latency += draw.log_uniform(duration(1ms), duration(8s));
  }
}

// ── Strikes ─────────────────────────────────────────────────────────────────────────────────────

void fault_driver::next_strike(family f) {
  const duration about = interval_[static_cast<std::size_t>(f)];
  const auto some =
      static_cast<duration::rep>(draws(f).below(static_cast<std::uint64_t>(about.count())));
  all_.in(about / 2 + duration(some), event_kind::strike, static_cast<std::uint32_t>(f), 0);
}

machine& fault_driver::any_machine(family f) {
  return *all_.machines[draws(f).below(all_.machines.size())];
}

void fault_driver::on_strike(std::uint32_t subject) {
  if (subject == the_end) return end();
  const auto what = static_cast<family>(subject);
  if (!on(what)) return;
  next_strike(what);
  if (all_.machines.empty() || !may_strike()) return;
  if (what == family::reset) return strike_connection();
  fault f{what, &any_machine(what), nullptr, false, false};
  if (what == family::partition || what == family::clog) {
    f.b = &any_machine(what);
    f.both_ways = draws(what).below(3) > 0;
    if (f.a == f.b) return;
  }
  const bool restarts = std::any_of(f.a->programs.begin(), f.a->programs.end(),
                                    [](const program* p) { return p->starts_again; });
  if (what == family::crash && (!restarts || !f.a->up)) return;
  apply(f);
  faults_.push_back(f);
  const duration lasts = draws(what).log_uniform(
      duration(1ms), std::max(all_.options.faults.lasts / 2, duration(2ms)));
  all_.in(lasts, event_kind::heal, static_cast<std::uint32_t>(faults_.size() - 1), 0);
}

void fault_driver::strike_connection() {
  const std::uint32_t end = all_.sockets.end();
  if (end == 0) return;
  std::uint32_t i = static_cast<std::uint32_t>(draws(family::reset).below(end));
  for (std::uint32_t tried = 0; tried < end; ++tried, i = (i + 1) % end) {
    socket& s = all_.sockets[i];
    if (s.home == nullptr || s.kind != socket_kind::stream || s.at != stage::open || s.orphan ||
        s.queued || s.family == unix_family || s.peer_machine == s.home->number)
      continue;
    tell(family::reset, "between", s.home, all_.machines[s.peer_machine].get());
    socket* const peer = all_.peer_of(s);
    all_.in(0ns, event_kind::refused, s);
    if (peer != nullptr) all_.in(0ns, event_kind::refused, *peer);
    return;
  }
}

void fault_driver::apply(fault& f) {
  tell(f.what, "strikes", f.a, f.b);
  switch (f.what) {
    case family::partition:
      ++all_.way(*f.a, *f.b).cuts;
      if (f.both_ways) ++all_.way(*f.b, *f.a).cuts;
      break;
    case family::clog:
      ++all_.way(*f.a, *f.b).clogs;
      if (f.both_ways) ++all_.way(*f.b, *f.a).clogs;
      break;
    case family::descriptors: f.a->descriptors_now_max = f.a->descriptors; break;
    case family::pause: ++f.a->pauses; break;
    case family::crash: all_.kill(*f.a, draws(family::crash).below(2) == 0); break;
    default: break;
  }
}

void fault_driver::unclog(path& p) {
  --p.clogs;
  all_.let_go(p);
}

void fault_driver::undo(fault& f) {
  if (std::exchange(f.healed, true)) return;
  tell(f.what, "heals", f.a, f.b);
  switch (f.what) {
    case family::partition:
      --all_.way(*f.a, *f.b).cuts;
      if (f.both_ways) --all_.way(*f.b, *f.a).cuts;
      break;
    case family::clog:
      unclog(all_.way(*f.a, *f.b));
      if (f.both_ways) unclog(all_.way(*f.b, *f.a));
      break;
    case family::descriptors: f.a->descriptors_now_max = f.a->options.descriptors_max; break;
    case family::pause: --f.a->pauses, all_.go_on(*f.a); break;
    case family::crash: all_.restart(*f.a); break;
    default: break;
  }
}

void fault_driver::on_heal(std::uint32_t index) { undo(faults_[index]); }

void fault_driver::end() {
  on_ = {};
  for (fault& f : faults_) undo(f);
  for (const auto& m : all_.machines)
    for (const auto& p : m->ways)
      if (p != nullptr) p->mend(), all_.hurry(*p);
  for (std::uint32_t i = 0; i < all_.sockets.end(); ++i) {
    socket& s = all_.sockets[i];
    if (s.home == nullptr) continue;
    s.send_limit = std::max(s.send_limit, s.home->options.send_buffer);
    s.receive_limit = std::max(s.receive_limit, s.home->options.receive_buffer);
    if (s.kind == socket_kind::stream && s.at == stage::open) all_.in(0ns, event_kind::room, s);
  }
  all_.record(happening::fault, "all is well from here on");
}

}  // namespace bight::sim
