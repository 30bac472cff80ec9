#include "drill/page_drill.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "backup/repository.hpp"
#include "backup/wal_need.hpp"
#include "drill/shell.hpp"
#include "recover/cluster_chain.hpp"
#include "recover/scratch_cluster.hpp"
#include "report/command_text.hpp"
#include "report/page_steps.hpp"
#include "report/runbook.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "util/units.hpp"
#include "verify/restore_check.hpp"
#include "verify/scratch_database.hpp"

namespace bkp::drill {

using report::PageStep;
using report::RunbookModel;
using util::Error;
using util::ErrorKind;
using verify::Verification;

namespace {

class Drill {
 public:
  Drill(run::Context& context, const catalog::BackupRecord& backup, const backup::Source& source,
        const run::ReadingKeys& keys, Verification& result)
      : m_context{context},
        m_backup{backup},
        m_source{source},
        m_keys{keys},
        m_result{result},
        m_directory{context},
        m_shell{context, source.manifest().server_version, m_directory.path()},
        m_model{report::build_runbook_model(context)} {
    m_model.fetch_directory = m_directory.path().string();
  }

  void run() {
    recover::ScratchPlace::clear_leftovers(m_context);
    const auto& manifest = m_source.manifest();
    if (manifest.config) {
      unpack_export();
    } else if (manifest.physical) {
      recover_cluster();
    } else {
      restore_dump();
    }
    if (m_seconds.count() > 0) {
      m_result.notes.push_back(
          fmt::format("the runbook's own commands took {}", util::format_duration(m_seconds)));
    }
  }

 private:
  /// The backup at hand as the page's newest, on the store that is verified.
  report::RunbookBackup here() const {
    report::RunbookBackup backup;
    backup.manifest = m_source.manifest();
    backup.stores = {m_source.store.name};
    return backup;
  }

  void render(const RunbookModel& model) {
    m_steps = report::steps_of(report::render_runbook(model));
  }

  /// The only step, or the first, of that scenario and end of its id; nullopt where the page has
  /// none.
  std::optional<PageStep> step(std::string_view scenario, std::string_view end) const {
    for (const auto& one : m_steps) {
      if (one.scenario == scenario && one.id == fmt::format("{}-{}", scenario, end)) return one;
    }
    return std::nullopt;
  }

  /// False when it failed. A step that the page has not is none to follow.
  bool follow(const std::optional<PageStep>& step, std::string_view more = {}) {
    if (!step) return true;
    m_context.interrupt.check();
    m_context.log.info("{}: {}", step->id, util::printable(step->text));
    const auto began = m_context.clock.steady();
    const auto outcome = m_shell.run(step->text + std::string{more});
    const auto took = util::Duration{m_context.clock.steady() - began};
    m_seconds += took;
    // The page's counts end each line with t or f.
    const bool differs = outcome.output.find("| f\n") != std::string::npos;
    auto& check = m_result.checks.emplace_back(
        outcome.status.success() && !differs
            ? verify::passed("step", step->id)
            : verify::failed("step", step->id, why(*step, outcome, differs)));
    check.seconds = took.count();
    return check.outcome == verify::Outcome::passed;
  }

  static std::string why(const PageStep& step, const Shell::Result& outcome, bool differs) {
    if (differs) return "the rows are not as many as the page says: " + outcome.output;
    auto said = outcome.errors.empty() ? outcome.output : outcome.errors;
    while (said.ends_with('\n')) said.pop_back();
    return fmt::format("{}: {}; the command: {}", outcome.status.to_string(), said, step.text);
  }

  /// Each of these ends, until one fails. The page must have them.
  bool follow_all(std::string_view scenario, std::initializer_list<std::string_view> ends) {
    return std::ranges::all_of(ends, [&](auto end) {
      const auto found = step(scenario, end);
      if (found) return follow(found);
      m_result.checks.push_back(
          verify::failed("step", fmt::format("{}-{}", scenario, end), "the page has no such step"));
      return false;
    });
  }

  void restore_dump() {
    auto model = report::for_database(m_model, m_source.manifest().database.name);
    if (model.databases.empty()) model.databases.emplace_back();
    auto& database = model.databases.front();
    database.name = m_source.manifest().database.name;
    database.newest = here();
    database.last_verified.reset();
    render(model);
    if (!follow(step("fetch-1", "1")) || !follow(step("stock-1", "signature")) ||
        !follow_all("stock-1", {"sums"}))
      return;
    std::optional<verify::ScratchDatabase> scratch;
    bool created = true;
    try {
      scratch.emplace(m_context, m_context.cluster(), [&](const std::string& name) {
        model.stock_database = name;
        render(model);
        created = follow_all("stock-1", {"create"});
        if (!created) throw Error{ErrorKind::database, "the step that makes the database failed"};
      });
    } catch (const Error&) {
      if (created) throw;
      return;  // a check says so
    }
    if (!follow_all("stock-1", {"restore"}) || !follow(step("stock-1", "count")) ||
        !follow_all("stock-1", {"analyze"}))
      return;
    compare(scratch->conninfo());
    m_result.notes.emplace_back(
        "of the runbook chapter F was followed, into a scratch database; what puts a database in "
        "another's place, and what brings roles back, was not");
  }

  /// Rows and large objects, as the restore by bkp was looked at.
  void compare(const pg::Conninfo& database) {
    Verification data;
    verify::check_data(m_context, database, m_source.manifest(), m_context.config.verify.sample,
                       m_context.config.verify.jobs, data);
    if (data.passed() == data.total()) return;
    m_result.checks.push_back(
        verify::failed("step", "stock-1-comparison",
                       "what the runbook's commands restored is not what was backed up: " +
                           data.errors().front()));
  }

  void recover_cluster() {
    const auto all = backup::list_backups(m_context, {});
    const auto newest = std::ranges::find_if(
        all, [](const auto& record) { return backup::wal_need(record).has_value(); });
    if (newest == all.end() || newest->label != m_backup.label) {
      m_result.notes.emplace_back(
          "the runbook was not followed: it takes the newest backup of the cluster");
      return;
    }
    const auto chain = recover::open_chain(m_context, m_backup, all, m_source.store.name, m_keys);
    const recover::ScratchPlace place{m_context, chain};
    m_model.data_directory = place.place().data.string();
    render(m_model);
    const std::filesystem::path recovered = m_model.data_directory + ".recovered";
    const ServerThere server{m_context, m_model.server_programs, recovered};
    std::string moved;
    for (const auto& [old, scratch] : place.place().tablespaces)
      moved += " --tablespace-map " + report::shell_word(old + "=" + scratch);
    if (follow_all("moment", {"preview"}) && follow(step("moment", "recover"), moved))
      follow_all("moment", {"look", "accept"});
    m_result.notes.emplace_back(
        "of the runbook chapter G was followed up to the server that is accepted; what puts it in "
        "the old one's place was not");
  }

  /// What the page starts is stopped in the end.
  class ServerThere {
   public:
    ServerThere(run::Context& context, const std::string& programs, std::filesystem::path data)
        : m_context{context},
          m_pg_ctl{std::filesystem::path{programs} / "pg_ctl"},
          m_data{std::move(data)} {}
    ~ServerThere() {
      std::error_code unknown;
      if (!std::filesystem::exists(m_data / "postmaster.pid", unknown)) return;
      try {
        util::Command command;
        command.argv = {m_pg_ctl.string(), "-D", m_data.string(), "-m", "immediate", "-w", "stop"};
        command.environment = m_context.environment.for_child();
        const util::Interrupt calm;
        util::SystemProcessRunner{calm}.run(std::move(command));
        recover::ScratchPlace::clear_leftovers(m_context);  // its socket's
      } catch (...) {
        m_context.log.warning("the server in {} was not stopped: {}", util::quoted(m_data.string()),
                              util::current_error().message());
      }
    }
    ServerThere(const ServerThere&) = delete;
    ServerThere& operator=(const ServerThere&) = delete;

   private:
    run::Context& m_context;
    std::filesystem::path m_pg_ctl;
    std::filesystem::path m_data;
  };

  void unpack_export() {
    m_model.configuration = here();
    render(m_model);
    if (!follow(step("fetch-configuration", "1")) ||
        !follow(step("configuration-stock", "signature")) ||
        !follow_all("configuration-stock", {"sums", "unpack"}))
      return;
    m_result.notes.emplace_back(
        "of the runbook the part of chapter H by stock tools was followed; nothing was brought "
        "back");
  }

  run::Context& m_context;
  const catalog::BackupRecord& m_backup;
  const backup::Source& m_source;
  const run::ReadingKeys& m_keys;
  Verification& m_result;
  recover::ScratchDirectory m_directory;
  Shell m_shell;
  RunbookModel m_model;
  std::vector<PageStep> m_steps;
  util::Duration m_seconds{0};
};

}  // namespace

void follow_page(run::Context& context, const catalog::BackupRecord& backup,
                 const backup::Source& source, const run::ReadingKeys& keys, Verification& result) {
  Drill{context, backup, source, keys, result}.run();
}

}  // namespace bkp::drill
