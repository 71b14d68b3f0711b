// SPDX-License-Identifier: MIT
//
// `--help` and `bight help`: examples first, then the flags, in 80 columns.

#include "exit_codes.hpp"
#include "flags.hpp"
#include "fold.hpp"
#include "suggest.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <fmt/core.h>

#include <map>
#include <memory>

namespace tool {

namespace {

class formatter : public CLI::Formatter {
 public:
  explicit formatter(std::string examples) : examples_(std::move(examples)) { column_width(26); }

  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    if (mode == CLI::AppFormatMode::Sub) return make_expanded(app);
    std::string text = "Examples:\n" + examples_ + "\n";
    text += make_description(app);
    const std::string parent = app->get_parent() != nullptr ? "bight " : "";
    text += "\n" + make_usage(app, parent + (name.empty() ? app->get_name() : name));
    text += make_positionals(app) + make_groups(app, mode) + make_subcommands(app, mode);
    if (!app->get_footer().empty()) text += "\n" + make_footer(app);
    return text;
  }

 private:
  std::string examples_;
};

}  // namespace

void set_examples(CLI::App& command, const std::string& lines) {
  auto f = std::make_shared<formatter>(lines);
  f->label("OPTIONS", "flags");
  f->label("SUBCOMMAND", "COMMAND");
  f->label("Positionals", "Arguments");
  f->label("REQUIRED", "");
  command.formatter(f);
}

void print_help(const CLI::App& command) {
  // Not command.help(), which prints the help of the subcommand that was parsed.
  const std::string text =
      command.get_formatter()->make_help(&command, "", CLI::AppFormatMode::Normal);
  const int width = terminal_width(1);
  std::fputs((width < 80 ? folded(text, width) : text).c_str(), stdout);
}

// The group is the heading of the list of commands.
CLI::App* add_command(CLI::App& root, const std::string& name, const std::string& description) {
  return root.add_subcommand(name, description)->group("Commands");
}

void add_help(CLI::App& root, action& chosen) {
  auto topic = std::make_shared<std::string>();
  CLI::App* sub = add_command(root, "help", "show the help of a command");
  add_text(*sub, "COMMAND", *topic, "", "name of the command");
  set_examples(*sub, "  bight help send\n");
  sub->callback([topic, &root, &chosen] {
    chosen.run = [topic, &root] {
      if (topic->empty()) {
        print_help(root);
        return 0;
      }
      std::vector<std::string> names;
      for (const CLI::App* command : root.get_subcommands({})) {
        names.push_back(command->get_name());
        if (command->get_name() == *topic) {
          print_help(*command);
          return 0;
        }
      }
      throw usage_error(fmt::format("help \"{}\": unknown command{}", shown(*topic),
                                    did_you_mean(*topic, names)));
    };
  });
}

}  // namespace tool
