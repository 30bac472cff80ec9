#include "recover/stored_dump.hpp"

#include <unistd.h>

#include <cerrno>
#include <limits>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "backup/part_opener.hpp"
#include "backup/parts.hpp"
#include "recover/scratch.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::size_t k_read_size = std::size_t{1} << 20U;

const backup::Part& dump_part(const backup::Manifest& manifest) {
  const backup::Part* part = manifest.part("dump");
  if (part != nullptr) return *part;
  throw Error{ErrorKind::damaged,
              fmt::format("the manifest of {} names no dump", util::quoted(manifest.label)),
              "use another backup"};
}

/// The manifest may say anything.
std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  return a > most - b ? most : a + b;
}

/// Writes to a descriptor in the scratch directory.
class ScratchSink final : public stream::Sink {
 public:
  ScratchSink(int fd, const std::string& name) : m_fd{fd}, m_name{name} {}
  void write(std::span<const std::byte> data) override {
    in_scratch([&] { util::write_all(m_fd, data, m_name); });
  }
  void finish() override {}
  void abort() noexcept override {}

 private:
  int m_fd;
  const std::string& m_name;
};

}  // namespace

StoredDump::StoredDump(run::Context& context, const backup::Source& source)
    : m_manifest{source.manifest()},
      m_part{dump_part(m_manifest)},
      m_keys{source.keys},
      m_directory{scratch_directory(context)},
      m_name{"the dump in " + m_directory.string()} {
  require_space(m_directory, saturating_sum(m_part.size_bytes, m_part.original_bytes));
  m_file = open_scratch_file(m_directory);
  ScratchSink end{m_file.get(), m_name};
  const run::ProgressStep step{context.progress, "fetching " + m_manifest.label, m_part.size_bytes};
  stream::ObservingSink meter{end, [&](std::size_t bytes) {
                                context.interrupt.check();
                                context.progress.advance(bytes);
                              }};
  backup::fetch_stored_part(*source.store.store, source.layout, m_manifest, m_part, meter);
}

void StoredDump::open_into(stream::Sink& sink) const {
  stream::LimitSink limit{sink, m_part.original_bytes, [&] { throw_different("more"); }};
  backup::PartOpener opener{limit, m_manifest, m_part, m_keys};
  read_into(opener);
  if (limit.bytes() != m_part.original_bytes) throw_different(std::to_string(limit.bytes()));
}

void StoredDump::read_into(stream::Sink& sink) const {
  std::vector<std::byte> buffer(k_read_size);
  if (::lseek(m_file.get(), 0, SEEK_SET) != 0) {
    throw Error::from_errno(ErrorKind::refused, "cannot read " + m_name, errno);
  }
  const auto read = [&] {
    return in_scratch([&] { return util::read_some(m_file.get(), buffer, m_name); });
  };
  while (const auto size = read()) sink.write(std::span{buffer}.first(size));
  sink.finish();
}

void StoredDump::throw_different(std::string_view size) const {
  throw Error{ErrorKind::damaged,
              fmt::format("the dump of {} is not what was stored: its size after decompression is "
                          "{}, the manifest says {}",
                          util::quoted(m_manifest.label), size, m_part.original_bytes),
              "use another backup"};
}

}  // namespace bkp::recover
