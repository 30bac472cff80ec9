#include "exports/restore.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "exports/entry_writer.hpp"
#include "exports/secrets.hpp"
#include "exports/session.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using util::Error;
using util::ErrorKind;

namespace {

using Sessions = std::map<std::string, std::unique_ptr<Session>>;

Session& session_of(Sessions& sessions, run::Context& context, const std::string& database,
                    std::string_view begin) {
  auto& session = sessions[database];
  if (!session) session = std::make_unique<Session>(context, database, begin);
  return *session;
}

/// As it may be shown: what was not exported is not shown either.
Entry shown(Entry live, const Section& section) {
  if (section.secret == config::SecretMode::redact) redact(live);
  return live;
}

class Planner {
 public:
  Planner(run::Context& context, const RestoreRequest& request)
      : m_context{context}, m_request{request} {}

  RestorePlan plan(const Contents& exported) {
    for (const auto& name : m_request.sections) require_section(exported, name);
    for (const auto& section : exported.sections) {
      if (is_wanted(section.name)) add(section);
    }
    return std::move(m_plan);
  }

 private:
  static void require_section(const Contents& exported, const std::string& name) {
    const auto* section = exported.section(name);
    if (section != nullptr && section->error.empty()) return;
    std::vector<std::string> names;
    for (const auto& one : exported.sections) {
      if (one.error.empty()) names.push_back(one.name);
    }
    throw Error{
        ErrorKind::not_found,
        section != nullptr
            ? fmt::format("version {} is without section {}, which could not be exported: {}",
                          exported.version, util::quoted(name), util::printable(section->error))
            : fmt::format("version {} has no section {}", exported.version, util::quoted(name)),
        fmt::format("it has {}; an older version may have it: `bkp list --type config`",
                    fmt::join(names, ", "))};
  }

  bool is_wanted(const std::string& name) const {
    return m_request.sections.empty() ||
           std::ranges::find(m_request.sections, name) != m_request.sections.end();
  }

  void add(const Section& section) {
    SectionChange change{.name = section.name,
                         .hidden = !m_request.reveal && section.secret == config::SecretMode::seal};
    if (!section.error.empty()) change.note = "it could not be exported: " + section.error;
    for (const auto& entry : section.entries) {
      auto found = add_entry(section, entry, change.hidden);
      if (found) change.entries.push_back(std::move(*found));
    }
    if (!change.entries.empty() || !change.note.empty())
      m_plan.difference.push_back(std::move(change));
  }

  std::optional<EntryChange> add_entry(const Section& section, const Entry& entry, bool hidden) {
    switch (entry.type) {
      case EntryType::rows:
        return add_rows(section, entry, hidden);
      case EntryType::file:
      case EntryType::directory:
        return add_file(section, entry, hidden);
      case EntryType::output:
        break;
    }
    pass_over(section, entry,
              section.kind == SectionKind::server
                  ? "roles are not changed by this command: psql takes the script"
                  : "it is what a program said; give it back to that program");
    return std::nullopt;
  }

  /// One that was asked for is refused; of all, it is left out.
  void pass_over(const Section& section, const Entry& entry, std::string_view why) {
    m_plan.notes.push_back(fmt::format("{} is not restored: {}", entry.path, why));
    if (!m_request.sections.empty() && section.entries.size() == 1) {
      throw Error{ErrorKind::refused,
                  fmt::format("section {} cannot be restored: {}", util::quoted(section.name), why),
                  "`bkp cat KEY | tar -xO " + entry.path + "` shows it; `bkp show` tells the key"};
    }
  }

  std::optional<EntryChange> add_rows(const Section& section, const Entry& entry, bool hidden) {
    auto rows = parse_rows(entry.contents, entry.path);
    if (section.kind == SectionKind::server) {
      m_plan.notes.push_back(
          fmt::format("{} is not restored: it only tells what the files come to", entry.path));
      return std::nullopt;
    }
    if (const auto why = why_not_restorable(rows); !why.empty()) {
      pass_over(section, entry, why);
      return std::nullopt;
    }
    auto& session = session_of(m_sessions, m_context, rows.database,
                               "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    auto plan = compared(session, begin_plan(session.connection, section, entry, std::move(rows)));
    if (!plan.left_out.empty()) {
      m_plan.notes.push_back(fmt::format(
          "{}: values of {} were not exported, or not whole: they stay as they are, and a row that "
          "is missing gets the column's default",
          entry.path, fmt::join(plan.left_out, ", ")));
    }
    const auto extra = static_cast<std::size_t>(std::ranges::count(
        plan.changes, Change::removed, [](const RowChange& one) { return one.change; }));
    m_plan.extra_rows += extra;
    const auto live = shown(
        {.path = entry.path, .type = EntryType::rows, .contents = to_text(plan.live)}, section);
    auto change = compare_entries(&live, &entry, hidden);
    if (change && !m_request.scope.delete_extra) {
      std::erase_if(change->rows, [](const auto& row) { return row.change == Change::removed; });
    }
    const bool all_extra = extra == plan.changes.size();
    if (all_extra && (extra == 0 || !m_request.scope.delete_extra)) return std::nullopt;
    m_plan.tables.push_back(std::move(plan));
    return change;
  }

  /// It is asked for by this host's configuration, or by the table's name: the archive is not
  /// trusted with a query.
  TablePlan begin_plan(const pg::Connection& connection, const Section& section, const Entry& entry,
                       RowSet rows) {
    TablePlan plan;
    plan.section = section.name;
    plan.secret = section.secret;
    const auto& configured = m_context.config.export_sections;
    const auto own = std::ranges::find(configured, section.name, &config::ExportSection::name);
    const bool by_query = section.kind == SectionKind::sql;
    if (by_query && own != configured.end() && !own->sql.empty()) {
      plan.query = own->sql;
      plan.all = own->sql == rows.query;
    } else {
      plan.query = query_of_columns(connection, rows);
      plan.all = !by_query;
    }
    if (!plan.all) {
      m_plan.notes.push_back(
          fmt::format("{}: the configuration {} now: rows that the export has not stay", entry.path,
                      own == configured.end() ? "does not have it" : "asks for other rows"));
    }
    plan.exported = std::move(rows);
    return plan;
  }

  static TablePlan compared(Session& session, TablePlan plan) {
    const auto table = util::quoted(plan.exported.table->text());
    const auto section = plan.section;
    try {
      return plan_table(session.connection, std::move(plan));
    } catch (const pg::DatabaseError& error) {
      if (error.of_server()) throw;
      throw Error{ErrorKind::refused,
                  fmt::format("section {}: table {} cannot be compared with the export: {}",
                              util::quoted(section), table, error.message()),
                  "bring the table back first (`bkp restore --table`), or name the other sections "
                  "with --section"};
    }
  }

  std::optional<EntryChange> add_file(const Section& section, const Entry& entry, bool hidden) {
    if (entry.owner.empty()) {
      m_plan.notes.push_back(fmt::format(
          "{} is not restored: it was read through the server, and is on its host", entry.path));
      return std::nullopt;
    }
    auto plan = plan_file(section, entry);
    if (!plan) return std::nullopt;
    std::optional<Entry> live;
    if (plan->live) live = shown(*plan->live, section);
    const auto wanted = shown(plan->wanted, section);
    auto change = compare_entries(live ? &*live : nullptr, &wanted, hidden);
    m_plan.files.push_back(std::move(*plan));
    return change;
  }

  run::Context& m_context;
  const RestoreRequest& m_request;
  Sessions m_sessions;
  RestorePlan m_plan;
};

/// Of which databases the rows are restored.
struct Committed {
  std::vector<std::string> databases;
  bool unknown = false;  ///< one more may be
};

void commit_all(Sessions& sessions, Committed& committed) {
  for (auto& [database, session] : sessions) {
    try {
      session->transaction.commit();
      committed.databases.push_back(util::quoted(database));
    } catch (const Error& error) {
      const auto* lost = dynamic_cast<const pg::DatabaseError*>(&error);
      committed.unknown =
          error.kind() == ErrorKind::interrupted || (lost != nullptr && lost->connection_lost());
      if (committed.databases.empty() && !committed.unknown) throw;
      throw error.reworded(
          fmt::format(
              "{}; the files are restored, and the rows of {}{}", error.message(),
              committed.databases.empty() ? "no database for sure"
                                          : fmt::format("{}", fmt::join(committed.databases, ", ")),
              committed.unknown ? fmt::format("; of {} that is not known", util::quoted(database))
                                : std::string{}),
          "run it again: what is restored stays as it is");
    }
  }
}

/// False when not all is as it was; then the journal tells the next run to try again.
bool end_failed(FileRestore& files, RestoreJournal& journal) {
  try {
    journal.set_committing(false);
  } catch (const Error&) {
    // Killed now, the next run would say that the files may be in place, and leave them.
  }
  if (!files.undo()) return false;
  try {
    journal.close();
  } catch (const Error&) {
    // The next run looks at it, and finds all as it was.
  }
  return true;
}

void write_files(const RestorePlan& plan, FileRestore& files) {
  // Directories may let nobody write, in the end.
  for (const auto& file : plan.files) {
    auto open = file;
    if (file.wanted.type == EntryType::directory) open.wanted.mode |= 0700U;
    files.write(open);
  }
  for (auto file = plan.files.rbegin(); file != plan.files.rend(); ++file) {
    if (file->wanted.type == EntryType::directory) write_entry(file->wanted);
  }
}

}  // namespace

RestorePlan plan_restore(run::Context& context, const Contents& exported,
                         const RestoreRequest& request) {
  return Planner{context, request}.plan(exported);
}

void carry_out(run::Context& context, const RestorePlan& plan, const RestoreRequest& request,
               const std::filesystem::path& saved) {
  Sessions sessions;
  std::map<std::string, std::vector<TablePlan>> by_database;
  for (const auto& table : plan.tables) by_database[table.exported.database].push_back(table);
  for (auto& [database, tables] : by_database) {
    auto& session = session_of(sessions, context, database, "BEGIN READ WRITE");
    restore_tables(session.connection, std::move(tables), request.scope);
  }
  RestoreJournal journal{saved};
  FileRestore files{journal};
  Committed committed;
  try {
    write_files(plan, files);
    journal.set_committing(true);
    commit_all(sessions, committed);
  } catch (...) {
    const Error why = util::current_error();
    // Where rows are restored, or may be, the files stay so too.
    if (!committed.databases.empty() || committed.unknown) throw;
    if (!end_failed(files, journal)) {
      throw why.reworded(
          why.message() + "; what was written to files could not all be taken back",
          fmt::format("the next `bkp config-restore` tries again; what they were is in {}",
                      util::shell_quoted(saved.string())));
    }
    throw;
  }
  journal.close();
}

}  // namespace bkp::exports
