// SPDX-License-Identifier: MIT
//
// `bight completions SHELL`: a script for the shell, generated from the flags.

#include "completions.hpp"

#include "exit_codes.hpp"
#include "flags.hpp"
#include "handlers.hpp"

#include <memory>

namespace tool {

namespace {

using kind = completed_value::kind;

const std::vector<std::string>& shells() {
  static const std::vector<std::string> all{"bash", "zsh", "fish"};
  return all;
}

// The value of a flag; `name` is its longest name.
completed_value value_of(const std::string& name) {
  if (name == "--color") return {kind::words, "auto always never"};
  if (name == "--framing") return {kind::words, "chunk line len"};
  if (name == "--listen") return {kind::address, ""};
  for (const char* file : {"--output", "--file", "--ca", "--cert", "--key", "--pcap"})
    if (name == file) return {kind::file, ""};
  return {kind::text, ""};
}

std::vector<completed_flag> flags_of(const CLI::App& command) {
  std::vector<completed_flag> rows;
  for (const CLI::Option* o : command.get_options()) {
    if (!o->nonpositional()) continue;
    completed_flag row;
    for (const std::string& s : o->get_snames()) row.names.push_back("-" + s);
    for (const std::string& l : o->get_lnames()) row.names.push_back("--" + l);
    row.description = o->get_description();
    if (o->get_expected_min() > 0) row.value = value_of(row.names.back());
    row.repeats = o->get_expected_max() > 1;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<completed_value> arguments_of(const std::string& command, const std::string& names) {
  if (command == "get" || command == "connect" || command == "send")
    return {{kind::address, ""}, {kind::text, ""}};
  if (command == "serve") return {{kind::words, joined(handler_names())}, {kind::served, ""}};
  if (command == "sim") return {{kind::words, "replay"}, {kind::file, ""}};
  if (command == "help") return {{kind::words, names}, {kind::text, ""}};
  if (command == "completions") return {{kind::words, joined(shells())}, {kind::text, ""}};
  return {{kind::text, ""}};
}

completed_commands commands_of(const CLI::App& root) {
  std::vector<std::string> names;
  for (const CLI::App* c : root.get_subcommands({})) names.push_back(c->get_name());
  completed_commands all;
  for (const CLI::App* c : root.get_subcommands({}))
    all.push_back({c->get_name(), c->get_description(), flags_of(*c),
                   arguments_of(c->get_name(), joined(names))});
  return all;
}

}  // namespace

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& w : words) text += (text.empty() ? "" : " ") + w;
  return text;
}

std::string shell_quoted(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return "'" + safe + "'";
}

std::string filled(std::string text, const std::string& placeholder, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(placeholder, at)) != std::string::npos;
       at += with.size())
    text.replace(at, placeholder.size(), with);
  return text;
}

void add_completions(CLI::App& root, action& chosen) {
  auto shell = std::make_shared<std::string>();
  CLI::App* sub = add_command(root, "completions", "print a completion script for your shell");
  set_examples(*sub,
               "  source <(bight completions bash)                        in ~/.bashrc\n"
               "  bight completions zsh > \"${fpath[1]}/_bight\"\n"
               "  bight completions fish > ~/.config/fish/completions/bight.fish\n");
  add_choice(*sub, "SHELL", *shell, shells(), "", "bash, zsh or fish")->required();
  sub->callback([shell, &root, &chosen] {
    chosen.run = [shell, &root] {
      const completed_commands all = commands_of(root);
      const std::string script = *shell == "bash"  ? bash_completions(all)
                                 : *shell == "zsh" ? zsh_completions(all)
                                                   : fish_completions(all);
      std::fputs(script.c_str(), stdout);
      return 0;
    };
  });
}

}  // namespace tool
