#include "recover/consolidation.hpp"

#include <fmt/format.h>

#include "pg/control_file.hpp"
#include "physical/cluster_packer.hpp"
#include "physical/page_map.hpp"
#include "physical/parent.hpp"
#include "recover/cluster_restore.hpp"
#include "recover/scratch_cluster.hpp"
#include "util/error.hpp"
#include "util/files.hpp"

namespace bkp::recover {

using util::Error;

namespace {

class Consolidation {
 public:
  Consolidation(run::Context& context, const backup::Layout& layout, const ClusterChain& chain,
                int jobs, const backup::Job& job, const std::string& label,
                backup::Outcome& outcome)
      : m_context{context},
        m_layout{layout},
        m_chain{chain},
        m_jobs{jobs},
        m_job{job},
        m_outcome{outcome},
        m_manifest{backup::begin_manifest(context, job, layout, label)},
        m_scratch{context, chain},
        m_pages{physical::page_map_directory(context), label} {}

  void run() {
    restore_cluster(m_context, m_chain, m_scratch.place(), m_jobs);
    describe();
    pack();
    backup::commit(m_context, m_job, m_layout, std::move(m_manifest), m_outcome);
    physical::finish_page_map(m_pages, m_outcome);
  }

 private:
  const backup::Manifest& of() const { return m_chain.manifest(); }
  const std::filesystem::path& data() const { return m_scratch.place().data; }

  void describe() {
    m_manifest.method = "base";
    m_manifest.started_at = of().started_at;
    m_manifest.physical = of().physical;
    m_manifest.made_of = of().label;
    m_manifest.warnings = of().warnings;
  }

  void pack() {
    const auto& physical = *of().physical;
    const auto control = pg::read_control_file(data());
    const physical::ReadingRules rules{data(), physical.page_checksums, physical.start,
                                       control.segment_pages};
    physical::ClusterPacker packer{m_context, m_layout,          m_job,  m_manifest.label, "base",
                                   m_jobs,    m_outcome.targets, m_pages};
    try {
      packer.pack(rules, physical::list_cluster(data(), m_context.interrupt));
      packer.pack_file(rules, {"global/pg_control", 0, 0600, {}});
      const auto label = util::read_file(data() / "backup_label").value_or("");
      packer.pack_text("backup_label", label, label);
      if (const auto map = tablespace_map(physical.tablespaces); !map.empty())
        packer.pack_text("tablespace_map", map, map);
      packer.pack_manifest({of().server_version,
                            of().system_identifier,
                            {},
                            physical.timeline,
                            physical.start,
                            physical.stop});
      m_manifest.parts = packer.finish();
    } catch (...) {
      packer.abort();
      throw;
    }
    // The parent may have named some that this one did not look at again.
    m_manifest.physical->bad_pages = packer.bad_pages();
    m_manifest.physical->files = packer.files();
    m_manifest.physical->cluster_bytes = packer.bytes();
  }

  run::Context& m_context;
  const backup::Layout& m_layout;
  const ClusterChain& m_chain;
  int m_jobs;
  const backup::Job& m_job;
  backup::Outcome& m_outcome;
  backup::Manifest m_manifest;
  ScratchPlace m_scratch;
  physical::PageMapWriter m_pages;
};

}  // namespace

backup::ClusterBackup consolidation(run::Context& context, const backup::Layout& layout,
                                    const ClusterChain& chain, int jobs) {
  backup::ClusterBackup cluster;
  cluster.kind = "base";
  cluster.backup_type = "full";
  cluster.method = "base";
  // Where the clock was set back, the label is of a later moment than the backup.
  cluster.of = std::max(chain.manifest().started_at, backup::label_time(chain.manifest().label));
  cluster.take = [&context, layout, &chain, jobs](const backup::Job& job, const std::string& label,
                                                  std::vector<backup::Target> targets) {
    return backup::attempt_backup(
        context, layout, label, std::move(targets), "consolidating " + chain.manifest().label,
        [&](auto& outcome) {
          Consolidation{context, layout, chain, jobs, job, label, outcome}.run();
        });
  };
  return cluster;
}

}  // namespace bkp::recover
