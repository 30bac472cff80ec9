#pragma once

#include <memory>

#include "pg/libpq.hpp"

namespace bkp::pg {

struct FreeLibpqText {
  void operator()(char* text) const noexcept { PQfreemem(text); }
};

/// A text that libpq allocated.
using LibpqText = std::unique_ptr<char, FreeLibpqText>;

}  // namespace bkp::pg
