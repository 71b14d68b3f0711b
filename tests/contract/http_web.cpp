// SPDX-License-Identifier: MIT
#include "contract/http_web.hpp"

#include <algorithm>

namespace contract {

namespace {

web* running = nullptr;

std::string without_chunks(std::string_view& bytes) {
  std::string body;
  for (;;) {
    const std::size_t size =
        std::stoul(std::string(bytes.substr(0, bytes.find('\r'))), nullptr, 16);
    bytes.remove_prefix(bytes.find('\n') + 1);
    body += bytes.substr(0, size);
    EXPECT_EQ(bytes.substr(size, 2), "\r\n");
    bytes.remove_prefix(std::min(size + 2, bytes.size()));
    if (size == 0) return body;
  }
}

}  // namespace

std::string answer::field(std::string_view name) const {
  const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size() + 4;
  return head.substr(from, head.find('\r', from) - from);
}

std::vector<answer> all_of(std::string_view bytes) {
  std::vector<answer> all;
  while (!bytes.empty()) {
    answer a;
    const std::size_t end = bytes.find("\r\n\r\n");
    if (!bytes.starts_with("HTTP/1.1 ") || end == bytes.npos) {
      ADD_FAILURE() << "no answer: " << bytes.substr(0, 100);
      return all;
    }
    a.head = bytes.substr(0, end + 4);
    a.status = std::stoi(a.head.substr(9, 3));
    bytes.remove_prefix(end + 4);
    if (a.field("Transfer-Encoding") == "chunked") {
      a.body = without_chunks(bytes);
    } else if (!a.field("Content-Length").empty()) {
      const std::size_t size = std::min(std::stoul(a.field("Content-Length")), bytes.size());
      a.body = bytes.substr(0, size);
      bytes.remove_prefix(size);
    }
    all.push_back(std::move(a));
  }
  return all;
}

answer first_of(std::string_view bytes) {
  auto all = all_of(bytes);
  EXPECT_EQ(all.size(), 1u);
  return all.empty() ? answer() : std::move(all.front());
}

std::string bodies_of(const std::vector<answer>& answers) {
  std::string all;
  for (const answer& a : answers) all += a.body + "|";
  return all;
}

web& current_web() { return *running; }

task<std::string> web::ask(std::string bytes) const {
  auto peer = co_await tcp::connect(at());
  if (!bytes.empty()) co_await peer.send(bytes);
  peer.shutdown_send();
  auto all = within(patience, recv_all(peer));
  co_return co_await std::move(all);
}

task<std::string> web::ask_in_pieces(std::string bytes, std::size_t size) const {
  auto peer = co_await tcp::connect(at());
  for (std::string_view left = bytes; !left.empty();
       left.remove_prefix(std::min(size, left.size()))) {
    co_await peer.send(left.substr(0, size));
    co_await sleep(0s);
  }
  peer.shutdown_send();
  auto all = within(patience, recv_all(peer));
  co_return co_await std::move(all);
}

task<> web::run(task<> client) {
  running = this;
  how.server = of.options();
  how.on_answer = [this](const http::access& a) {
    logged l;
    l.peer = a.peer.str();
    l.request = std::string(a.method) + " " + std::string(a.target);
    l.status = a.status;
    l.complete = a.complete;
    l.received = a.received;
    l.sent = a.sent;
    l.took = a.took;
    l.refused = a.refused;
    l.reason = a.reason;
    log.push_back(std::move(l));
  };
  co_await serve_for(of, http::serve("127.0.0.1:0", handle, how), std::move(client));
}

}  // namespace contract
