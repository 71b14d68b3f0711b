// SPDX-License-Identifier: MIT
// Sends a question to two servers and prints the first answer, within two seconds.
#include <bight/bight.hpp>
using namespace bight;

task<std::string> ask(address server, std::string question) {
  auto peer = co_await tcp::connect(server);
  reader lines(peer);
  co_await peer.send(question, "\n");
  auto answer = co_await lines.read_line();
  co_return answer ? answer->str() : std::string();
}

task<int> first_answer(address one, address two, std::string question) {
  auto racing = race(ask(one, question), ask(two, question));  // the loser is stopped, and awaited
  auto won = co_await attempt(within(2s, std::move(racing)));
  if (!won) {
    print("No answer: {}", won.error().what());
    co_return 1;
  }
  const auto& server = won->index() == 0 ? one : two;
  const auto& answer = won->index() == 0 ? std::get<0>(*won) : std::get<1>(*won);
  print("{} says {}", server, answer);
  co_return 0;
}

int main(int argc, char** argv) {
  if (argc == 4) return run(first_answer(argv[1], argv[2], argv[3]));
  print("usage: first_answer ADDRESS ADDRESS QUESTION");
  return 2;
}
