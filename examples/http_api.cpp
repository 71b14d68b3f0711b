// SPDX-License-Identifier: MIT
//
// JSON over HTTP: a list of things to do, and an event stream that follows it.
//
//     http_api 127.0.0.1:8080
//     curl -d '{"text": "buy tea"}' http://127.0.0.1:8080/items
//     curl http://127.0.0.1:8080/items
//     curl -X DELETE http://127.0.0.1:8080/items/1
//     curl http://127.0.0.1:8080/events

#include <bight/bight.hpp>

#include <nlohmann/json.hpp>

using namespace bight;
using nlohmann::json;

struct store {
  json items = json::object();  // texts by id
  int last = 0;
  event changed;
};

task<> list(store& s, http::exchange& x) {
  co_await x.respond(200, s.items.dump(), "application/json");
}

task<> add(store& s, http::exchange& x) {
  const json item = json::parse(co_await x.text(), nullptr, false);
  const bool valid = item.is_object() && item.contains("text") && item["text"].is_string();
  if (!valid) co_return co_await x.respond(422, "expected {\"text\": \"…\"}\n");
  if (s.items.size() >= 1000) co_return co_await x.respond(507, "too many items\n");
  const std::string id = std::to_string(++s.last);
  s.items[id] = item["text"];
  s.changed.set();  // wakes all followers
  s.changed.reset();
  x.set("Location", "/items/" + id);
  co_await x.respond(201);
}

task<> remove(store& s, http::exchange& x) {
  if (s.items.erase(std::string(x.parameter("id"))) == 0) co_return co_await x.respond(404);
  s.changed.set();
  s.changed.reset();
}

task<> follow(store& s, http::exchange& x) {
  http::event_stream events(x);
  for (std::string sent;;) {
    for (std::string now = s.items.dump(); now != sent; now = s.items.dump())
      co_await events.send(sent = now, "items");
    auto next = co_await race(s.changed.wait(), until_drain(), sleep(30s));
    if (next.index() == 1) co_return;
    if (next.index() == 2) co_await events.comment();  // is the client still there?
  }
}

int main(int argc, char** argv) {
  store s;
  http::routes api;
  api.on("GET", "/items", [&s](http::exchange& x) -> task<> { co_await list(s, x); });
  api.on("POST", "/items", [&s](http::exchange& x) -> task<> { co_await add(s, x); });
  api.on("DELETE", "/items/{id}", [&s](http::exchange& x) -> task<> { co_await remove(s, x); });
  api.on("GET", "/events", [&s](http::exchange& x) -> task<> { co_await follow(s, x); });
  http::serve_options how;
  how.server.on_listening = [](const address& at) { print("Serving http://{}", at); };
  return run(http::serve(argc > 1 ? argv[1] : "127.0.0.1:8080", api, how));
}
