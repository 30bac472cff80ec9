#include "exports/restore.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "exports/secrets.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using util::Error;
using util::ErrorKind;

namespace {

/// A database that is being read or changed.
struct Session {
  Session(run::Context& context, const std::string& database, std::string_view begin)
      : connection{pg::Connection::open(context.cluster().with_database(database),
                                        context.interrupt)},
        transaction{connection, begin} {
    settle_texts(connection);
  }
  pg::Connection connection;
  pg::Transaction transaction;
};

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
    auto plan = compared(session, section, std::move(rows));
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

  static TablePlan compared(Session& session, const Section& section, RowSet rows) {
    const auto table = util::quoted(rows.table->text());
    try {
      return plan_table(session.connection, section.name, section.secret, std::move(rows));
    } catch (const pg::DatabaseError& error) {
      if (error.of_server()) throw;
      throw Error{ErrorKind::refused,
                  fmt::format("section {}: table {} cannot be compared with the export: {}",
                              util::quoted(section.name), table, error.message()),
                  "bring the table back first (`bkp restore --table`), or name the other sections "
                  "with --section"};
    }
  }

  std::optional<EntryChange> add_file(const Section& section, const Entry& entry, bool hidden) {
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

void commit_all(Sessions& sessions, FileRestore& files) {
  std::vector<std::string> committed;
  for (auto& [database, session] : sessions) {
    try {
      session->transaction.commit();
      committed.push_back(util::quoted(database));
    } catch (Error& error) {
      if (committed.empty()) {
        files.undo();
        throw;
      }
      throw error.reworded(fmt::format("{}; database {} is restored already, and so are the files",
                                       error.message(), fmt::join(committed, ", ")),
                           "run it again: what is restored stays as it is");
    }
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
  try {
    FileRestore files{journal};
    for (const auto& file : plan.files) files.write(file);
    journal.commit();
    commit_all(sessions, files);
  } catch (...) {
    // What could be taken back is.
    journal.close();
    throw;
  }
  journal.close();
}

}  // namespace bkp::exports
