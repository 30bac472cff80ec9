#include "util/late_library.hpp"

#include <dlfcn.h>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::util {

void* LateLibrary::find(const char* name) const {
  // Once loaded it is only counted.
  void* const library = ::dlopen(m_file, RTLD_NOW | RTLD_LOCAL);
  void* const function = library != nullptr ? ::dlsym(library, name) : nullptr;
  if (function != nullptr) return function;
  const char* const why = ::dlerror();
  throw Error{ErrorKind::internal,
              fmt::format("the library {} cannot be used: {}", m_file,
                          printable(why != nullptr ? why : "unknown error")),
              fmt::format("the installation is incomplete: Debian's package {} has it", m_package)};
}

}  // namespace bkp::util
