// SPDX-License-Identifier: MIT

#include "completions.hpp"

namespace tool {

namespace {

using kind = completed_value::kind;

// Works without the bash-completion package. File names are printed unquoted; `-o filenames` makes
// bash quote them, and append no blank to a folder.
constexpr const char* bash_script =
    R"sh(# bash completion of bight: source <(bight completions bash)

# The words up to the cursor. COMP_WORDBREAKS cuts at = and : as well; that is undone.
_bight_words() {
  local line=${COMP_LINE:0:COMP_POINT} blanks word i
  words=()
  for ((i = 0; i <= COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [[ -z $COMP_LINE ]]; then
      words+=("$word")
      continue
    fi
    blanks=${line%%[![:space:]]*}
    line=${line#"$blanks"}
    if ((i == COMP_CWORD)); then word=$line; fi
    line=${line#"$word"}
    if ((i == 0)) || [[ -n $blanks ]]; then words+=("$word"); else words[-1]+=$word; fi
  done
}

# Readline replaces what follows the last = or : in the word. Whether it replaces "$1" too, which
# stands before the value.
_bight_replaces() {
  local cut
  for cut in = :; do
    if [[ $1 == *"$cut" && $COMP_WORDBREAKS == *"$cut"* ]]; then return 1; fi
  done
  [[ $1 ]]
}

# Completes the value "$3" as "$1"; "$2" stands before it in the same word.
_bight_value() {
  local i
  case $1 in
    words:*) mapfile -t COMPREPLY < <(compgen -W "${1#words:}" -- "$3") ;;
    file|folder)
      compopt -o filenames 2>/dev/null
      if [[ $1 == file ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$3")
      else
        mapfile -t COMPREPLY < <(compgen -d -- "$3")
      fi
      # Behind a folder's name readline puts a slash itself, where it sees the name alone.
      if _bight_replaces "$2"; then
        for i in "${!COMPREPLY[@]}"; do
          if [[ -d ${COMPREPLY[i]/#\~\//"$HOME"/} ]]; then COMPREPLY[i]+=/; fi
        done
      fi ;;
    address)
      if [[ $3 == unix:* ]]; then _bight_value file "$2unix:" "${3#unix:}"; fi
      return ;;
  esac
  if ((${#COMPREPLY[@]})) && _bight_replaces "$2"; then
    COMPREPLY=("${COMPREPLY[@]/#/"$2"}")
  fi
}

_bight_flags() {
  case $1 in
@FLAGS@  esac
}

# What follows the flag "$2" of the command "$1"; empty for a flag without a value.
_bight_flag() {
  case $1:$2 in
@VALUES@  esac
}

# The argument number "$2" of the command "$1"; "$3" is the first one.
_bight_argument() {
  case $1:$2 in
@ARGUMENTS@  esac
}

_bight() {
  local words word current command value i count=0 first='' flags=yes
  COMPREPLY=()
  _bight_words
  current=${words[-1]}
  unset 'words[-1]'
  command=${words[1]}
  if ((${#words[@]} < 2)); then
    _bight_value 'words:@COMMANDS@ --help --version' '' "$current"
    return
  fi
  for ((i = 2; i < ${#words[@]}; ++i)); do
    word=${words[i]}
    value=
    if [[ $flags && $word == -- ]]; then
      flags=
    elif [[ $flags && $word == -?* ]]; then
      value=$(_bight_flag "$command" "$word")
      if [[ $value ]]; then ((++i)); fi
    elif ((++count == 1)); then
      first=$word
    fi
  done
  if [[ $value ]] && ((i > ${#words[@]})); then
    _bight_value "$value" '' "$current"
  elif [[ $flags && $current == --*=* ]]; then
    value=$(_bight_flag "$command" "${current%%=*}")
    _bight_value "$value" "${current%%=*}=" "${current#*=}"
  elif [[ $flags && $current == -* ]]; then
    _bight_value "words:$(_bight_flags "$command")" '' "$current"
  else
    value=$(_bight_argument "$command" "$((count + 1))" "$first")
    _bight_value "$value" '' "$current"
    if [[ $flags && -z $current && ${#COMPREPLY[@]} == 0 ]]; then
      _bight_value "words:$(_bight_flags "$command")" '' ''
    fi
  fi
}
complete -F _bight bight
)sh";

std::string value_text(const completed_value& value) {
  switch (value.is) {
    case kind::none: break;
    case kind::text: return "echo text";
    case kind::words: return "echo " + shell_quoted("words:" + value.words);
    case kind::file: return "echo file";
    case kind::served: return "if [[ $3 == files ]]; then echo folder; else echo text; fi";
    case kind::address: return "echo address";
  }
  return ":";
}

}  // namespace

std::string bash_completions(const completed_commands& commands) {
  std::string values;
  std::string arguments;
  std::string flags;
  std::vector<std::string> names;
  for (const completed_command& c : commands) {
    names.push_back(c.name);
    std::vector<std::string> all;
    for (const completed_flag& f : c.flags) {
      for (const std::string& name : f.names) {
        all.push_back(name);
        if (f.value.is != kind::none)
          values += "    " + c.name + ":" + name + ") " + value_text(f.value) + " ;;\n";
      }
    }
    flags += "    " + c.name + ") echo " + shell_quoted(joined(all)) + " ;;\n";
    for (std::size_t i = 0; i < c.arguments.size(); ++i) {
      const bool last = i + 1 == c.arguments.size();
      arguments += "    " + c.name + ":" + (last ? "*" : std::to_string(i + 1)) + ") " +
                   value_text(c.arguments[i]) + " ;;\n";
    }
  }
  std::string text = filled(bash_script, "@COMMANDS@", joined(names));
  text = filled(std::move(text), "@VALUES@", values);
  text = filled(std::move(text), "@ARGUMENTS@", arguments);
  return filled(std::move(text), "@FLAGS@", flags);
}

}  // namespace tool
