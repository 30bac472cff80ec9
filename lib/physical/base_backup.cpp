#include "physical/base_backup.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "backup/site_file.hpp"
#include "pg/wal_name.hpp"
#include "physical/backup_session.hpp"
#include "physical/cluster_packer.hpp"
#include "physical/local_data.hpp"
#include "physical/local_reader.hpp"
#include "physical/remote_reader.hpp"
#include "util/text.hpp"
#include "wal/required_store.hpp"
#include "wal/waiting.hpp"

namespace bkp::physical {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::chrono::minutes wal_patience{10};

class BaseBackup {
 public:
  BaseBackup(run::Context& context, const backup::Layout& layout, const backup::Job& job,
             const std::string& label, Parent* parent, backup::Outcome& outcome)
      : m_context{context},
        m_layout{layout},
        m_job{job},
        m_parent{parent},
        m_outcome{outcome},
        m_session{job.cluster, context.interrupt},
        m_manifest{backup::begin_manifest(context, job, layout, label)},
        m_pages{page_map_directory(context), label} {
    if (parent == nullptr) return;
    m_before.emplace(PagesBefore{std::move(parent->map), nullptr});
    m_before->changed = std::make_unique<ScannedPages>(context, m_before->map.backup().start);
  }

  void run() {
    require_archive();
    const auto data = local_data_directory(m_context, m_session.connection());
    if (!data && m_before) throw not_from_here();
    // The protocol has one stream, which is then compressed on all cores.
    const int workers = data ? std::max(1, m_context.config.full.jobs) : 1;
    const auto& label = m_manifest.label;
    ClusterPacker packer{m_context, m_layout,          m_job,   label,   role(),
                         workers,   m_outcome.targets, m_pages, before()};
    try {
      m_manifest.physical = data ? read_local(m_context, m_session, *data, label,
                                              m_before ? &m_before->map.backup() : nullptr, packer)
                                 : read_remote(m_context, m_session, label, packer);
      packer.pack_manifest({m_job.server_version,
                            m_job.system_identifier,
                            {},
                            physical().timeline,
                            physical().start,
                            physical().stop});
      m_manifest.parts = packer.finish();
    } catch (...) {
      packer.abort();
      throw;
    }
    wait_for_wal();
    describe(packer);
    backup::commit(m_context, m_job, m_layout, std::move(m_manifest), m_outcome);
    keep_pages();
  }

 private:
  std::string role() const { return m_parent != nullptr ? "pages" : "base"; }

  backup::PhysicalProperties& physical() { return *m_manifest.physical; }

  const PagesBefore* before() const { return m_before ? &*m_before : nullptr; }

  static Error not_from_here() {
    return {ErrorKind::refused,
            "the server's data directory cannot be read from here, and an incremental backup needs "
            "it",
            "run it on the database host as the user the server runs as, and set "
            "cluster.data_directory if the server may not tell it; `bkp full --method base` works "
            "from elsewhere too"};
  }

  /// Each required store must have a segment before the server counts it as archived.
  void require_archive() const {
    for (const auto& failure : backup::open_stores_of_site(m_context).failures) {
      if (!wal::is_required(m_context.config, failure.name)) continue;
      throw Error{failure.error.kind(),
                  fmt::format("store {} is required, so without it the server archives no WAL, and "
                              "a base backup is worth nothing: {}",
                              util::quoted(failure.name), failure.error.message()),
                  failure.error.hint()};
    }
  }

  void wait_for_wal() {
    std::vector<run::NamedStore> stores;
    for (const auto* target : backup::good_targets(m_outcome.targets))
      stores.push_back({target->name, target->required, target->store});
    const auto size = physical().wal_segment_size;
    const auto number_of = [&](pg::Lsn lsn) {
      return pg::wal_segment_at(physical().timeline, lsn, size).number;
    };
    // The stop is the end of the last record, which may be the beginning of the next segment.
    const auto last = number_of({physical().stop.value - 1});
    std::vector<std::string> names;
    for (auto number = number_of(physical().start); number <= last; ++number)
      names.push_back(pg::wal_segment_name({physical().timeline, number}, size));
    m_context.log.debug("waiting for {} to {}", names.front(), names.back());
    wal::wait_for_segments(m_context, stores, names, wal_patience);
  }

  void describe(const ClusterPacker& packer) {
    m_manifest.method = role();
    if (m_before) {
      const auto& before = m_before->map.backup();
      m_manifest.backup_type = "incremental";
      m_manifest.parent = {before.label, before.manifest_sha256};
    }
    physical().files = packer.files();
    physical().cluster_bytes = packer.bytes();
    physical().bad_pages = packer.bad_pages();
    for (const auto& page : physical().bad_pages) {
      warn(
          fmt::format("block {} of {} has a wrong checksum: the server's disk or memory has "
                      "damaged it, and this backup has it so",
                      page.block, util::quoted(page.file)));
    }
    if (!physical().page_checksums) {
      m_manifest.warnings.emplace_back(
          "the cluster has no page checksums: what its disk damages goes unnoticed");
    }
  }

  void warn(std::string message) {
    m_manifest.warnings.push_back(message);
    m_outcome.warnings.push_back(std::move(message));
  }

  void keep_pages() {
    // Else those of older backups are all there is to build on.
    if (!finish_page_map(m_pages, m_outcome)) return;
    std::vector<std::string> kept{m_outcome.manifest->label};
    if (m_parent != nullptr) kept.push_back(m_parent->record.label);
    clear_page_maps(page_map_directory(m_context), kept);
  }

  run::Context& m_context;
  const backup::Layout& m_layout;
  const backup::Job& m_job;
  Parent* m_parent;  ///< null: a full backup
  backup::Outcome& m_outcome;
  BackupSession m_session;
  backup::Manifest m_manifest;
  PageMapWriter m_pages;
  std::optional<PagesBefore> m_before;
};

backup::Outcome take(run::Context& context, const backup::Layout& layout, const backup::Job& job,
                     const std::string& label, Parent* parent,
                     std::vector<backup::Target> targets) {
  return backup::attempt_backup(
      context, layout, label, std::move(targets), "backing up the cluster",
      [&](auto& outcome) { BaseBackup{context, layout, job, label, parent, outcome}.run(); });
}

}  // namespace

backup::ClusterBackup base_backup(run::Context& context, const backup::Layout& layout) {
  backup::ClusterBackup cluster;
  cluster.kind = "base";
  cluster.backup_type = "full";
  cluster.method = "base";
  cluster.take = [&context, layout](const backup::Job& job, const std::string& label,
                                    std::vector<backup::Target> targets) {
    return take(context, layout, job, label, nullptr, std::move(targets));
  };
  return cluster;
}

backup::ClusterBackup incremental_backup(run::Context& context, const backup::Layout& layout,
                                         Parent parent) {
  backup::ClusterBackup cluster;
  cluster.kind = "incr";
  cluster.backup_type = "incremental";
  cluster.method = "pages";
  cluster.parent_label = parent.record.label;
  cluster.take = [&context, layout, parent = std::make_shared<Parent>(std::move(parent))](
                     const backup::Job& job, const std::string& label,
                     std::vector<backup::Target> targets) {
    return take(context, layout, job, label, parent.get(), std::move(targets));
  };
  return cluster;
}

}  // namespace bkp::physical
