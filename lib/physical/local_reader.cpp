#include "physical/local_reader.hpp"

#include <fmt/format.h>

#include "pg/control_file.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::physical {

using util::Error;
using util::ErrorKind;

namespace {

constexpr auto control_file_path = "global/pg_control";

void require_timeline(const MappedBackup* before, std::uint32_t timeline) {
  if (before == nullptr || before->timeline == timeline) return;
  throw Error{
      ErrorKind::refused,
      fmt::format("the server went to timeline {} since {} was taken", timeline, before->label),
      "run it again: it then takes a full backup"};
}

}  // namespace

backup::PhysicalProperties read_local(const run::Context& context, BackupSession& session,
                                      const std::filesystem::path& data, const std::string& label,
                                      const MappedBackup* before, ClusterPacker& packer) {
  const auto control = pg::read_control_file(data);
  require_known_page_size(control.page_size);
  backup::PhysicalProperties physical;
  physical.wal_segment_size = control.wal_segment_size;
  physical.page_checksums = control.data_checksum_version != 0;
  context.log.debug("backup mode begins; the files are read in {}", util::quoted(data.string()));
  physical.start = session.start(label);
  const ReadingRules rules{data, physical.page_checksums, physical.start, control.segment_pages};
  auto files = list_cluster(data, context.interrupt);
  physical.tablespaces = files.tablespaces;
  packer.pack(rules, std::move(files));
  // Read last, and then what the server says of the backup.
  packer.pack_file(rules, {control_file_path, 0, 0600, {}});
  const auto stopped = session.stop();
  physical.stop = stopped.lsn;
  physical.stopped_at = stopped.at;
  physical.timeline = parse_backup_label(stopped.label_file).timeline;
  require_timeline(before, physical.timeline);
  packer.pack_text("backup_label",
                   before == nullptr ? stopped.label_file
                                     : stopped.label_file +
                                           incremental_label_lines(before->start, before->timeline),
                   stopped.label_file);
  if (!stopped.tablespace_map.empty())
    packer.pack_text("tablespace_map", stopped.tablespace_map, stopped.tablespace_map);
  return physical;
}

}  // namespace bkp::physical
