#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "run/context.hpp"
#include "run/keys.hpp"
#include "util/error.hpp"
#include "wal/decoding.hpp"

namespace bkp::wal {

/// Reads files of the archive from the stores of the configuration, each of which is opened when it
/// is first needed. Any thread.
class ArchiveReader {
 public:
  /// `system_identifier`: of the cluster whose WAL it must be; 0: of whichever the stores have.
  /// Throws Error{key} for keys that cannot be read.
  /// `keys` open and judge what is sealed and signed.
  ArchiveReader(run::Context& context, std::uint64_t system_identifier,
                const run::ReadingKeys& keys);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  /// Puts the file at `destination`, in one step, once all of it is proven: digests, seal,
  /// signature, and the header of a segment. A copy that is wrong on one store is taken from the
  /// next, with a warning.
  ///
  /// False when the archive has none. Throws Error{damaged} when no store has a good copy and one
  /// has a bad one, and what a store throws when no store answered that is sure to have all of the
  /// archive: a required one.
  bool fetch(const std::string& name, const std::filesystem::path& destination);

  /// As fetch(), but false only where the archive may well end before this file: when files are
  /// there that must come after it, it is missing in the middle, which is Error{damaged}. A server
  /// that archives several at once may be about to fill the gap, so a young one is waited for.
  bool fetch_or_end(const std::string& name, const std::filesystem::path& destination);

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::wal
