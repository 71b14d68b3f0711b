// SPDX-License-Identifier: MIT
#pragma once

/// Why a call failed, where its error code stands for several causes.

#include <bight/address.hpp>
#include <bight/op.hpp>

#include <string>

namespace bight::posix {

/// The cause in words, with what to do about it; empty when the usual words for the code say it.
/// May look at files and ask the kernel for a route, but sends nothing and does not wait.
///
/// what  verb::connect and verb::send: `with` is the peer; verb::accept: `with` is to be bound.
[[nodiscard]] std::string cause_of(verb what, int number, const address& with);

}  // namespace bight::posix
