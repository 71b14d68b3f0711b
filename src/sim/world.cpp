// SPDX-License-Identifier: MIT
// The public interface of a world.

#include <bight/sim.hpp>

#include "base/check.hpp"
#include "sim/faults.hpp"
#include "sim/terminal.hpp"
#include "sim/universe.hpp"

#include <exception>

namespace bight::sim {

// ── Hosts ───────────────────────────────────────────────────────────────────────────────────────

const std::string& host::name() const noexcept { return machine_.name; }
address host::ip4(std::uint16_t port) const { return machine_.ip4(port).to_address(); }
address host::ip6(std::uint16_t port) const { return machine_.ip6(port).to_address(); }

void host::start(callback<task<>()> program) {
  sim::program& p = machine_.all.open().add_program(machine_, std::move(program));
  p.starts_again = true;
  machine_.all.begin(p);
}

namespace {
// Turns an existing program into a factory that is called once.
struct only_once {
  std::shared_ptr<task<>> main;
  BIGHT_CORO_WRAPPER task<> operator()() const { return std::move(*main); }
};
}  // namespace

void host::drive(task<> main) {
  universe& all = machine_.all.open();
  if (machine_.console == nullptr) machine_.console = &all.add_program(machine_, {});
  program& p = *machine_.console;
  check(p.ended, "host::run from inside a program");
  p.make = callback<task<>()>(only_once{std::make_shared<task<>>(std::move(main))});
  p.failed = nullptr;
  all.begin(p);
  all.drive([&] {
    if (p.killed) all.fail(machine_.name + " was ended while its task ran");
    return p.ended;
  });
  if (p.failed != nullptr) std::rethrow_exception(std::exchange(p.failed, nullptr));
}

void host::signal(int number) { machine_.all.open().signal(machine_, number); }
void host::kill() { machine_.all.open().kill(machine_, false); }
void host::crash() { machine_.all.open().kill(machine_, true); }
void host::restart() { machine_.all.open().restart(machine_); }

void host::pause() {
  static_cast<void>(machine_.all.open());
  machine_.paused = true;
}

void host::resume() {
  machine_.paused = false;
  machine_.all.open().go_on(machine_);
}

bool host::running() const noexcept {
  for (const program* p : machine_.programs)
    if (!p->ended) return true;
  return false;
}

void host::step_clock(duration ahead) {
  universe& all = machine_.all.open();
  machine_.clock_ahead += ahead;
  for (program* p : machine_.programs)
    if (!p->ended) all.in(0ns, event_kind::wake, p->number, p->life);
}

void host::limit_descriptors(std::size_t most) {
  machine_.options.descriptors_max = machine_.descriptors_now_max = most;
}

void host::type(std::string_view text) {
  universe& all = machine_.all.open();
  machine_.input += text;
  terminal::typed(all, machine_);
}

void host::end_input() {
  universe& all = machine_.all.open();
  machine_.input_ended = true;
  terminal::typed(all, machine_);
}

const std::string& host::output(int fd) const {
  check(fd == 1 || fd == 2, "output: 1 or 2");
  return machine_.outputs[fd - 1];
}

// ── The world ───────────────────────────────────────────────────────────────────────────────────

world::world(world_options options) : universe_(std::make_unique<universe>(options)) {}

void world::end() { universe_->end(); }

world::~world() {
  const bool on_its_way = std::uncaught_exceptions() > 0;
  try {
    end();
  } catch (const failure& f) {
    if (!on_its_way) check_failed(f.what(), __FILE__, __LINE__);
  }
  // The holder of a leftover may still use it.
  if (universe_->left_over()) static_cast<void>(universe_.release());
}

host& world::add(std::string_view name, host_options options) {
  machine& m = universe_->open().add(name, options);
  std::vector<address> addresses{m.ip4().to_address()};
  if (options.ip6) addresses.push_back(m.ip6().to_address());
  this->name(name, std::move(addresses));
  return m.facade;
}

void world::paths::operator=(const path_options& options) const {
  const auto set = [&](machine& from, machine& to) {
    path& p = all_.open().way(from, to);
    p.set(options);
    all_.faults->worsen(p, from, to);
    all_.hurry(p);
  };
  set(a_, b_);
  if (both_) set(b_, a_);
}

world::paths world::between(host& a, host& b) noexcept {
  return {*universe_, a.machine_, b.machine_, true};
}
world::paths world::one_way(host& a, host& b) noexcept {
  return {*universe_, a.machine_, b.machine_, false};
}

void world::partition(host& a, host& b) {
  partition_one_way(a, b);
  partition_one_way(b, a);
}

void world::partition_one_way(host& a, host& b) {
  universe_->open().record(happening::fault, "partition " + a.name() + " " + b.name());
  universe_->way(a.machine_, b.machine_).cut_by_hand = true;
}

void world::isolate(host& a) {
  for (const auto& m : universe_->machines)
    if (m.get() != &a.machine_) partition(a, m->facade);
}

void world::clog(host& a, host& b) {
  universe_->open().record(happening::fault, "clog " + a.name() + " " + b.name());
  universe_->way(a.machine_, b.machine_).clogged_by_hand = true;
  universe_->way(b.machine_, a.machine_).clogged_by_hand = true;
}

void world::heal(host& a, host& b) {
  universe_->open().record(happening::fault, "heal " + a.name() + " " + b.name());
  for (path* p :
       {&universe_->way(a.machine_, b.machine_), &universe_->way(b.machine_, a.machine_)}) {
    p->cut_by_hand = p->clogged_by_hand = false;
    universe_->let_go(*p);
  }
}

void world::heal() {
  for (const auto& a : universe_->machines)
    for (const auto& b : universe_->machines)
      if (a->number <= b->number) heal(a->facade, b->facade);
}

void world::name(std::string_view name, std::vector<address> addresses, name_options options) {
  universe_->open().names[std::string(name)] = {std::move(addresses), options};
}

void world::after(duration wait, callback<void()> f) {
  universe_->open().call_in(wait, std::move(f));
}
void world::run_for(duration time) { universe_->open().run_to(universe_->now() + time); }
void world::run_until(const callback<bool()>& done) {
  universe_->open().drive([&] { return done(); });
}

duration world::now() const noexcept { return universe_->now(); }
std::uint64_t world::seed() const noexcept { return universe_->options.seed; }
const fault_plan& world::faults() const noexcept { return universe_->options.faults; }
std::uint64_t world::hash() const noexcept { return universe_->trace.hash(); }
std::uint64_t world::events() const noexcept { return universe_->trace.count(); }
std::uint64_t world::faults_struck() const noexcept { return universe_->faults->struck(); }
census world::alive() const noexcept { return universe_->alive(); }
std::string world::waiting() const { return universe_->waiting(); }

random_stream world::random(std::string_view purpose) const noexcept {
  return random_stream(seed(), std::string("scenario ").append(purpose));
}

void world::note(std::string_view text) { universe_->open().record(happening::note, text); }
void world::trace_to(sink* s) noexcept { universe_->trace.tell(s); }

}  // namespace bight::sim
