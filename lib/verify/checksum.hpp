#pragma once

#include <vector>

#include "backup/source.hpp"
#include "run/context.hpp"
#include "verify/check.hpp"

namespace bkp::verify {

/// What the manifest says about itself must agree: parts, sizes, times, fingerprint.
std::vector<Check> check_manifest(const backup::Manifest& manifest);

/// Re-reads every part of one copy: size, MD5 and SHA-256 of the stored bytes, decompression; the
/// dump is parsed again and its fingerprint compared with the manifest's, the globals must be
/// complete. No server is needed. Damage is a failed check; a store that does not answer throws.
/// `bytes` grows by what was read.
std::vector<Check> check_parts(run::Context& context, const backup::Source& source,
                               std::uint64_t& bytes);

/// Why two fingerprints differ; empty when they do not.
std::string compare_fingerprints(const pg::Fingerprint& expected, const pg::Fingerprint& found);

}  // namespace bkp::verify
