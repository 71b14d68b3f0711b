// SPDX-License-Identifier: MIT
// A chat room: every line goes to all other guests. One loop, so no locks.
#include <algorithm>
#include <bight/bight.hpp>
#include <deque>
#include <list>
using namespace bight;

struct guest;

struct room {
  std::list<guest*> guests;
  event taken;  // somebody has caught up, or left
};

struct guest {
  explicit guest(room& r) : here(r) { here.guests.push_back(this); }
  guest(const guest&) = delete;
  ~guest() {
    here.guests.remove(this);
    here.taken.set();
  }

  void hear(std::string line) {
    if (behind) return;  // a peer that does not read misses lines
    unsent.push_back(std::move(line));
    more.set();
  }

  room& here;
  std::deque<std::string> unsent;
  event more;
  bool behind = false;
};

task<> write(tcp::stream& peer, guest& me) {
  for (;;) {
    me.more.reset();
    for (; !me.unsent.empty(); me.unsent.pop_front()) co_await peer.send(me.unsent.front());
    me.behind = false;
    me.here.taken.set();
    co_await me.more.wait();
  }
}

bool has_room(const guest* g) { return g->behind || g->unsent.size() < 100; }

task<> until_room(room& here) {
  while (!std::ranges::all_of(here.guests, has_room)) {
    here.taken.reset();
    co_await here.taken.wait();
  }
}

// Before each line, waits for guests who read slowly. A guest who has not caught up in two seconds
// misses lines until they have. So a slow guest delays the others only once, and uses no memory.
task<> let_all_catch_up(room& here) {
  auto caught_up = co_await attempt(within(2s, until_room(here)));
  if (!caught_up && !caught_up.error().is(errc::timed_out)) caught_up.value();  // cancelled
  for (guest* g : here.guests)
    if (!has_room(g)) g->behind = true;
}

task<> read(tcp::stream& peer, guest& me) {
  reader lines(peer);
  while (auto line = co_await lines.read_line(500)) {
    if (!std::ranges::all_of(me.here.guests, has_room)) co_await let_all_catch_up(me.here);
    for (guest* other : me.here.guests)
      if (other != &me) other->hear(line->str() + "\n");
  }
}

struct chat {
  room* here;

  task<> operator()(tcp::stream peer) const {
    guest me(*here);
    auto both = [&peer, &me](scope& s) -> task<> {
      s.spawn(write(peer, me));
      co_await read(peer, me);
      s.stop();  // the peer has left: stop its writer
    };
    co_await in_scope(both);
  }
};

int main(int argc, char** argv) {
  room here;
  serve_options options;
  options.on_listening = [](const address& at) { print("Chat on {}", at); };
  return run(tcp::serve(argc > 1 ? argv[1] : "127.0.0.1:9999", chat{&here}, options));
}
