#pragma once

#include "backup/layout.hpp"
#include "backup/manifest.hpp"
#include "seal/unsealing.hpp"
#include "store/store.hpp"
#include "stream/hash.hpp"

namespace bkp::backup {

/// Streams the stored bytes of a part into `sink`, which is finished only when their size and
/// SHA-256 are those of the manifest, and never gets more bytes than the manifest says. What `sink`
/// got before a difference showed must be thrown away by the caller. Throws Error{damaged} naming
/// the key.
void fetch_stored_part(store::Store& store, const Layout& layout, const Manifest& manifest,
                       const Part& part, stream::Sink& sink,
                       stream::DigestSet digests = stream::DigestSet::sha256);

/// Streams a part from the store through checks: size, MD5 and SHA-256 of the stored bytes against
/// the manifest, and opens it (PartOpener) into `sink`, which is finished last, after everything
/// was proven. Otherwise as fetch_stored_part().
void fetch_part(store::Store& store, const Layout& layout, const Manifest& manifest,
                const Part& part, const seal::Keyring& keys, stream::Sink& sink);

}  // namespace bkp::backup
