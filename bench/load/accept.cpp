// SPDX-License-Identifier: MIT
#include "modes.hpp"
#include "pattern.hpp"
#include "ring.hpp"
#include "sockets.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace load {

namespace {

class cycles {
 public:
  cycles(const options& o, window& w)
      : options_(o),
        window_(w),
        pattern_(pattern::plain()),
        ring_(ring::buffers::shared),
        slots_(o.connections) {}

  void run() {
    now_ = now_ns();
    for (std::size_t i = 0; i < slots_.size(); ++i) begin(i);
    window_.open();
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
  struct slot {
    int fd = -1;
    std::size_t place = 0;
    std::size_t received = 0;
    std::uint64_t began = 0;
  };

  // On loopback the handshake is over when connect() returns, so blocking costs no wait.
  void begin(std::size_t index) {
    slot& s = slots_[index];
    s = {.fd = connect_stream(options_.port, started_), .place = pattern_.begin(started_)};
    ++started_;
    s.began = now_;
    const auto sent = ::send(s.fd, pattern_.at(s.place), options_.size, MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(options_.size)) fail("send", errno);
    ring_.receive(s.fd, false, index);
  }

  // Of the modes in which the client is first to end. A receive is in flight, so close(2) would
  // send nothing yet: connect(2) to AF_UNSPEC sends a reset at once.
  void end(slot& s) const {
    if (options_.mode == "fin") shutdown(s.fd, SHUT_WR);
    if (!resets_) return;
    const sockaddr nobody = {.sa_family = AF_UNSPEC, .sa_data = {}};
    if (::connect(s.fd, &nobody, sizeof nobody) != 0) fail("reset", errno);
  }

  void happened(std::uint64_t mark, int result, const char* bytes, bool more) {
    slot& s = slots_[mark];
    if (result > 0) {
      const auto n = static_cast<std::size_t>(result);
      if (s.received + n > options_.size || !pattern_.matches(s.place, bytes, n))
        return window_.error("a byte came back wrong");
      s.place = pattern_.after(s.place, n);
      s.received += n;
      window_.bytes(n);
      if (s.received == options_.size) end(s);
      if (!more) ring_.receive(s.fd, false, mark);
    } else if (s.received == options_.size && (result == 0 || resets_)) {
      close(s.fd);
      window_.message(now_ns() - s.began);
      begin(mark);
    } else if (result == -ENOBUFS) {
      ring_.receive(s.fd, false, mark);
    } else {
      window_.error(result == 0 ? "closed before the reply was whole" : std::strerror(-result));
    }
  }

  const options& options_;
  const bool resets_ = options_.mode == "reset";
  window& window_;
  pattern pattern_;
  ring ring_;
  std::vector<slot> slots_;
  std::size_t started_ = 0;
  std::uint64_t now_ = 0;
};

}  // namespace

void run_accept(const options& o, window& w) { cycles(o, w).run(); }

}  // namespace load
