#pragma once

#include <string>
#include <string_view>

#include "backup/layout.hpp"
#include "run/keys.hpp"
#include "store/store.hpp"
#include "util/error.hpp"

namespace bkp::backup {

/// SITE/backups/LABEL/manifest.json.sig: the Ed25519 signature (seal/signing.hpp) of the manifest's
/// text, and so of all that it names: site, label, times, every part with its size and SHA-256. It
/// is written before the manifest, which makes the backup.

/// A manifest that nobody who is trusted has signed like this. Of kind `damaged`; but where it is
/// the one that was stored, it is the trust that is missing.
class UntrustedError : public util::Error {
 public:
  explicit UntrustedError(const util::Error& error) : Error{error} {}
};

/// Throws UntrustedError unless `manifest`, the text of the label's manifest on `store`, is signed
/// by a key that `keys` trusts. Where no key is trusted an unsigned one is as good; but one that is
/// signed, by nobody knows whom, is refused.
void require_signature(store::Store& store, const Layout& layout, const std::string& label,
                       std::string_view manifest, const run::ReadingKeys& keys);

}  // namespace bkp::backup
