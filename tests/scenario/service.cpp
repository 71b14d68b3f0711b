// SPDX-License-Identifier: MIT
#include "scenario/service.hpp"

namespace scenario {

task<> service::serve(tcp::handler handle, serve_options options) {
  const address everywhere(at.substr(at.find(':')));
  if (secure) {
    tls::serve_options how;
    how.on_pin = [this](const std::string& made) { pin = made; };
    how.server = std::move(options);
    co_await tls::serve(everywhere, std::move(handle), std::move(how));
  } else {
    co_await tcp::serve(everywhere, std::move(handle), std::move(options));
  }
}

task<tcp::stream> service::connect() const {
  if (!secure) {
    co_return co_await tcp::connect(at);
  }
  tls::connect_options how;
  how.pins.push_back(pin);
  co_return co_await tls::connect(at, std::move(how));
}

}  // namespace scenario
