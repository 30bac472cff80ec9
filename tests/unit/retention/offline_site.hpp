#pragma once

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "backup/manifest.hpp"
#include "backup/site_file.hpp"
#include "store/memory_store.hpp"
#include "support/histories.hpp"
#include "support/manual_clock.hpp"
#include "support/outside.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::test {

/// A site whose catalog cannot be reached, so that what would be recorded stands in the spool, with
/// one store in memory. It is k_now there.
class OfflineSite {
 public:
  OfflineSite() {
    m_config.site = "studio";
    m_config.catalog.conninfo = "host=" + (m_directory / "nobody").string();
    m_config.catalog.spool_directory = m_directory / "spool";
    auto& store = m_config.stores.emplace_back();
    store.name = "local";
    store.url = "memory:";
    catalog::RunRecord run;
    run.command = "prune";
    run.started_at = k_now;
    m_recorder.open_run(run);
  }

  run::Context& context() { return m_context; }
  config::Config& config() { return m_config; }
  const backup::Layout& layout() const { return m_layout; }
  store::MemoryStore& store() { return *m_store; }
  run::NamedStore named() { return {"local", true, m_store}; }

  /// What `bkp init` leaves there.
  void prepare() { backup::write_site_file(*m_store, m_layout, {"studio", "", k_now}); }

  /// A whole backup of two parts on the store.
  void add(const retention::Candidate& candidate) {
    backup::Manifest manifest;
    manifest.site = "studio";
    manifest.label = candidate.label;
    manifest.started_at = candidate.started_at;
    manifest.completed_at = candidate.started_at + std::chrono::minutes{1};
    manifest.database.name = candidate.database_name.value_or("");
    for (const auto* name : {"dump.pgc.zst", "globals.sql.zst"}) {
      store::put_text(*m_store, m_layout.part(candidate.label, name), "1234567890");
      manifest.parts.push_back({.name = name,
                                .role = name,
                                .compression = "zstd",
                                .size_bytes = 10,
                                .original_bytes = 20,
                                .md5 = "",
                                .sha256 = ""});
    }
    store::put_text(*m_store, m_layout.manifest(candidate.label), backup::to_text(manifest));
  }

  std::vector<std::string> keys() const {
    std::vector<std::string> keys;
    for (const auto& object : m_store->list(m_layout.root())) keys.push_back(object.key);
    return keys;
  }

  /// How many recorded events mention `word`.
  std::size_t recorded(const std::string& word) const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{m_directory / "spool"}) {
      std::ifstream file{entry.path()};
      for (std::string line; std::getline(file, line);) count += line.find(word) != line.npos;
    }
    return count;
  }

 private:
  TemporaryDirectory m_directory;
  config::Config m_config;
  ManualClock m_clock{k_now};
  Outside m_outside;
  catalog::Recorder m_recorder{{pg::Conninfo::parse("host=" + (m_directory / "nobody").string()),
                                "bkp", m_directory / "spool"},
                               m_clock,
                               m_outside.log,
                               m_outside.interrupt};
  run::Context m_context = m_outside.context(m_config, m_clock, m_recorder);
  backup::Layout m_layout{"studio"};
  std::shared_ptr<store::MemoryStore> m_store = std::make_shared<store::MemoryStore>();
};

}  // namespace bkp::test
