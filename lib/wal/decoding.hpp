#pragma once

#include <optional>
#include <string>

#include "run/keys.hpp"
#include "seal/unsealing.hpp"
#include "store/store.hpp"
#include "stream/sink.hpp"
#include "wal/archive_key.hpp"
#include "wal/description.hpp"

namespace bkp::wal {

/// What a reader of the archive goes by.
struct ArchiveKeys {
  seal::Keyring keyring;  ///< what opens sealed files
  seal::TrustedKeys trusted;
  bool ignore_signatures = false;
};
/// Throws Error{key} for an identity file that cannot be read.
ArchiveKeys archive_keys(const run::ReadingKeys& keys);

/// All of the following throw Error{damaged} naming the object for one that is not what was
/// archived under its name, and return nullopt when there is none.

/// What the object says of itself; its payload is not looked at.
std::optional<Description> describe(store::Store& store, const std::string& site,
                                    const ArchivedName& name, const ArchiveKeys& keys);

/// Reads every byte of the object and opens nothing: the payload is held against its SHA-256. The
/// bytes go to `copy` as they come, which is finished only when they are proven.
std::optional<Description> check_stored(store::Store& store, const std::string& site,
                                        const ArchivedName& name, const ArchiveKeys& keys,
                                        stream::Sink& copy);
std::optional<Description> check_stored(store::Store& store, const std::string& site,
                                        const ArchivedName& name, const ArchiveKeys& keys);

/// Streams the file as the server wrote it into `file`, which is finished only when all of it was
/// proven: payload and file by size and SHA-256. What it got before damage showed must be thrown
/// away. Throws Error{key} when it is sealed and no key opens it.
std::optional<Description> fetch_file(store::Store& store, const std::string& site,
                                      const ArchivedName& name, const ArchiveKeys& keys,
                                      stream::Sink& file);

}  // namespace bkp::wal
