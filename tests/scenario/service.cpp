// SPDX-License-Identifier: MIT
#include "scenario/service.hpp"

namespace scenario {

task<> service::serve(tcp::handler handle, serve_options options) {
  const address everywhere(at.substr(at.find(':')));
  if (secure) {
    tls::serve_options how;
    how.on_pin = [this](const std::string& made) { pin = made; };
    how.server = std::move(options);
    auto serving = tls::serve(everywhere, std::move(handle), std::move(how));
    co_await std::move(serving);
  } else {
    auto serving = tcp::serve(everywhere, std::move(handle), std::move(options));
    co_await std::move(serving);
  }
}

task<tcp::stream> service::connect() const {
  if (!secure) {
    auto connecting = tcp::connect(at);
    co_return co_await std::move(connecting);
  }
  tls::connect_options how;
  how.pins.push_back(pin);
  auto connecting = tls::connect(at, std::move(how));
  co_return co_await std::move(connecting);
}

}  // namespace scenario
