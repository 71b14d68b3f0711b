// SPDX-License-Identifier: MIT
#pragma once

/// A server and a client that try to get along, with options that a test chooses.

#include "contract/certificates.hpp"
#include "contract/contract.hpp"

#include <optional>

namespace contract {

[[nodiscard]] certificate_plan good();
/// A server that makes its own certificate, and tells nobody.
[[nodiscard]] tls::serve_options self_signed();
[[nodiscard]] tls::serve_options with_files(const tls::identity& files);
[[nodiscard]] tls::connect_options trusting(const tls::identity& authority,
                                            std::string name = "localhost");

/// Says "Welcome", and waits for the end.
task<> hello(stream peer);

/// Connects to a server with those options; what it said, or why there was no connection.
task<result<std::string>> try_one(const served& s, tls::connect_options options);
/// The same with a server of its own; `told` gets what on_error was told.
task<result<std::string>> try_with(tls::serve_options how, tls::connect_options options,
                                   std::string* told = nullptr);

/// Trusts anybody, and has time.
[[nodiscard]] tls::connect_options careless();
/// Shakes hands over a stream that is connected; `into` gets the outcome.
task<> connect_over(stream below, std::optional<result<stream>>& into,
                    tls::connect_options options);
task<> accept_over(const tls::acceptor& server, stream below, std::optional<result<stream>>& into);
/// The text of the failure.
[[nodiscard]] std::string why(const result<stream>& outcome);

/// Whether `outcome` is a failure whose text has that in it.
testing::AssertionResult says(const result<std::string>& outcome, std::string_view text);

}  // namespace contract
