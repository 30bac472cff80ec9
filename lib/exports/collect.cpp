#include "exports/collect.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "backup/pg_program.hpp"
#include "catalog/migrate.hpp"
#include "exports/files.hpp"
#include "exports/rows.hpp"
#include "exports/secrets.hpp"
#include "exports/server.hpp"
#include "exports/session.hpp"
#include "util/advice.hpp"
#include "util/error.hpp"
#include "util/host.hpp"
#include "util/text.hpp"
#include "util/units.hpp"
#include "util/version.hpp"

namespace bkp::exports {

using util::Error;
using util::ErrorKind;

namespace {

/// What a section asks in vain leaves the moment to the others.
template <class Body>
void attempt(pg::Connection& connection, const Body& body) {
  connection.exec("SAVEPOINT section");
  try {
    body();
  } catch (const pg::DatabaseError& error) {
    if (!error.connection_lost()) connection.exec("ROLLBACK TO SAVEPOINT section");
    throw;
  }
}

/// Why a section is missing: it is told outside the seal. The server quotes values, and programs
/// say what they like.
std::string reason_of(const Error& error, config::SecretMode secret) {
  const auto* refusal = dynamic_cast<const pg::DatabaseError*>(&error);
  if (refusal != nullptr && secret != config::SecretMode::keep && !refusal->sqlstate().empty())
    return fmt::format("the server refuses it (SQLSTATE {})", refusal->sqlstate());
  return redact_text(util::printable_lines(util::with_hint(error)));
}

/// What is no text would be spoilt, and nobody would see it before it is needed. (Files get their
/// secrets back from what is there, or are not restored.)
void require_text(const Entry& entry) {
  if (entry.contents.find('\0') == entry.contents.npos) return;
  throw Error{ErrorKind::partial,
              fmt::format("{} is no text, and redacting would spoil it", util::quoted(entry.path)),
              "seal or keep the section instead"};
}

/// timeout(1): the backups of the night wait for it.
constexpr auto longest_command = "300";

class Collector {
 public:
  explicit Collector(run::Context& context) : m_context{context} {}

  Section collect(const config::ExportSection& configured) {
    Section section;
    section.name = configured.name;
    section.kind = kind_of(configured);
    section.secret = configured.secret;
    try {
      fill(section, configured);
      if (section.secret == config::SecretMode::redact) {
        if (section.kind == SectionKind::command)
          std::ranges::for_each(section.entries, require_text);
        std::ranges::for_each(section.entries, redact);
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      section.entries.clear();
      section.error = reason_of(error, section.secret);
    } catch (...) {
      section.entries.clear();
      section.error = util::printable(util::current_error().message());
    }
    return section;
  }

 private:
  void fill(Section& section, const config::ExportSection& configured) {
    switch (section.kind) {
      case SectionKind::sql:
        add_rows(section, configured, configured.sql, section.name + "/rows.json");
        return;
      case SectionKind::tables:
        for (const auto& table : configured.tables) add_table(section, configured, table);
        return;
      case SectionKind::files:
        section.entries = read_files(configured, section.notes);
        return;
      case SectionKind::server:
        section.entries = read_server(m_context, section.name,
                                      section.secret != config::SecretMode::redact, section.notes);
        return;
      case SectionKind::command:
        section.entries.push_back(
            {.path = section.name + "/output", .contents = output_of(configured.command)});
    }
  }

  pg::Connection& moment(const std::string& database) {
    auto& moment = m_moments[database];
    if (!moment) {
      moment = std::make_unique<Session>(m_context, database,
                                         "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    }
    return moment->connection;
  }

  void add_rows(Section& section, const config::ExportSection& configured, const std::string& query,
                const std::string& path) {
    auto& source = moment(configured.database);
    attempt(source, [&] {
      const auto rows = read_rows(source, query, configured.key, section.notes);
      section.entries.push_back({.path = path, .type = EntryType::rows, .contents = to_text(rows)});
    });
  }

  void add_table(Section& section, const config::ExportSection& configured,
                 const std::string& table) {
    auto& source = moment(configured.database);
    std::string query;
    attempt(source, [&] { query = query_of_table(source, table); });
    const auto name = harmless_name(table);
    auto path = fmt::format("{}/{}.json", section.name, name);
    for (int number = 2; section.entry(path) != nullptr; ++number)
      path = fmt::format("{}/{}-{}.json", section.name, name, number);
    add_rows(section, configured, query, path);
  }

  std::string output_of(const std::vector<std::string>& argv) {
    util::Command command;
    command.argv = {"timeout", "--kill-after=5", longest_command};
    command.argv.insert(command.argv.end(), argv.begin(), argv.end());
    command.environment = m_context.environment.for_child();
    util::Finished finished;
    try {
      finished = m_context.processes.run(command, largest_export);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::internal) throw;
      // It names timeout(1), which nobody has written.
      throw Error{ErrorKind::partial,
                  fmt::format("what {} prints cannot be taken: {}", util::quoted(argv.front()),
                              error.message()),
                  "what is data belongs into the backups of the database or of files"};
    }
    if (finished.status.success()) return std::move(finished.standard_output);
    auto error = backup::program_failed(argv.front(), finished.status, finished.stderr_tail);
    throw Error{ErrorKind::partial, error.message(), "run it by hand, as the user of bkp"};
  }

  run::Context& m_context;
  std::map<std::string, std::unique_ptr<Session>> m_moments;
};

void require_size(const Contents& contents) {
  std::size_t total = 0;
  const Section* largest = nullptr;
  std::size_t most = 0;
  for (const auto& section : contents.sections) {
    std::size_t bytes = 0;
    for (const auto& entry : section.entries) bytes += entry.contents.size();
    total += bytes;
    if (largest == nullptr || bytes > most) largest = &section;
    most = std::max(most, bytes);
  }
  if (total <= largest_export) return;
  throw Error{ErrorKind::refused,
              fmt::format("the configuration export has {}, more than {}; most of it is section {}",
                          util::format_size(total), util::format_size(largest_export),
                          util::quoted(largest->name)),
              "export less: what is data belongs into the backups of the database or of files"};
}

}  // namespace

Contents collect(run::Context& context, const std::vector<config::ExportSection>& sections) {
  Contents contents;
  contents.site = context.config.site;
  contents.host = util::host_name();
  contents.bkp_version = util::version();
  contents.catalog_version = catalog::newest_version();
  contents.collected_at = context.clock.now();
  Collector collector{context};
  for (const auto& section : sections) {
    context.interrupt.check();
    contents.sections.push_back(collector.collect(section));
  }
  require_size(contents);
  return contents;
}

}  // namespace bkp::exports
