// SPDX-License-Identifier: MIT
#pragma once

/// What a server is given to listen on: one address, its text, or several addresses.

#include <bight/address.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bight::machinery {

/// A text is parsed when the server starts. So an invalid address is an error of its task, and thus
/// of run(), and not an exception in main().
class addresses {
 public:
  addresses(address one) { parsed_.push_back(std::move(one)); }
  addresses(std::vector<address> several) noexcept : parsed_(std::move(several)) {}
  template <class Text>
    requires std::convertible_to<const Text&, std::string_view>
  addresses(const Text& text) : text_(std::string_view(text)), is_text_(true) {}

  /// errors  bad_address if the text is not an address.
  [[nodiscard]] std::vector<address> parse() &&;

 private:
  std::vector<address> parsed_;
  std::string text_;
  bool is_text_ = false;
};

}  // namespace bight::machinery
