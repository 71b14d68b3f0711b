// SPDX-License-Identifier: MIT
// A chat room: every line goes to all other guests. One loop, so no locks.
#include <bight/bight.hpp>
#include <list>
#include <memory>
using namespace bight;

using room = std::list<struct guest*>;

struct guest {
  guest(room& r, tcp::stream& p) : here(r), peer(p) { here.push_back(this); }
  ~guest() { here.remove(this); }

  room& here;
  tcp::stream& peer;
  queue<std::shared_ptr<const std::string>> unsent{4096};  // one copy of a line for all guests
};

task<> read(guest& me) {
  reader lines(me.peer);
  while (auto text = co_await lines.read_line(500)) {
    auto said = std::make_shared<const std::string>(text->str() + "\n");
    for (guest* other : me.here)
      if (other != &me && !other->unsent.try_push(said) && !other->unsent.is_closed())
        other->peer.abort();  // does not read: cut, and nobody waits for it
  }
}

// A guest that leaves, or a drain, ends the reading. What was said before is still sent.
task<> listen(guest& me) {
  co_await race(read(me), until_drain());
  me.unsent.close();
}

task<> write(guest& me) {
  writer out(me.peer);
  while (auto said = co_await me.unsent.pop()) {
    co_await out.write(**said);
    if (me.unsent.empty()) co_await out.flush();
  }
}

struct chat {
  room* here;

  task<> operator()(tcp::stream peer) const {
    guest me(*here, peer);
    co_await all(listen(me), write(me));
  }
};

int main(int argc, char** argv) {
  room here;
  serve_options options;
  options.on_listening = [](const address& at) { print("Chat on {}", at); };
  return run(tcp::serve(argc > 1 ? argv[1] : "127.0.0.1:9999", chat{&here}, options));
}
