// SPDX-License-Identifier: MIT
#pragma once

/// Structured concurrency: tasks that run concurrently and are always awaited.
///
/// A child belongs to a scope, and a scope does not end before its children. The first child that
/// fails stops the others, and the scope throws its error. Tasks cannot be detached.

#include <bight/machinery/child.hpp>
#include <bight/task.hpp>

#include <cstddef>
#include <tuple>
#include <variant>
#include <vector>

namespace bight {

namespace machinery {

/// The object on which a member function is called: the argument, or what a pointer or std::ref
/// refers to.
template <class Kept>
auto& object_of(Kept& of) noexcept {
  if constexpr (requires { *of; })
    return *of;
  else if constexpr (requires { requires std::same_as<decltype(of.get()), typename Kept::type&>; })
    return of.get();
  else
    return of;
}

/// std::invoke for the callables that a scope keeps, without <functional>.
template <class F, class... A>
BIGHT_CORO_WRAPPER auto call_kept(F& f, A&... arguments) -> decltype(f(std::move(arguments)...)) {
  return f(std::move(arguments)...);
}
template <class Member, class Kept, class... A>
  requires std::is_member_function_pointer_v<Member>
BIGHT_CORO_WRAPPER auto call_kept(Member& member, Kept& of, A&... arguments)
    -> decltype((object_of(of).*member)(std::move(arguments)...)) {
  return (object_of(of).*member)(std::move(arguments)...);
}

template <class F, class... A>
using task_of = decltype(call_kept(std::declval<F&>(), std::declval<A&>()...));
template <class F, class... A>
concept makes_task = std::same_as<task_of<F, A...>, task<typename task_of<F, A...>::value_type>>;

/// The parameters are in this coroutine's frame, so they live as long as the task.
template <class F, class... A>
task_of<F, A...> run_kept(F f, A... arguments) {
  co_return co_await call_kept(f, arguments...);
}

}  // namespace machinery

/// The handle of a child that scope::spawn() has started. Dropping it has no effect on the child.
/// May outlive the scope.
///
///     auto lookup = s.spawn(find(name));
///     …
///     auto found = co_await lookup;
///
/// threads  the loop's.
template <class T = void>
class child {
 public:
  using value_type = T;

  explicit child(machinery::spawned_with<T>& state) noexcept : state_(state) {}

  /// Waits for the end of the child and returns its value, which is moved out: only one join may
  /// get it (asserted). `co_await handle` is the same.
  ///
  /// errors  the child's error, which its scope gets as well, or cancelled if the child was
  ///         cancelled.
  /// cancel  the child runs on; it can be joined again.
  [[nodiscard]] machinery::join_child_operation<T> join() const noexcept {
    return machinery::join_child_operation<T>(state_);
  }
  [[nodiscard]] auto operator co_await() const noexcept { return join(); }

  /// Requests cancellation. The child ends a little later, as after scope::stop(), and the scope
  /// does not take this for an error. After the child's end, nothing happens.
  void cancel() const noexcept { state_.get()->cancel(); }

  /// Whether the child has ended.
  [[nodiscard]] bool done() const noexcept { return state_.get()->ended.is_set(); }

 private:
  machinery::spawned_ref<T> state_;
};

/// A group of children that run concurrently. `in_scope` creates one and waits for its children.
class scope {
 public:
  explicit scope(context& parent) noexcept : context_(parent) {}
  scope(const scope&) = delete;
  scope& operator=(const scope&) = delete;
  /// Asserts that no child is left: a frame must not be destroyed while the kernel may write into
  /// it.
  ~scope();

  /// Starts `work` at once and returns when it first waits. The scope owns it from then on.
  ///
  /// returns  a handle that can await the child's value and cancel it.
  /// errors   std::bad_alloc; the task has not started then.
  /// threads  the loop's, as for every member (asserted).
  template <class T>
  child<T> spawn(task<T> work) {
    auto* state = new machinery::spawned_with<T>(context_);
    child<T> handle(*state);
    if constexpr (std::is_void_v<T>) {
      start_kept(std::move(work), *state);
    } else {
      start_kept(machinery::store(std::move(work), state->value), *state);
    }
    return handle;
  }
  /// Calls `f(arguments...)` and starts the returned task. The scope keeps `f` and the arguments
  /// until that task has ended. So a lambda may capture, and a parameter may be a reference to an
  /// argument.
  ///
  ///     s.spawn([name] () -> task<> { … });
  ///     s.spawn(&session::run, std::move(one));
  ///
  /// arguments  moved or copied, as with std::thread: pass std::ref(x) to lend an object. Each is
  ///            stored with the type that was passed: for a parameter `const std::string&` pass a
  ///            std::string, not a literal.
  template <class F, class... A>
    requires machinery::makes_task<F, A...>
  auto spawn(F f, A... arguments) {
    return spawn(machinery::run_kept(std::move(f), std::move(arguments)...));
  }
  void spawn(task<> work, machinery::no_handle) noexcept;
  /// Starts `work` in its own context `apart`, a child of inner(), which is notified of its end.
  void spawn(task<> work, machinery::child_context& apart) noexcept {
    start(std::move(work), apart);
  }

  /// The context in which children run.
  [[nodiscard]] context& inner() noexcept { return context_; }

  /// Cancels every child. The scope does not report these cancellations as an error.
  void stop() noexcept {
    context_.sched().check_thread("scope::stop() on a thread other than its loop's");
    stop_asked_ = true;
    context_.stop();
  }

  [[nodiscard]] bool stopping() const noexcept { return context_.stop_requested(); }
  /// Whether a race among the children is still open: no winner and no failure.
  template <class Winner>
  [[nodiscard]] bool undecided(const std::optional<Winner>& winner) const noexcept {
    return !winner && failure_ == nullptr;
  }
  /// Number of children that have not ended.
  [[nodiscard]] std::size_t size() const noexcept { return live_; }

  /// Waits until no child is left, even if the waiter is cancelled, then throws the first error.
  /// For `in_scope`; programs await that instead.
  class [[nodiscard]] join_operation : public machinery::awaits<join_operation> {
   public:
    using value_type = void;
    explicit join_operation(scope& s) noexcept : scope_(&s) {}
    bool start(std::coroutine_handle<> h, context&) noexcept {
      if (scope_->live_ == 0) return false;
      scope_->waiter_ = h;
      return true;
    }
    void get() { scope_->rethrow(); }
    [[nodiscard]] result<void> take();

   private:
    scope* scope_;
  };
  [[nodiscard]] join_operation join() noexcept { return join_operation(*this); }

 private:
  friend class machinery::promise_base;
  void start(task<> work, context& c) noexcept;
  void start_kept(task<> work, machinery::spawned& state) noexcept;
  std::coroutine_handle<> child_done(std::coroutine_handle<> h,
                                     machinery::promise_base& p) noexcept;
  void fail(std::exception_ptr e) noexcept;
  void rethrow();

  context context_;
  std::size_t live_ = 0;
  std::coroutine_handle<> waiter_;
  std::exception_ptr failure_;    // the first error that is not a cancellation
  std::exception_ptr cancelled_;  // the first cancellation
  bool stop_asked_ = false;
};

/// Runs the coroutine `body(scope&)`, which may spawn children; ends when the body and all children
/// have ended.
///
///     co_await in_scope([](scope& s) -> task<> {
///       s.spawn(feed());
///       s.spawn(watch());
///       co_return;
///     });
///
/// body    kept until the end, so it may use its captures.
/// errors  the first error of the body or a child, after the others were stopped and awaited.
/// cancel  stops the body and the children, awaits them, then throws errc::cancelled.
template <class Body>
task<> in_scope(Body body) {
  scope children(co_await current_context());
  task<> main = body(children);
  children.spawn(std::move(main), machinery::no_handle());
  co_await children.join();
}

namespace machinery {

template <std::size_t I, awaitable A, class Winner>
task<> run_racer(A operation, std::optional<Winner>& winner, scope& racers) {
  try {
    if constexpr (std::is_void_v<typename A::value_type>) {
      co_await std::move(operation);
      if (racers.undecided(winner)) winner.emplace(std::in_place_index<I>);
    } else {
      auto value = co_await std::move(operation);
      if (racers.undecided(winner)) winner.emplace(std::in_place_index<I>, std::move(value));
    }
  } catch (...) {
    if (winner) co_return;  // the loser's failure is ignored
    throw;
  }
  racers.stop();
}

template <std::size_t... I, class... A>
task<std::tuple<regular<typename A::value_type>...>> all(std::index_sequence<I...>, A... ops) {
  scope children(co_await current_context());
  std::tuple<std::optional<regular<typename A::value_type>>...> values;
  task<> tasks[] = {store(std::move(ops), std::get<I>(values))...};
  for (auto& t : tasks) children.spawn(std::move(t), no_handle());
  co_await children.join();
  co_return std::tuple<regular<typename A::value_type>...>(*std::move(std::get<I>(values))...);
}

template <std::size_t... I, class... A>
task<std::variant<regular<typename A::value_type>...>> race(std::index_sequence<I...>, A... ops) {
  using winner_type = std::variant<regular<typename A::value_type>...>;
  scope children(co_await current_context());
  std::optional<winner_type> winner;
  task<> tasks[] = {run_racer<I>(std::move(ops), winner, children)...};
  for (auto& t : tasks) children.spawn(std::move(t), no_handle());
  co_await children.join();  // throws if there is no winner
  co_return *std::move(winner);
}

}  // namespace machinery

/// Runs the operations concurrently and returns a tuple of their values (std::monostate for void).
///
/// errors  the first failure, after the others were stopped and awaited.
template <awaitable... A>
BIGHT_CORO_WRAPPER auto all(A... operations) {
  return machinery::all(std::index_sequence_for<A...>(), std::move(operations)...);
}

/// Runs the operations concurrently. Returns the value of the first to end as a variant, whose
/// index() is its position, or throws its error. The others are cancelled and awaited first.
///
/// cancel  bytes that a losing receive had already taken go back to its socket.
template <awaitable... A>
BIGHT_CORO_WRAPPER auto race(A... operations) {
  return machinery::race(std::index_sequence_for<A...>(), std::move(operations)...);
}

/// Runs any number of tasks concurrently; ends when all have ended. Errors as above.
task<> all(std::vector<task<>> tasks);

}  // namespace bight
