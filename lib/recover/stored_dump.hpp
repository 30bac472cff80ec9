#pragma once

#include <filesystem>
#include <string>

#include "backup/manifest.hpp"
#include "backup/source.hpp"
#include "run/context.hpp"
#include "stream/sink.hpp"
#include "util/fd.hpp"

namespace bkp::recover {

/// A dump as a store holds it, in a file without a name in the scratch directory: fetched whole,
/// and proven before anything else is done with it. Errors of the scratch directory: see
/// scratch_error().
class StoredDump {
 public:
  /// Throws Error{damaged} when a byte differs, Error{refused} when the scratch directory's file
  /// system has not the space, decompressed too (names both figures and the setting).
  StoredDump(run::Context& context, const backup::Source& source);

  /// Streams into `sink` what pg_dump wrote, never more than the manifest says, and finishes it.
  /// Throws Error{damaged} when it is not so many bytes, Error{key} when it is sealed and no key of
  /// the source opens it.
  void open_into(stream::Sink& sink) const;

  const std::string& label() const { return m_manifest.label; }
  /// Bytes before compression.
  std::uint64_t original_bytes() const { return m_part.original_bytes; }
  const std::filesystem::path& directory() const { return m_directory; }
  /// "the dump in DIRECTORY", for errors.
  const std::string& name() const { return m_name; }

 private:
  void read_into(stream::Sink& sink) const;
  [[noreturn]] void throw_different(std::string_view size) const;

  const backup::Manifest m_manifest;
  const backup::Part& m_part;
  const seal::Keyring m_keys;
  std::filesystem::path m_directory;
  std::string m_name;
  util::Fd m_file;
};

}  // namespace bkp::recover
