// SPDX-License-Identifier: MIT
#include "engine/uring/buffer_ring.hpp"

#include "engine/uring/kernel_abi.hpp"

#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <new>

#include <sys/mman.h>

namespace bight::uring {

namespace {

constexpr std::size_t page_size = 4096;

// The offset of the first buffer in its page. The kernel fills a connection's pages from their
// start. If the target lies 1 to 31 bytes further in its page than the source, it copies at a
// twentieth of its speed (AMD, Zen 3: rep movsb). A buffer at the start of a page would be in that
// position after its first small message.
constexpr std::size_t front = page_size / 2;

std::byte* map_pages(std::size_t size) noexcept {
  void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return nullptr;
  madvise(at, size, MADV_NOHUGEPAGE);  // so that only pages with received bytes use memory
  return static_cast<std::byte*>(at);
}

}  // namespace

struct buffer_ring::buffer : lease_block {
  shared* home = nullptr;
  std::byte* bytes = nullptr;
  std::uint32_t filled = 0;
  std::uint16_t id = 0;
  bool with_kernel = false;
};

// Lives as long as the engine and the last lease.
struct buffer_ring::shared {
  shape form{};
  bool engine_alive = true;
  std::uint16_t tail = 0;
  std::uint16_t unlent = 0;       // buffers without a lease
  std::uint16_t with_kernel = 0;  // buffers that the kernel may still fill
  std::size_t mapped = 0;
  std::byte* memory = nullptr;   // the ring's page(s), then the buffers
  io_uring_buf* ring = nullptr;  // the tail is in the reserved half-word of the first entry
  std::unique_ptr<buffer[]> buffers;

  ~shared() {
    if (memory != nullptr) munmap(memory, mapped);
  }

  [[nodiscard]] std::size_t ring_size() const noexcept {
    const std::size_t size = form.count * sizeof(io_uring_buf);
    return (size + page_size - 1) / page_size * page_size;
  }
  void give_to_kernel(buffer& b) noexcept {
    b.filled = 0;
    b.with_kernel = true;
    ++with_kernel;
    io_uring_buf& entry = ring[tail & (form.count - 1)];
    entry.addr = reinterpret_cast<std::uintptr_t>(b.bytes);
    entry.len = form.size;
    entry.bid = b.id;
    std::atomic_ref<std::uint16_t>(ring[0].resv).store(++tail, std::memory_order_release);
  }

  static void released(lease_block& block) noexcept {
    auto& b = static_cast<buffer&>(block);
    shared& home = *b.home;
    ++home.unlent;
    if (!home.engine_alive) {
      if (home.unlent == home.form.count) delete &home;
    } else if (!b.with_kernel) {
      home.give_to_kernel(b);
    }
  }
};

int buffer_ring::set_up(int ring_fd, std::uint16_t group, shape form) noexcept {
  std::unique_ptr<shared> s(new (std::nothrow) shared);
  if (s == nullptr) return -ENOMEM;
  s->form = form;
  s->mapped = s->ring_size() + page_size + std::size_t{form.count} * form.size;
  s->memory = map_pages(s->mapped);
  s->buffers.reset(new (std::nothrow) buffer[form.count]);
  if (s->memory == nullptr || s->buffers == nullptr) return -ENOMEM;
  s->ring = reinterpret_cast<io_uring_buf*>(s->memory);
  abi::buffer_ring_registration r;
  r.ring_address = reinterpret_cast<std::uintptr_t>(s->memory);
  r.entries = form.count;
  r.group = group;
  r.flags = form.incremental ? abi::buffer_ring_incremental : std::uint16_t{0};
  if (const int outcome = abi::register_buffer_ring(ring_fd, r); outcome != 0) return outcome;
  s->unlent = form.count;
  for (std::uint16_t i = 0; i < form.count; ++i) {
    buffer& b = s->buffers[i];
    b.home = s.get();
    b.bytes = s->memory + s->ring_size() + front + std::size_t{i} * form.size;
    b.id = i;
    b.release = &shared::released;
    s->give_to_kernel(b);
  }
  shared_ = s.release();
  return 0;
}

buffer_ring::~buffer_ring() {
  if (shared_ == nullptr) return;
  shared_->engine_alive = false;
  if (shared_->unlent == shared_->form.count) delete shared_;
}

unsigned buffer_ring::with_kernel() const noexcept { return shared_->with_kernel; }

bool buffer_ring::lends(const lease& bytes) const noexcept {
  const std::less<const std::byte*> before;
  return !before(bytes.data(), shared_->memory) &&
         before(bytes.data(), shared_->memory + shared_->mapped);
}

std::byte* buffer_ring::arrival(unsigned id) const noexcept {
  const buffer& b = shared_->buffers[id];
  return b.bytes + b.filled;
}

bool buffer_ring::filled_by(unsigned id, std::size_t size) const noexcept {
  return shared_->buffers[id].filled + size == shared_->form.size;
}

lease buffer_ring::take_some(unsigned id, std::size_t size) {
  shared& s = *shared_;
  buffer& b = s.buffers[id];
  const std::byte* data = b.bytes + b.filled;
  b.filled += static_cast<std::uint32_t>(size);
  if (b.refs == 0) --s.unlent;
  return {b, data, size};
}

lease buffer_ring::take(unsigned id, std::size_t used, bool kept, const std::byte* data,
                        std::size_t size) noexcept {
  shared& s = *shared_;
  buffer& b = s.buffers[id];
  lease taken;
  if (size > 0 && b.refs == 0 && s.unlent <= s.form.reserve)
    taken = lease::copy_if_possible({reinterpret_cast<const char*>(data), size});
  if (size > 0 && !taken) {
    if (b.refs == 0) --s.unlent;
    taken = lease(b, data, size);
  }
  b.filled += static_cast<std::uint32_t>(used);
  if (b.with_kernel && !kept) --s.with_kernel;
  b.with_kernel = kept;
  if (!kept && b.refs == 0) s.give_to_kernel(b);
  return taken;
}

std::string buffer_ring::describe() const {
  const shape& form = shared_->form;
  return std::string(form.incremental ? "incremental buffers " : "buffers ") +
         std::to_string(form.count) + " x " + std::to_string(form.size / 1024) + " KiB";
}

}  // namespace bight::uring
