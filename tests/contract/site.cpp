// SPDX-License-Identifier: MIT
#include "contract/site.hpp"

namespace contract {

task<> site::open() { listener_ = co_await tcp::listen("127.0.0.1:0"); }

task<> site::serve(task<> test) {
  auto both = [this, &test](scope& s) -> task<> {
    s.spawn(accept_all(s));
    co_await std::move(test);
    s.stop();
  };
  co_await in_scope(both);
}

task<> site::accept_all(scope& sessions) {
  for (;;) {
    stream peer = co_await listener_.accept();
    ++connections;
    sessions.spawn(session(std::move(peer)));
  }
}

task<> site::session(stream peer) {
  reader in(peer);
  for (;;) {
    auto head = co_await attempt(in.read_until("\r\n\r\n"));
    if (!head) co_return;  // the client has gone
    requests.push_back(head->str() + "\r\n\r\n");
    auto goes_on = co_await attempt(answer_(*this, peer, requests.back()));
    if (!goes_on || !*goes_on) co_return;
  }
}

task<result<std::string>> fetched(http::request what, http::options how) {
  auto answer = co_await attempt(http::get(std::move(what), std::move(how)));
  if (!answer) co_return answer.error();
  co_return co_await attempt(answer->text());
}

std::string path_of(std::string_view request) {
  const std::size_t from = request.find(' ') + 1;
  return std::string(request.substr(from, request.find(' ', from) - from));
}

std::string field_of(std::string_view request, std::string_view name) {
  const std::string start = "\r\n" + std::string(name) + ": ";
  const std::size_t at = request.find(start);
  if (at == std::string_view::npos) return {};
  const std::size_t from = at + start.size();
  return std::string(request.substr(from, request.find("\r\n", from) - from));
}

std::string page(std::string_view body, std::string_view fields) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(fields) + "\r\n" + std::string(body);
}

}  // namespace contract
