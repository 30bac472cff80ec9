#pragma once

#include "backup/source.hpp"
#include "run/context.hpp"
#include "verify/verification.hpp"

namespace bkp::verify {

/// Reads the copy of a config export as a restore would: opens it, holds every entry against its
/// own manifest, and takes all rows apart. One check a section. Nothing is changed anywhere.
void verify_export(run::Context& context, const backup::Source& source, Verification& result);

}  // namespace bkp::verify
