#include "physical/base_backup.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "pg/control_file.hpp"
#include "pg/crc32c.hpp"
#include "pg/page_checksum.hpp"
#include "pg/wal_name.hpp"
#include "physical/backup_manifest.hpp"
#include "physical/backup_session.hpp"
#include "physical/cluster_files.hpp"
#include "physical/file_reader.hpp"
#include "physical/part_packer.hpp"
#include "util/files.hpp"
#include "util/first_failure.hpp"
#include "util/text.hpp"
#include "wal/waiting.hpp"

namespace bkp::physical {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::chrono::minutes wal_patience{10};
constexpr auto control_file_path = "global/pg_control";

class BaseBackup {
 public:
  BaseBackup(run::Context& context, const backup::Layout& layout, const backup::Job& job,
             const std::string& label, backup::Outcome& outcome)
      : m_context{context},
        m_layout{layout},
        m_job{job},
        m_label{label},
        m_outcome{outcome},
        m_session{job.cluster, context.interrupt},
        m_manifest{backup::begin_manifest(context, job, layout, label)},
        m_packing{context, layout, label, packing_format(context, job), packing_rate(context)} {}

  void run() {
    find_data_directory();
    m_context.log.debug("backup mode begins");
    m_rules.start = m_session.start(m_label);
    m_files = list_cluster(m_rules.data, m_context.interrupt);
    std::ranges::stable_sort(m_files.files, std::ranges::greater{}, &ClusterFile::bytes);
    copy_files();
    finish_backup_mode();
    wait_for_wal();
    describe();
    backup::commit(m_context, m_job, m_layout, std::move(m_manifest), m_outcome);
  }

 private:
  static int workers(const run::Context& context) { return std::max(1, context.config.full.jobs); }

  static backup::PartFormat packing_format(const run::Context& context, const backup::Job& job) {
    auto format = job.format;
    const auto cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    const int threads = format.compression.threads > 0 ? format.compression.threads : cores;
    format.compression.threads = std::max(1, threads / workers(context));
    return format;
  }

  static std::uint64_t packing_rate(const run::Context& context) {
    return context.config.limits.rate / static_cast<std::uint64_t>(workers(context));
  }

  void find_data_directory() {
    const auto data = local_data_directory(m_context, m_session.connection());
    if (!data) {
      throw Error{ErrorKind::refused, "the server's data directory cannot be read from here",
                  "run it on the database host as the user the server runs as, and set "
                  "cluster.data_directory if the server may not tell it"};
    }
    const auto control = pg::read_control_file(*data);
    if (control.page_size != pg::page_size) {
      throw Error{ErrorKind::refused,
                  fmt::format("the server was built with pages of {} bytes, not {}",
                              control.page_size, pg::page_size)};
    }
    m_rules.data = *data;
    m_rules.page_checksums = control.data_checksum_version != 0;
    m_rules.segment_pages = control.segment_pages;
    m_segment_size = control.wal_segment_size;
  }

  void copy_files() {
    std::uint64_t total = 0;
    for (const auto& file : m_files.files) total += file.bytes;
    const run::ProgressStep step{m_context.progress, "copying the cluster", total};
    for (int i = 0; i < workers(m_context); ++i)
      m_packers.push_back(std::make_unique<PartPacker>(m_packing, m_outcome.targets));
    try {
      // In the first part, so that whoever unpacks the parts in order finds them made.
      for (const auto& directory : m_files.directories) {
        m_packers.front()->tar().begin(
            {directory.path, TarEntry::Type::directory, 0, directory.mode, m_manifest.started_at});
      }
      std::vector<std::jthread> threads;
      for (std::size_t i = 1; i < m_packers.size(); ++i)
        threads.emplace_back([this, i] { copy_next_ones(*m_packers[i]); });
      copy_next_ones(*m_packers.front());
      threads.clear();
      m_failure.rethrow();
    } catch (...) {
      give_up();
      throw;
    }
  }

  void copy_next_ones(PartPacker& packer) {
    try {
      while (!m_failure.any()) {
        const auto i = m_next++;
        if (i >= m_files.files.size()) return;
        copy(m_files.files[i], packer);
      }
    } catch (...) {
      m_failure.keep_current();
    }
  }

  void copy(const ClusterFile& file, PartPacker& packer) {
    std::vector<backup::BadPage> bad_pages;
    auto copied = copy_file(m_context, m_rules, file, packer.tar(), bad_pages);
    if (!copied) return;
    const std::lock_guard lock{m_mutex};
    m_copied.push_back(std::move(*copied));
    m_bad_pages.insert(m_bad_pages.end(), bad_pages.begin(), bad_pages.end());
  }

  /// pg_control is read last, and then what the server says of the backup.
  void finish_backup_mode() {
    try {
      auto& packer = *m_packers.front();
      copy({control_file_path, 0, 0600, {}}, packer);
      const auto stopped = m_session.stop();
      m_stop = stopped.lsn;
      m_stopped_at = stopped.at;
      m_timeline = parse_backup_label(stopped.label_file).timeline;
      add_text("backup_label", stopped.label_file, packer);
      if (!stopped.tablespace_map.empty())
        add_text("tablespace_map", stopped.tablespace_map, packer);
      std::ranges::sort(m_copied, {}, &ManifestFile::path);
      add_text("backup_manifest",
               to_text({m_job.server_version, m_job.system_identifier, m_copied, m_timeline,
                        m_rules.start, m_stop}),
               packer);
      for (auto& one : m_packers) one->finish();
    } catch (...) {
      give_up();
      throw;
    }
    collect();
  }

  void add_text(const std::string& path, const std::string& text, PartPacker& packer) {
    const auto bytes = std::as_bytes(std::span{text});
    auto& tar = packer.tar();
    tar.begin({path, TarEntry::Type::file, bytes.size(), 0600, m_context.clock.now()});
    tar.write(bytes);
    tar.end();
    m_copied.push_back({path, bytes.size(), m_context.clock.now(), pg::crc32c(bytes)});
  }

  void give_up() noexcept {
    for (auto& packer : m_packers) packer->abort();
    collect();
  }

  /// A store that failed one packer has no whole backup.
  void collect() noexcept {
    for (auto& packer : m_packers) {
      m_manifest.parts.insert(m_manifest.parts.end(), packer->parts().begin(),
                              packer->parts().end());
      for (std::size_t i = 0; i < m_outcome.targets.size(); ++i) {
        auto& target = m_outcome.targets[i];
        if (target.failure) continue;
        target.failure = packer->targets()[i].failure;
        target.left_behind = packer->targets()[i].left_behind;
      }
    }
    std::ranges::sort(m_manifest.parts, {}, &backup::Part::name);
  }

  void wait_for_wal() {
    std::vector<run::NamedStore> stores;
    for (const auto* target : backup::good_targets(m_outcome.targets))
      stores.push_back({target->name, target->required, target->store});
    const auto first = pg::wal_segment_at(m_timeline, m_rules.start, m_segment_size).number;
    // The stop is the end of the last record, which may be the beginning of the next segment.
    const auto last =
        pg::wal_segment_at(m_timeline, pg::Lsn{m_stop.value - 1}, m_segment_size).number;
    std::vector<std::string> names;
    for (auto number = first; number <= last; ++number)
      names.push_back(pg::wal_segment_name({m_timeline, number}, m_segment_size));
    m_context.log.debug("waiting for {} to {}", names.front(), names.back());
    wal::wait_for_segments(m_context, stores, names, wal_patience);
  }

  void describe() {
    m_manifest.method = "base";
    auto& physical = m_manifest.physical.emplace();
    physical.start = m_rules.start;
    physical.stop = m_stop;
    physical.stopped_at = m_stopped_at;
    physical.timeline = m_timeline;
    physical.wal_segment_size = m_segment_size;
    physical.page_checksums = m_rules.page_checksums;
    physical.files = m_copied.size();
    physical.tablespaces = m_files.tablespaces;
    physical.bad_pages = m_bad_pages;
    for (const auto& page : m_bad_pages) {
      warn(
          fmt::format("block {} of {} has a wrong checksum: the server's disk or memory has "
                      "damaged it, and this backup has it so",
                      page.block, util::quoted(page.file)));
    }
    if (!m_rules.page_checksums) {
      m_manifest.warnings.emplace_back(
          "the cluster has no page checksums: what its disk damages goes unnoticed");
    }
  }

  void warn(std::string message) {
    m_manifest.warnings.push_back(message);
    m_outcome.warnings.push_back(std::move(message));
  }

  run::Context& m_context;
  const backup::Layout& m_layout;
  const backup::Job& m_job;
  const std::string& m_label;
  backup::Outcome& m_outcome;
  BackupSession m_session;
  backup::Manifest m_manifest;
  Packing m_packing;
  ReadingRules m_rules;
  pg::WalSegmentSize m_segment_size = 0;
  std::uint32_t m_timeline = 0;
  pg::Lsn m_stop;
  util::Time m_stopped_at;
  ClusterFiles m_files;
  std::vector<std::unique_ptr<PartPacker>> m_packers;
  std::atomic<std::size_t> m_next = 0;
  util::FirstFailure m_failure;
  std::mutex m_mutex;  ///< of what follows
  std::vector<ManifestFile> m_copied;
  std::vector<backup::BadPage> m_bad_pages;
};

/// Seconds since 1970 at which the postmaster of this directory was started; its postmaster.pid,
/// src/include/utils/pidfile.h.
std::optional<std::int64_t> started_at(const std::filesystem::path& data) {
  constexpr std::size_t line_of_time = 2;
  const auto text = util::read_file(data / "postmaster.pid", 4096);
  if (!text) return std::nullopt;
  const auto lines = util::split_lines(*text);
  if (lines.size() <= line_of_time) return std::nullopt;
  return std::strtoll(std::string{lines[line_of_time]}.c_str(), nullptr, 10);
}

}  // namespace

std::optional<std::filesystem::path> local_data_directory(const run::Context& context,
                                                          pg::Connection& server) {
  try {
    auto data = context.config.cluster.data_directory;
    if (!data) data = server.exec("select current_setting('data_directory')").single();
    const auto here = started_at(*data);
    const auto there =
        server.exec("select extract(epoch from pg_catalog.pg_postmaster_start_time())::bigint")
            .integer(0, 0);
    // The server rounds the time for one of the two.
    if (here && std::abs(*here - there) <= 2) return data;
    context.log.debug("{} is not the data directory of the server that answers",
                      util::quoted(data->string()));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    context.log.debug("the data directory cannot be read: {}", error.full_message());
  }
  return std::nullopt;
}

backup::ClusterBackup base_backup(run::Context& context, const backup::Layout& layout) {
  backup::ClusterBackup cluster;
  cluster.kind = "base";
  cluster.backup_type = "full";
  cluster.method = "base";
  cluster.take = [&context, &layout](const backup::Job& job, const std::string& label,
                                     std::vector<backup::Target> targets) {
    backup::Outcome outcome;
    outcome.targets = std::move(targets);
    try {
      util::with_context("backing up the cluster", [&] {
        BaseBackup{context, layout, job, label, outcome}.run();
      });
    } catch (...) {
      outcome.error = util::current_error();
    }
    backup::remove_remains(context, layout, label, outcome);
    return outcome;
  };
  return cluster;
}

}  // namespace bkp::physical
