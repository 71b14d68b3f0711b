// SPDX-License-Identifier: MIT
//
// `bight engine`: shows which I/O engine is used, and why.

#include "flags.hpp"

#include <bight/error.hpp>
#include <bight/run.hpp>

#include <fmt/core.h>

#include <memory>

namespace tool {

namespace {

int print_engine(const console& log) {
  const bight::engine_report r = bight::engine_chosen();
  log.event("engine", {{"name", r.name}, {"reason", r.reason}, {"features", r.features}});
  if (log.json) return 0;
  const std::string text =
      fmt::format("engine    {}\nreason    {}\nfeatures  {}\n", r.name, r.reason, r.features);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

void add_engine(CLI::App& root, action& chosen) {
  auto f = std::make_shared<common_flags>();
  f->log.events_to_stdout = true;
  CLI::App* sub = add_command(root, "engine", "show which I/O engine is used, and why");
  set_examples(*sub,
               "  bight engine\n"
               "  BIGHT_ENGINE=epoll bight engine     choose one: uring or epoll\n");
  add_output_flags(*sub, *f);
  sub->footer(
      "An engine is the kernel interface that bight uses: io_uring (uring) or epoll.\n"
      "Servers use io_uring if this machine has it. get, send and connect use epoll,\n"
      "which is cheaper for one connection. The environment variable BIGHT_ENGINE\n"
      "chooses an engine for all commands.");
  sub->callback([f, &chosen] {
    chosen.log = &f->log;
    chosen.run = [f] { return print_engine(f->log); };
  });
}

}  // namespace tool
