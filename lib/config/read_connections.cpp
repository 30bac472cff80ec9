#include <fmt/format.h>
#include <unistd.h>

#include "config/rules.hpp"
#include "config/sections.hpp"
#include "pg/conninfo.hpp"
#include "util/error.hpp"

namespace bkp::config {

namespace {

// Runs `body`; an error of it names file, line and key.
template <class Body>
auto at(const Value& value, Body body) {
  try {
    return body();
  } catch (const util::Error& error) {
    if (error.kind() == util::ErrorKind::interrupted) throw;
    throw util::Error{
        error.kind(),
        fmt::format("{}: {}: {}", value.document.location(value.line), value.path, error.message()),
        error.hint()};
  }
}

// A password in the connection string must have come from where secrets may live.
std::string to_conninfo(const Value& value, const ConnectionSeams& seams) {
  auto text = resolved(value, seams);
  const auto conninfo = at(value, [&] { return pg::Conninfo::parse(text); });
  if (conninfo.has_secret() && std::holds_alternative<std::string>(to_secret(value).source)) {
    value.fail("contains a password",
               "remove it and name a password_file (in the format of pgpass) beside it, or write "
               "the connection string as {file: /PATH}, {env: NAME} or {command: [argv]}");
  }
  return text;
}

std::optional<std::string> read_conninfo(const Section& section, const ConnectionSeams& seams) {
  const auto value = section.find("conninfo");
  if (!value || seams.connections == Connections::left_out) return std::nullopt;
  return to_conninfo(*value, seams);
}

std::optional<std::filesystem::path> password_file(const Section& section,
                                                   const util::Environment& environment) {
  if (auto path = find_path(section, "password_file")) return path;
  if (const auto file = environment.get("PGPASSFILE")) return std::filesystem::absolute(*file);
  return std::nullopt;
}

}  // namespace

std::string resolved(const Value& value, const ConnectionSeams& seams) {
  return at(value, [&] { return resolve(to_secret(value), seams.environment, seams.processes); });
}

std::string read_site(const Section& top) {
  const auto value = top.require(
      "site", "name the site, e.g. `site: studio`; it is the first part of every key in a store");
  auto text = to_text(value);
  require_no_problem(value, problem_with_site(text));
  return text;
}

Cluster read_cluster(const Section& top, const ConnectionSeams& seams) {
  const auto section = top.section("cluster");
  Cluster result;
  if (auto conninfo = read_conninfo(section, seams)) result.conninfo = std::move(*conninfo);
  result.password_file = password_file(section, seams.environment);
  result.data_directory = find_path(section, "data_directory");
  result.bin_directory = find_path(section, "bin_directory");
  return result;
}

Catalog read_catalog(const Section& top, const ConnectionSeams& seams) {
  const auto section = top.section("catalog");
  Catalog result;
  result.conninfo = read_conninfo(section, seams);
  if (result.conninfo) {
    result.password_file = password_file(section, seams.environment);
  } else {
    result.password_file = find_path(section, "password_file");
  }
  if (const auto value = section.find("schema")) {
    result.schema = to_text(*value);
    require_no_problem(*value, problem_with_identifier(result.schema, 63));
    if (result.schema.starts_with("pg_")) {
      value->fail("must not begin with \"pg_\"", "PostgreSQL keeps such names for itself");
    }
  }
  result.spool_directory =
      find_path(section, "spool_directory").value_or(default_directory("spool", seams.environment));
  return result;
}

Databases read_databases(const Section& top) {
  Databases result;
  const auto value = top.find("databases");
  if (!value || value->node.IsNull()) return result;
  const auto read_patterns = [](const Value& list) {
    for (const auto& element : list.elements()) {
      require_no_problem(element, problem_with_pattern(to_text(element)));
    }
    return to_texts(list);
  };
  const auto read_include = [&](const Value& include) {
    result.include = read_patterns(include);
    if (result.include.empty()) {
      include.fail("is empty: no database would be backed up",
                   "name databases or patterns, or remove the key to protect every database");
    }
  };
  if (!value->node.IsMap()) {
    read_include(*value);
    return result;
  }
  const auto section = top.section("databases");
  if (const auto include = section.find("include")) read_include(*include);
  if (const auto exclude = section.find("exclude")) result.exclude = read_patterns(*exclude);
  return result;
}

std::filesystem::path default_directory(std::string_view name,
                                        const util::Environment& environment) {
  auto system = std::filesystem::path{"/var/lib/bkp"} / name;
  if (::geteuid() == 0 || ::access(system.c_str(), W_OK) == 0) return system;
  if (const auto state = environment.get("XDG_STATE_HOME"); state && state->starts_with('/')) {
    return std::filesystem::path{*state} / "bkp" / name;
  }
  if (const auto home = environment.get("HOME"); home && home->starts_with('/')) {
    return std::filesystem::path{*home} / ".local/state/bkp" / name;
  }
  return system;
}

}  // namespace bkp::config
