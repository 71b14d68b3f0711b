// SPDX-License-Identifier: MIT
#include "modes.hpp"
#include "pattern.hpp"
#include "ring.hpp"
#include "sockets.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <vector>

namespace load {

namespace {

// A stream has no messages; so many bytes count as one.
constexpr std::uint64_t unit = 65536;

class bulk {
 public:
  bulk(const options& o, window& w, bool sending)
      : window_(w), sending_(sending), ring_(ring::buffers::shared), moved_(o.connections) {
    for (unsigned i = 0; i < o.connections; ++i) fds_.push_back(connect_stream(o.port, i));
  }
  ~bulk() {
    for (const int fd : fds_) close(fd);
  }
  bulk(const bulk&) = delete;
  bulk& operator=(const bulk&) = delete;

  void run() {
    ring_.fix(fds_);
    for (std::size_t i = 0; i < fds_.size(); ++i) again(i);
    window_.open();
    last_ = now_ns();
    ring_.run(
        [this](std::uint64_t now) {
          now_ = now;
          return window_.step(now);
        },
        [this](std::uint64_t mark, int result, const char* bytes, bool more) {
          happened(mark, result, bytes, more);
        });
  }

 private:
  void again(std::size_t index) {
    const auto socket = static_cast<int>(index);
    if (sending_)
      ring_.send(socket, true, payload_.data(), payload_.size(), index, false);
    else
      ring_.receive(socket, true, index);
  }

  void happened(std::uint64_t mark, int result, const char* bytes, bool more) {
    if (result == -ENOBUFS) return again(mark);
    if (result <= 0)
      return window_.error(result == 0 ? "the server closed a connection" : std::strerror(-result));
    const auto n = static_cast<std::uint64_t>(result);
    if (!sending_ && std::memcmp(bytes, payload_.data(), n) != 0)
      window_.error("a byte came wrong");
    window_.bytes(n);
    for (moved_[mark] += n; moved_[mark] >= unit; moved_[mark] -= unit) {
      window_.message(now_ - last_);  // between two units
      last_ = now_;
    }
    if (sending_ || !more) again(mark);
  }

  window& window_;
  bool sending_;
  ring ring_;
  std::vector<int> fds_;
  std::vector<std::uint64_t> moved_;
  // Not zeros: of memory that was never written the kernel reads one page again and again.
  std::vector<char> payload_ = std::vector<char>(unit, 'x');
  std::uint64_t now_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace

void run_discard(const options& o, window& w) { bulk(o, w, true).run(); }
void run_source(const options& o, window& w) { bulk(o, w, false).run(); }

}  // namespace load
