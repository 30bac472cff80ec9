#pragma once

#include <atomic>

namespace bkp::util {

/// A shared library that is loaded with dlopen(3) when the first of its functions is called, and
/// then stays. For those that most runs can do without and that bring many others with them: the
/// loading of libpq or libcurl takes longer than all else that the start of a program takes, and
/// `wal-push`, which needs neither for stores on disks, is started for every segment.
class LateLibrary {
 public:
  /// `file`: its soname. `package`: Debian's, for the hint.
  constexpr LateLibrary(const char* file, const char* package) : m_file{file}, m_package{package} {}

  /// Any thread. Throws Error{internal} when the library cannot be loaded or lacks the function.
  void* find(const char* name) const;

 private:
  const char* m_file;
  const char* m_package;
};

/// One of its functions, called as if it were linked. Declared by BKP_LATE in the namespace that
/// calls it, where it hides the function of the same name.
template <class Function>
class LateFunction {
 public:
  constexpr LateFunction(const LateLibrary& library, const char* name)
      : m_library{library}, m_name{name} {}
  LateFunction(const LateFunction&) = delete;
  LateFunction& operator=(const LateFunction&) = delete;

  /// What a call calls; throws as LateLibrary::find(). Implicit, so that arguments are converted as
  /// for the function itself.
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator Function*() const {
    auto* function = m_function.load(std::memory_order_acquire);
    if (function != nullptr) return function;
    function = reinterpret_cast<Function*>(m_library.find(m_name));
    m_function.store(function, std::memory_order_release);
    return function;
  }

 private:
  const LateLibrary& m_library;
  const char* m_name;
  mutable std::atomic<Function*> m_function = nullptr;
};

}  // namespace bkp::util

/// Declares `function`, known from its header, as one of the LateLibrary `library`.
#define BKP_LATE(library, function)                                          \
  inline constinit const util::LateFunction<decltype(::function)> function { \
    library, #function                                                       \
  }
