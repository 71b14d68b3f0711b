// SPDX-License-Identifier: MIT
#include "base/thrown.hpp"

#include <cstring>
#include <typeinfo>

namespace bight {

// C++26 has std::exception_ptr_cast. Until then libstdc++'s exception_ptr tells the type, and is a
// pointer to the object and nothing else; a type_info knows how a handler would match.
const error* error_in(const std::exception_ptr& e) noexcept {
  if (e == nullptr) return nullptr;
#if defined(__GLIBCXX__)
  void* object = nullptr;
  static_assert(sizeof e == sizeof object);
  std::memcpy(&object, &e, sizeof object);
  constexpr unsigned outermost = 1;  // not below a pointer or an array
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
