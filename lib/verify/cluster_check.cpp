#include "verify/cluster_check.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/repository.hpp"
#include "pg/control_file.hpp"
#include "physical/page_check.hpp"
#include "recover/cluster_chain.hpp"
#include "recover/cluster_restore.hpp"
#include "recover/recovery_target.hpp"
#include "recover/scratch_cluster.hpp"
#include "util/error.hpp"
#include "util/rng.hpp"
#include "util/text.hpp"
#include "verify/assertions.hpp"
#include "verify/check.hpp"
#include "wal/site_archive.hpp"

namespace bkp::verify {

using recover::RecoveryTarget;
using util::Error;
using util::ErrorKind;

namespace {

std::uint64_t random_below(std::uint64_t limit) {
  std::uint64_t number = 0;
  util::random_bytes(std::as_writable_bytes(std::span{&number, 1}));
  return number % limit;
}

class ClusterCheck {
 public:
  ClusterCheck(run::Context& context, const catalog::BackupRecord& backup, const std::string& store,
               const run::ReadingKeys& keys, int jobs, Verification& result)
      : m_context{context},
        m_backup{backup},
        m_store{store},
        m_keys{keys},
        m_jobs{jobs},
        m_result{result} {}

  void run() {
    recover::ScratchPlace::clear_leftovers(m_context);
    if (!attempt("restore", "what it is built on", [&] {
          const auto all = backup::list_backups(m_context, {});
          m_chain = recover::open_chain(m_context, m_backup, all, m_store, m_keys);
          keep_to_store(all);
        })) {
      return;
    }
    // A key that is not here says nothing about the backup.
    m_chain.require_keys();
    const auto target = choose_target();
    recover::ScratchCluster scratch{m_context, m_chain};
    const auto began = m_context.clock.steady();
    if (!attempt("restore", "files", [&] { restore(scratch, target); })) return;
    if (!attempt("restore", "recovery to " + recover::describe(target), [&] {
          scratch.server().start();
          scratch.server().wait_for_target();
          scratch.server().promote();
        })) {
      return;
    }
    m_result.restore_seconds = util::Duration{m_context.clock.steady() - began}.count();
    look_at_databases(scratch.server());
    scratch.server().stop();
    check_pages(scratch);
  }

 private:
  const backup::Manifest& manifest() const { return m_chain.manifest(); }

  /// What the store has of the chain is in question, so no other store may stand in for it.
  void keep_to_store(const std::vector<catalog::BackupRecord>& all) {
    for (auto& sources : m_chain.backups) {
      const auto label = sources.front().manifest().label;
      const auto here = std::ranges::find_if(
          sources, [&](const auto& source) { return source.store.name == m_store; });
      m_others = m_others || sources.size() > 1;
      if (here != sources.end()) {
        sources = {backup::Source{*here}};
        continue;
      }
      const auto record = std::ranges::find(all, label, &catalog::BackupRecord::label);
      if (record == all.end() || record->complete_copy_on(m_store) == nullptr) continue;
      m_others = true;
      throw recover::DamagedBelow{
          Error{ErrorKind::damaged,
                fmt::format("{} cannot be read on store {}", label, util::quoted(m_store))},
          label};
    }
  }

  /// Only what is damaged, or what the recovering server says, is about the backup.
  template <class Body>
  bool attempt(const std::string& kind, const std::string& name, const Body& body) {
    try {
      body();
      m_result.checks.push_back(passed(kind, name));
      return true;
    } catch (const recover::DamagedBelow& error) {
      // Where another store has the chain, only this one's copy of it is no good.
      m_result.checks.push_back(
          failed(m_others ? "part" : "restore", "what it is built on", error.full_message()));
      m_result.damaged_below.push_back(error.label());
      return false;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::damaged && error.kind() != ErrorKind::database) throw;
      m_result.checks.push_back(
          failed(error.kind() == ErrorKind::damaged && name == "files" ? "part" : kind, name,
                 error.full_message()));
      return false;
    }
  }

  /// Somewhere in the archive behind the backup; its own end where there is nothing more.
  RecoveryTarget choose_target() {
    RecoveryTarget target;
    target.kind = RecoveryTarget::Kind::immediate;
    const auto& physical = *manifest().physical;
    m_timeline = physical.timeline;
    const wal::SiteArchive archive{m_context, m_keys};
    if (archive.map().segment_size == 0) return target;
    const wal::WalPath path{archive.map(), physical.timeline};
    const auto size = path.segment_size();
    const auto stop =
        pg::wal_segment_at(physical.timeline, pg::Lsn{physical.stop.value - 1}, size).number;
    const auto last = path.last_from(stop);
    // A record begins behind the last segment's beginning for sure, and behind nothing else.
    if (!last || *last <= stop + 1) return target;
    const auto begin = physical.stop.value;
    const auto end = *last * size;
    target.kind = RecoveryTarget::Kind::lsn;
    target.lsn.value = begin + random_below(end - begin);
    return target;
  }

  void restore(recover::ScratchCluster& scratch, const RecoveryTarget& target) {
    recover::restore_cluster(m_context, m_chain, scratch.place(), m_jobs);
    m_result.bytes_read += m_chain.stored_bytes();
    recover::prepare_recovery(m_context, scratch.place().data,
                              {target, m_timeline, {}, false, identities_beside_configuration()});
  }

  std::vector<std::filesystem::path> identities_beside_configuration() const {
    const auto& configured = m_context.config.encryption.identity_files;
    return m_keys.identity_files == configured ? std::vector<std::filesystem::path>{}
                                               : m_keys.identity_files;
  }

  void look_at_databases(recover::RecoveryServer& server) {
    auto connection = pg::Connection::open(server.conninfo(), m_context.interrupt);
    const auto rows =
        connection.exec("select datname from pg_catalog.pg_database where datallowconn order by 1");
    for (int row = 0; row < rows.rows(); ++row) {
      const std::string database{rows.text(row, 0)};
      auto session = pg::Connection::open(server.conninfo(database), m_context.interrupt);
      check_relations(session, database);
      const auto assertions = assertion_probes(m_context.config.verify.assertions, database);
      auto checks =
          run_probes(m_context, server.conninfo(database), 1, assertions, [](pg::Connection&) {});
      std::ranges::move(checks, std::back_inserter(m_result.checks));
    }
  }

  bool has_amcheck(pg::Connection& session, const std::string& database) {
    try {
      session.exec("create extension if not exists amcheck");
      return true;
    } catch (const pg::DatabaseError& error) {
      if (error.of_server()) throw;
      m_result.checks.push_back(
          skipped("relations", database, "amcheck cannot be used: " + error.message()));
      return false;
    }
  }

  void check_relations(pg::Connection& session, const std::string& database) {
    if (!has_amcheck(session, database)) return;
    const auto relations = session.exec(
        "select c.oid::regclass::text, c.relkind in ('r', 'm', 't'), c.oid::bigint "
        "from pg_catalog.pg_class c join pg_catalog.pg_am a on a.oid = c.relam "
        "left join pg_catalog.pg_index i on i.indexrelid = c.oid "
        "where c.relpersistence = 'p' and (a.amname = 'heap' and c.relkind in ('r', 'm', 't') "
        "or a.amname = 'btree' and c.relkind = 'i' and i.indisvalid) order by c.relkind desc, "
        "c.oid");
    m_result.tables_total += static_cast<std::uint64_t>(relations.rows());
    for (int row = 0; row < relations.rows(); ++row) {
      m_context.interrupt.check();
      const std::string name = database + "." + std::string{relations.text(row, 0)};
      const auto wrong =
          look_at(session, relations.boolean(row, 1), std::string{relations.text(row, 2)});
      if (!wrong.empty()) m_result.checks.push_back(failed("relation", name, wrong));
    }
    m_result.checks.push_back(
        passed("relations", fmt::format("{}: {} looked at", database, relations.rows())));
  }

  static std::string look_at(pg::Connection& session, bool heap, const std::string& oid) {
    try {
      if (!heap) {
        session.exec("select bt_index_check($1::oid::regclass, true)", {oid});
        return {};
      }
      const auto found = session.exec(
          "select blkno, offnum, msg from verify_heapam($1::oid::regclass) limit 1", {oid});
      if (found.rows() == 0) return {};
      return fmt::format("block {}, item {}: {}", found.text(0, 0), found.text(0, 1),
                         found.text(0, 2));
    } catch (const pg::DatabaseError& error) {
      if (error.of_server()) throw;
      return error.message();
    }
  }

  /// The server has been shut down.
  void check_pages(recover::ScratchCluster& scratch) {
    if (!manifest().physical->page_checksums) {
      m_result.checks.push_back(skipped("pages", "checksums", "the cluster has none"));
      return;
    }
    const auto& data = scratch.place().data;
    const auto checked =
        physical::check_pages(data, pg::read_control_file(data), m_context.interrupt);
    if (checked.bad.empty()) {
      m_result.checks.push_back(passed("pages", fmt::format("{} looked at", checked.pages)));
    }
    for (const auto& page : checked.bad) {
      m_result.checks.push_back(
          failed("pages", page.file, fmt::format("block {} has a wrong checksum", page.block)));
    }
  }

  run::Context& m_context;
  const catalog::BackupRecord& m_backup;
  const std::string& m_store;
  const run::ReadingKeys& m_keys;
  int m_jobs;
  Verification& m_result;
  recover::ClusterChain m_chain;
  bool m_others = false;  ///< stores that have something of the chain too
  std::uint32_t m_timeline = 0;
};

}  // namespace

void verify_cluster(run::Context& context, const catalog::BackupRecord& backup,
                    const std::string& store, const run::ReadingKeys& keys, int jobs,
                    Verification& result) {
  ClusterCheck{context, backup, store, keys, jobs, result}.run();
}

}  // namespace bkp::verify
