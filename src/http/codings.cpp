// SPDX-License-Identifier: MIT
//
// Which content codings of a response to decode.
#include "http/decoder.hpp"
#include "http/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bight::http {

namespace {

/// Each coding needs memory for a window, and multiplies the size of a decompression bomb. curl
/// allows 5 too.
constexpr std::size_t codings_max = 5;

/// The HTTP Content Coding Registry of IANA. Other words do not describe an encoding.
constexpr std::array<std::string_view, 12> registered{
    "gzip",       "x-gzip", "deflate",   "br",  "zstd", "compress",
    "x-compress", "exi",    "aes128gcm", "dcb", "dcz",  "pack200-gzip"};

bool is_coding(std::string_view word) {
  return std::any_of(registered.begin(), registered.end(),
                     [word](std::string_view r) { return same_name(word, r); });
}

// The token at the start of a word. A coding has no parameters and no quotes. One that has them
// must be refused, not ignored.
std::string_view first_token(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of('"'), word.size()));
  return word.substr(0, word.find_first_of("\"; \t"));
}

// The codings in the order in which they were applied.
std::vector<std::string_view> codings_of(const response_head& h) {
  std::vector<std::string_view> all;
  for (const field& f : h.fields) {
    if (!same_name(f.name, "Content-Encoding")) continue;
    std::string_view rest = f.value;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      const std::string_view word = trimmed(rest.substr(0, end));
      if (is_coding(first_token(word))) all.push_back(word);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return all;
}

// Whether the media type says that the file itself has this coding. Some servers describe a .gz
// file both ways at once. Firefox and wget do not decode it then either.
bool is_of_type(const response_head& h, std::string_view coding) {
  std::string_view type = h.get("Content-Type");
  type = trimmed(type.substr(0, type.find(';')));
  if (same_name(coding, "gzip") || same_name(coding, "x-gzip")) {
    for (const char* t : {"application/gzip", "application/x-gzip", "application/x-gunzip",
                          "application/x-tgz", "application/x-compressed-tar"})
      if (same_name(type, t)) return true;
  }
  return same_name(coding, "zstd") && same_name(type, "application/zstd");
}

}  // namespace

std::unique_ptr<decoder> make_decoder(const response_head& h, const limits& max) {
  const std::vector<std::string_view> codings = codings_of(h);
  if (codings.size() > codings_max)
    throw over_limit(fmt::format("{} nested content codings", codings.size()));
  if (codings.empty() || (codings.size() == 1 && is_of_type(h, codings.front()))) return nullptr;
  std::vector<std::unique_ptr<codec>> codecs;
  for (std::size_t i = codings.size(); i > 0; --i) codecs.push_back(make_codec(codings[i - 1]));
  return std::make_unique<decoder>(std::move(codecs), max);
}

}  // namespace bight::http
