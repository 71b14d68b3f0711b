// SPDX-License-Identifier: MIT
#include "suggest.hpp"

#include <algorithm>

namespace tool {

namespace {

/// Longer arguments are not mistyped names, and the algorithm is quadratic.
constexpr std::size_t typed_max = 40;

// Letters inserted, deleted, replaced, or swapped with their neighbour (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

// Flags of curl, wget and other file servers.
struct foreign_flag {
  std::string_view command;
  std::string_view names;  // with a space around each
  const char* advice;
};
constexpr foreign_flag foreign_flags[] = {
    {"get", " -L --location ", " (redirects are followed by default)"},
    {"get", " -f --fail ", " (a status of 400 or above always gives exit status 22)"},
    {"get", " -s --silent ", " (-q prints errors only)"},
    {"get", " -c -C --continue ", " (run the same command again to resume)"},
    {"get", " -k --no-check-certificate ", " (--insecure accepts any certificate)"},
    {"send", " -k ", " (--insecure accepts any certificate)"},
    {"connect", " -k ", " (--insecure accepts any certificate)"},
    {"serve", " -p --port ", " (-l :PORT sets the port)"},
    {"serve", " -b --bind --host ", " (-l ADDRESS:PORT sets the address)"},
};

}  // namespace

std::string hint_for_foreign_flag(std::string_view command, std::string_view flag) {
  const std::string name = " " + std::string(flag) + " ";
  for (const foreign_flag& h : foreign_flags)
    if (h.command == command && h.names.find(name) != std::string_view::npos) return h.advice;
  return {};
}

std::string nearest(std::string_view typed, const std::vector<std::string>& candidates) {
  if (typed.empty() || typed.size() > typed_max) return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const std::string& c : candidates) {
    // A prefix of three letters or more is a good guess too: --time for --timeout.
    const bool begins = typed.size() >= 3 && c.starts_with(typed);
    const std::size_t d = begins ? 0 : distance(typed, c);
    if (d < best_distance) {
      best = c;
      best_distance = d;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& candidates) {
  const std::string guess = nearest(typed, candidates);
  return guess.empty() ? "" : " (did you mean " + guess + "?)";
}

}  // namespace tool
