// SPDX-License-Identifier: MIT
#pragma once

/// What a queue is made of: memory for its items, and the tasks that wait.

#include <bight/error.hpp>
#include <bight/machinery/waiting_line.hpp>

#include <cstddef>
#include <new>
#include <utility>
#include <vector>  // for std::allocator: <memory> takes longer to compile

namespace bight::machinery {

/// The items of a queue: a ring that doubles its memory up to the queue's capacity.
template <class T>
class item_ring {
 public:
  item_ring() noexcept = default;
  item_ring(const item_ring&) = delete;
  item_ring& operator=(const item_ring&) = delete;
  ~item_ring() {
    while (size_ > 0) drop_front();
    release();
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// errors  std::bad_alloc and exceptions of T's copy; the ring and `item` are unchanged then.
  template <class Item>
  void push_back(Item&& item, std::size_t capacity) {
    if (size_ == places_) grow(capacity);
    ::new (static_cast<void*>(at(size_))) T(std::forward<Item>(item));
    ++size_;
  }
  [[nodiscard]] T pop_front() noexcept {
    T item(std::move(*at(0)));
    drop_front();
    return item;
  }

 private:
  [[nodiscard]] T* at(std::size_t index) const noexcept {
    const std::size_t to_end = places_ - first_;
    return index < to_end ? memory_ + first_ + index : memory_ + (index - to_end);
  }
  void drop_front() noexcept {
    at(0)->~T();
    if (++first_ == places_) first_ = 0;
    --size_;
  }
  void grow(std::size_t capacity) {
    const std::size_t more = places_ == 0 ? 4 : places_ > capacity / 2 ? capacity : 2 * places_;
    const std::size_t places = more < capacity ? more : capacity;
    T* const memory = std::allocator<T>().allocate(places);
    for (std::size_t i = 0; i < size_; ++i) {
      ::new (static_cast<void*>(memory + i)) T(std::move(*at(i)));
      at(i)->~T();
    }
    release();
    memory_ = memory;
    places_ = places;
    first_ = 0;
  }
  void release() noexcept {
    if (memory_ != nullptr) std::allocator<T>().deallocate(memory_, places_);
  }

  T* memory_ = nullptr;
  std::size_t places_ = 0;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

/// The two lines of a queue, whose units are items and free slots.
class queue_lines {
 public:
  explicit queue_lines(std::size_t capacity) noexcept;
  queue_lines(const queue_lines&) = delete;
  queue_lines& operator=(const queue_lines&) = delete;
  ~queue_lines();

  /// Ends all waiting pushes, and all waiting pops if there is no item.
  void close(bool empty) noexcept;
  /// Called after each pop. After close(), the last item ends the wait for more.
  void popped(bool was_last) noexcept;
  [[nodiscard]] static error closed_error();

  waiting_line slots;
  waiting_line items;
  const std::size_t capacity;
  bool closed = false;
};

}  // namespace bight::machinery
