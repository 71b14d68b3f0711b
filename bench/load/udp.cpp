// SPDX-License-Identifier: MIT
#include "modes.hpp"
#include "pattern.hpp"
#include "ring.hpp"
#include "sockets.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace load {

namespace {

// In front of every datagram: which one it is. The rest is of the pattern.
struct header {
  std::uint32_t slot;
  std::uint32_t number;
};

constexpr std::uint64_t patience_ns = second_ns / 5;
constexpr std::uint64_t send_mark = ~1ULL;

class datagrams {
 public:
  datagrams(const options& o, window& w)
      : window_(w),
        pattern_(pattern::plain()),
        ring_(ring::buffers::whole, o.size + 64),
        size_(std::max(o.size, sizeof(header))),
        depth_(o.depth),
        slots_(static_cast<std::size_t>(o.connections) * o.depth),
        memory_(slots_.size() * size_) {
    for (unsigned i = 0; i < o.connections; ++i) fds_.push_back(connect_datagrams(o.port));
  }
  ~datagrams() {
    for (const int fd : fds_) close(fd);
  }
  datagrams(const datagrams&) = delete;
  datagrams& operator=(const datagrams&) = delete;

  void run() {
    ring_.fix(fds_);
    now_ = checked_ = now_ns();
    for (std::size_t i = 0; i < fds_.size(); ++i) ring_.receive(static_cast<int>(i), true, i);
    for (std::size_t i = 0; i < slots_.size(); ++i) send(i);
    window_.open();
    ring_.run([this](std::uint64_t now) { return tick(now); },
              [this](std::uint64_t mark, int result, const char* bytes, bool more) {
                happened(mark, result, bytes, more);
              });
  }

 private:
  struct slot {
    std::uint32_t number = 0;
    std::uint64_t sent_at = 0;
  };

  bool tick(std::uint64_t now) {
    now_ = now;
    if (now - checked_ > patience_ns / 8) {
      checked_ = now;
      for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (now - slots_[i].sent_at < patience_ns) continue;
        window_.lost();
        send(i);
      }
    }
    return window_.step(now);
  }

  // A new number each time: an answer that comes after all is told from the one that is awaited.
  void send(std::size_t index) {
    slot& s = slots_[index];
    ++s.number;
    s.sent_at = now_;
    const header h = {static_cast<std::uint32_t>(index), s.number};
    char* into = memory_.data() + index * size_;
    std::memcpy(into, &h, sizeof h);
    std::memcpy(into + sizeof h, body(h), size_ - sizeof h);
    ring_.send(static_cast<int>(index / depth_), true, into, size_, send_mark, true);
  }

  [[nodiscard]] const char* body(const header& h) const {
    return pattern_.at(pattern_.begin(h.slot + h.number));
  }

  void happened(std::uint64_t mark, int result, const char* bytes, bool more) {
    if (mark == send_mark) return window_.error(std::string("send: ") + std::strerror(-result));
    if (result < 0 && result != -ENOBUFS)
      return window_.error(std::string("receive: ") + std::strerror(-result));
    if (bytes != nullptr) check(mark, bytes, static_cast<std::size_t>(result));
    if (!more) ring_.receive(static_cast<int>(mark), true, mark);
  }

  void check(std::size_t socket, const char* bytes, std::size_t n) {
    if (n != size_) return window_.error("a datagram came back cut");
    header h;
    std::memcpy(&h, bytes, sizeof h);
    if (h.slot >= slots_.size() || h.slot / depth_ != socket)
      return window_.error("a datagram came to the wrong socket");
    if (std::memcmp(bytes + sizeof h, body(h), n - sizeof h) != 0)
      return window_.error("a byte came back wrong");
    slot& s = slots_[h.slot];
    if (h.number != s.number) return;  // late: it was counted as lost
    window_.bytes(n);
    window_.message(now_ - s.sent_at);
    send(h.slot);
  }

  window& window_;
  pattern pattern_;
  ring ring_;
  std::size_t size_;
  unsigned depth_;
  std::vector<slot> slots_;
  std::vector<char> memory_;  // each slot's datagram as it was sent
  std::vector<int> fds_;
  std::uint64_t now_ = 0;
  std::uint64_t checked_ = 0;
};

}  // namespace

void run_udp(const options& o, window& w) { datagrams(o, w).run(); }

}  // namespace load
