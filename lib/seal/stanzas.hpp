#pragma once

#include <optional>
#include <string_view>

#include "seal/header.hpp"
#include "seal/keys.hpp"

namespace bkp::seal {

/// The recipient types of age-encryption.org/v1: "X25519" and "scrypt". Every function that opens
/// throws Error{damaged} for a stanza of its type that no sealer would have written, and returns
/// nullopt for one that is sealed for somebody else.

/// The file's key sealed for a recipient, who stays unnamed.
Stanza seal_for(const Recipient& recipient, const FileKey& file_key);
std::optional<FileKey> open_with(const Identity& identity, const Stanza& stanza);

/// Sealed with a passphrase; log_n is the binary logarithm of the work, and of the KiB of memory.
Stanza seal_with(std::string_view passphrase, const FileKey& file_key, int log_n = 18);
/// Refuses as damaged what would take over 4 GiB of memory.
std::optional<FileKey> open_with(std::string_view passphrase, const Stanza& stanza);

/// A passphrase keeps no other company: who knows it could else seal in another's name. Throws
/// Error{damaged}.
void require_sense(const std::vector<Stanza>& stanzas);

}  // namespace bkp::seal
