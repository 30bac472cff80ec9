#pragma once

#include <sys/stat.h>

#include <fstream>
#include <string>

#include "backup/parts.hpp"
#include "recover/dump_file.hpp"
#include "stream/hash.hpp"
#include "stream/sinks.hpp"
#include "support/restore_bench.hpp"

namespace bkp::test {

inline std::filesystem::path dump_path(const RestoreBench& bench, const backup::Source& source) {
  const auto& manifest = source.manifest();
  return bench.directory /
         ("store/" + source.layout.part(manifest.label, manifest.part("dump")->name).text());
}

inline backup::Part& dump_part(backup::Source& source) {
  for (auto& part : source.backup.manifest.parts) {
    if (part.role == "dump") return part;
  }
  throw std::runtime_error{"the backup has no dump"};
}

/// Puts another dump, uncompressed, in the place of the one stored, with the right sums.
inline void replace_dump(const RestoreBench& bench, backup::Source& source,
                         const std::string& archive) {
  auto& part = dump_part(source);
  std::ofstream{dump_path(bench, source), std::ios::binary} << archive;
  const auto digests = stream::digests_of(archive);
  part.compression = "none";
  part.size_bytes = part.original_bytes = digests.bytes;
  part.sha256 = digests.sha256;
  part.md5 = digests.md5;
}

inline std::string archive_of(const backup::Source& source) {
  stream::StringSink text;
  backup::fetch_part(*source.store.store, source.layout, source.manifest(),
                     *source.manifest().part("dump"), source.keys, text);
  return text.text();
}

inline recover::DumpFile open_dump(RestoreBench& bench, const backup::Source& source,
                                   recover::DumpFlow flow = {}) {
  return recover::DumpFile{bench.context, source, flow};
}

inline struct ::stat status_of(const recover::DumpFile& dump) {
  struct ::stat status {};
  if (::fstat(dump.fd(), &status) != 0) throw std::runtime_error{"fstat"};
  return status;
}

/// As far as it was written.
inline std::uint64_t size_of(const recover::DumpFile& dump) {
  return static_cast<std::uint64_t>(status_of(dump).st_size);
}

}  // namespace bkp::test
