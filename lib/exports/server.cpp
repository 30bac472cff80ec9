#include "exports/server.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "backup/pg_program.hpp"
#include "exports/files.hpp"
#include "exports/rows.hpp"
#include "pg/roles.hpp"
#include "pg/sqlstate.hpp"
#include "physical/local_data.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using util::Error;
using util::ErrorKind;

namespace {

constexpr int deepest_include = 10;  // as the server has it

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// The words of a line up to a comment; quoted ones without their quotes. For settings a quote is
/// ', for access rules ".
std::vector<std::string> words_of(std::string_view line, char quote) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < line.size() && line[at] != '#') {
    if (is_blank(line[at]) || line[at] == ',' || line[at] == '=') {
      ++at;
      continue;
    }
    std::string word;
    bool quoted = false;
    for (; at < line.size(); ++at) {
      const char c = line[at];
      if (c == quote) {
        quoted = !quoted;
      } else if (!quoted && (is_blank(c) || c == ',' || c == '=' || c == '#')) {
        break;
      } else {
        word += c;
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

std::optional<Include> directive(const std::vector<std::string>& words,
                                 const std::filesystem::path& directory) {
  if (words.size() < 2) return std::nullopt;
  const auto keyword = util::lower(words[0]);
  const auto path = directory / words[1];
  if (keyword == "include") return Include{Include::What::file, path};
  if (keyword == "include_if_exists") return Include{Include::What::file_if_exists, path};
  if (keyword == "include_dir") return Include{Include::What::directory, path};
  return std::nullopt;
}

/// pg_dumpall's guard against scripts that contain psql's commands has another word each time.
std::string without_guard(const std::string& sql) {
  std::string text;
  for (std::size_t at = 0; at < sql.size();) {
    const auto end = std::min(sql.find('\n', at), sql.size() - 1) + 1;
    const auto line = std::string_view{sql}.substr(at, end - at);
    if (!line.starts_with("\\restrict ") && !line.starts_with("\\unrestrict ")) text += line;
    at = end;
  }
  return text;
}

class ServerReader {
 public:
  ServerReader(run::Context& context, std::string_view section, std::vector<std::string>& notes)
      : m_section{section},
        m_notes{notes},
        m_connection{pg::Connection::open(context.cluster(), context.interrupt)},
        m_local{physical::local_data_directory(context, m_connection).has_value()} {}

  pg::Connection& connection() { return m_connection; }

  std::vector<Entry> read() {
    const auto settings = m_connection.exec(
        "SELECT current_setting('config_file'), current_setting('hba_file'), "
        "current_setting('ident_file'), current_setting('data_directory')");
    const std::string data{settings.text(0, 3)};
    read_file(std::string{settings.text(0, 0)}, includes_of_settings, true);
    read_file(data + "/postgresql.auto.conf", includes_of_settings, false);
    read_file(std::string{settings.text(0, 1)}, includes_of_access_rules, true);
    read_file(std::string{settings.text(0, 2)}, includes_of_access_rules, false);
    m_entries.push_back(read_settings());
    return std::move(m_entries);
  }

 private:
  using Includes = std::vector<Include> (*)(std::string_view, const std::filesystem::path&);

  void read_file(const std::filesystem::path& path, Includes includes, bool must, int depth = 0) {
    const auto normal = path.lexically_normal();
    if (depth > deepest_include || !m_seen.insert(normal).second) return;
    auto entry = read_entry(normal);
    if (!entry) {
      if (must)
        m_notes.push_back(fmt::format("{} is included and not there", util::quoted(path.string())));
      return;
    }
    const auto further = includes(entry->contents, normal);
    m_entries.push_back(std::move(*entry));
    for (const auto& include : further) follow(include, includes, depth + 1);
  }

  void follow(const Include& include, Includes includes, int depth) {
    if (include.what != Include::What::directory) {
      read_file(include.path, includes, include.what == Include::What::file, depth);
      return;
    }
    for (const auto& name : names_in(include.path)) {
      if (name.ends_with(".conf") && !name.starts_with('.'))
        read_file(include.path / name, includes, false, depth);
    }
  }

  std::optional<Entry> read_entry(const std::filesystem::path& path) {
    try {
      return m_local ? read_file_entry(path, m_section, Links::follow) : read_through_server(path);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::not_found) return std::nullopt;
      throw;
    }
  }

  std::optional<Entry> read_through_server(const std::filesystem::path& path) {
    // What is no UTF-8 comes as it is.
    const auto text = ask(path, "SELECT encode(pg_read_binary_file($1, 0, 1 << 26, true), 'hex')");
    if (text.is_null(0, 0)) return std::nullopt;
    Entry entry;
    entry.path = path_of_file(m_section, path);
    entry.type = EntryType::file;
    entry.origin = path.string();
    entry.contents = util::from_hex(text.text(0, 0));
    return entry;
  }

  std::vector<std::string> names_in(const std::filesystem::path& directory) {
    std::set<std::string> names;
    if (m_local) {
      std::error_code unknown;
      for (const auto& entry : std::filesystem::directory_iterator{directory, unknown})
        names.insert(entry.path().filename().string());
    } else {
      const auto found = ask(directory, "SELECT pg_ls_dir($1, true, false)");
      for (int i = 0; i < found.rows(); ++i) names.emplace(found.text(i, 0));
    }
    return {names.begin(), names.end()};
  }

  pg::Result ask(const std::filesystem::path& path, const std::string& sql) {
    try {
      return m_connection.exec(sql, {path.string()});
    } catch (const pg::DatabaseError& error) {
      if (error.sqlstate() != pg::sqlstate::insufficient_privilege) throw;
      throw error.reworded(
          fmt::format("the role may not read {} on the server", util::quoted(path.string())),
          "GRANT pg_read_server_files TO it, and EXECUTE ON FUNCTION "
          "pg_read_binary_file(text, bigint, bigint, boolean), pg_ls_dir(text, boolean, boolean); "
          "or run bkp on the server's host as its user");
    }
  }

  Entry read_settings() {
    pg::Transaction transaction{m_connection, "BEGIN READ ONLY"};
    auto rows =
        read_rows(m_connection,
                  "SELECT name, setting, unit, source, boot_val FROM pg_settings WHERE source IN "
                  "('configuration file', 'command line', 'environment variable', 'global') "
                  "ORDER BY name COLLATE \"C\"",
                  {"name"}, m_notes);
    rows.table.reset();  // a view of the server's
    Entry entry;
    entry.path = fmt::format("{}/settings.json", m_section);
    entry.type = EntryType::rows;
    entry.contents = to_text(rows);
    return entry;
  }

  std::string_view m_section;
  std::vector<std::string>& m_notes;
  pg::Connection m_connection;
  bool m_local;
  std::set<std::filesystem::path> m_seen;
  std::vector<Entry> m_entries;
};

}  // namespace

std::vector<Include> includes_of_settings(std::string_view text,
                                          const std::filesystem::path& file) {
  std::vector<Include> includes;
  for (const auto line : util::split_lines(text)) {
    if (auto include = directive(words_of(line, '\''), file.parent_path()))
      includes.push_back(std::move(*include));
  }
  return includes;
}

std::vector<Include> includes_of_access_rules(std::string_view text,
                                              const std::filesystem::path& file) {
  std::vector<Include> includes;
  for (const auto line : util::split_lines(text)) {
    const auto words = words_of(line, '"');
    if (auto include = directive(words, file.parent_path())) {
      includes.push_back(std::move(*include));
      continue;
    }
    for (const auto& word : words) {
      if (word.starts_with('@') && word.size() > 1)
        includes.push_back({Include::What::file, file.parent_path() / word.substr(1)});
    }
  }
  return includes;
}

std::vector<Entry> read_server(run::Context& context, std::string_view section, bool with_passwords,
                               std::vector<std::string>& notes) {
  ServerReader reader{context, section, notes};
  auto entries = reader.read();
  const bool superuser = pg::is_superuser(reader.connection());
  const auto globals =
      backup::dump_globals(context, context.cluster(), reader.connection().server_version(),
                           superuser && with_passwords);
  if (!superuser && with_passwords)
    notes.emplace_back("the roles have no passwords: only a superuser may read them");
  Entry entry;
  entry.path = fmt::format("{}/globals.sql", section);
  entry.contents = without_guard(globals.sql);
  entries.push_back(std::move(entry));
  return entries;
}

}  // namespace bkp::exports
