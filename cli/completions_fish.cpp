// SPDX-License-Identifier: MIT

#include "completions.hpp"

namespace tool {

namespace {

using kind = completed_value::kind;

constexpr const char* fish_script =
    R"sh(# fish completion of bight: bight completions fish > ~/.config/fish/completions/bight.fish

# Whether the command is $argv[1] and has at least $argv[2] arguments, at most $argv[3].
function __bight_at
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[2]" = $argv[1]; or return 1
    set -l count (count (__bight_arguments))
    test (count $argv) -eq 1; or begin
        test $count -ge $argv[2]; and test $count -le $argv[3]
    end
end

# The arguments before the cursor that are no flags, nor values of flags.
function __bight_arguments
    set -l words (commandline -opc)
    set -l flags yes
    set -l skip
    for word in $words[3..-1]
        if test -n "$skip"
            set skip
        else if test -n "$flags"; and test "$word" = --
            set flags
        else if test -n "$flags"; and string match -q -- '-?*' $word
            contains -- $word @VALUE_FLAGS@; and set skip yes
        else
            echo $word
        end
    end
end

function __bight_files
    set -l arguments (__bight_arguments)
    test "$arguments[1]" = files
end

# unix:/path, of which the path is completed.
function __bight_address
    set -l word (commandline -ct | string replace -r '^--listen=' '')
    string match -q 'unix:*' -- $word; or return
    set -l path (string replace unix: '' -- $word)
    for file in (complete -C "__bight_no_command $path")
        echo unix:$file
    end
end

complete -c bight -f
complete -c bight -n 'test (count (commandline -opc)) -eq 1' -l help -d 'print this help'
complete -c bight -n 'test (count (commandline -opc)) -eq 1' -l version -d 'print the version'
)sh";

std::string values_of(const completed_value& value) {
  switch (value.is) {
    case kind::none: return "";
    case kind::text: return " -x";
    case kind::words: return " -x -a " + shell_quoted(value.words);
    case kind::file: return " -r -F";
    case kind::served: return " -x -a '(__fish_complete_directories)'";
    case kind::address: return " -x -a '(__bight_address)'";
  }
  return "";
}

std::string flag_line(const completed_flag& flag) {
  std::string text;
  for (const std::string& name : flag.names)
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  return text + values_of(flag.value) + " -d " + shell_quoted(flag.description);
}

// An argument applies when exactly `i` arguments precede it.
std::string argument_line(const completed_command& c, std::size_t i) {
  const completed_value& value = c.arguments[i];
  if (value.is == kind::text) return "";
  const bool last = i + 1 == c.arguments.size();
  std::string when =
      "__bight_at " + c.name + " " + std::to_string(i) + " " + (last ? "1000" : std::to_string(i));
  if (value.is == kind::served) when += "; and __bight_files";
  const std::string values = value.is == kind::file ? " -F" : values_of(value).substr(3);
  return "complete -c bight -n " + shell_quoted(when) + values + "\n";
}

}  // namespace

std::string fish_completions(const completed_commands& commands) {
  std::string lines;
  std::string value_flags;
  for (const completed_command& c : commands) {
    lines += "complete -c bight -n 'test (count (commandline -opc)) -eq 1' -a " + c.name + " -d " +
             shell_quoted(c.description) + "\n";
    for (std::size_t i = 0; i < c.arguments.size(); ++i) lines += argument_line(c, i);
    const std::string here = "complete -c bight -n '__bight_at " + c.name + "'";
    for (const completed_flag& f : c.flags) {
      lines += here + flag_line(f) + "\n";
      if (f.value.is == kind::none) continue;
      for (const std::string& name : f.names) value_flags += " " + name;
    }
  }
  return filled(fish_script, "@VALUE_FLAGS@", value_flags.substr(1)) + lines;
}

}  // namespace tool
