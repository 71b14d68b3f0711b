// SPDX-License-Identifier: MIT
#pragma once

/// A bounded queue between tasks of one loop.
///
/// The name is ambiguous in a program that includes <queue> and has both `using namespace std` and
/// `using namespace bight`. Write bight::queue there.

#include <bight/machinery/queue.hpp>
#include <bight/task.hpp>

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace bight {

/// Hands items from tasks that push to tasks that pop, in order.
///
///     queue<std::string> lines(100);
///     co_await lines.push(std::move(line));                  // waits while 100 lines are in it
///     while (auto line = co_await lines.pop()) use(*line);   // ends after close()
///
/// Tasks that wait are served in the order of their calls, and no later call overtakes them.
/// Memory is allocated as the queue fills, and kept.
///
/// T        movable without exceptions (asserted at compile time).
/// threads  the loop's thread only (asserted while a task waits). The queue must not be destroyed
///          while a task waits for it (asserted).
template <class T>
class queue {
  static_assert(std::is_object_v<T> && std::is_nothrow_move_constructible_v<T>);

 public:
  class pop_operation;
  template <class Item>
  class push_operation;

  /// capacity  maximum number of items; at least 1 (asserted).
  explicit queue(std::size_t capacity) noexcept : lines_(capacity) {}

  /// Appends `item`. Waits while the queue is full.
  ///
  /// item    borrowed until the await ends; moved or copied into the queue at that moment, and
  ///         unchanged if the push fails.
  /// errors  closed after close(), also if the push was waiting; cancelled.
  /// cancel  either the push succeeds, or the item is not in the queue.
  [[nodiscard]] push_operation<T> push(T&& item BIGHT_BORROWS) noexcept {
    return push_operation<T>(*this, item);
  }
  [[nodiscard]] push_operation<const T> push(const T& item BIGHT_BORROWS) noexcept {
    return push_operation<const T>(*this, item);
  }

  /// Removes and returns the first item. Waits while the queue is empty.
  ///
  /// returns  std::nullopt once the queue is closed and empty.
  /// errors   cancelled.
  /// cancel   no item is taken: it stays in its place, and the next pop gets it.
  [[nodiscard]] pop_operation pop() noexcept { return pop_operation(*this); }

  /// Appends `item` without waiting. Returns false, and leaves `item` unchanged, if the queue is
  /// full or closed, or if a push waits.
  [[nodiscard]] bool try_push(T&& item) { return push_now(std::move(item)); }
  [[nodiscard]] bool try_push(const T& item) { return push_now(item); }

  /// Removes and returns the first item without waiting. Returns std::nullopt if there is none
  /// beyond those that waiting tasks are about to get.
  [[nodiscard]] std::optional<T> try_pop() {
    lines_.items.check_thread();
    if (lines_.items.free() == 0) return std::nullopt;
    lines_.items.take(1);
    return remove();
  }

  /// No item can be pushed any more. Items in the queue can still be popped.
  void close() noexcept { lines_.close(empty()); }
  [[nodiscard]] bool is_closed() const noexcept { return lines_.closed; }

  /// Number of items, with those that waiting tasks are about to get.
  [[nodiscard]] std::size_t size() const noexcept { return ring_.size(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t capacity() const noexcept { return lines_.capacity; }

 private:
  template <class Item>
  [[nodiscard]] bool push_now(Item&& item) {
    lines_.slots.check_thread();
    if (lines_.closed || lines_.slots.is_waited_for() || lines_.slots.free() == 0) return false;
    lines_.slots.take(1);
    insert(std::forward<Item>(item));
    return true;
  }
  // Uses a slot that was taken; gives it back if there is no memory.
  template <class Item>
  void insert(Item&& item) {
    try {
      ring_.push_back(std::forward<Item>(item), lines_.capacity);
    } catch (...) {
      lines_.slots.add(1);
      throw;
    }
    lines_.items.add(1);
  }
  // Removes an item that was taken from its line.
  [[nodiscard]] T remove() noexcept {
    T item = ring_.pop_front();
    lines_.popped(ring_.size() == 0);
    return item;
  }

  machinery::item_ring<T> ring_;
  machinery::queue_lines lines_;
};

/// See queue::push.
template <class T>
template <class Item>
class [[nodiscard]] queue<T>::push_operation : machinery::place_in_line,
                                               public machinery::awaits<push_operation<Item>> {
 public:
  using value_type = void;
  push_operation(queue& q, Item& item) noexcept
      : place_in_line(q.lines_.slots, 1), queue_(&q), item_(&item) {}

  bool start(std::coroutine_handle<> h, context& c) {
    if (!queue_->lines_.closed) return place_in_line::start(h, c);
    closed_ = true;
    return false;
  }
  [[nodiscard]] result<void> take() {
    const outcome ended = closed_ ? outcome::dismissed : settle();
    if (ended == outcome::cancelled) return error(errc::cancelled, "push");
    if (ended == outcome::dismissed) return machinery::queue_lines::closed_error();
    if (queue_->lines_.closed) {  // since the slot was promised
      queue_->lines_.slots.add(1);
      return machinery::queue_lines::closed_error();
    }
    queue_->insert(static_cast<Item&&>(*item_));
    return {};
  }

 private:
  queue* queue_;
  Item* item_;
  bool closed_ = false;
};

/// See queue::pop.
template <class T>
class [[nodiscard]] queue<T>::pop_operation : machinery::place_in_line,
                                              public machinery::awaits<pop_operation> {
 public:
  using value_type = std::optional<T>;
  explicit pop_operation(queue& q) noexcept : place_in_line(q.lines_.items, 1), queue_(&q) {}

  bool start(std::coroutine_handle<> h, context& c) {
    ended_ = queue_->lines_.closed && queue_->empty();
    return !ended_ && place_in_line::start(h, c);
  }
  [[nodiscard]] result<value_type> take() {
    const outcome ended = ended_ ? outcome::dismissed : settle();
    if (ended == outcome::cancelled) return error(errc::cancelled, "pop");
    if (ended == outcome::dismissed) return value_type();
    return value_type(queue_->remove());
  }

 private:
  queue* queue_;
  bool ended_ = false;
};

}  // namespace bight
