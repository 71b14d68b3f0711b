// SPDX-License-Identifier: MIT

#include "completions.hpp"

namespace tool {

namespace {

using kind = completed_value::kind;

constexpr const char* zsh_script = R"sh(#compdef bight
# zsh completion of bight: bight completions zsh > "${fpath[1]}/_bight"
# or, in ~/.zshrc behind compinit: source <(bight completions zsh)

_bight_address() {
  compset -P 'unix:' && _files
}

_bight_served() {
  (( ${words[(I)files]} )) && _path_files -/
}

_bight() {
  local -a commands=(
@COMMANDS@  )
  if (( CURRENT == 2 )); then
    _describe command commands
    _arguments '--help[print this help]' '--version[print the version]'
    return
  fi
  local command=${words[2]}
  shift words
  (( CURRENT-- ))
  case $command in
@CASES@  esac
}

if [[ ${funcstack[1]} == _bight ]]; then _bight "$@"; else compdef _bight bight; fi
)sh";

// Brackets, colons and backslashes are special in _arguments and _describe.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') safe += '\\';
    safe += c;
  }
  return safe;
}

std::string action_of(const completed_value& value) {
  switch (value.is) {
    case kind::none: return "";
    case kind::text: return ": ";
    case kind::words: return ":(" + value.words + ")";
    case kind::file: return ":_files";
    case kind::served: return ":_bight_served";
    case kind::address: return ":_bight_address";
  }
  return "";
}

// A specification for each name: the names that exclude it, its name, description and value.
std::string flag_lines(const completed_flag& flag) {
  std::string lines;
  for (const std::string& name : flag.names) {
    const bool is_long = name.starts_with("--");
    const bool has_value = flag.value.is != kind::none;
    std::string spec = flag.repeats ? "*" : "(" + joined(flag.names) + ")";
    spec += name + (!has_value ? "" : is_long ? "=" : "+");
    spec += "[" + escaped(flag.description) + "]";
    if (has_value) spec += ":value" + action_of(flag.value);
    lines += "        " + shell_quoted(spec) + " \\\n";
  }
  return lines;
}

}  // namespace

std::string zsh_completions(const completed_commands& commands) {
  std::string names;
  std::string cases;
  for (const completed_command& c : commands) {
    names += "    " + shell_quoted(c.name + ":" + escaped(c.description)) + "\n";
    cases += "    " + c.name + ")\n      _arguments -s -S \\\n";
    for (const completed_flag& f : c.flags) cases += flag_lines(f);
    for (std::size_t i = 0; i < c.arguments.size(); ++i) {
      const bool last = i + 1 == c.arguments.size();
      // A specification for text would prevent the completion of flags at that position.
      if (c.arguments[i].is == kind::text) continue;
      cases += "        " +
               shell_quoted((last ? "*" : std::to_string(i + 1)) + ":argument" +
                            action_of(c.arguments[i])) +
               " \\\n";
    }
    cases += "        ;;\n";
  }
  return filled(filled(zsh_script, "@COMMANDS@", names), "@CASES@", cases);
}

}  // namespace tool
