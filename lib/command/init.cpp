#include "command/init.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/databases.hpp"
#include "backup/site_file.hpp"
#include "catalog/migrate.hpp"
#include "command/catalog_text.hpp"
#include "command/check.hpp"
#include "command/schedule_setup.hpp"
#include "command/schedule_text.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::command {

namespace {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

/// What became of one store.
struct Prepared {
  std::string state;  // created, unchanged, taken_over, would_create, would_take_over
  std::string note;
};

/// One `bkp init`: its steps fill the report.
class Init {
 public:
  Init(const InitOptions& options, run::Context& context)
      : m_options{options},
        m_context{context},
        m_layout{context.config.site},
        m_dry_run{context.dry_run} {}

  cli::Report run() {
    m_report.result = {{"dry_run", m_dry_run}, {"stores", json::array()}};
    attempt("catalog", [this] { prepare_catalog(); });
    if (!m_report.error) attempt("schedules", [this] { prepare_schedules(); });
    attempt("spool", [this] { prepare_spool(); });
    attempt("stores", [this] { prepare_stores(); });
    finish();
    return std::move(m_report);
  }

 private:
  /// Runs a step; its failure is the report's when it is the first, a warning otherwise.
  template <class Step>
  void attempt(const std::string& what, Step&& step) {
    try {
      step();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      m_report.text += fmt::format("{}: {}\n", what, error.full_message());
      if (m_report.error) {
        m_context.warn(fmt::format("{}: {}", what, error.full_message()));
      } else {
        m_report.error = error;
      }
    }
  }

  void prepare_catalog() {
    const auto& schema = m_context.config.catalog.schema;
    const auto outcome = catalog::migrate(m_context.catalog_conninfo(), schema, true, m_dry_run,
                                          m_context.interrupt);
    m_report.result["catalog"] = command::to_json(outcome, schema);
    m_report.text += command::to_text(outcome, schema, m_dry_run);
    // This run began before there was a catalog to note it in.
    if (!m_dry_run && m_context.recorder.reconnect()) m_context.recorder.deliver_spool();
  }

  void prepare_schedules() {
    const auto entered = enter_schedules(m_context);
    m_report.result["schedules"] = json::array();
    for (const auto& one : entered) {
      m_report.result["schedules"].push_back(schedule::to_json(one));
      m_report.text +=
          change_text(one, one.enabled ? "entered" : "entered, switched off", m_dry_run);
    }
  }

  void prepare_spool() {
    const auto& directory = m_context.config.catalog.spool_directory;
    const bool there = std::filesystem::is_directory(directory);
    if (!there && !m_dry_run) util::make_private_directories(directory);
    m_report.result["spool"] = {{"directory", directory.string()}, {"created", !there}};
    m_report.text += fmt::format("spool: {} {}\n", util::printable(directory.string()),
                                 there ? "is there" : (m_dry_run ? "would be made" : "made"));
  }

  void prepare_stores() {
    auto cluster = pg::Connection::open(m_context.cluster(), m_context.interrupt);
    m_system_identifier = backup::system_identifier(cluster);
    if (m_system_identifier.empty()) {
      constexpr auto hint = "GRANT pg_monitor to it, or run init as a superuser";
      constexpr auto problem = "this role may not ask for the cluster's system identifier";
      if (m_options.take_over) {
        throw Error{ErrorKind::database, fmt::format("{}, which the stores are tied to", problem),
                    hint};
      }
      m_context.warn(fmt::format("{}, so the stores are not tied to it; {}", problem, hint));
    }
    if (m_options.take_over && !m_dry_run) confirm_taking_over();
    for (const auto& store : m_context.config.stores) {
      attempt(fmt::format("store {}", store.name), [&] { note(store, prepare(store)); });
    }
  }

  void note(const config::Store& store, const Prepared& prepared) {
    m_report.result["stores"].push_back(
        {{"name", store.name}, {"url", store.url}, {"state", prepared.state}});
    m_report.text +=
        fmt::format("store {}: {} {}\n", store.name, util::printable(store.url), prepared.note);
  }

  Prepared prepare(const config::Store& wanted) {
    if (m_dry_run) return foresee(wanted);
    const auto store = m_context.open_place(wanted, store::OpenMode::create);
    if (const auto former = other_cluster(*store)) return take_over(wanted, *store, *former);
    if (is_prepared(*store)) return {"unchanged", "is prepared already"};
    try {
      backup::write_site_file(*store, m_layout,
                              {m_context.config.site, m_system_identifier, m_context.clock.now()});
    } catch (const Error&) {
      // Another init may have been quicker; what it wrote decides.
      if (!is_prepared(*store)) throw;
      return {"unchanged", "is prepared already"};
    }
    warn_if_emptied(wanted.name);
    return {"created", fmt::format("prepared for site {}", util::quoted(m_context.config.site))};
  }

  /// An empty mount point looks like a new store.
  void warn_if_emptied(const std::string& store) {
    std::vector<catalog::BackupRecord> known;
    try {
      known = m_context.open_catalog().backups();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      return;  // a site's first init has no catalog to ask
    }
    const auto lost = std::ranges::count_if(
        known, [&](const auto& backup) { return backup.complete_copy_on(store) != nullptr; });
    if (lost == 0) return;
    m_context.warn(fmt::format(
        "store {} was empty and is prepared anew, but the catalog names {} backups there: was its "
        "file system not mounted? If so, remove what init made and mount it",
        util::quoted(store), lost));
  }

  Prepared foresee(const config::Store& wanted) {
    std::unique_ptr<store::Store> store;
    try {
      store = m_context.open_place(wanted, store::OpenMode::existing);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::store) throw;
      return {"would_create", fmt::format("would be made (now: {})", error.message())};
    }
    if (const auto former = other_cluster(*store)) {
      return {"would_take_over",
              fmt::format("would be taken over from cluster {}", former->system_identifier)};
    }
    if (is_prepared(*store)) return {"unchanged", "is prepared already"};
    return {"would_create",
            fmt::format("would be prepared for site {}", util::quoted(m_context.config.site))};
  }

  /// The site file of a store that is to be taken over: nullopt where there is nothing to take.
  std::optional<backup::SiteFile> other_cluster(store::Store& store) const {
    if (!m_options.take_over || m_system_identifier.empty()) return std::nullopt;
    auto file = backup::read_site_file(store, m_layout);
    const bool other =
        file && !file->system_identifier.empty() && file->system_identifier != m_system_identifier;
    return other ? std::move(file) : std::nullopt;
  }

  /// Asked once, for all stores: what each belongs to must be seen before.
  void confirm_taking_over() {
    std::string stores;
    for (const auto& wanted : m_context.config.stores) {
      try {
        const auto store = m_context.open_place(wanted, store::OpenMode::existing);
        if (const auto former = other_cluster(*store)) {
          stores += fmt::format("\n  store {} of the cluster {}", util::quoted(wanted.name),
                                former->system_identifier);
        }
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::interrupted) throw;  // else preparing it says the same
      }
    }
    if (stores.empty()) return;
    const auto& site = m_context.config.site;
    try {
      m_confirmation = run::require_confirmation(
          m_context.terminal, site, m_options.yes,
          fmt::format("From now on these belong to this cluster, {}:{}\nThe other one must never "
                      "run again, or both will write to one site.",
                      m_system_identifier, stores));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::refused)
        record("take-over.refused", {{"stores", stores}, {"error", error.full_message()}});
      throw;
    }
  }

  Prepared take_over(const config::Store& wanted, store::Store& store,
                     const backup::SiteFile& former) {
    json details = {{"store", wanted.name},
                    {"url", store.url()},
                    {"from", former.system_identifier},
                    {"to", m_system_identifier}};
    try {
      // It came back since the question was asked.
      if (m_confirmation.empty()) backup::require_site_file(store, m_layout, m_system_identifier);
      auto file = former;
      file.system_identifier = m_system_identifier;
      backup::replace_site_file(store, m_layout, file);
    } catch (const Error& error) {
      details["error"] = error.full_message();
      record("take-over.failed", details);
      throw;
    }
    record("take-over", details);
    return {"taken_over",
            fmt::format("was the cluster's {}, is now this one's", former.system_identifier)};
  }

  void record(const std::string& action, const json& details) {
    m_context.recorder.audit(
        {action, m_context.config.site, m_confirmation, details, m_context.clock.now()});
  }

  // Throws when the store is another cluster's.
  bool is_prepared(store::Store& store) {
    if (!backup::read_site_file(store, m_layout)) return false;
    backup::require_site_file(store, m_layout, m_system_identifier);
    return true;
  }

  void finish() {
    if (m_report.error) return;
    if (m_dry_run) {
      m_report.text += "nothing was changed; without --dry-run it would be\n";
      return;
    }
    m_report.text += first_check();
    m_report.text += "next: bkp check, then bkp full\n";
  }

  std::string first_check() {
    const auto checked = command::run(CheckOptions{}, m_context);
    m_report.result["check"] = checked.result;
    const auto errors = checked.result.at("errors").get<std::size_t>();
    const auto warnings = checked.result.at("warnings").get<std::size_t>();
    if (errors + warnings == 0) return "first check: all is well\n";
    const auto counted = [](std::size_t count, const char* what) {
      return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
    };
    return fmt::format("first check: {}, {}\n", counted(errors, "error"),
                       counted(warnings, "warning"));
  }

  const InitOptions& m_options;
  run::Context& m_context;
  backup::Layout m_layout;
  bool m_dry_run;
  std::string m_system_identifier;
  std::string m_confirmation;  ///< of taking stores over
  cli::Report m_report;
};

}  // namespace

void define(CLI::App& app, InitOptions& options) {
  auto* take_over = app.add_flag("--take-over", options.take_over,
                                 "let stores of another cluster, which is gone, be this one's");
  app.add_option("--yes", options.yes, "with --take-over: the site's name, in place of typing it")
      ->needs(take_over)
      ->type_name("SITE");
  app.footer("Makes what the configuration describes and is not there yet; safe to repeat.");
}

cli::Report run(const InitOptions& options, run::Context& context) {
  return Init{options, context}.run();
}

}  // namespace bkp::command
