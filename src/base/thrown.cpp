// SPDX-License-Identifier: MIT
#include "base/thrown.hpp"

#include <cstring>
#include <typeinfo>

namespace bight {

// C++26 has std::exception_ptr_cast. Until then: libstdc++'s exception_ptr exposes the type and
// consists of a single pointer to the object. type_info::__do_catch matches as a handler would.
const error* error_in(const std::exception_ptr& e) noexcept {
  if (e == nullptr) return nullptr;
#if defined(__GLIBCXX__)
  void* object = nullptr;
  static_assert(sizeof e == sizeof object);
  std::memcpy(&object, &e, sizeof object);
  constexpr unsigned outermost = 1;  // not inside a pointer or array type
  if (!typeid(error).__do_catch(e.__cxa_exception_type(), &object, outermost)) return nullptr;
  return static_cast<const error*>(object);
#else
  try {
    std::rethrow_exception(e);
  } catch (const error& known) {
    return &known;  // e keeps it alive
  } catch (...) {
    return nullptr;
  }
#endif
}

error error_of(std::exception_ptr e) {
  if (const error* known = error_in(e)) return *known;
  std::rethrow_exception(std::move(e));
}

}  // namespace bight
