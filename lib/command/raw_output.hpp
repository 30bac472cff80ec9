#pragma once

#include <string_view>

#include "run/context.hpp"

namespace bkp::command {

/// For commands whose stdout is `what`, bytes and no text. Throws Error{usage} where it would meet
/// the JSON document, or a terminal.
void require_raw_output(const run::Context& context, std::string_view what);

}  // namespace bkp::command
