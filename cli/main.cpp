// SPDX-License-Identifier: MIT
//
// The tool: parses the command line and runs a command. Each command has its own file.

#include "exit_codes.hpp"
#include "flags.hpp"
#include "suggest.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <bight/line_sink.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>

#include <unistd.h>

namespace tool {

namespace {

// Allocates nothing.
[[noreturn]] void exit_out_of_memory() noexcept {
  constexpr std::string_view message = "bight: out of memory\n";
  static_cast<void>(!::write(STDERR_FILENO, message.data(), message.size()));
  ::_exit(static_cast<int>(exit_code::other));
}

// Handles exceptions that cannot be allocated, and exceptions thrown by destructors. Installed
// before the static objects of CLI11 are constructed, which allocate.
struct terminate_handler {
  terminate_handler() noexcept { std::set_terminate(report); }
  static void report() noexcept {
    const std::exception_ptr why = std::current_exception();
    void* const volatile memory = std::malloc(1);  // volatile: or the compiler assumes success
    if (why == nullptr && memory == nullptr) exit_out_of_memory();
    try {
      if (why != nullptr) std::rethrow_exception(why);
    } catch (const std::bad_alloc&) {
      exit_out_of_memory();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "bight: internal error: %s\n", e.what());
    } catch (...) {
      std::fputs("bight: internal error\n", stderr);
    }
    std::abort();
  }
};

[[gnu::init_priority(101)]] const terminate_handler installed;

void add_commands(CLI::App& root, action& chosen) {
  set_examples(root,
               "  bight serve greet --delay 1s        start a server on this machine, port 9999\n"
               "  bight send :9999 dbb lily exit      send three messages, print the replies\n"
               "  bight send -u :9999 dbb lily        the same over UDP (to serve greet -u)\n"
               "  bight connect :9999                 open an interactive connection\n"
               "  bight get -i http://www.sina.com.cn/ -o sina.html\n");
  root.option_defaults()->group("Flags");  // the heading; commands inherit it
  root.set_version_flag("--version", "bight " BIGHT_VERSION, "print the version");
  root.set_help_flag("-h,--help", "print this help");
  root.require_subcommand(1);
  add_get(root, chosen);
  add_send(root, chosen);
  add_connect(root, chosen);
  add_serve(root, chosen);
  add_engine(root, chosen);
  add_sim(root, chosen);
  add_help(root, chosen);
  add_completions(root, chosen);
  // Set last: commands created before do not inherit it.
  root.footer(
      "ADDRESS is [tcp|udp|tls]://host:port, host:port, :port or unix:/path. :9999\n"
      "means this machine only. The default port is 9999. Times have units: 500ms, 2s,\n"
      "5m. Received data goes to standard output, messages go to standard error.\n"
      "\n"
      "Exit status: 0 success, 1 any other error, 2 usage error, 6 host not found, 7\n"
      "connection failed, 18 incomplete transfer, 22 HTTP status 400 or above, 23 write\n"
      "error (without a message if the reader of a pipe has exited), 28 timeout, 35 TLS\n"
      "handshake failed, 47 redirect not followed, 52 empty reply, 56 receive failed,\n"
      "60 certificate not trusted, 98 address in use, 130 Ctrl-C.");
  for (CLI::App* command : root.get_subcommands({})) {
    command->set_version_flag("--version", "bight " BIGHT_VERSION, "print the version");
    command->set_help_flag("-h,--help", "print this help");
  }
}

std::vector<std::string> flag_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* o : command.get_options())
    for (const std::string& l : o->get_lnames()) names.push_back("--" + l);
  return names;
}

std::vector<std::string> command_names(const CLI::App& root) {
  std::vector<std::string> names;
  for (const CLI::App* c : root.get_subcommands({})) names.push_back(c->get_name());
  return names;
}

// Converts CLI11's error to one sentence that says what to do.
std::string advice(const CLI::App& root, const CLI::ParseError& e) {
  const auto parsed = root.get_subcommands();
  const CLI::App& where = parsed.empty() ? root : *parsed.front();
  const std::string see = parsed.empty() ? "bight --help" : "bight help " + where.get_name();
  const std::vector<std::string> left = where.remaining();
  if (!left.empty()) {
    const std::string& odd = left.front();
    const bool flag = odd.size() > 1 && odd[0] == '-';
    if (flag) {
      const std::string name = odd.substr(0, odd.find('='));
      std::string guess = hint_for_foreign_flag(where.get_name(), name);
      if (guess.empty()) guess = did_you_mean(name, flag_names(where));
      const bool message = where.get_name() == "send" && guess.empty();
      return fmt::format("{}{}: unknown flag{}{}; see {}",
                         parsed.empty() ? "" : where.get_name() + " ", shown(odd), guess,
                         message ? " (put -- before a message that begins with -)" : "", see);
    }
    if (parsed.empty())
      return fmt::format("{}: unknown command{}; see {}", shown(odd),
                         did_you_mean(odd, command_names(root)), see);
    return fmt::format("{} {}: unexpected argument; see {}", where.get_name(), shown(odd), see);
  }
  if (parsed.empty())
    return fmt::format("no command given; use one of {}; see {}",
                       fmt::join(command_names(root), ", "), see);
  return fmt::format("{} {}; see {}", where.get_name(), shown(e.what()), see);
}

int parse_and_run(int argc, char** argv) {
  CLI::App root("Serve, send, receive and download over TCP, UDP, TLS, unix sockets and HTTP.",
                "bight");
  action chosen;
  const console plain;
  try {
    add_commands(root, chosen);
    // CLI11 expects the arguments in reverse order.
    std::vector<std::string> arguments;
    for (int i = argc - 1; i > 0; --i) arguments.push_back(hide_brackets(argv[i]));
    root.parse(std::move(arguments));
    return chosen.run();
  } catch (const CLI::CallForHelp&) {
    const auto parsed = root.get_subcommands();
    print_help(parsed.empty() ? root : *parsed.front());
    return 0;
  } catch (const CLI::CallForVersion& e) {
    std::puts(e.what());
    return 0;
  } catch (const CLI::ParseError& e) {
    plain.error(advice(root, e), static_cast<int>(exit_code::usage));
    return static_cast<int>(exit_code::usage);
  } catch (const failure& e) {
    (chosen.log != nullptr ? *chosen.log : plain).error(e.what(), static_cast<int>(e.code()));
    return static_cast<int>(e.code());
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    (chosen.log != nullptr ? *chosen.log : plain).error(e.what(), 1);
    return static_cast<int>(exit_code::other);
  }
}

int run(int argc, char** argv) {
  hold_standard_descriptors();
  // Writes fail with EPIPE instead.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return parse_and_run(argc, argv);
  } catch (const std::bad_alloc&) {
    exit_out_of_memory();
  }
}

}  // namespace

}  // namespace tool

// Ends the process by the signal that interrupted the command. A shell checks for that: only then
// does Ctrl-C end a loop of commands.
static void die_of(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

int main(int argc, char** argv) {
  int code = tool::run(argc, argv);
  // The output of help, engine and completions may fail here.
  if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && code == 0) {
    if (errno != EPIPE) std::perror("bight: write standard output");
    code = static_cast<int>(tool::exit_code::cannot_write);
  }
  if (code > 128) {
    // Not done by a signal, as it would be by exit().
    static_cast<void>(bight::line_sink::standard_output().flush(std::chrono::seconds(1)));
    static_cast<void>(bight::line_sink::standard_error().flush(std::chrono::seconds(1)));
    die_of(code - 128);
  }
  return code;
}
