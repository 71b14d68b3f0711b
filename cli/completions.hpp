// SPDX-License-Identifier: MIT
#pragma once

/// What shells complete, read from the grammar of the command line.

#include <cstdint>
#include <string>
#include <vector>

namespace tool {

/// What may stand in one place of a command line.
struct completed_value {
  enum class kind : std::uint8_t {
    none,     ///< a flag without a value
    text,     ///< nothing that can be completed
    words,    ///< one of `words`
    file,     ///< the name of a file
    served,   ///< a folder if the first argument is "files", else text
    address,  ///< text, or "unix:" and the name of a file
  };
  kind is = kind::none;
  std::string words;  // with blanks in between
};

struct completed_flag {
  std::vector<std::string> names;  // with their dashes
  std::string what;
  completed_value value;
  bool repeats = false;
};

struct completed_command {
  std::string name;
  std::string what;
  std::vector<completed_flag> flags;
  std::vector<completed_value> arguments;  // the last one repeats
};

using completed_commands = std::vector<completed_command>;

/// Scripts for the shells.
[[nodiscard]] std::string bash_completions(const completed_commands& commands);
[[nodiscard]] std::string zsh_completions(const completed_commands& commands);
[[nodiscard]] std::string fish_completions(const completed_commands& commands);

/// `text` in single quotes, as all three shells read it.
[[nodiscard]] std::string shell_quoted(const std::string& text);
/// `text` with each placeholder, such as "@FLAGS@", replaced.
[[nodiscard]] std::string filled(std::string text, const std::string& placeholder,
                                 const std::string& with);
[[nodiscard]] std::string joined(const std::vector<std::string>& words);

}  // namespace tool
