// SPDX-License-Identifier: MIT
// A chat room: what one says, all others hear. One loop, so no locks.
#include <bight/bight.hpp>
#include <deque>
#include <list>
using namespace bight;

struct guest;
using room = std::list<guest*>;

struct guest {
  explicit guest(room& r) : others(r) { others.push_back(this); }
  guest(const guest&) = delete;
  ~guest() { others.remove(this); }

  void hear(std::string line) {
    if (unsent.size() == 100) return;  // a peer that does not read misses some
    unsent.push_back(std::move(line));
    more.set();
  }

  room& others;
  std::deque<std::string> unsent;
  event more;
};

task<> write(tcp::stream& peer, guest& me) {
  for (;;) {
    me.more.reset();
    for (; !me.unsent.empty(); me.unsent.pop_front()) co_await peer.send(me.unsent.front());
    co_await me.more.wait();
  }
}

task<> read(tcp::stream& peer, guest& me) {
  reader lines(peer);
  while (auto line = co_await lines.read_line(500))
    for (guest* other : me.others)
      if (other != &me) other->hear(line->str() + "\n");
}

struct chat {
  room* guests;

  task<> operator()(tcp::stream peer) const {
    guest me(*guests);
    auto both = [&peer, &me](scope& s) -> task<> {
      s.spawn(write(peer, me));
      co_await read(peer, me);
      s.stop();  // the peer has left: so does its writer
    };
    co_await in_scope(both);
  }
};

int main(int argc, char** argv) {
  room guests;
  serve_options options;
  options.on_listening = [](const address& at) { print("Chat on {}", at); };
  return run(tcp::serve(argc > 1 ? argv[1] : "127.0.0.1:9999", chat{&guests}, options));
}
