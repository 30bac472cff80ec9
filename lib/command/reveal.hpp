#pragma once

#include "run/context.hpp"

namespace bkp::command {

/// Whoever has secrets shown is recorded, and a dry run records nothing: throws Error{usage} for
/// --reveal with --dry-run.
void require_record_of_reveal(bool reveal, const run::Context& context);

}  // namespace bkp::command
