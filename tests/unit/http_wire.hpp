// SPDX-License-Identifier: MIT
#pragma once

/// A response taken apart, cut in any way.

#include "http/parser.hpp"

#include <bight/error.hpp>
#include <bight/http.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace bight::http {

/// What a parser made of some bytes.
struct parsed {
  response_head head;
  bool head_came = false;
  bool done = false;
  bool keeps = false;  ///< the connection
  std::string body;
  std::error_code failed;
  std::string message;
};

/// Feeds `bytes` in pieces of `size`, then the end of the connection unless `open`.
inline parsed parse(std::string_view bytes, std::size_t size = static_cast<std::size_t>(-1),
                    bool to_head = false, bool open = false, const limits& max = {}) {
  parsed p;
  try {
    response_parser parser(max, to_head);
    for (;;) {
      const auto step = parser.next();
      if (step == response_parser::step::head) {
        p.head_came = true;
        p.head = parser.head();
      } else if (step == response_parser::step::body) {
        p.body += parser.body().view();
      } else if (step == response_parser::step::done) {
        p.done = true;
        p.keeps = parser.keeps_connection();
        return p;
      } else if (!bytes.empty()) {
        parser.feed(lease::copy_of(bytes.substr(0, size)));
        bytes.remove_prefix(std::min(size, bytes.size()));
      } else if (open) {
        return p;
      } else {
        parser.feed(lease());
      }
    }
  } catch (const error& e) {
    p.failed = e.code();
    p.message = e.what();
    return p;
  }
}

}  // namespace bight::http
