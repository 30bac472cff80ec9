#pragma once

#include <vector>

#include "config/exports.hpp"
#include "exports/contents.hpp"
#include "run/context.hpp"

namespace bkp::exports {

/// What the sections have now, without a version. All that is of one database is of one moment. A
/// section that cannot be collected is there with its error, and does not keep the others from
/// being. Throws Error{interrupted}; Error{refused} when all together is larger than an export.
Contents collect(run::Context& context, const std::vector<config::ExportSection>& sections);

}  // namespace bkp::exports
