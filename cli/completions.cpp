// SPDX-License-Identifier: MIT
//
// `bight completions SHELL`: a script for the shell, made from the grammar itself.

#include "exit_codes.hpp"
#include "flags.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <memory>

namespace tool {

namespace {

struct flag_row {
  std::vector<std::string> names;  // with their dashes
  std::string what;
  bool takes_value = false;
};

std::vector<flag_row> flags_of(const CLI::App& command) {
  std::vector<flag_row> rows;
  for (const CLI::Option* o : command.get_options()) {
    if (!o->nonpositional()) continue;
    flag_row row;
    for (const std::string& s : o->get_snames()) row.names.push_back("-" + s);
    for (const std::string& l : o->get_lnames()) row.names.push_back("--" + l);
    row.what = o->get_description();
    row.takes_value = o->get_expected_min() > 0;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<const CLI::App*> commands_of(const CLI::App& root) { return root.get_subcommands({}); }

bool names_file(const flag_row& row) {
  static const std::vector<std::string> all{"--output", "--file", "--ca", "--cert", "--key"};
  return std::find(all.begin(), all.end(), row.names.back()) != all.end();
}

// What a command's first argument is chosen from, if from few words.
std::string words_of(const std::string& command, const CLI::App& root) {
  if (command == "serve") return "greet echo discard text files";
  if (command == "completions") return "bash zsh fish";
  if (command != "help") return {};
  std::string names;
  for (const CLI::App* c : commands_of(root)) names += (names.empty() ? "" : " ") + c->get_name();
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& w : words) text += (text.empty() ? "" : " ") + w;
  return text;
}

std::string bash_script(const CLI::App& root) {
  std::string cases;
  for (const CLI::App* c : commands_of(root)) {
    std::string flags;
    for (const flag_row& row : flags_of(*c)) flags += " " + joined(row.names);
    cases += fmt::format("    {}) words=\"{}{}\" ;;\n", c->get_name(),
                         words_of(c->get_name(), root), flags);
  }
  return fmt::format(
      "# bash completion of bight: source <(bight completions bash)\n"
      "_bight() {{\n"
      "  local words current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}\n"
      "  case $before in -o|--output|--file|--ca|--cert|--key)\n"
      "    COMPREPLY=($(compgen -f -- \"$current\")); return;; esac\n"
      "  case $COMP_CWORD:${{COMP_WORDS[1]}} in\n"
      "    1:*) words=\"{} --help --version\" ;;\n"
      "    *) case ${{COMP_WORDS[1]}} in\n"
      "{}"
      "    esac ;;\n"
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}}\n"
      "complete -F _bight bight\n",
      words_of("help", root), cases);
}

// Single quotes of both shells: the text ends, an escaped quote comes, the text goes on.
std::string quoted(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return "'" + safe + "'";
}

// Brackets and colons mean something to zsh's _arguments.
std::string zsh_text(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':') safe += '\\';
    safe += c;
  }
  return safe;
}

std::string zsh_script(const CLI::App& root) {
  std::string commands;
  std::string cases;
  for (const CLI::App* c : commands_of(root)) {
    commands += "    " + quoted(c->get_name() + ":" + zsh_text(c->get_description())) + "\n";
    cases += fmt::format("    {})\n      _arguments \\\n", c->get_name());
    for (const flag_row& row : flags_of(*c)) {
      const bool file = names_file(row);
      for (const std::string& name : row.names) {
        const char* value = !row.takes_value ? "" : file ? ":file:_files" : ":value:";
        cases += "        " + quoted(name + "[" + zsh_text(row.what) + "]" + value) + " \\\n";
      }
    }
    const std::string words = words_of(c->get_name(), root);
    cases +=
        "        " + quoted(words.empty() ? "*:argument:" : "*:argument:(" + words + ")") + " ;;\n";
  }
  return fmt::format(
      "#compdef bight\n"
      "# zsh completion of bight: bight completions zsh > \"${{fpath[1]}}/_bight\"\n"
      "_bight() {{\n"
      "  local -a commands=(\n{}  )\n"
      "  if ((CURRENT == 2)); then _describe command commands; return; fi\n"
      "  local command=${{words[2]}}\n"
      "  shift words; ((CURRENT--))\n"
      "  case $command in\n{}"
      "  esac\n"
      "}}\n"
      "_bight \"$@\"\n",
      commands, cases);
}

std::string fish_script(const CLI::App& root) {
  std::string text =
      "# fish completion of bight: bight completions fish | source\n"
      "complete -c bight -f\n";
  for (const CLI::App* c : commands_of(root)) {
    text += fmt::format("complete -c bight -n __fish_use_subcommand -a {} -d {}\n", c->get_name(),
                        quoted(c->get_description()));
    const std::string here =
        fmt::format("complete -c bight -n '__fish_seen_subcommand_from {}'", c->get_name());
    const std::string words = words_of(c->get_name(), root);
    if (!words.empty()) text += here + " -a " + quoted(words) + "\n";
    for (const flag_row& row : flags_of(*c)) {
      text += here;
      for (const std::string& name : row.names)
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (row.takes_value) text += names_file(row) ? " -r -F" : " -x";
      text += " -d " + quoted(row.what) + "\n";
    }
  }
  return text;
}

}  // namespace

void add_completions(CLI::App& root, action& chosen) {
  auto shell = std::make_shared<std::string>();
  CLI::App* sub = add_command(root, "completions", "a completion script for your shell");
  set_examples(*sub,
               "  source <(bight completions bash)\n"
               "  bight completions zsh > \"${fpath[1]}/_bight\"\n"
               "  bight completions fish | source\n");
  static const std::vector<std::string> shells{"bash", "zsh", "fish"};
  add_choice(*sub, "SHELL", *shell, shells, "", "bash, zsh or fish")->required();
  sub->callback([shell, &root, &chosen] {
    chosen.run = [shell, &root] {
      const std::string script = *shell == "bash"  ? bash_script(root)
                                 : *shell == "zsh" ? zsh_script(root)
                                                   : fish_script(root);
      std::fputs(script.c_str(), stdout);
      return 0;
    };
  });
}

}  // namespace tool
