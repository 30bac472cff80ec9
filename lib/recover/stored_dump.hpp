#pragma once

#include <filesystem>
#include <string>

#include "backup/layout.hpp"
#include "backup/manifest.hpp"
#include "run/context.hpp"
#include "store/store.hpp"
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
  StoredDump(run::Context& context, store::Store& store, const backup::Layout& layout,
             const backup::Manifest& manifest);

  /// Streams into `sink` what pg_dump wrote, never more than the manifest says, and finishes it.
  /// Throws Error{damaged} when it is not so many bytes.
  void decompress_into(stream::Sink& sink) const;

  const std::string& label() const { return m_label; }
  /// Bytes before compression.
  std::uint64_t original_bytes() const { return m_part.original_bytes; }
  const std::filesystem::path& directory() const { return m_directory; }
  /// "the dump in DIRECTORY", for errors.
  const std::string& name() const { return m_name; }

 private:
  void read_into(stream::Sink& sink) const;
  [[noreturn]] void throw_different(std::string_view size) const;

  std::string m_label;
  backup::Part m_part;
  std::filesystem::path m_directory;
  std::string m_name;
  util::Fd m_file;
};

}  // namespace bkp::recover
