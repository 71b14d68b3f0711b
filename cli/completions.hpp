// SPDX-License-Identifier: MIT
#pragma once

/// Shell completion scripts, generated from the flags.

#include <cstdint>
#include <string>
#include <vector>

namespace tool {

/// The possible values of a flag or argument.
struct completed_value {
  enum class kind : std::uint8_t {
    none,     ///< a flag without a value
    text,     ///< any text: not completed
    words,    ///< one of `words`
    file,     ///< a file name
    served,   ///< a folder if the first argument is "files", otherwise text
    address,  ///< text, or "unix:" and a file name
  };
  kind is = kind::none;
  std::string words;  // separated by spaces
};

struct completed_flag {
  std::vector<std::string> names;  // with their dashes
  std::string description;
  completed_value value;
  bool repeats = false;
};

struct completed_command {
  std::string name;
  std::string description;
  std::vector<completed_flag> flags;
  std::vector<completed_value> arguments;  // the last one may repeat
};

using completed_commands = std::vector<completed_command>;

/// Scripts for the shells.
[[nodiscard]] std::string bash_completions(const completed_commands& commands);
[[nodiscard]] std::string zsh_completions(const completed_commands& commands);
[[nodiscard]] std::string fish_completions(const completed_commands& commands);

/// `text` in single quotes, valid in all three shells.
[[nodiscard]] std::string shell_quoted(const std::string& text);
/// `text` with each placeholder, such as "@FLAGS@", replaced.
[[nodiscard]] std::string filled(std::string text, const std::string& placeholder,
                                 const std::string& with);
[[nodiscard]] std::string joined(const std::vector<std::string>& words);

}  // namespace tool
